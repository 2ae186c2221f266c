"""The page of a study: whole, harmless, and never in the way of a study that lacks something."""

import dataclasses
import json
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from made_states import STARTED, answered, decomposed, made_state
from pages import Page, data_of
from paper_trials import completed, failed, fold

from automl.evaluation.bias_variance import BiasVariance, Curve
from automl.evaluation.importance import importance
from automl.evaluation.learning_curve import learning_curve
from automl.explanation.evidence import Diagnosis
from automl.explanation.study import explain_study
from automl.explanation.verdict import Contender, StudyVerdict
from automl.records import events as record
from automl.records.events import CohortAsked, Event, Finished, Recorded
from automl.records.files import ended_event
from automl.records.outcomes import VerdictReached
from automl.records.page_links import write_links
from automl.records.state import COLUMNS, LEARNING_CURVE, StudyState
from automl.records.state import state_of as state_of_events
from automl.report import searching
from automl.report.charts.look import COLORS
from automl.report.content import ReportContent, read_out_of_fold
from automl.report.glossary import marked
from automl.report.overview import heading
from automl.report.page import report_page, study_content
from automl.report.rendering import libraries
from automl.trial import Objective, Trial, TrialState

NASTY = "<script>alert('x')</script>\"&"
FACTS = {"task": "binary", "target": "kind", "rows": "178", "features": "13", "python": "3.11"}


def trials(count: int) -> list[Trial]:
    generator = numpy.random.default_rng(0)
    return [
        completed(
            number,
            *(0.5 + generator.random(3)).tolist(),
            capacity=100 * (1 + number % 7),
            width=int(8 * 2 ** (number % 5)),
            learning_rate=float(10 ** generator.uniform(-4, -1)),
            activation=["relu", "tanh", NASTY][number % 3],
            **({"dropout": float(generator.random())} if number % 2 else {}),
        )
        for number in range(count)
    ]


def state_of(folder: Path, *ended: Trial, events: Sequence[Event] = (), **changes: Any) -> StudyState:
    start = {
        "identifier": "20260101-120000-abcd",
        "num_folds": 3,
        "num_trials": len(ended),
        "searched": ("width", "learning_rate", "activation", "dropout"),
        "log_scaled": ("learning_rate",),
        "notes": (f"the column {NASTY} is constant",),
        "facts": FACTS,
    }
    return made_state(folder, ended, *events, started=dataclasses.replace(STARTED, **start | changes))


def bias_variance(trial: int, loss: str = "log_loss") -> BiasVariance:
    epochs = (1, 2, 4)
    risk, variance, rest = (
        Curve(values, (0.1, 0.1, 0.1)) for values in ((3.0, 2.0, 1.5), (0.5, -0.1, 0.25), (2.5, 2.1, 1.25))
    )
    return BiasVariance(
        trial, loss, epochs, 4, risk, variance, rest, (2.0, 1.0, 0.5), {}, {}, 3.5, 8, 1, 5, 100
    )


def labels(classes: tuple[str, ...], rows: int = 60) -> pandas.DataFrame:
    generator = numpy.random.default_rng(1)
    probabilities = generator.dirichlet(numpy.ones(len(classes)), rows)
    columns = {f"probability_{name}": probabilities[:, i] for i, name in enumerate(classes)}
    return pandas.DataFrame({"row": range(rows), "kind": generator.choice(classes, rows), **columns})


