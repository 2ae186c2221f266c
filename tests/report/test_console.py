"""A study in the terminal: what a person sees, at every width and for every kind of study."""

import dataclasses
import io
import itertools
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from made_states import STARTED, made_state
from paper_trials import completed, failed
from rich.console import Console

from automl.records import events as record
from automl.records.events import Event, Finished, StudyContinued
from automl.records.outcomes import VerdictReached
from automl.records.state import StudyState
from automl.report.console import print_leaderboard, print_outcome, print_run
from automl.trial import Trial

NAMES = ("width", "learning_rate", "activation")
WINNER = completed(2, 1.0, 2.0, width=1024, learning_rate=1e-5, activation="relu")
SECOND = completed(0, 3.0, 5.0, width=64, learning_rate=0.1, activation="[bold]tanh[/bold]")
FAILED = failed(1, "diverged: the loss is not finite (fold 0, epoch 1); lower `learning_rate`", width=8)

Make = Callable[..., StudyState]


@pytest.fixture
def make_state(tmp_path: Path) -> Make:
    """Makes the state of a study, each in a folder of its own."""
    numbers = itertools.count()

    def make(*trials: Trial, events: tuple[Event, ...] = (), **changes: Any) -> StudyState:
        started = dataclasses.replace(STARTED, **{"searched": NAMES, **changes})
        return made_state(tmp_path / str(next(numbers)), trials, *events, started=started)

    return make


def printed(state: StudyState, width: int = 160, top: int | None = None) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_leaderboard(console, state, top)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def rows(text: str) -> list[list[str]]:
    """The cells of the table's lines: title, headings, trials."""
    return [line.replace(" ± ", "±").split() for line in text.splitlines()]


def test_the_winner_comes_first_with_all_its_numbers(make_state: Make) -> None:
    title, headings, *trials = rows(printed(make_state(SECOND, FAILED, WINNER)))
    assert " ".join(title) == "wine: log_loss, smaller is better"
    assert headings == ["trial", "log_loss±SE", "fold_0", "fold_1", "epochs", "seconds", "weights", *NAMES]
    assert trials[0] == [
        "2",
        "1.5000±0.8660",
        "1.0000",
        "2.0000",
        "2",
        "2.0",
        "1,234",
        "1024",
        "1e-05",
        "relu",
    ]
    assert trials[1][:2] == ["0", "4.0000±1.7321"]
    assert trials[1][-1] == "[bold]tanh[/bold]", "text of the user is no markup"
    assert trials[2] == ["1", "failed", "8", "–", "–"]


def test_a_larger_score_can_be_better(make_state: Make) -> None:
    title, _, first, *_ = rows(printed(make_state(SECOND, WINNER, direction="max")))
    assert " ".join(title) == "wine: log_loss, larger is better"
    assert first[0] == "0"


def test_the_reason_of_a_failed_trial_is_shown_whole_below_the_table(make_state: Make) -> None:
    text = printed(make_state(SECOND, FAILED, WINNER))
    assert f"trial 1 failed: {FAILED.reason}\n" in text
    assert text.index("trial 1 failed") > text.index("1.5000")


def test_a_long_reason_takes_no_room_from_the_trials(make_state: Make) -> None:
    """It once stood in the table and pushed every other column out."""
    long = failed(3, "ResourceExhaustedError: " + "[red]shape[/red] " * 60)
    state = make_state(WINNER, long)
    text = printed(state)
    assert rows(text)[2][:2] == ["2", "1.5000±0.8660"]
    assert rows(text)[2][-3:] == ["1024", "1e-05", "relu"]
    recorded = state.trial(3).reason.count("[red]shape[/red]")
    assert text.count("[red]shape[/red]") == recorded > 5


def test_only_failed_trials(make_state: Make) -> None:
    text = printed(make_state(failed(0, "no memory"), failed(1, "no time")))
    _, headings, first, second, *reasons = rows(text)
    assert headings[:2] == ["trial", "log_loss±SE"]
    assert [first[:2], second[:2]] == [["0", "failed"], ["1", "failed"]]
    assert [" ".join(reason) for reason in reasons] == [
        "trial 0 failed: no memory",
        "trial 1 failed: no time",
    ]


