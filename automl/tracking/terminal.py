"""Follows a study in the terminal: a live view, or plain lines where there is no terminal."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, final

from rich.console import Console
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from automl.config.reading import load_study
from automl.errors import StudyFileError
from automl.progress import Progress
from automl.records.events import (
    CohortAsked,
    Finished,
    PhaseBegun,
    PhaseEnded,
    Recorded,
    StudyStarted,
    TrialEnded,
)
from automl.records.files import STUDY_FILE
from automl.records.runs import Run
from automl.records.state import BIAS_VARIANCE, COLUMNS, LEARNING_CURVE, StudyState
from automl.records.store import Records
from automl.tracking.forecast import ANALYSES, SEARCH, Forecast
from automl.tracking.tracker import Tracker
from automl.trial import Trial, TrialState
from automl.wording import score

_MOST_NOTES = 12
_PATIENCE = 0.2


@final
class TerminalTracker(Tracker):
    """Shows trials done, the best so far, the phase, the running fold and epoch, failures, time gone and time left.

    Args:
        console: Where to write. Lines instead of a live view when it is no terminal.
        began: When the command began, by `clock`; now when None.
        clock: Seconds that only grow.
    """

    def __init__(
        self, console: Console, began: float | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._console, self._clock = console, clock
        self._began = clock() if began is None else began
        self._state: StudyState | None = None
        self._forecast: Forecast | None = None
        self._live: Live | None = None
        self._running = self._position = ""
        self._num_failed = 0

    def start(self, records: Records, run: Run, state: StudyState) -> None:  # noqa: ARG002  the interface of trackers
        """Say what is about to run, or to go on."""
        self._state = state
        self._num_failed = state.num_in(TrialState.FAILED)
        self._forecast = self._make_forecast(run, state)
        self._introduce(state.started)
        if state.num_trials:
            self._print(
                f"  continues after {state.num_trials} of {state.started.num_trials} trials", style="dim"
            )
        self._running = "opening the tracking stores"
        if self._console.is_terminal:
            self._live = Live(self, console=self._console, refresh_per_second=4, transient=True)
            self._live.start()

    def show_links(self, links: Sequence[str]) -> None:
        """Say where else the study can be looked at."""
        for link in links:
            self._print(f"  {link}", style="dim")
        self._running = ""

    def apply(self, recorded: Recorded, state: StudyState) -> None:
        """Show what has happened."""
        if self._forecast is None:
            return
        match recorded.event:
            case CohortAsked(hyperparameters=configurations):
                self._forecast.begin_cohort(
                    len(configurations), recorded.event.num_told < recorded.event.number
                )
                self._begin_cohort(recorded.event, state)
            case TrialEnded(number=number):
                state_of_trial = TrialState(recorded.event.state)
                if state_of_trial is TrialState.PRUNED:
                    self._forecast.prune_trial()
                else:
                    whole = state_of_trial is TrialState.COMPLETE
                    self._forecast.end_trial(recorded.event.seconds if whole else None)
                self._end_trial(state.trial(number), state)
            case PhaseBegun(name=name):
                self._begin_phase(name)
            case PhaseEnded(name=name):
                self._forecast.end(name)
                self._running, self._position = "writing files", ""
            case Finished(status=status):
                self._running, self._position = "sending the remaining records", ""
                if status == "stopped":
                    self._print(f"stopped; {state.num_trials} finished trials are kept", style="yellow")

    def log_progress(self, progress: Progress) -> None:
        """Show where the networks are."""
        if progress.total and self._forecast is not None:
            self._forecast.progress(progress.likely, progress.ended)
        if progress.epoch:
            at = f"epoch {progress.epoch}/{progress.num_epochs}"
            self._position = f"fold {progress.done + 1}/{progress.total}, {at}"
        else:
            self._position = (
                f"{progress.done} of {progress.total} networks done, {progress.running} in training"
            )

    @property
    def seconds_left(self) -> float | None:
        """How long the study will still take, as shown; None while that is not known."""
        return None if self._forecast is None else self._forecast.left()

    def finish(self, seconds: float | None) -> None:  # noqa: ARG002  nothing is sent
        """Take the live view down."""
        live, self._live = self._live, None
        if live is not None:
            live.stop()

    def abandon(self) -> None:
        """Take the live view down, in a thread: an interrupted print may hold what that needs."""
        thread = threading.Thread(target=self.finish, args=(None,), daemon=True)
        thread.start()
        thread.join(_PATIENCE)

    def _make_forecast(self, run: Run, state: StudyState) -> Forecast:
        """What is still to come of a run."""
        skipped = {
            phase
            for phase, analysis in zip(ANALYSES, (BIAS_VARIANCE, LEARNING_CURVE, COLUMNS), strict=True)
            if any(name == analysis for name, _ in state.analyzed)
        }
        budget = None
        try:
            config = load_study(run.folder / STUDY_FILE)
        except StudyFileError:  # only the forecast would have used it
            config = None
        if config is not None:
            skipped |= set(ANALYSES) if config.bias_variance.resamples == 0 else set()
            minutes = config.budget.minutes
            budget = None if minutes is None else 60.0 * minutes - (self._clock() - self._began)
        left = state.started.num_trials - state.num_trials
        return Forecast(left, state.started.time_limit, budget, skipped, self._clock)

    def _introduce(self, started: StudyStarted) -> None:
        facts = started.facts
        search = (
            f"{facts.get('rows', '?')} rows, {facts.get('features', '?')} features, {facts.get('task', '?')}"
        )
        plan = f"up to {started.num_trials} trials × {started.num_folds} folds by {started.metric}"
        device = facts.get("device", "CPU")
        if device != "CPU" and "precision" in facts:
            device += f" in {facts['precision']}"
        self._console.print(
            Text.assemble((started.name, "bold"), f": {search}; {plan} on {device}"), highlight=False
        )
        for note in started.notes[:_MOST_NOTES]:
            self._print(f"  {note}", style="dim")
        if len(started.notes) > _MOST_NOTES:
            self._print(f"  … and {len(started.notes) - _MOST_NOTES} more: automl check", style="dim")

    def _begin_cohort(self, cohort: CohortAsked, state: StudyState) -> None:
        first, last = min(running.first for running in (*state.running_cohorts, cohort)), cohort.numbers[-1]
        self._running, self._position = f"trials {first} to {last}", ""
        if first == last:
            values = cohort.hyperparameters[0]
            given = (f"{name} {_short(values[name])}" for name in state.started.searched if name in values)
            self._running = f"trial {first}: {', '.join(given)}"
        for note in cohort.notes:
            self._print(f"  {note}", style="yellow" if cohort.failed else "dim")

    def _begin_phase(self, name: str) -> None:
        assert self._forecast is not None
        self._forecast.begin(name)
        self._running, self._position = name, ""
        if self._live is None and name != SEARCH:
            self._print(name)

    def _end_trial(self, trial: Trial, state: StudyState) -> None:
        """Write a line for trials that fail, and for every trial where there is no live view."""
        if trial.state is TrialState.FAILED:
            self._num_failed += 1
            self._print(f"trial {trial.number} failed: {trial.reason}", style="red")
        elif trial.state is TrialState.PRUNED:
            if self._live is None:
                done = f"[{state.num_trials}/{state.started.num_trials}]"
                self._print(f"{done} trial {trial.number}: ended early, {trial.seconds:.1f} s")
        elif self._live is None:
            best = state.best is not None and state.best.number == trial.number
            done = f"[{state.num_trials}/{state.started.num_trials}]"
            line = f"{done} trial {trial.number}: {_score(state, trial)}, {trial.seconds:.1f} s"
            self._print(f"{line} (best so far)" if best else line)

    def _print(self, line: str, style: str | None = None) -> None:
        self._console.print(line, style=style, highlight=False, markup=False)

    def __rich__(self) -> Table:
        """The live view."""
        state = self._state
        assert state is not None
        done, total, best = state.num_trials, state.started.num_trials, state.best
        left = self.seconds_left
        remaining = "time left not known yet" if left is None else f"about {_clock(left)} left"
        head = Text.assemble(
            (f"{done}/{total} trials", "bold"),
            f"  {_clock(self._clock() - self._began)} elapsed, {remaining}",
            (f"  {self._num_failed} failed" if self._num_failed else "", "red"),
        )
        leader = f"best: {_score(state, best)} (trial {best.number})" if best else "best: none yet"
        bar = ProgressBar(total=total, completed=done, width=40)
        running = Text(f"{self._running}  {self._position}", style="dim", overflow="ellipsis")
        grid = Table.grid()
        for part in (head, bar, Text(leader, style="green"), running):
            grid.add_row(part)
        return grid


def _score(state: StudyState, trial: Trial) -> str:
    metric = state.started.metric
    label = " (optimistic)" if state.started.optimistic else ""
    return f"{metric} {score(trial, metric)}{label}"


def _short(value: Any) -> str:
    return f"{value:.3g}" if isinstance(value, float) else str(value)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