def whole(folder: Path, count: int = 30) -> ReportContent:
    ended = [*trials(count), failed(count, f"diverged: {NASTY}", width=8)]
    rows, losses = [20, 40, 80], numpy.array([[3.0, 3.2], [2.0, 2.1], [1.5, 1.4]])
    columns = {"names": [NASTY, "b"], "means": [0.5, -0.01], "errors": [0.1, float("nan")]}
    curve = {"loss": "log_loss", "rows": rows, "losses": losses.tolist()}
    events = [
        record.TestReadingIntended(0, "abc", 36),
        record.TestReadingDone(0, "abc", {"accuracy": 0.75}),
        VerdictReached(rows=(("cross-validation", "0.61 ± 0.1"),), sentences=("So it is.",)),
        *(decomposed(folder, bias_variance(trial.number)) for trial in ended[:count]),
        answered(folder, LEARNING_CURVE, 0, curve),
        answered(folder, COLUMNS, 0, columns),
        Finished("finished", 100.0),
    ]
    state = state_of(folder, *ended, events=events)
    diagnosis = Diagnosis("high_variance", f"It has {NASTY}.", ("raise `dropout`",))
    return ReportContent(
        state=state,
        verdict=StudyVerdict(rows=state.verdict.rows, notes=state.verdict.sentences),
        answer=("The best network is this one.", f"It is {NASTY}."),
        diagnoses={trial.number: diagnosis for trial in ended},
        tied=[0, 1, 2],
        smallest=1,
        importance=importance(state.trials, state.objective, ["learning_rate"]),
        learning_curve=learning_curve(rows, losses, seed=0),
        out_of_fold=labels(("no", NASTY)),
        study_text=f"# Question   Is it {NASTY}?\nname: wine\n",
    )


def chart_is_more_than_a_dot(chart: dict[str, Any]) -> bool:
    """Whether its marks stand at two places or more."""
    rows = [row for rows in chart["datasets"].values() for row in rows]
    return (
        len({json.dumps({name: row[name] for name in row if name not in ("kind", "tip")}) for row in rows})
        > 1
    )


ALL = [
    "Answer",
    "Leaderboard",
    "Search history",
    "Search space",
    "Validation curves",
    "Training curves",
    "Bias and variance",
    "Learning curve",
    "Importance",
    "Predictions",
    "Columns",
    "Data and audit",
    "Reproduction",
    "Glossary",
]


