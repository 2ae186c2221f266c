"""A run of a study in this process: what happens is recorded, then applied to its state, then told to trackers."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import final

from automl.errors import RecordError
from automl.evaluation.out_of_fold import OutOfFold
from automl.execution.actors import Cluster
from automl.execution.record_board import Sharing
from automl.interrupts import Interrupts
from automl.progress import Progress
from automl.records.events import Event, Finished, PhaseBegun, PhaseEnded
from automl.records.files import ended_event, write_predictions, write_trial
from automl.records.leases import Heartbeat, Lease
from automl.records.page_links import write_links
from automl.records.predictions import StoredPredictions
from automl.records.run_files import Publisher
from automl.records.runs import Run
from automl.records.state import StudyState
from automl.records.store import Records
from automl.study.budget import Budget
from automl.study.preparation import PreparedStudy
from automl.tracking.tracker import Tracker
from automl.training.engine import Engine, Watch
from automl.trial import Trial

LOGGER = logging.getLogger(__name__)


@final
@dataclass(slots=True)
class Session:
    """A run that this process holds. `record` is the only way by which anything becomes part of it.

    Attributes:
        prepared: The study.
        records: The record.
        run: The run in it.
        lease: The right to append to it.
        state: All that is recorded so far.
        trackers: Who follows the study.
        interrupts: Ctrl-C and SIGTERM.
        budget: The time there is.
        engine: What trains.
        out_of_fold: Which predictions are kept.
        sharing: How cohorts are shared with other processes, or the cluster whose actors train them; None where this
            process trains alone.
        publisher: Puts the files of the run where other machines see them; None where nobody needs that.
    """

    prepared: PreparedStudy
    records: Records
    run: Run
    lease: Lease
    state: StudyState
    trackers: Sequence[Tracker]
    interrupts: Interrupts
    budget: Budget
    engine: Engine
    out_of_fold: OutOfFold
    sharing: Sharing | Cluster | None = None
    publisher: Publisher | None = None
    began: float = field(default_factory=time.monotonic)
    _heartbeat: Heartbeat | None = None

    def open(self) -> None:
        """Keep the lease alive, publish the files that there are, and begin the trackers.

        Raises:
            TrackingError: A tracker cannot follow.
            RecordError: The files cannot be published.
        """
        self._heartbeat = Heartbeat(lambda: self.records.renew(self.lease))
        if self.publisher is not None:
            self.publisher.publish_all()
        started: list[Tracker] = []
        for tracker in self.trackers:
            try:
                tracker.start(self.records, self.run, self.state)
            except BaseException:
                for other in started:
                    other.abandon()
                raise
            started.append(tracker)
        links = [link for tracker in self.trackers if (link := tracker.link())]
        for tracker in self.trackers:
            tracker.show_links(links)
        pages = [page for tracker in self.trackers for page in tracker.pages()]
        if pages:
            write_links(self.run.folder, pages)

    def close(self) -> None:
        """Let other processes go on with the run."""
        if self._heartbeat is not None:
            self._heartbeat.stop()
        self.records.release(self.lease)

    def record(self, *events: Event) -> None:
        """Write events, apply them, tell the trackers; an interrupt that arrives meanwhile is delivered afterwards.

        Raises:
            RecordError: They cannot be written.
            KeyboardInterrupt: An interrupt has arrived.
        """
        with self.interrupts.held():
            if self.publisher is not None:
                self.publisher.publish(events)
            self._append(*events)

    def _append(self, *events: Event) -> None:
        for recorded in self.records.append(self.lease, *events):
            self.state.apply(recorded)
            for tracker in self.trackers:
                tracker.apply(recorded, self.state)

    def record_trial(self, trial: Trial) -> None:
        """Write a trial that has ended: its files, then its event.

        Raises:
            RecordError: They cannot be written.
            KeyboardInterrupt: An interrupt has arrived.
        """
        folder = self.run.folder
        with self.interrupts.held():
            predictions = self.out_of_fold.gather(trial)
            if predictions is not None:
                write_predictions(folder, trial.number, predictions)
            write_trial(folder, trial)
        self.record(ended_event(trial, self.state.started.metric))

    def predictions_of(self, numbers: Iterable[int]) -> StoredPredictions:
        """Out-of-fold predictions of trials, those that are kept."""
        return StoredPredictions(self.run.folder, numbers, self.out_of_fold.predictions)

    def begin(self, phase: str) -> None:
        """The study turns to something else."""
        self.interrupts.check()
        self.record(PhaseBegun(phase))

    def end(self, phase: str) -> None:
        """It is done with it."""
        self.record(PhaseEnded(phase))

    def watch(
        self,
        seconds_left: Callable[[], float],
        may_start: Callable[[], bool] = lambda: True,
        limited: bool = False,
    ) -> Watch:
        """Progress, interrupts and the time limit, for an engine; `rungs` and `judge` are added by the search."""

        def on_progress(progress: Progress) -> None:
            self.interrupts.check()
            if self._heartbeat is not None and self._heartbeat.is_lost:
                self.record(
                    PhaseBegun(self.state.phase)
                )  # is refused, with the name of who has taken the run over
            for tracker in self.trackers:
                tracker.log_progress(progress)

        return Watch(on_progress, may_start, limited, seconds_left)

    def finish(self, status: str, reason: str = "") -> None:
        """Record how this process ended its work, which must succeed whatever else does not."""
        event = Finished(status, time.monotonic() - self.began, reason)
        with self.interrupts.held():
            if self.publisher is not None:
                try:
                    self.publisher.publish([event])
                except RecordError as error:
                    LOGGER.warning("The last files of the study are on this machine only: %s", error)
            self._append(event)
