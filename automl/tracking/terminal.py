"""Follows a study in the terminal: a live view, or plain lines where there is no terminal."""

import time
from collections.abc import Mapping
from typing import Any, final

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from automl.tracking.tracker import StudyRecord, StudyStatus, StudySummary, Tracker
from automl.trial import Hyperparameters, Progress, Trial, TrialState
from automl.wording import score

_MOST_NOTES = 12


@final
class TerminalTracker(Tracker):
    """Shows trials done, the best so far, the running fold and epoch, failures, time gone and time left.

    Args:
        console: Where to write. Lines instead of a live view when it is no terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._trials: list[Trial] = []
        self._running = self._position = ""
        self._record: StudyRecord | None = None
        self._live: Live | None = None
        self._began = time.monotonic()
        self._last_end = 0.0

    def start_study(self, record: StudyRecord) -> None:
        """Say what is about to run."""
        self._record = record
        self._began = time.monotonic()
        facts = record.facts
        self._console.print(
            f"[bold]{record.name}[/bold]: {facts.get('rows', '?')} rows, {facts.get('features', '?')} features, "
            f"{facts.get('task', '?')}; up to {record.num_trials} trials × {record.num_folds} folds by "
            f"{record.objective.metric} on {facts.get('device', 'CPU')}",
            highlight=False,
        )
        for note in record.notes[:_MOST_NOTES]:
            self._console.print(f"  {note}", style="dim", highlight=False, markup=False)
        if len(record.notes) > _MOST_NOTES:
            more = len(record.notes) - _MOST_NOTES
            self._console.print(f"  … and {more} more: automl check", style="dim", highlight=False)
        if self._console.is_terminal:
            self._live = Live(self, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()

    def start_cohort(self, trials: Mapping[int, Hyperparameters]) -> None:
        """Show which trials train."""
        first, last = min(trials), max(trials)
        self._running, self._position = f"trials {first} to {last}", ""
        if first == last:
            shown = self._record.searched if self._record else ()
            values = trials[first]
            given = ", ".join(f"{name} {_short(values[name])}" for name in shown if name in values)
            self._running = f"trial {first}: {given}"

    def start_phase(self, name: str) -> None:
        """Show what is done, and say it where there is no live view."""
        self._running, self._position = name, ""
        if self._live is None:
            self._console.print(name, highlight=False)

    def log_progress(self, progress: Progress) -> None:
        """Show where they are."""
        if progress.epoch:
            at = f"epoch {progress.epoch}/{progress.num_epochs}"
            self._position = f"fold {progress.done + 1}/{progress.total}, {at}"
        else:
            self._position = (
                f"{progress.done} of {progress.total} networks done, {progress.running} in training"
            )

    def log_trial(self, trial: Trial) -> None:
        """Write a line for trials that fail, and for every trial where there is no live view."""
        self._trials.append(trial)
        self._last_end = time.monotonic() - self._began
        if trial.state is TrialState.FAILED:
            self._console.print(f"trial {trial.number} failed: {trial.reason}", style="red", highlight=False)
        elif self._live is None and self._record is not None:
            best = self._record.objective.best(self._trials)
            mark = " (best so far)" if best is trial else ""
            done = f"[{len(self._trials)}/{self._record.num_trials}]".replace("[", r"\[")
            line = f"{done} trial {trial.number}: {_score(self._record, trial)}, {trial.seconds:.1f} s{mark}"
            self._console.print(line, highlight=False)

    def finish_study(self, summary: StudySummary) -> None:
        """Take the live view down."""
        if self._live is not None:
            self._live.stop()
            self._live = None
        if summary.status is StudyStatus.KILLED:
            self._console.print(
                f"interrupted; {len(summary.trials)} finished trials are kept", style="yellow"
            )

    def __rich__(self) -> Table:
        """The live view."""
        record = self._record
        assert record is not None
        elapsed = time.monotonic() - self._began
        done, total = len(self._trials), record.num_trials
        failed = sum(trial.state is TrialState.FAILED for trial in self._trials)
        best = record.objective.best(self._trials)
        head = Text.assemble(
            (f"{done}/{total} trials", "bold"),
            f"  {_clock(elapsed)} gone, {self._left(elapsed)}",
            (f"  {failed} failed" if failed else "", "red"),
        )
        leader = f"best: {_score(record, best)} (trial {best.number})" if best else "best: none yet"
        bar = ProgressBar(total=total, completed=done, width=40)
        running = Text(f"{self._running}  {self._position}", style="dim", overflow="ellipsis")
        view = Table.grid()
        for part in (head, bar, Text(leader, style="green"), running):
            view.add_row(part)
        return view

    def _left(self, elapsed: float) -> str:
        """Time left at the pace so far, everything counted; nothing is promised before a trial has ended."""
        assert self._record is not None
        done = len(self._trials)
        if done == 0:
            return "time left not known yet"
        at_pace = self._record.num_trials * self._last_end / done - elapsed
        limit = self._record.time_limit
        left = at_pace if limit is None else min(at_pace, limit - elapsed)
        return f"about {_clock(max(left, 0.0))} left"


def _score(record: StudyRecord, trial: Trial) -> str:
    metric = record.objective.metric
    label = " (optimistic)" if record.optimistic else ""
    return f"{metric} {score(trial, metric)}{label}"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