@pytest.fixture(scope="module")
def whole_content(tmp_path_factory: pytest.TempPathFactory) -> ReportContent:
    """A study that has everything; nothing changes it."""
    return whole(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def whole_page(whole_content: ReportContent) -> str:
    """Its page."""
    return report_page(whole_content)


def test_the_page_is_whole_and_its_links_lead_somewhere(whole_page: str) -> None:
    page = Page(whole_page)
    assert page.headings == ALL
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    assert len(page.ids) == len(set(page.ids))
    assert {f"#{title.lower().replace(' ', '-')}" for title in ALL} <= set(page.links)


def test_the_page_needs_no_network(whole_page: str) -> None:
    """No address but those within the page; the libraries' own text names some that are never asked for."""
    page = whole_page.replace(libraries(), "")
    assert "http://" not in page
    assert "https://" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_the_page_is_small(whole_page: str) -> None:
    """The libraries are 0.9 MB of it."""
    assert len(libraries()) < 1_000_000
    assert len(whole_page.encode()) < 1_300_000


def test_rules_for_screens_do_not_reach_paper(whole_page: str) -> None:
    """Paper is about as narrow as a phone, and white whatever the screen is."""
    style = re.findall(r"<style>(.*?)</style>", whole_page, re.DOTALL)[0]
    conditions = re.findall(r"@media ([^{]+) {", style)
    for_screens = [
        condition
        for condition in conditions
        if "max-width" in condition or "prefers-color-scheme" in condition
    ]
    assert len(for_screens) == 2
    assert all(screen.startswith("screen and ") for screen in for_screens)
    assert "print" in conditions


def test_each_color_of_a_chart_has_its_own_on_light_and_on_dark_screens(whole_page: str) -> None:
    style = re.findall(r"<style>(.*?)</style>", whole_page, re.DOTALL)[0]
    light, dark = (dict(re.findall(r"--([\w-]+): (#\w+)", part)) for part in style.split("@media")[:2])
    assert {name: color for color, name in COLORS.items()}.items() <= light.items()
    assert set(COLORS.values()) <= set(dark)
    assert all(light[name] != dark[name] for name in COLORS.values())


def test_text_of_others_stays_text(whole_page: str) -> None:
    page = whole_page
    scripts = Page(page).scripts
    assert scripts.count("") == 2, "the page's own"
    assert set(scripts) == {"", "application/json"}
    assert "alert(&#39;x&#39;)" in page
    assert "<script>alert" not in page
    assert NASTY in Page(page).words


def test_terms_lead_to_the_glossary_which_holds_no_others(whole_page: str, tmp_path: Path) -> None:
    page = Page(whole_page)
    used = {link for link in page.links if link.startswith("#term-")}
    listed = {f"#{key}" for key in page.ids if key.startswith("term-")}
    assert used == listed
    assert {"#term-standard-error", "#term-variance", "#term-95-interval", "#term-fold"} <= used
    bare = Page(report_page(ReportContent(state_of(tmp_path / "bare", failed(0)))))
    assert "#term-variance" not in bare.links


def test_a_term_is_linked_once_in_a_text_and_not_within_code_or_another_word() -> None:
    pieces = [(piece, term.name) for piece, term in marked("Fold 1, fold 2; twofold, folded.") if term]
    assert pieces == [("Fold", "fold")]
    assert [term.name for _, term in marked("the variance of the score") if term] == [
        "share of the variance of the score"
    ]
    assert [term.name for _, term in marked("variance, bias² + noise") if term] == ["variance", "bias"]


def test_every_metric_has_one_spelling(whole_page: str) -> None:
    page = whole_page.replace(libraries(), "")
    assert "log_loss" in page
    assert "log loss" not in page and "logloss" not in page


def test_the_answer_comes_first_and_the_winner_has_its_numbers(
    whole_content: ReportContent, whole_page: str
) -> None:
    page = Page(whole_page)
    assert whole_content.winner is not None
    words = page.words
    assert words.index("The best network is this one.") < words.index("0.61 ± 0.1") < words.index("★ is the")
    row = page.rows[page.row_kinds.index({"class": "best", "data-trial": str(whole_content.winner.number)})]
    assert row[0].startswith("★")
    assert row[1:3] == [str(whole_content.winner.number), whole_content.score(whole_content.winner)]
    assert "raise <code>dropout</code>" in whole_page
    marks = {row[1]: row[0] for row in page.rows if len(row) > 8}
    assert marks["1"] in ("≈◆", "★◆")


def test_the_leaderboard_is_sorted_by_the_values_behind_its_texts(
    whole_content: ReportContent, whole_page: str
) -> None:
    orders = re.findall(r'class="number score" data-order="([^"]+)"', whole_page)
    assert list(map(float, orders)) == [trial.mean("log_loss") for trial in whole_content.ranked[:30]]


def test_hyperparameters_stand_next_to_the_score(whole_page: str) -> None:
    headings = next(row for row in Page(whole_page).rows if "trial" in row)
    assert headings[:7] == ["", "trial", "log_loss", "width", "learning_rate", "activation", "dropout"]


def test_the_best_of_each_kind_of_model_has_a_place_below_the_answer(whole_content: ReportContent) -> None:
    models = (
        Contender("network", 0.61, 0.5, 0.7),
        Contender("linear", 0.6, 0.55, 0.65),
        Contender("constant", 0.7),
    )
    verdict = StudyVerdict("Take the linear model.", "linear", models, winner="1 layer of 8 relu units")
    content = dataclasses.replace(whole_content, verdict=verdict)
    page = Page(report_page(content))
    title = "log_loss by model, smaller is better"
    assert page.titles[0] == title
    dots = data_of(page.chart(title), "point")
    assert [(row["name"], row["value"], row["kind"]) for row in dots] == [
        ("network", 0.61, "other"),
        ("linear", 0.6, "first"),
        ("constant", 0.7, "other"),
    ]
    assert [(row["low"], row["high"]) for row in dots] == [(0.5, 0.7), (0.55, 0.65), (None, None)]
    assert "1 layer of 8 relu units" in report_page(content)
    alone = dataclasses.replace(content, verdict=dataclasses.replace(verdict, contenders=models[:1]))
    assert title not in Page(report_page(alone)).titles


def test_links_to_other_pages_are_shown(whole_content: ReportContent) -> None:
    content = dataclasses.replace(whole_content, links=(("MLflow", "http://server/#/runs/<1>"),))
    page = report_page(content)
    assert 'href="http://server/#/runs/&lt;1&gt;"' in page


def test_the_page_of_a_run_links_to_its_trackers_and_to_no_script(tmp_path: Path) -> None:
    state = state_of(tmp_path, completed(0, 1.0))
    pages = [("MLflow run", "https://server/#/runs/1"), ("bad", "javascript:alert(1)")]
    write_links(state.folder, pages)
    links = Page(report_page(study_content(state, explain_study(state)))).links
    assert "https://server/#/runs/1" in links
    assert not [link for link in links if "javascript" in link]


def test_a_failed_trial_says_why(tmp_path: Path) -> None:
    page = Page(report_page(ReportContent(state_of(tmp_path, failed(0, "no memory"), completed(1, 1.0)))))
    assert ["failed: no memory"] in [row[2:3] for row in page.rows]
    assert "no memory (1 trial: 0)" in page.words


def test_failed_trials_are_drawn_at_the_worst_end_of_the_axis(tmp_path: Path) -> None:
    for direction, pick in (("min", 1), ("max", 0)):
        ended = [completed(0, 1.0), completed(1, 2.0), failed(2)]
        state = state_of(tmp_path / direction, *ended, direction=direction)
        chart = Page(report_page(ReportContent(state))).chart("Score of each trial")
        (dot,) = [row for row in data_of(chart, "point") if row["kind"] == "failed"]
        layer = next(layer for layer in chart["layer"] if layer["mark"]["type"] == "point")
        assert dot["y"] == pytest.approx(layer["encoding"]["y"]["scale"]["domain"][pick])


def test_equals_are_not_called_the_best_value(whole_content: ReportContent) -> None:
    best = whole_content.winner
    assert best is not None
    widths = {trial.number: trial.hyperparameters["width"] for trial in whole_content.completed}
    second = next(
        trial.number for trial in whole_content.ranked if widths.get(trial.number) != widths[best.number]
    )
    assert second is not None
    few = Page(report_page(dataclasses.replace(whole_content, tied=[best.number]))).words
    assert f"Best at width {widths[best.number]}:" in few
    many = Page(report_page(dataclasses.replace(whole_content, tied=[best.number, second]))).words
    shown = " and ".join(map(str, sorted((widths[best.number], widths[second]))))
    assert f"The best trials at width {shown} are not significantly different." in many
    assert "Best at width" not in many


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    "ended",
    [
        [],
        [failed(0)],
        [completed(0, 1.0)],
        [completed(0, 1.0, 2.0, width=8), failed(1)],
        [completed(0, 1.0, width=8), completed(1, 1.0, width=8)],
        [completed(number, 1.0, width=8 * (number + 1), learning_rate=0.1) for number in range(3)],
        [completed(0, float("inf")), completed(1, 1.0), completed(2, float("inf"))],
        trials(12),
    ],
)
@pytest.mark.parametrize("bare", [False, True])
def test_a_study_that_lacks_something_has_a_page(tmp_path: Path, ended: list[Trial], bare: bool) -> None:
    nothing = {"searched": (), "log_scaled": (), "notes": (), "facts": {}, "num_folds": 0, "num_trials": 0}
    state = state_of(tmp_path, *ended, **({"direction": "max"} | nothing if bare else {}))
    page = Page(report_page(ReportContent(state)))
    assert {"Answer", "Reproduction"} <= set(page.headings) <= set(ALL)
    assert all(chart_is_more_than_a_dot(chart) for chart in page.charts)
    assert not {"Bias and variance", "Learning curve", "Importance", "Predictions", "Columns"} & set(
        page.headings
    )


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("importance", "Importance"),
        ("out_of_fold", "Predictions"),
        ("learning_curve", None),
    ],
)
def test_what_is_missing_is_left_out(whole_content: ReportContent, name: str, missing: str | None) -> None:
    page = Page(report_page(dataclasses.replace(whole_content, **{name: None})))
    assert [heading for heading in ALL if heading not in page.headings] == ([missing] if missing else [])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("frame", "charts"),
    [
        (labels(("a", "b")), ["Calibration", "ROC curve", "Precision and recall"]),
        (labels(("a", "b", "c")), ["Calibration", "Most probable label"]),
        (
            labels(tuple(f"a class with a long name {i}" for i in range(40)), 400),
            ["Calibration", "Most probable label"],
        ),
        (
            pandas.DataFrame({"row": range(5000), "y": range(5000), "prediction": numpy.zeros(5000)}),
            ["Residuals", "True against predicted"],
        ),
        (pandas.DataFrame({"row": [0], "y": [1.0], "prediction": [1.0]}), []),
        (labels(("a", "b"), 0), []),
    ],
)
def test_predictions_of_every_kind(tmp_path: Path, frame: pandas.DataFrame, charts: list[str]) -> None:
    page = report_page(ReportContent(state_of(tmp_path, *trials(3)), out_of_fold=frame))
    parsed = Page(page)
    assert ("Predictions" in parsed.headings) is bool(charts)
    assert all(any(title.startswith(chart) for title in parsed.titles) for chart in charts)
    assert len(page) - len(libraries()) < 400_000


