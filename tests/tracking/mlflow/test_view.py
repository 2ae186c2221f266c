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
from hand_made import children, make_failed_trial, make_trial, summarize

from automl.evaluation.bias_variance import BiasVariance, Curve
from automl.explanation.evidence import Diagnosis
from automl.tracking.mlflow import view as module
from automl.tracking.mlflow.address import StoreAddress, probe
from automl.tracking.mlflow.links import run_page
from automl.tracking.mlflow.tracker import MlflowTracker
from automl.tracking.mlflow.ui import plan_user_interface
from automl.tracking.mlflow.view import (
    LONGEST_VIEW,
    VIEW_TAG,
    charted_hyperparameters,
    read_view,
    saved_view,
)
from automl.tracking.tracker import StudyRecord
from automl.trial import Direction, Hyperparameters, Objective, Trial

MakeTracker = Callable[..., MlflowTracker]

CHROMIUM = Path("/usr/bin/chromium")


def make_bias_variance(number: int) -> BiasVariance:
    """Of a trial judged by epoch 2 of 3."""
    curve = {"risk": (1.0, 0.75, 0.8), "variance": (0.2, 0.25, 0.3), "rest": (0.8, 0.5, 0.5)}
    return BiasVariance(
        trial=number,
        loss="log_loss",
        epochs=(1, 2, 3),
        epoch=2,
        **{name: Curve(values, (0.01, 0.02, 0.03)) for name, values in curve.items()},
        training=(0.9, 0.6, 0.5),
        parts={"data": 0.2, "initialization": 0.0, "interaction": 0.05},
        error_rate={"bias2": 0.1, "variance": 0.05},
        constant=1.1,
        num_resamples=16,
        num_seeds=2,
        num_folds=5,
        num_rows=100,
    )


def with_values(number: int, values: Hyperparameters) -> Trial:
    return replace(make_trial(number), hyperparameters=values)


