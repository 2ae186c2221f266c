"""What a person sees of a running study."""

import io
import re
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from paper_trials import completed, failed
from recorded_study import RecordedStudy, make_records
from rich.console import Console

from automl.progress import Progress
from automl.records.events import CohortAsked, PhaseBegun, PhaseEnded, StudyContinued, StudyStarted
from automl.records.state import StudyState
from automl.tracking.terminal import TerminalTracker

TEXT = "name: wine\ndata: {sklearn: wine}\nbudget: {minutes: null}\nbias_variance: {resamples: 0}\n"
STARTED = StudyStarted(
    name="wine",
    identifier="20260101-120000-ab12",
    text=TEXT,
    metric="log_loss",
    direction="min",
    num_trials=4,
    num_folds=2,
    searched=("width", "rate"),
    facts={"rows": "178", "features": "13", "task": "multiclass", "device": "CPU"},
    notes=tuple(f"note {number}" for number in range(14)),
)


class Watched:
    """A study with somebody at the terminal."""

    def __init__(self, folder: Path, terminal: bool, started: StudyStarted = STARTED) -> None:
        self.out, self.now = io.StringIO(), 50.0
        console = Console(file=self.out, force_terminal=terminal, width=200, color_system=None)
        self.tracker = TerminalTracker(console, began=0.0, clock=lambda: self.now)
        self.study = RecordedStudy(make_records(folder / "mlruns"), started)

    @property
    def lines(self) -> list[str]:
        return self.out.getvalue().splitlines()

    def look(self) -> list[str]:
        """The live view."""
        console = Console(file=io.StringIO(), width=200, color_system=None)
        with console.capture() as capture:
            console.print(self.tracker)
        return [re.sub(r"\s+", " ", line).strip() for line in capture.get().splitlines()]


def test_lines_where_there_is_no_terminal(tmp_path: Path) -> None:
    watched = Watched(tmp_path, terminal=False)
    study = watched.study
    study.start(watched.tracker)
    assert watched.lines == [
        "wine: 178 rows, 13 features, multiclass; up to 4 trials × 2 folds by log_loss on CPU",
        *(f"  note {number}" for number in range(12)),
        "  … and 2 more: automl check",
    ]
    watched.out.truncate(0)
    watched.out.seek(0)
    study.record(
        PhaseBegun("search"), CohortAsked(0, 0, ({"width": 8}, {"width": 16}, {"width": 4}), ("a [note]",))
    )
    study.end_trial(completed(0, 0.5, 0.7, width=8))
    study.end_trial(completed(1, 0.4, 0.4, width=16))
    study.end_trial(failed(2, "diverged [in epoch 3]", width=4))
    study.record(
        PhaseEnded("search"), PhaseBegun("refit of the best trial"), PhaseEnded("refit of the best trial")
    )
    study.finish()
    watched.tracker.finish(None)
    assert watched.lines == [
        "  a [note]",
        "[1/4] trial 0: log_loss 0.6 ± 0.17, 2.0 s (best so far)",
        "[2/4] trial 1: log_loss 0.4 ± 0, 2.0 s (best so far)",
        "trial 2 failed: diverged [in epoch 3]",
        "refit of the best trial",
    ]


def test_a_worse_trial_is_not_the_best(tmp_path: Path) -> None:
    watched = Watched(tmp_path, terminal=False, started=replace(STARTED, optimistic=True, notes=()))
    watched.study.start(watched.tracker)
    watched.study.end_trials([completed(0, 0.5), completed(1, 0.6)])
    assert watched.lines[1:] == [
        "[1/4] trial 0: log_loss 0.5 (optimistic), 2.0 s (best so far)",
        "[2/4] trial 1: log_loss 0.6 (optimistic), 2.0 s",
    ]


def test_a_study_that_is_stopped_says_how_many_trials_are_kept(tmp_path: Path) -> None:
    watched = Watched(tmp_path, terminal=False)
    watched.study.start(watched.tracker)
    watched.study.end_trials([completed(0, 0.5), failed(1)])
    watched.study.finish("stopped", "interrupted")
    watched.tracker.finish(0.0)
    assert watched.lines[-1] == "stopped; 2 finished trials are kept"