def test_whiskers_of_every_figure_are_a_standard_error_on_each_side(
    whole_content: ReportContent, whole_page: str
) -> None:
    page, trial = Page(whole_page), whole_content.completed[5]
    mean, error = trial.mean("log_loss"), trial.standard_error("log_loss")
    for title, up in (("Score of each trial", "y"), ("Validation curve over width", "validation")):
        rows = [row for row in data_of(page.chart(title), "rule") if "low" in row]
        assert all(row["high"] - row[up] == pytest.approx(row[up] - row["low"], abs=2e-3) for row in rows)
        assert all(row["high"] > row["low"] for row in rows)
    (row,) = [row for row in data_of(page.chart("Score of each trial"), "rule") if row["x"] == 5]
    assert (row["low"], row["high"]) == pytest.approx((mean - error, mean + error), abs=1e-4)
    (bar, *_) = data_of(page.chart("Loss in log_loss when a column is permuted"), "bar")
    assert (bar["low"], bar["value"], bar["high"]) == pytest.approx((0.4, 0.5, 0.6))
    parts = data_of(page.chart("Variance against bias + noise"), "point")
    assert all((row["low"], row["y"], row["high"]) == (0.15, 0.25, 0.35) for row in parts)


def test_a_class_that_is_never_predicted_is_named(tmp_path: Path) -> None:
    frame = pandas.DataFrame(
        {
            "row": [0, 1, 2],
            "kind": ["a", "b", "b"],
            "probability_a": [0.9, 0.8, 0.7],
            "probability_b": [0.1, 0.2, 0.3],
        }
    )
    page = Page(report_page(ReportContent(state_of(tmp_path, *trials(3)), out_of_fold=frame)))
    assert (
        "1 of 3 rows are predicted correctly (33.3%). Most often b is predicted as a, 2 times." in page.words
    )
    assert "Never predicted: b." in page.words