def cards_of(state: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The cards that are shown, by name."""
    return {card["uuid"]: card for card in state["compareRunCharts"] if not card["deleted"]}


def hidden_in(state: dict[str, Any]) -> set[str]:
    hidden = [card for card in state["compareRunCharts"] if card["deleted"]]
    assert all(card["isGenerated"] for card in hidden)
    return {card["metricKey"] for card in hidden}


def test_the_table(record: StudyRecord) -> None:
    value = saved_view(record, [make_trial(0)], 1234)
    view = json.loads(value)
    assert (view["name"], view["createdAt"], view["updatedAt"]) == ("Trials, best first", 1234, 1234)
    assert view["state"].startswith("deflate;")
    state = read_view(value)
    assert state["searchFilter"] == 'tags.role = "trial"'
    assert state["orderByKey"] == "metrics.`cv_log_loss_mean`"
    assert state["selectedColumns"] == [
        "metrics.`cv_log_loss_mean`",
        "metrics.`cv_log_loss_se`",
        "tags.`diagnosis`",
        "params.`width`",
        "params.`learning_rate`",
        "metrics.`train_log_loss_mean`",
        "metrics.`gap_log_loss`",
        "metrics.`best_epoch_mean`",
        "metrics.`capacity`",
        "metrics.`fit_seconds`",
    ]
    assert state["columnOrder"] == state["selectedColumns"]
    assert state["columnWidths"]["metrics.`cv_log_loss_mean`"] == 152  # 40 + 7 for each of 16 letters
    assert state["columnWidths"]["params.`width`"] == 80


@pytest.mark.parametrize(
    ("direction", "ascending"), [(Direction.MINIMIZE, True), (Direction.MAXIMIZE, False)]
)
def test_the_best_trial_is_first(record: StudyRecord, direction: Direction, ascending: bool) -> None:
    state = read_view(saved_view(replace(record, objective=Objective("accuracy", direction)), (), 0))
    assert (state["orderByKey"], state["orderByAsc"]) == ("metrics.`cv_accuracy_mean`", ascending)


def test_one_fold_has_no_standard_error(record: StudyRecord) -> None:
    assert (
        "metrics.`cv_log_loss_se`"
        not in read_view(saved_view(replace(record, num_folds=1), (), 0))["columnOrder"]
    )


def test_the_charts(record: StudyRecord) -> None:
    state = read_view(saved_view(record, [make_trial(0)], 0))
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


def test_before_the_first_trial_no_hyperparameter_is_charted(record: StudyRecord) -> None:
    state = read_view(saved_view(record, (), 0))
    assert set(cards_of(state)) == {"curves", "parts", "rest and variance", "score", "capacity"}
    assert [section["name"] for section in state["compareRunSections"]] == [
        "Training and validation",
        "Bias and variance",
        "Scores",
    ]
    assert "params.`width`" in state["selectedColumns"]


def test_only_numbers_that_every_completed_trial_has_are_charted(record: StudyRecord) -> None:
    names = ("units[0]", "units[1]", "rate", "activation", "skip", "mixed", "decay", "broken", "unknown")
    record = replace(record, searched=names, log_scaled=frozenset({"rate", "decay"}))
    common: Hyperparameters = {"units[0]": 8, "rate": 0.1, "activation": "relu", "skip": True, "decay": 0.5}
    trials = [
        with_values(0, {**common, "units[1]": 4, "mixed": 1, "broken": 1.0}),
        with_values(1, {**common, "mixed": "auto", "decay": 0.0, "broken": math.nan}),
        make_failed_trial(2),  # has neither a score nor these names
    ]
    assert charted_hyperparameters(record, trials) == ["units_0_", "log10_rate", "decay"]
    assert charted_hyperparameters(record, [make_failed_trial(0)]) == []


def test_no_fold_has_a_chart_of_its_own(record: StudyRecord) -> None:
    hidden = hidden_in(read_view(saved_view(record, (), 0)))
    assert {"fold_0/loss", "fold_0/val_loss", "fold_1/loss", "fold_1/val_loss"} <= hidden
    assert {"curves/loss", "curves/val_loss", "cv_accuracy_mean", "gap_accuracy", "trial_number"} <= hidden
    assert "fold_2/loss" not in hidden
    many = hidden_in(read_view(saved_view(replace(record, num_trials=201), (), 0)))
    assert not any(name.startswith("fold_") for name in many)


def test_a_view_fits_into_a_tag(record: StudyRecord, monkeypatch: pytest.MonkeyPatch) -> None:
    usual = replace(record, num_folds=10, searched=tuple(f"hyperparameter_{i}" for i in range(30)))
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


def test_noise_in_place_of_names_fits_too(record: StudyRecord) -> None:
    names = tuple(os.urandom(120).hex() for _ in range(60))
    value = saved_view(replace(record, searched=names), (), 0)
    assert 0 < len(value) <= LONGEST_VIEW
    assert read_view(value)["orderByKey"] == "metrics.`cv_log_loss_mean`"


def test_a_study_leaves_a_view_that_names_only_what_is_there(
    make_tracker: MakeTracker, record: StudyRecord, client: Any, mlruns: Path
) -> None:
    tracker = make_tracker()
    tracker.start_study(record)
    first = read_view(client.get_experiment_by_name("digits").tags[VIEW_TAG])
    assert "coordinates" not in cards_of(first)
    trials = make_trial(0, 3.0), make_trial(1, 2.0), make_failed_trial(2)
    for trial in trials:
        tracker.log_trial(trial)
    found = make_bias_variance(1)
    said = {1: Diagnosis("variance_bound", "Variance dominates.", ("more rows",))}
    tracker.finish_study(replace(summarize(*trials), bias_variance={1: found}, diagnoses=said))

    experiment = client.get_experiment_by_name("digits")
    state = read_view(experiment.tags[VIEW_TAG])
    run = children(client)["trial-0001"].data
    assert run.tags["diagnosis"] == "variance_bound"
    assert "Variance dominates." in run.tags["mlflow.note.content"]
    assert (run.metrics["variance"], run.metrics["bias_plus_noise"]) == (0.25, 0.5), "at the epoch kept"
    there = {f"tags.`{name}`" for name in run.tags}
    there |= {f"metrics.`{name}`" for name in run.metrics} | {f"params.`{name}`" for name in run.params}
    assert set(state["selectedColumns"]) <= there
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
    make_tracker: MakeTracker,
    record: StudyRecord,
    client: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    mlruns: Path,
) -> None:
    monkeypatch.setattr(module, "_state", lambda record, parts: {"too long": os.urandom(40_000).hex()})
    monkeypatch.setattr(module, "LONGEST_VIEW", 10**6)  # MLflow's own limit is far lower
    tracker = make_tracker()
    tracker.start_study(record)
    tracker.log_trial(make_trial(0))
    tracker.finish_study(summarize(make_trial(0)))
    assert caplog.text.count("MLflow did not take the view of the trials") == 2
    (parent,) = children(client, "study").values()
    assert parent.info.status == "FINISHED"
    assert "trial-0000" in parent.data.tags["mlflow.note.content"]
    pages = plan_user_interface(None, mlruns, study="digits").pages
    assert list(pages) == ["trials", "studies"]
    assert "searchFilter=" in pages["trials"]


@pytest.fixture
def served_pages(
    make_tracker: MakeTracker, record: StudyRecord, client: Any, mlruns: Path
) -> Iterator[dict[str, str]]:
    """The pages of a small study and that of its second trial, while MLflow's server shows them."""
    tracker = make_tracker()
    tracker.start_study(record)
    trials = make_trial(0, 3.0), make_trial(1, 2.03125)
    for trial in trials:
        tracker.log_trial(trial)
    summary = summarize(
        *trials,
        bias_variance={trial.number: make_bias_variance(trial.number) for trial in trials},
        diagnoses={
            0: Diagnosis("bias_bound", "Bias makes most of it.", ("a wider network",)),
            1: Diagnosis("variance_bound", "Variance makes most of it.", ("more rows",)),
        },
    )
    tracker.finish_study(summary)
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
        self.found: list[str] = []
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.found += [data.strip()] if data.strip() else []


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
    words = Words(charts).found
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
        Words(rendered(served_pages["trial"], "Bias bound.", tmp_path)).found, "Description", "Metric"
    )
    assert {"Bias bound.", "Bias makes most of it.", "a wider network"} <= set(note)