def test_the_live_view(tmp_path: Path) -> None:
    watched = Watched(tmp_path, terminal=True)
    study = watched.study
    study.start(watched.tracker)
    try:
        assert watched.look()[0] == "0/4 trials 0:50 elapsed, time left not known yet"
        assert watched.look()[2:] == ["best: none yet", "opening the tracking stores"]
        watched.tracker.show_links([])
        assert watched.look()[2:] == ["best: none yet", ""]
        study.record(PhaseBegun("search"), CohortAsked(0, 0, ({"width": 8, "rate": 0.00123},)))
        watched.tracker.log_progress(Progress(done=1, total=2, running=1, epoch=7, num_epochs=30))
        assert watched.look()[3] == "trial 0: width 8, rate 0.00123 fold 2/2, epoch 7/30"
        watched.now += 10.0
        study.end_trial(completed(0, 0.5, 0.7, width=8, rate=0.00123))
        # three more trials, between the 10 s of the first and the 2 s that it took but for its compilation; refit,
        # verdict, export and the ending: 1 + 3, 1 + 3, 1 and 3
        assert watched.look()[0] == "1/4 trials 1:00 elapsed, about 0:30 left"
        assert watched.look()[2] == "best: log_loss 0.6 ± 0.17 (trial 0)"
        study.record(CohortAsked(1, 1, ({"width": 8}, {"width": 16}, {"width": 4})))
        watched.tracker.log_progress(Progress(done=2, total=6, running=4))
        assert watched.look()[3] == "trials 1 to 3 2 of 6 networks done, 4 in training"
        study.end_trial(failed(1, "diverged", width=8))
        assert watched.look()[0].startswith("2/4 trials 1:00 elapsed, about") and watched.look()[0].endswith(
            "1 failed"
        )
        study.record(PhaseEnded("search"), PhaseBegun("export"))
        assert watched.look()[3] == "export"
        assert watched.look()[0].startswith("2/4 trials 1:00 elapsed, about 0:04 left")
    finally:
        watched.tracker.finish(None)
    assert "trial 1 failed: diverged" in watched.out.getvalue()
    assert "\x1b[?25h" in watched.out.getvalue(), "the cursor is back"


def test_where_else_a_study_can_be_seen_is_said_at_its_start(tmp_path: Path) -> None:
    watched = Watched(tmp_path, terminal=False)
    watched.study.start(watched.tracker)
    watched.tracker.show_links(["MLflow: automl ui wine [x]"])
    assert watched.lines[-1] == "  MLflow: automl ui wine [x]"


def test_the_budget_covers_the_time_before_the_study_began(tmp_path: Path) -> None:
    text = TEXT.replace("minutes: null", "minutes: 2")
    watched = Watched(tmp_path, terminal=True, started=replace(STARTED, num_trials=10_000, text=text))
    watched.study.start(watched.tracker)
    watched.study.record(PhaseBegun("search"), CohortAsked(0, 0, ({},)))
    watched.now += 10.0
    watched.study.end_trial(completed(0, 0.5))
    watched.tracker.finish(None)
    assert watched.look()[0] == "1/10000 trials 1:00 elapsed, about 0:56 left"


def test_a_study_goes_on_with_its_trials_and_a_pace_of_its_own(tmp_path: Path) -> None:
    watched = Watched(tmp_path, terminal=True)
    study = watched.study
    study.end_trials([completed(0, 0.5), failed(1), completed(2, 0.25)])
    study.record(StudyContinued(TEXT, 5))
    watched.now += 1000.0
    study.start(watched.tracker)
    study.record(PhaseBegun("search"), CohortAsked(3, 3, ({},)))
    watched.now += 20.0
    study.end_trial(completed(3, 0.75))
    watched.tracker.finish(None)
    assert "  continues after 3 of 5 trials" in watched.out.getvalue()
    head, _, best, _ = watched.look()
    assert head == "4/5 trials 17:50 elapsed, about 0:23 left 1 failed"
    assert best == "best: log_loss 0.25 (trial 2)"


def test_neither_a_refresh_nor_a_trial_looks_at_all_trials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = Watched(tmp_path, terminal=True, started=replace(STARTED, num_trials=100))
    watched.study.end_trials([completed(number, 0.5) for number in range(3)])
    watched.study.start(watched.tracker)

    def all_of_them(state: StudyState) -> None:
        raise AssertionError("every trial was looked at")

    for name in ("trials", "completed"):
        monkeypatch.setattr(StudyState, name, property(all_of_them))
    watched.study.end_trials([completed(number, 0.5) for number in range(3, 6)])
    assert watched.look()[0].startswith("6/100 trials")
    watched.tracker.finish(None)


def test_giving_up_in_the_middle_of_a_print_takes_the_view_down_afterwards(tmp_path: Path) -> None:
    watched = Watched(tmp_path, terminal=True)
    watched.study.start(watched.tracker)
    live = watched.tracker._live
    assert live is not None
    before = set(threading.enumerate())
    with live._lock:  # as a print holds it that a signal interrupts
        watched.tracker.abandon()
    for thread in set(threading.enumerate()) - before:
        thread.join(10.0)
    assert not live.is_started


def test_a_study_file_that_cannot_be_read_costs_the_forecast_its_budget_only(tmp_path: Path) -> None:
    watched = Watched(tmp_path, terminal=False)
    (watched.study.run.folder / "study.yaml").write_text("data: [")
    watched.study.start(watched.tracker)
    watched.study.record(PhaseBegun("search"), CohortAsked(0, 0, ({},)))
    watched.now += 10.0
    watched.study.end_trial(completed(0, 0.5))
    assert "about" in watched.look()[0]


def test_following_what_never_began_does_nothing(tmp_path: Path) -> None:
    watched = Watched(tmp_path, terminal=True)
    watched.tracker.apply(next(watched.study.records.events(watched.study.run)), watched.study.state)
    watched.tracker.log_progress(Progress(0, 1, 1))
    watched.tracker.abandon()
    watched.tracker.finish(None)
    assert watched.out.getvalue() == ""