def test_squares_are_for_squared_errors(tmp_path: Path) -> None:
    for loss, name in (("log_loss", "bias + noise"), ("squared_error", "bias² + noise")):
        folder = tmp_path / loss
        events = [decomposed(folder, bias_variance(number, loss)) for number in (0, 1)]
        page = Page(report_page(ReportContent(state_of(folder, *trials(2), events=events))))
        assert f"Variance against {name}" in page.titles
        assert (name == "bias² + noise") is ("bias² + noise" in page.words.rpartition("Glossary")[0])


def test_a_large_study_has_a_page_of_bounded_size(tmp_path: Path) -> None:
    text = report_page(whole(tmp_path, 500))
    page = Page(text)
    assert len(text.encode()) < 2_000_000
    assert sum("data-trial" in kinds for kinds in page.row_kinds) == 300
    assert 'data-sortable data-shown="20"' in text
    assert "The 201 trials ranked below are not on this page" in page.words
    assert "<code>automl show wine --format csv &gt; trials.csv</code>" in text


def test_long_curves_stay_small(tmp_path: Path) -> None:
    losses = tuple(float(loss) for loss in numpy.geomspace(1.0, 0.01, 3000))
    long = [
        Trial(
            number,
            {"width": number},
            TrialState.COMPLETE,
            tuple(fold(i, 1.0, losses, 90) for i in range(5)),
            10,
        )
        for number in range(20)
    ]
    page = report_page(ReportContent(state_of(tmp_path, *long)))
    assert len(page) - len(libraries()) < 400_000


