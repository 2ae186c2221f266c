import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hand_made import STARTED, children, make_bias_variance, make_failed_trial, make_trial
from made_states import decomposed
from recorded_study import RecordedStudy

from automl.explanation.evidence import Diagnosis
from automl.explanation.study import Explanation
from automl.records.events import StudyContinued, StudyStarted
from automl.tracking.mlflow import conclusion
from automl.tracking.mlflow import view as module
from automl.tracking.mlflow.address import StoreAddress, probe
from automl.tracking.mlflow.links import run_page
from automl.tracking.mlflow.projection import Projection
from automl.tracking.mlflow.ui import plan_user_interface
from automl.tracking.mlflow.view import (
    LONGEST_VIEW,
    VIEW_TAG,
    charted_hyperparameters,
    read_view,
    saved_view,
)
from automl.trial import Direction, Hyperparameters, Trial

Project = Callable[..., Projection]

CHROMIUM = Path("/usr/bin/chromium")


@pytest.fixture
def started() -> StudyStarted:
    return STARTED


def with_values(number: int, values: Hyperparameters) -> Trial:
    return replace(make_trial(number), hyperparameters=values)


def cards_of(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The cards that are shown, by name."""
    return {card["uuid"]: card for card in state["compareRunCharts"] if not card["deleted"]}


def hidden_in(state: dict[str, Any]) -> set[str]:
    hidden = [card for card in state["compareRunCharts"] if card["deleted"]]
    assert all(card["isGenerated"] for card in hidden)
    return {card["metricKey"] for card in hidden}


def test_the_table(started: StudyStarted) -> None:
    value = saved_view(started, [make_trial(0)], 1234)
    view = json.loads(value)
    assert (view["name"], view["createdAt"], view["updatedAt"]) == ("Trials, best first", 1234, 1234)
    assert view["state"].startswith("deflate;")
    state = read_view(value)
    assert state["searchFilter"] == 'tags.role = "trial"'
    assert state["orderByKey"] == "metrics.`cv_log_loss_mean`"
    assert state["selectedColumns"] == [
        "metrics.`cv_log_loss_mean`",
        "params.`width`",
        "params.`learning_rate`",
        "metrics.`cv_log_loss_se`",
        "tags.`diagnosis`",
        "metrics.`train_log_loss_mean`",
        "metrics.`gap_log_loss`",
        "metrics.`best_epoch_mean`",
        "metrics.`capacity`",
        "metrics.`fit_seconds`",
    ]
    names = ["attributes.`Run Name`", "runDateAndNestInfo"]
    assert state["columnOrder"] == [*names, *state["selectedColumns"]]
    assert state["columnWidths"]["metrics.`cv_log_loss_mean`"] == 152  # 40 + 7 for each of 16 letters
    assert state["columnWidths"]["params.`width`"] == 80


DEFAULT_SPACE = (
    *("depth", "width", "activation", "dropout", "weight_decay"),
    *("learning_rate", "schedule", "numeric_encoding"),
)

MARKS, SCREEN = 73, 940
"""Pixels of MLflow's check boxes, and of its table on a screen of 1600 with the assistant open; both measured."""


@pytest.mark.parametrize("num_searched", [1, 5, 8])
def test_every_hyperparameter_is_seen_without_scrolling(started: StudyStarted, num_searched: int) -> None:
    searched = DEFAULT_SPACE[:num_searched]
    state = read_view(saved_view(replace(started, searched=searched), (), 0))
    order = state["columnOrder"]
    last = max(order.index(f"params.`{name}`") for name in searched)
    assert MARKS + sum(state["columnWidths"][column] for column in order[: last + 1]) <= SCREEN


@pytest.mark.parametrize(
    ("direction", "ascending"), [(Direction.MINIMIZE, True), (Direction.MAXIMIZE, False)]
)
def test_the_best_trial_is_first(started: StudyStarted, direction: Direction, ascending: bool) -> None:
    state = read_view(saved_view(replace(started, metric="accuracy", direction=direction.value), (), 0))
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`cv_accuracy_mean`", ascending)


def test_one_fold_has_no_standard_error(started: StudyStarted) -> None:
    assert (
        "metrics.`cv_log_loss_se`"
        not in read_view(saved_view(replace(started, num_folds=1), (), 0))["columnOrder"]
    )


def test_the_charts(started: StudyStarted) -> None:
    state = read_view(saved_view(started, [make_trial(0)], 0))
    cards = cards_of(state)
    kinds = {name: card["type"] for name, card in cards.items()}
    assert kinds == {
        "curves": "LINE",
        "parts": "SCATTER",
        "rest and variance": "LINE",
        "score": "BAR",
        "capacity": "SCATTER",
        "coordinates": "PARALLEL",
    }
    assert cards["curves"]["selectedMetricKeys"] == ["curves/loss", "curves/val_loss"]
    assert cards["curves"]["xAxisKey"] == "step"
    assert cards["parts"]["xaxis"] == {"key": "bias_plus_noise", "type": "METRIC"}
    assert cards["parts"]["yaxis"] == {"key": "variance", "type": "METRIC"}
    parts = ["bias_variance/bias_plus_noise", "bias_variance/variance"]
    assert cards["rest and variance"]["selectedMetricKeys"] == parts
    assert cards["score"]["metricKey"] == "cv_log_loss_mean"
    assert cards["capacity"]["xaxis"] == {"key": "capacity", "type": "METRIC"}
    assert cards["capacity"]["yaxis"] == {"key": "cv_log_loss_mean", "type": "METRIC"}
    assert cards["coordinates"]["selectedParams"] == ["width", "log10_learning_rate"]
    assert cards["coordinates"]["selectedMetrics"] == ["cv_log_loss_mean"]
    titles = {section["uuid"]: section["name"] for section in state["compareRunSections"]}
    assert list(titles.values()) == [
        "Training and validation",
        "Bias and variance",
        "Scores",
        "Hyperparameters",
    ]
    places = {name: titles[card["metricSectionId"]] for name, card in cards.items()}
    assert places["score"] == places["capacity"] == "Scores"
    assert places["parts"] == places["rest and variance"] == "Bias and variance"
    assert places["curves"] == "Training and validation"
    identifiers = [card["uuid"] for card in state["compareRunCharts"]]
    assert len(set(identifiers)) == len(identifiers)


def test_before_the_first_trial_no_hyperparameter_is_charted(started: StudyStarted) -> None:
    state = read_view(saved_view(started, (), 0))
    assert set(cards_of(state)) == {"curves", "parts", "rest and variance", "score", "capacity"}
    assert [section["name"] for section in state["compareRunSections"]] == [
        "Training and validation",
        "Bias and variance",
        "Scores",
    ]
    assert "params.`width`" in state["selectedColumns"]


def test_only_numbers_that_every_completed_trial_has_are_charted(started: StudyStarted) -> None:
    names = ("units[0]", "units[1]", "rate", "activation", "skip", "mixed", "decay", "broken", "unknown")
    started = replace(started, searched=names, log_scaled=("rate", "decay"))
    common: Hyperparameters = {"units[0]": 8, "rate": 0.1, "activation": "relu", "skip": True, "decay": 0.5}
    trials = [
        with_values(0, {**common, "units[1]": 4, "mixed": 1, "broken": 1.0}),
        with_values(1, {**common, "mixed": "auto", "decay": 0.0, "broken": math.nan}),
        make_failed_trial(2),  # has neither a score nor these names
    ]
    assert charted_hyperparameters(started, trials) == ["units_0_", "log10_rate", "decay"]
    assert charted_hyperparameters(started, [make_failed_trial(0)]) == []


def test_no_fold_has_a_chart_of_its_own(started: StudyStarted) -> None:
    hidden = hidden_in(read_view(saved_view(started, (), 0)))
    assert {"fold_0/loss", "fold_0/val_loss", "fold_1/loss", "fold_1/val_loss"} <= hidden
    assert {"curves/loss", "curves/val_loss", "cv_accuracy_mean", "gap_accuracy", "trial_number"} <= hidden
    assert "fold_2/loss" not in hidden
    many = hidden_in(read_view(saved_view(replace(started, num_trials=201), (), 0)))
    assert not any(name.startswith("fold_") for name in many)


def test_a_view_fits_into_a_tag(started: StudyStarted, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = replace(started, num_folds=10, searched=tuple(f"hyperparameter_{i}" for i in range(30)))
    state = read_view(saved_view(usual, (), 0))
    assert "fold_9/val_loss" in hidden_in(state)

    contents: list[tuple[int, int, int]] = []
    while value := saved_view(usual, [make_trial(0)], 0):
        state = read_view(value)
        cards = state.get("compareRunCharts", [])
        shown = sum(not card["deleted"] for card in cards)
        contents.append((len(state["selectedColumns"]), shown, len(cards) - shown))
        monkeypatch.setattr(module, "LONGEST_VIEW", len(value) - 1)
    # 7 metrics, the diagnosis and 30 hyperparameters; 4 x 2 scores, 4 facts, 2 curves, 2 x 10 fold curves, 3 x 4
    # and 1 of bias and variance, 5 at the epoch kept
    assert contents == [(38, 5, 52), (38, 5, 0), (38, 0, 0), (7, 0, 0)]


def test_noise_in_place_of_names_fits_too(started: StudyStarted) -> None:
    names = tuple(os.urandom(120).hex() for _ in range(60))
    value = saved_view(replace(started, searched=names), (), 0)
    assert 0 < len(value) <= LONGEST_VIEW
    assert read_view(value)["orderByKey"] == "metrics.`cv_log_loss_mean`"


def test_a_study_leaves_a_view_that_names_only_what_is_there(
    study: RecordedStudy, project: Project, client: Any, mlruns: Path
) -> None:
    projection = project(study)
    projection.begin()
    first = read_view(client.get_experiment_by_name("digits").tags[VIEW_TAG])
    assert "coordinates" not in cards_of(first)
    study.end_trials([make_trial(0, 3.0), make_trial(1, 2.0), make_failed_trial(2)])
    study.record(decomposed(study.run.folder, make_bias_variance(1)))
    study.finish()
    assert projection.complete()

    experiment = client.get_experiment_by_name("digits")
    state = read_view(experiment.tags[VIEW_TAG])
    run = children(client)["trial-0001"].data
    assert (run.metrics["variance"], run.metrics["bias_plus_noise"]) == (0.25, 0.5), "at the epoch kept"
    columns = {f"tags.`{name}`" for name in run.tags}
    columns |= {f"metrics.`{name}`" for name in run.metrics} | {f"params.`{name}`" for name in run.params}
    assert set(state["selectedColumns"]) <= columns
    cards = cards_of(state)
    assert set(cards["coordinates"]["selectedParams"]) <= set(run.params)
    for name in ("curves", "rest and variance"):
        assert set(cards[name]["selectedMetricKeys"]) <= set(run.metrics)
    for name in ("capacity", "parts"):
        assert {cards[name][axis]["key"] for axis in ("xaxis", "yaxis")} <= set(run.metrics)
    assert hidden_in(state) == set(run.metrics), "MLflow adds a chart for each of the others"

    pages = plan_user_interface(None, mlruns, port=5077, study="digits").pages
    assert list(pages) == ["trials", "charts", "list", "studies"]
    start = f"http://127.0.0.1:5077/#/experiments/{experiment.experiment_id}/runs?"
    assert pages["trials"] == f"{start}workflowType=machine_learning&viewStateShareKey=automl-leaderboard"
    assert "searchFilter=" in pages["list"]


def test_a_view_that_is_refused_costs_only_itself(
    study: RecordedStudy,
    project: Project,
    client: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    mlruns: Path,
) -> None:
    monkeypatch.setattr(module, "_state", lambda started, parts: {"too long": os.urandom(40_000).hex()})
    monkeypatch.setattr(module, "LONGEST_VIEW", 10**6)  # MLflow's own limit is far lower
    projection = project(study)
    projection.begin()
    study.end_trial(make_trial(0))
    study.finish()
    assert not projection.complete()
    assert caplog.text.count("The view of the trials could not be sent to MLflow") == 2
    (parent,) = children(client, "study").values()
    assert parent.info.status == "FINISHED"
    assert "trial-0000" in parent.data.tags["mlflow.note.content"]
    pages = plan_user_interface(None, mlruns, study="digits").pages
    assert list(pages) == ["trials", "studies"]
    assert "searchFilter=" in pages["trials"]


def test_a_study_with_more_trials_than_it_began_with_hides_the_curves_of_its_folds(
    study: RecordedStudy, project: Project, client: Any
) -> None:
    study.record(StudyContinued("", 400))
    study.end_trial(make_trial(0))
    study.finish()
    assert project(study).complete()
    hidden = hidden_in(read_view(client.get_experiment_by_name("digits").tags[VIEW_TAG]))
    folds = {name for name in children(client)["trial-0000"].data.metrics if name.startswith("fold_")}
    assert len(folds) == 4
    assert folds <= hidden


@pytest.fixture
def served_pages(
    study: RecordedStudy, project: Project, client: Any, mlruns: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[dict[str, str]]:
    """The pages of a small study and that of its second trial, while MLflow's server shows them."""
    sentences = {
        0: Diagnosis("bias_bound", "Bias makes most of it.", ("a wider network",)),
        1: Diagnosis("variance_bound", "Variance makes most of it.", ("more rows",)),
    }
    monkeypatch.setattr(conclusion, "explain_study", lambda state: Explanation(diagnoses=sentences))
    study.end_trials([make_trial(0, 3.0), make_trial(1, 2.03125)])
    study.record(*(decomposed(study.run.folder, make_bias_variance(number)) for number in (0, 1)))
    study.finish()
    assert project(study).complete()
    second = children(client)["trial-0000"].info
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    plan = plan_user_interface(None, mlruns, port=port, study="digits")
    with subprocess.Popen(
        plan.command,
        env={**os.environ, **plan.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as server:
        try:
            deadline = time.monotonic() + 120
            while probe(StoreAddress(plan.address, "", None)):
                assert server.poll() is None and time.monotonic() < deadline, "the server does not start"
                time.sleep(0.5)
            yield {**plan.pages, "trial": f"{plan.address}/{run_page(second.experiment_id, second.run_id)}"}
        finally:
            os.killpg(server.pid, signal.SIGTERM)


def rendered(page: str, expected: str, folder: Path) -> str:
    """The page as a browser shows it, loaded again while what is expected is not on it."""
    command = [
        str(CHROMIUM),
        *(
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--no-proxy-server",
        ),
        *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
        *("--virtual-time-budget=20000", "--window-size=3000,1200", "--dump-dom"),
    ]
    text = ""
    for attempt in range(3):
        profile = folder / f"profile-{attempt}"
        done = subprocess.run(
            [*command, f"--user-data-dir={profile}", page], capture_output=True, text=True, timeout=120
        )
        shutil.rmtree(profile, ignore_errors=True)
        text = done.stdout
        if expected in text:
            break
    return text


class Words(HTMLParser):
    """Collects what a page says, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.texts: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.texts += [data.strip()] if data.strip() else []


def between(words: list[str], first: str, last: str) -> list[str]:
    """The words after one that stands there once, up to another."""
    assert words.count(first) == 1, f"{first} stands there {words.count(first)} times"
    start = words.index(first) + 1
    return words[start : words.index(last, start)]


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM.exists(), reason="needs a browser")
def test_a_browser_shows_what_the_study_found(served_pages: dict[str, str], tmp_path: Path) -> None:
    table = rendered(served_pages["trials"], "2.03125", tmp_path)
    headers = re.findall(
        r'role="columnheader"[^>]*col-id="([^"]*)"|col-id="([^"]*)"[^>]*role="columnheader"', table
    )
    names = {first or second for first, second in headers}
    assert {"metrics.`cv_log_loss_mean`", "metrics.`gap_log_loss`", "params.`learning_rate`"} <= names
    assert "2.03125" in table
    assert table.index("trial-0001") < table.index("trial-0000"), "the best trial is not the first"
    cells = re.findall(r'role="gridcell" col-id="tags\.`diagnosis`".*?class="ag-cell-value">([^<]*)<', table)
    assert cells == ["variance_bound", "bias_bound"]

    lines = {
        f"trial-000{trial} (bias_variance/{part})"
        for trial in (0, 1)
        for part in ("bias_plus_noise", "variance")
    }
    charts = rendered(served_pages["charts"], max(lines), tmp_path)
    words = Words(charts).texts
    section = between(words, "Bias and variance", "Scores")
    assert "(2)" in section, "charts in the section"
    for title in ("bias_plus_noise vs. variance", "bias_variance/bias_plus_noise vs bias_variance/variance"):
        assert title in section
    assert lines <= set(section), "a chart has no curve of a trial"
    dots = between(section, "bias_plus_noise", "bias_variance/bias_plus_noise vs bias_variance/variance")
    assert {"trial-0000", "trial-0001"} <= set(dots), "a trial has no dot"
    assert "curves/loss vs curves/val_loss" in between(words, "Training and validation", "Bias and variance")
    assert "Hyperparameters" in words
    assert "fold_0" not in charts

    plain = rendered(served_pages["list"], "trial-0001", tmp_path)
    assert plain.index("trial-0001") < plain.index("trial-0000")

    note = between(
        Words(rendered(served_pages["trial"], "Bias bound.", tmp_path)).texts, "Description", "Metric"
    )
    assert {"Bias bound.", "Bias makes most of it.", "a wider network"} <= set(note)
