"""The page of a study: whole, harmless, and never in the way of a study that lacks something."""

import dataclasses
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from made_states import STARTED, answered, decomposed, made_state
from paper_trials import completed, failed, fold

from automl.evaluation.bias_variance import BiasVariance, Curve
from automl.evaluation.importance import importance
from automl.evaluation.learning_curve import learning_curve
from automl.explanation.evidence import Diagnosis
from automl.records import events as record
from automl.records.events import CohortAsked, Event, Finished, Recorded
from automl.records.files import ended_event
from automl.records.outcomes import VerdictReached
from automl.records.state import COLUMNS, LEARNING_CURVE, StudyState
from automl.records.state import state_of as made
from automl.report import searching
from automl.report.content import ReportContent, read_out_of_fold
from automl.report.page import report_page
from automl.trial import Objective, Trial, TrialState

NASTY = "<script>alert('x')</script>\"&"
VOID = {"meta", "br", "path", "circle", "rect"}
FACTS = {"task": "binary", "target": "kind", "rows": "178", "features": "13", "python": "3.11"}


class Balance(HTMLParser):
    """Complains about a tag that does not close, and collects links and texts."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.headings: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]
        self.ids += [value or "" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


def parsed(page: str) -> Balance:
    parser = Balance()
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser


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
    found = Diagnosis("high_variance", f"It has {NASTY}.", ("raise `dropout`",))
    return ReportContent(
        state=state,
        answer=("The best network is this one.", f"It is {NASTY}."),
        diagnoses={trial.number: found for trial in ended},
        tied=[0, 1, 2],
        smallest=1,
        importance=importance(state.trials, state.objective, ["learning_rate"]),
        learning_curve=learning_curve(rows, losses, seed=0),
        out_of_fold=labels(("no", NASTY)),
        study_text=f"# Question   Is it {NASTY}?\nname: wine\n",
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
]


def test_the_page_is_whole_and_its_links_lead_somewhere(tmp_path: Path) -> None:
    found = parsed(report_page(whole(tmp_path)))
    assert found.headings == ALL
    assert all(link.startswith("#") and link[1:] in found.ids for link in found.links)
    assert len(found.links) == len(ALL)


def test_the_page_needs_no_network(tmp_path: Path) -> None:
    page = report_page(whole(tmp_path))
    assert "http://" not in page
    assert "https://" not in page
    assert "@import" not in page
    assert "url(" not in page


def test_rules_for_screens_do_not_reach_paper(tmp_path: Path) -> None:
    """Paper is about as narrow as a phone, and white whatever the screen is."""
    conditions = re.findall(r"@media ([^{]+) {", report_page(whole(tmp_path)))
    for_screens = [each for each in conditions if "max-width" in each or "prefers-color-scheme" in each]
    assert len(for_screens) == 2
    assert all(each.startswith("screen and ") for each in for_screens)
    assert "print" in conditions


def test_text_of_others_stays_text(tmp_path: Path) -> None:
    page = report_page(whole(tmp_path))
    assert page.count("<script>") == page.count("</script>") == 1, "the page's own"
    assert "alert(&#x27;x&#x27;)" in page
    assert "alert('x')" not in page


def test_the_answer_comes_first_and_the_winner_has_its_numbers(tmp_path: Path) -> None:
    content = whole(tmp_path)
    page = report_page(content)
    assert content.winner is not None
    assert (
        page.index("The best network is this one.")
        < page.index("0.61 ± 0.1")
        < page.index("Leaderboard</h2>")
    )
    assert f'class="best" data-trial="{content.winner.number}"' in page
    assert f'<td class="number score">{content.score(content.winner)}</td>' in page
    assert "raise <code>dropout</code>" in page
    assert (
        'class="tied" data-trial="1"><td class="mark">≈◆</td>' in page
        or 'data-trial="1"><td class="mark">★◆' in page
    )


def test_a_failed_trial_says_why(tmp_path: Path) -> None:
    page = report_page(ReportContent(state_of(tmp_path, failed(0, "no memory"), completed(1, 1.0))))
    assert '<td class="failed" colspan="3">no memory</td>' in page
    assert "no memory (1 trial: 0)" in page


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
    found = parsed(report_page(ReportContent(state)))
    assert {"Answer", "Reproduction"} <= set(found.headings) <= set(ALL)
    assert not {"Bias and variance", "Learning curve", "Importance", "Predictions", "Columns"} & set(
        found.headings
    )


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("importance", "Importance"),
        ("out_of_fold", "Predictions"),
        ("learning_curve", None),
    ],
)
def test_what_is_missing_is_left_out(tmp_path: Path, name: str, missing: str | None) -> None:
    found = parsed(report_page(dataclasses.replace(whole(tmp_path), **{name: None})))
    assert [heading for heading in ALL if heading not in found.headings] == ([missing] if missing else [])


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(
    ("frame", "charts"),
    [
        (labels(("a", "b")), ["Calibration", "ROC curve", "Precision and recall"]),
        (labels(("a", "b", "c")), ["Calibration", "Confusion"]),
        (
            labels(tuple(f"a class with a long name {i}" for i in range(40)), 400),
            ["Calibration", "Confusion"],
        ),
        (
            pandas.DataFrame({"row": range(5000), "y": range(5000), "prediction": numpy.zeros(5000)}),
            ["Residuals", "True against predicted"],
        ),
        (pandas.DataFrame({"row": [0], "y": [1.0], "prediction": [1.0]}), ["Residuals"]),
        (labels(("a", "b"), 0), []),
    ],
)
def test_predictions_of_every_kind(tmp_path: Path, frame: pandas.DataFrame, charts: list[str]) -> None:
    page = report_page(ReportContent(state_of(tmp_path, *trials(3)), out_of_fold=frame))
    assert ("Predictions" in parsed(page).headings) is bool(charts)
    assert all(f'aria-label="{chart}"' in page for chart in charts)
    assert len(page) < 250_000


def test_squares_are_for_squared_errors(tmp_path: Path) -> None:
    for loss, name in (("log_loss", "bias + noise"), ("squared_error", "bias² + noise")):
        folder = tmp_path / loss
        events = [decomposed(folder, bias_variance(number, loss)) for number in (0, 1)]
        page = report_page(ReportContent(state_of(folder, *trials(2), events=events)))
        assert f"Variance against {name} of 2 trials" in page
        assert (name == "bias² + noise") is ("bias² + noise" in page)


def test_a_large_study_has_a_page_of_bounded_size(tmp_path: Path) -> None:
    page = report_page(whole(tmp_path, 500))
    parsed(page)
    assert len(page.encode()) < 1_500_000
    assert page.count("<details>") >= 1
    assert "The next 280 trials" in page
    assert page.count('<td class="mark">') == 300
    assert "The 201 trials below them are left out of this page" in page
    assert "<code>automl show wine --format csv &gt; trials.csv</code>" in page


def test_a_hundred_trials_of_long_curves_stay_small(tmp_path: Path) -> None:
    losses = tuple(float(loss) for loss in numpy.geomspace(1.0, 0.01, 100))
    long = [
        Trial(
            number,
            {"width": number},
            TrialState.COMPLETE,
            tuple(fold(i, 1.0, losses, 90) for i in range(5)),
            10,
        )
        for number in range(100)
    ]
    assert len(report_page(ReportContent(state_of(tmp_path, *long))).encode()) < 400_000


def test_coordinates_have_one_decimal(tmp_path: Path) -> None:
    page = report_page(whole(tmp_path))
    paths = re.findall(r' d="([^"]+)"', page)
    assert paths
    assert not [path for path in paths if re.search(r"\.\d\d|nan|inf", path)]


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

    def page_of(count: int, found: dict[int, BiasVariance], name: str) -> str:
        events = [decomposed(tmp_path / name, one) for one in found.values()]
        return report_page(ReportContent(state_of(tmp_path / name, *ended[:count], events=events)))

    page = page_of(4, parts, "all")
    assert "From 8 to 32: variance from 0.4 to 0.02, bias + noise from 1.1 to 1.48." in page
    assert 'aria-label="Bias and variance over width"' in page
    below = dataclasses.replace(parts[3], rest=Curve((0.0, 0.0, -0.5), (0.1,) * 3))
    drawn = page_of(4, parts | {3: below}, "below")
    panel = drawn.partition('aria-label="Bias and variance over width"')[2].partition("</svg>")[0]
    assert "−0.5" in panel, "the axis reaches below 0"
    few = page_of(3, {number: found for number, found in parts.items() if number != 3}, "few")
    assert "Bias and variance over width" not in few, "two widths are no curve"


def test_a_run_that_is_not_finished_says_so_before_anything_else(tmp_path: Path) -> None:
    standing = "killed after 2 of 24 trials; no model was exported"
    state = state_of(tmp_path, *trials(2), num_trials=24)
    page = report_page(ReportContent(state, standing))
    main = page.partition("<main>")[2]
    assert main.startswith(
        '<header><p class="warning" role="status">Killed after 2 of 24 trials; no model was exported.'
    )
    assert "is the best of those that have ended:" in main
    finished = report_page(ReportContent(state))
    assert "Killed" not in finished and "of those that have ended" not in finished


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
    return made(Path("nowhere"), [Recorded(seq, 0.0, event) for seq, event in enumerate(events, start=1)])


class Undiagnosed(dict[int, Diagnosis]):
    """Remembers which trials it was asked for."""

    def __init__(self) -> None:
        self.asked: set[int] = set()

    def __bool__(self) -> bool:
        return True

    def get(self, number: int, default: Any = None) -> Diagnosis:
        self.asked.add(number)
        return Diagnosis("undecided", "It is undecided.")


@pytest.mark.parametrize("count", [1500, 3000])
def test_the_page_of_many_trials_needs_the_files_of_few(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    ranked: list[int] = []
    whole_trial, rank = StudyState.whole, Objective.rank

    def whole_counted(state: StudyState, number: int) -> Trial:
        read.append(number)
        return whole_trial(state, number)

    def rank_counted(objective: Objective, given: list[Trial]) -> list[Trial]:
        ranked.append(len(given))
        return rank(objective, given)

    def compared(*_: object) -> bool:
        raise AssertionError("trials were compared with all of their contents")

    state, asked = light(count), Undiagnosed()
    monkeypatch.setattr(StudyState, "whole", whole_counted)
    monkeypatch.setattr(Objective, "rank", rank_counted)
    monkeypatch.setattr(Trial, "__eq__", compared)
    page = report_page(ReportContent(state, diagnoses=asked))
    assert len(read) < 400 and len(asked.asked) == 300
    assert sum(size > 100 for size in ranked) < 12
    assert len(page.encode()) < 1_000_000
    assert page.count('class="dot failed"') == 100
    assert page.count('<path class="trial ') == 500
    assert (
        f"Of {count - count // 10:,} trials, the 200 best are drawn and of the others 300, evenly spaced"
        in page
    )
    assert f"Of {count:,} trials, dots are drawn for those that were the best so far" in page
    assert f"{count // 10 - 20:,} more reasons, of fewer trials each" in page


def test_thinning_moves_no_line_and_hides_no_trial_that_was_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    content = ReportContent(light(200))
    everything = searching.history(content)
    monkeypatch.setattr(searching, "_MOST_DOTS", 3)
    thinned = searching.history(content)
    assert everything is not None and thinned is not None
    winner = re.compile(r'class="line winner" d="([^"]+)"')
    assert winner.findall(everything.body) == winner.findall(thinned.body) != []
    best, bests = float("inf"), []
    for trial in content.completed:
        if trial.mean("log_loss") < best:
            best = trial.mean("log_loss")
            bests.append(trial.number)
    dots = re.findall(r'class="dot neutral[^"]*"[^>]*><title>trial (\d+):', thinned.body)
    middle = content.completed[round((len(content.completed) - 1) / 2)].number
    assert sorted(map(int, dots)) == sorted({*bests, 0, middle, content.completed[-1].number})


def test_the_line_of_the_best_so_far_steps_where_a_better_trial_comes() -> None:
    assert searching._steps([completed(0, 5.0), completed(3, 4.0)], [5.0, 4.0], 6.0) == (
        [0.0, 3.0, 3.0, 6.0],
        [5.0, 5.0, 4.0, 4.0],
    )


def test_the_importance_says_on_how_many_trials_it_rests(tmp_path: Path) -> None:
    content = explaining(whole(tmp_path), 0.9)
    assert "by a random forest of the trials." in report_page(content)
    some = report_page(dataclasses.replace(content, importance_trials=12))
    assert "by a random forest of 12 of the 30 trials, drawn at random." in some


def explaining(content: ReportContent, r2: float) -> ReportContent:
    """The same content, whose forest explains so much of unseen trials."""
    assert content.importance is not None
    return dataclasses.replace(content, importance=dataclasses.replace(content.importance, r2=r2))


def test_where_the_forest_explains_little_nothing_is_shown_of_importance(tmp_path: Path) -> None:
    content = whole(tmp_path)
    known, unknown = (report_page(explaining(content, r2)) for r2 in (0.31, 0.29))
    chart, curves = "Share of the variance of the score", "Partial dependence on"
    assert chart in known and curves in known
    assert chart not in unknown and curves not in unknown
    assert (
        "Nothing can be said of the importance of hyperparameters: a random forest of the trials explains 29%"
        in unknown
    )