def test_two_thousand_columns_have_one_chart_of_the_first(tmp_path: Path) -> None:
    names = [f"{NASTY} {number}" for number in range(2000)]
    means = [1.0 / (1 + number) for number in range(2000)]
    answer = answered(tmp_path, COLUMNS, 0, {"names": names, "means": means, "errors": [0.0] * 2000})
    page = Page(report_page(ReportContent(state_of(tmp_path, *trials(3), events=[answer]))))
    bars = data_of(page.chart("Loss in log_loss when a column is permuted"), "bar")
    assert [row["name"] for row in bars] == names[:20]
    assert [row["value"] for row in bars][:2] == [1, 0.5]
    assert "The first 20 of 2,000 are shown." in page.words


@pytest.mark.parametrize("name", ["😀 study", "دراسة", "<b>&", "a b" * 60])
def test_a_study_of_any_name_has_a_page(tmp_path: Path, name: str) -> None:
    page = Page(report_page(ReportContent(state_of(tmp_path, *trials(4), name=name))))
    assert name in page.words


def test_labels_are_read_as_text(tmp_path: Path) -> None:
    """A class may be called NA, or 007."""
    path = tmp_path / "out_of_fold.csv.gz"
    frame = pandas.DataFrame(
        {"row": [0, 1], "y": ["NA", "007"], "probability_NA": [0.9, 0.2], "probability_007": [0.1, 0.8]}
    )
    frame.to_csv(path, index=False)
    read = read_out_of_fold(path)
    assert read is not None
    assert read["y"].tolist() == ["NA", "007"]
    assert read["probability_NA"].tolist() == [0.9, 0.2]
    assert read_out_of_fold(tmp_path / "nothing") is None


def test_numbers_are_read_as_numbers(tmp_path: Path) -> None:
    path = tmp_path / "out_of_fold.csv.gz"
    pandas.DataFrame({"row": [0], "y": [2.5], "prediction": [2.0]}).to_csv(path, index=False)
    read = read_out_of_fold(path)
    assert read is not None
    assert read["y"].tolist() == [2.5]


def test_the_parts_of_the_loss_stand_over_each_hyperparameter_by_the_best_trial_at_each_value(
    tmp_path: Path,
) -> None:
    """Width 8 was tried twice; the trial of the lower score speaks for it, whatever else it was given."""
    values = {0: (8, 0.9, 0.5), 1: (8, 0.7, 0.4), 2: (16, 0.6, 0.3), 3: (32, 0.65, 0.02)}
    ended = [completed(number, score, width=width) for number, (width, score, _) in values.items()]
    parts = {
        number: dataclasses.replace(
            bias_variance(number),
            variance=Curve((0.0, 0.0, variance), (0.1,) * 3),
            rest=Curve((0.0, 0.0, 1.5 - variance), (0.1,) * 3),
        )
        for number, (_, _, variance) in values.items()
    }

    def page_of(count: int, analyses: dict[int, BiasVariance], name: str) -> str:
        events = [decomposed(tmp_path / name, analysis) for analysis in analyses.values()]
        return report_page(ReportContent(state_of(tmp_path / name, *ended[:count], events=events)))

    title = "Bias and variance over width"
    page = Page(page_of(4, parts, "all"))
    assert "From 8 to 32: variance from 0.4 to 0.02, bias + noise from 1.1 to 1.48." in page.words
    dots = data_of(page.chart(title), "point")
    assert [(row["trial"], row["y"]) for row in dots if row["kind"] == "variance"] == [
        (1, 0.4),
        (2, 0.3),
        (3, 0.02),
    ]
    below = dataclasses.replace(parts[3], rest=Curve((0.0, 0.0, -0.5), (0.1,) * 3))
    drawn = Page(page_of(4, parts | {3: below}, "below")).chart(title)
    assert -0.5 in [row["y"] for row in data_of(drawn, "point")]
    few = page_of(3, {number: analysis for number, analysis in parts.items() if number != 3}, "few")
    assert title not in Page(few).titles, "two widths are no curve"


