"""A study in the terminal: what a person sees, at every width and for every kind of study."""

import dataclasses
import io
from pathlib import Path
from typing import Any

import pytest
from paper_trials import completed, failed
from rich.console import Console

from automl.records.journal import StudyLog
from automl.report.console import print_leaderboard, print_outcome
from automl.trial import Trial

NAMES = ["width", "learning_rate", "activation"]
WINNER = completed(2, 1.0, 2.0, width=1024, learning_rate=1e-5, activation="relu")
SECOND = completed(0, 3.0, 5.0, width=64, learning_rate=0.1, activation="[bold]tanh[/bold]")
FAILED = failed(1, "diverged: the loss is not finite (fold 0, epoch 1); lower `learning_rate`", width=8)


def log_of(*trials: Trial, **changes: Any) -> StudyLog:
    start = {"name": "wine", "metric": "log_loss", "direction": "min", "searched": NAMES, **changes}
    return StudyLog(Path("runs"), start, trials)


def printed(log: StudyLog, width: int = 160, top: int | None = None) -> str:
    console = Console(file=io.StringIO(), width=width, color_system=None)
    print_leaderboard(console, log, top)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def rows(text: str) -> list[list[str]]:
    """The cells of the table's lines: title, headings, trials."""
    return [line.replace(" ± ", "±").split() for line in text.splitlines()]


def test_the_winner_comes_first_with_all_its_numbers() -> None:
    title, headings, *trials = rows(printed(log_of(SECOND, FAILED, WINNER)))
    assert " ".join(title) == "wine: log_loss, smaller is better"
    assert headings == ["trial", "log_loss±SE", "fold_0", "fold_1", "epochs", "seconds", "weights", *NAMES]
    assert trials[0] == [
        "2",
        "1.5000±0.5000",
        "1.0000",
        "2.0000",
        "2",
        "2.0",
        "1,234",
        "1024",
        "1e-05",
        "relu",
    ]
    assert trials[1][:2] == ["0", "4.0000±1.0000"]
    assert trials[1][-1] == "[bold]tanh[/bold]", "text of the user is no markup"
    assert trials[2] == ["1", "failed", "8", "–", "–"]


def test_a_larger_score_can_be_better() -> None:
    title, _, first, *_ = rows(printed(log_of(SECOND, WINNER, direction="max")))
    assert " ".join(title) == "wine: log_loss, larger is better"
    assert first[0] == "0"


def test_the_reason_of_a_failed_trial_is_shown_whole_below_the_table() -> None:
    text = printed(log_of(SECOND, FAILED, WINNER))
    assert f"trial 1 failed: {FAILED.reason}\n" in text
    assert text.index("trial 1 failed") > text.index("1.5000")


def test_a_long_reason_takes_no_room_from_the_trials() -> None:
    """It once stood in the table and pushed every other column out."""
    long = failed(3, "ResourceExhaustedError: " + "[red]shape[/red] " * 60)
    text = printed(log_of(WINNER, long))
    assert rows(text)[2][:2] == ["2", "1.5000±0.5000"]
    assert rows(text)[2][-3:] == ["1024", "1e-05", "relu"]
    assert text.count("[red]shape[/red]") == 60


def test_only_failed_trials() -> None:
    text = printed(log_of(failed(0, "no memory"), failed(1, "no time")))
    _, headings, first, second, *reasons = rows(text)
    assert headings[:2] == ["trial", "log_loss±SE"]
    assert [first[:2], second[:2]] == [["0", "failed"], ["1", "failed"]]
    assert [" ".join(reason) for reason in reasons] == [
        "trial 0 failed: no memory",
        "trial 1 failed: no time",
    ]


def test_one_trial_with_one_fold_has_no_standard_error() -> None:
    trial = rows(printed(log_of(completed(0, 0.25, width=8))))[2]
    assert trial == ["0", "0.2500±nan", "0.2500", "2", "2.0", "1,234", "8", "–", "–"]


def test_a_study_without_trials_shows_its_headings() -> None:
    text = printed(log_of())
    assert "wine: log_loss" in text
    assert all(name in text for name in NAMES)


def test_a_study_that_searches_nothing() -> None:
    assert rows(printed(log_of(WINNER, searched=[])))[2][-1] == "1,234"


def test_many_folds_are_summarized() -> None:
    text = printed(log_of(completed(0, *map(float, range(8)))))
    assert "fold_" not in text
    assert "3.5000 ± 0.8660" in text


def test_a_hyperparameter_that_two_branches_share_has_one_column() -> None:
    _, headings, winner = rows(printed(log_of(WINNER, searched=["width", "width"])))
    assert headings[-2:] == ["weights", "width"]
    assert winner[-2:] == ["1,234", "1024"]


def test_top_cuts_the_table_and_says_so() -> None:
    text = printed(log_of(SECOND, FAILED, WINNER), top=1)
    assert "1.5000" in text
    assert "4.0000" not in text
    assert "diverged" not in text
    assert "… and 2 more: automl show wine" in text
    assert "more" not in printed(log_of(SECOND, WINNER), top=2)


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
def test_score_and_hyperparameters_stay_readable_at_every_width(width: int) -> None:
    text = printed(log_of(SECOND, FAILED, WINNER), width=width)
    assert max(map(len, text.splitlines())) <= width
    flat = " ".join(text.split())
    for part in ("1.5000 ± 0.5000", "4.0000 ± 1.0000", "1024", "1e-05", "relu", "1,234"):
        assert part in flat


def outcome(log: StudyLog, **events: Any) -> str:
    console = Console(file=io.StringIO(), width=160, color_system=None)
    print_outcome(console, dataclasses.replace(log, **events))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_outcome_has_the_locked_test_and_the_time() -> None:
    test = {"trial": 2, "rows": 36, "scores": {"log_loss": 0.123456, "accuracy": 0.75}}
    verdict = {"rows": [["cross-validation", "1 ± 0.1"], ["corrected", "1.1"]], "sentences": ["So it is."]}
    text = outcome(log_of(SECOND, WINNER), tests=(test,), verdict=verdict, finish={"seconds": 8.0})
    assert text.splitlines() == [
        "locked test (36 rows, read once): log_loss 0.1235, accuracy 0.75  (trial 2, refitted)",
        "  cross-validation  1 ± 0.1",
        "  corrected         1.1",
        "So it is.",
        "2 trials in 8 s, 50% of it training and scoring folds",
    ]


def test_a_study_that_was_killed_has_no_outcome_yet() -> None:
    assert outcome(log_of(WINNER)) == ""