def test_one_trial_with_one_fold_has_no_standard_error(make_state: Make) -> None:
    trial = rows(printed(make_state(completed(0, 0.25, width=8))))[2]
    assert trial == ["0", "0.2500", "0.2500", "2", "2.0", "1,234", "8", "–", "–"]


def test_a_study_without_trials_says_so(make_state: Make) -> None:
    text = printed(make_state())
    assert text == "wine: no trial has ended.\n"


def test_a_study_that_searches_nothing(make_state: Make) -> None:
    assert rows(printed(make_state(WINNER, searched=())))[2][-1] == "1,234"


def test_many_folds_are_summarized(make_state: Make) -> None:
    text = printed(make_state(completed(0, *map(float, range(8)))))
    assert "fold_" not in text
    assert "3.5000 ± 1.2677" in text


def test_a_hyperparameter_that_two_branches_share_has_one_column(make_state: Make) -> None:
    _, headings, winner = rows(printed(make_state(WINNER, searched=("width", "width"))))
    assert headings[-2:] == ["weights", "width"]
    assert winner[-2:] == ["1,234", "1024"]


def test_top_cuts_the_table_and_says_so(make_state: Make) -> None:
    text = printed(make_state(SECOND, FAILED, WINNER), top=1)
    assert "1.5000" in text
    assert "4.0000" not in text
    assert "diverged" not in text
    assert "… and 2 more: automl show wine --top 3 (or --format csv)" in text
    assert "more" not in printed(make_state(SECOND, WINNER), top=2)


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_score_and_hyperparameters_stay_readable_at_every_width(make_state: Make, width: int) -> None:
    text = printed(make_state(SECOND, FAILED, WINNER), width=width)
    assert max(map(len, text.splitlines())) <= width
    flat = " ".join(text.split())
    for part in ("1.5000 ± 0.8660", "4.0000 ± 1.7321", "1024", "1e-05", "relu", "1,234"):
        assert part in flat


def outcome(state: StudyState) -> str:
    console = Console(file=io.StringIO(), width=160, color_system=None)
    print_outcome(console, state)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


READING = (
    record.TestReadingIntended(2, "abc", 36),
    record.TestReadingDone(2, "abc", {"log_loss": 0.123456, "accuracy": 0.75}),
)
VERDICT = VerdictReached(
    rows=(("cross-validation", "1 ± 0.1"), ("corrected", "1.1")), sentences=("So it is.",)
)


def test_the_outcome_has_the_locked_test_and_the_time(make_state: Make) -> None:
    events = (*READING, VERDICT, Finished("finished", 8.0))
    assert outcome(make_state(SECOND, WINNER, events=events)).splitlines() == [
        "locked test (36 rows, read once): log_loss 0.1235, accuracy 0.75  (trial 2, refitted)",
        "  cross-validation  1 ± 0.1",
        "  corrected         1.1",
        "So it is.",
        "2 trials in 8 s, 50% of it training and scoring folds",
    ]


def test_a_reading_that_was_repeated_after_a_kill_is_one(make_state: Make) -> None:
    assert outcome(make_state(WINNER, events=(READING[0], *READING))).count("locked test (36 rows") == 1
    assert outcome(make_state(WINNER, events=(*READING, *READING))).count("locked test (36 rows") == 1


def test_the_time_of_the_last_process_is_not_taken_for_that_of_all(make_state: Make) -> None:
    events = (Finished("stopped", 100.0), StudyContinued("", 3), Finished("finished", 1.0))
    assert outcome(make_state(SECOND, WINNER, events=events)) == ""


def test_a_study_that_was_killed_has_no_outcome_yet(make_state: Make) -> None:
    assert outcome(make_state(WINNER)) == ""


def test_how_far_a_run_has_come_is_a_sentence_of_its_own() -> None:
    console = Console(file=io.StringIO(), width=160, color_system=None)
    print_run(console, "killed after 2 of 24 trials [x]; no model was exported", "run r, one of 3")
    print_run(console, "", "")
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue().splitlines() == [
        "Killed after 2 of 24 trials [x]; no model was exported.",
        "run r, one of 3",
    ]


def test_a_leaderboard_needs_no_pandas_and_no_forest() -> None:
    code = "import sys, automl.cli.found, automl.cli.tables, automl.report.console; print(*sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"pandas", "scipy", "sklearn", "matplotlib", "tensorflow", "alembic"} & set(
        process.stdout.split()
    )