def test_a_run_that_is_not_finished_says_so_before_anything_else(tmp_path: Path) -> None:
    standing = "killed after 2 of 24 trials; no model was exported"
    state = state_of(tmp_path, *trials(2), num_trials=24)
    page = report_page(ReportContent(state, standing))
    main = page.partition('<main id="main">')[2]
    banner = '<p class="warning" role="status">Killed after 2 of 24 trials; no model was exported.</p>'
    assert main.split("\n")[:3] == ["", "<header>", banner]
    assert "is the best of those that have ended:" in main
    finished = report_page(ReportContent(state))
    assert "Killed" not in finished and "of those that have ended" not in finished


def test_only_a_page_that_is_being_watched_reads_itself_again(tmp_path: Path) -> None:
    content = ReportContent(state_of(tmp_path, *trials(2)))
    assert '<meta http-equiv="refresh"' not in report_page(content)
    assert '<meta http-equiv="refresh" content="5"/>' in report_page(content, reload=5)


def light(count: int) -> StudyState:
    """A study of many trials, of which the events alone are left."""
    events: list[Event] = [
        dataclasses.replace(STARTED, num_trials=count, searched=("width", "learning_rate"))
    ]
    for number, trial in enumerate(trials(count)):
        ended = dataclasses.replace(trial, number=number)
        if number % 10 == 9:
            ended = failed(number, f"diverged in epoch {number}", width=8)
        events += [CohortAsked(number, number, (ended.hyperparameters,)), ended_event(ended, "log_loss")]
    return state_of_events(
        Path("nowhere"), [Recorded(seq, 0.0, event) for seq, event in enumerate(events, start=1)]
    )


class Undiagnosed(dict[int, Diagnosis]):
    """Remembers which trials it was asked for."""

    def __init__(self) -> None:
        self.numbers_asked: set[int] = set()

    def __bool__(self) -> bool:
        return True

    def get(self, number: int, default: Any = None) -> Diagnosis:
        self.numbers_asked.add(number)
        return Diagnosis("undecided", "It is undecided.")


