"""A study that is recorded by hand: its events are in a record, its files in the folder of its run."""

from collections.abc import Callable, Sequence
from pathlib import Path

from automl.records.events import CohortAsked, Event, Finished, Recorded, StudyStarted, TrialEnded
from automl.records.files import ended_event, make_run_folder, write_trial
from automl.records.finding import open_records
from automl.records.runs import Run
from automl.records.state import StudyState
from automl.records.store import Records
from automl.tracking.tracker import Tracker
from automl.trial import Trial

BEGAN = 1_767_268_800.0
"""Noon on 1 January 2026, UTC."""


class Clock:
    """A hundredth of a second later every time somebody looks at it."""

    def __init__(self) -> None:
        self.now = BEGAN

    def __call__(self) -> float:
        self.now += 0.01
        return self.now


def make_records(mlruns: Path, clock: Callable[[], float] | None = None) -> Records:
    """The record of a folder, with a clock of its own."""
    opened = open_records(mlruns, create=True)
    return Records(opened.address, opened._engine, mlruns, clock or Clock())


class RecordedStudy:
    """A run that this process holds until it is let go.

    Args:
        records: The record.
        started: Its first event.
    """

    def __init__(self, records: Records, started: StudyStarted) -> None:
        self.records, self.started = records, started
        folder = make_run_folder(records.mlruns, started.name, started.identifier, started.text)
        self.run, self.lease = records.create(folder, started, "0")
        self.state = StudyState(folder)
        self.trackers: list[Tracker] = []
        self._apply(records.events(self.run))

    def start(self, *trackers: Tracker) -> None:
        """Trackers follow from now on."""
        for tracker in trackers:
            tracker.start(self.records, self.run, self.state)
        self.trackers += trackers

    def record(self, *events: Event) -> None:
        """Record events, apply them, tell the trackers."""
        self._apply(self.records.append(self.lease, *events))

    def end_trial(self, trial: Trial, *, cut: bool = False) -> None:
        """Ask for a trial, unless that was done, and record how it ended."""
        if trial.number not in self.state.configurations:
            self.record(CohortAsked(len(self.state.cohorts), trial.number, (trial.hyperparameters,)))
        write_trial(self.run.folder, trial)
        event = ended_event(trial, self.started.metric)
        self.record(TrialEnded(**{**plain(event), "cut": cut}))

    def end_trials(self, trials: Sequence[Trial]) -> None:
        """The same for several."""
        for trial in trials:
            self.end_trial(trial)

    def finish(self, status: str = "finished", reason: str = "") -> None:
        """Record the end of this process's work and let the run go."""
        self.record(Finished(status, 12.0, reason))
        self.let_go()

    def let_go(self) -> None:
        """As if the process were gone."""
        self.records.release(self.lease)

    def take_over(self) -> None:
        """Hold the run again."""
        self.lease = self.records.claim(self.listed)

    @property
    def listed(self) -> Run:
        """The run as the record lists it now."""
        return self.records.run(self.run.number)

    def _apply(self, events: Sequence[Recorded]) -> None:
        for recorded in events:
            self.state.apply(recorded)
            for tracker in self.trackers:
                tracker.apply(recorded, self.state)


def plain(event: TrialEnded) -> dict[str, object]:
    """Its fields by name."""
    return {name: getattr(event, name) for name in event.__dataclass_fields__}