@pytest.mark.parametrize("count", [1500, 3000])
def test_the_page_of_many_trials_needs_the_files_of_few(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    ranked: list[int] = []
    whole_trial, rank = StudyState.whole, Objective.rank

    def whole_counted(state: StudyState, number: int) -> Trial:
        read.append(number)
        return whole_trial(state, number)

    def rank_counted(objective: Objective, trials: list[Trial]) -> list[Trial]:
        ranked.append(len(trials))
        return rank(objective, trials)

    def compared(*_: object) -> bool:
        raise AssertionError("trials were compared with all of their contents")

    state, diagnoses = light(count), Undiagnosed()
    monkeypatch.setattr(StudyState, "whole", whole_counted)
    monkeypatch.setattr(Objective, "rank", rank_counted)
    monkeypatch.setattr(Trial, "__eq__", compared)
    page = report_page(ReportContent(state, diagnoses=diagnoses))
    assert len(read) < 400 and len(diagnoses.numbers_asked) == 300
    assert sum(size > 100 for size in ranked) < 12
    assert len(page.encode()) < 2_000_000
    parsed = Page(page)
    history = data_of(parsed.chart("Score of each trial"), "point")
    assert sum(row["kind"] == "failed" for row in history) == 100
    assert len(data_of(parsed.chart("Hyperparameters and score"), "line")) == 500
    assert (
        f"Of {count - count // 10:,} trials, the 200 best are drawn and of the others 300, evenly spaced"
        in parsed.words
    )
    assert f"Of {count:,} trials, dots are drawn for those that were the best so far" in parsed.words
    assert f"{count // 10 - 20:,} more reasons, each of fewer trials" in parsed.words


def test_thinning_moves_no_line_and_hides_no_trial_that_was_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    content = ReportContent(light(200))
    title = "Score of each trial"
    everything = Page(report_page(content)).chart(title)
    monkeypatch.setattr(searching, "_MOST_DOTS", 3)
    thinned = Page(report_page(content)).chart(title)
    assert data_of(everything, "line") == data_of(thinned, "line") != []
    best, bests = float("inf"), []
    for trial in content.completed:
        if trial.mean("log_loss") < best:
            best = trial.mean("log_loss")
            bests.append(trial.number)
    assert [row["x"] for row in data_of(thinned, "line")] == [*bests, content.completed[-1].number]
    dots = [row["x"] for row in data_of(thinned, "point") if row["kind"] == "trial"]
    middle = content.completed[round((len(content.completed) - 1) / 2)].number
    assert sorted(dots) == sorted({*bests, 0, middle, content.completed[-1].number})


def test_the_importance_says_on_how_many_trials_it_rests(whole_content: ReportContent) -> None:
    content = explaining(whole_content, 0.9)
    assert "by a random forest of the trials." in Page(report_page(content)).words
    words = Page(report_page(dataclasses.replace(content, importance_trials=12))).words
    assert "by a random forest of 12 of the 30 trials, drawn at random." in words


def explaining(content: ReportContent, r2: float) -> ReportContent:
    """The same content, whose forest explains so much of unseen trials."""
    assert content.importance is not None
    return dataclasses.replace(content, importance=dataclasses.replace(content.importance, r2=r2))


def test_where_the_forest_explains_little_nothing_is_shown_of_importance(
    whole_content: ReportContent,
) -> None:
    known, unknown = (Page(report_page(explaining(whole_content, r2))) for r2 in (0.31, 0.29))
    chart, curve = "Share of the variance of the score", "Mean score over learning_rate"
    assert {chart, curve} <= set(known.titles)
    assert not {chart, curve} & set(unknown.titles)
    assert (
        "The importance of hyperparameters cannot be estimated: a random forest of the trials explains 29%"
        in unknown.words
    )


def test_the_partial_dependence_names_no_best_value_where_all_are_equal(whole_content: ReportContent) -> None:
    content = explaining(whole_content, 0.9)
    assert content.importance is not None
    for means, sentence in (
        ((1.0, 1.0001), "less than a standard error"),
        ((1.0, 9.0), "Best on average at 0.1."),
    ):
        importance = dataclasses.replace(
            content.importance,
            names=("learning_rate",),
            partial_dependence={"learning_rate": ((0.1, 0.2), means)},
        )
        assert sentence in Page(report_page(dataclasses.replace(content, importance=importance))).words


def test_the_heading_counts_trials_that_have_no_whole_training(tmp_path: Path) -> None:
    cut = dataclasses.replace(completed(1, 2.0), folds=(dataclasses.replace(fold(0, 2.0), cut=True),))
    pruned = dataclasses.replace(completed(2, 9.0), state=TrialState.PRUNED, reason="weak at epoch 4")
    trials = [completed(0, 1.0), cut, pruned, failed(3)]
    size = heading(ReportContent(made_state(tmp_path, trials))).size
    ended = "1 ended early, 1 failed, 1 with fewer epochs because of the time limit"
    assert f"4 trials, {ended}" in size
