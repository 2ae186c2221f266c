"""The MLflow tracker. A store that cannot be reached stops a study before it begins, and never after that.

What it does not take is recorded all the same: `automl track`, `automl ui` and the next study on that store send it.
"""

import logging
import shlex
import time
from collections.abc import Sequence
from pathlib import Path
from typing import final

from automl.errors import AutoMLError, TrackingError
from automl.progress import Progress
from automl.records.events import Recorded
from automl.records.runs import Run
from automl.records.state import StudyState
from automl.records.store import Records
from automl.tracking.mlflow.address import find_store, probe, refused
from automl.tracking.mlflow.completing import Completion, SendingLock
from automl.tracking.mlflow.links import DEFAULT_ADDRESS, run_page, runs_page
from automl.tracking.mlflow.opening import open_store
from automl.tracking.mlflow.projection import Projection
from automl.tracking.mlflow.store import message_of
from automl.tracking.mlflow.trial_runs import Render
from automl.tracking.mlflow.worker import Patience, Worker
from automl.tracking.tracker import Tracker

LOGGER = logging.getLogger(__name__)

_LAST_FAILURES = 3

_OTHERS_SECONDS = 60.0
"""How long a study that is over may go on to complete other runs."""


@final
class MlflowTracker(Tracker):
    """Follows a study in MLflow: one run for the study, a child for each trial, and a child with the best model.

    A thread sends what is recorded, so that a store that is slow or away never holds the study.

    Args:
        uri: Tracking URI of the study file; MLFLOW_TRACKING_URI, then a database in the folder, when None.
        folder: Where the database and its files are when no URI is given.
        render: Writes the files of a trial into a folder.
    """

    def __init__(self, uri: str | None, folder: Path, render: Render) -> None:
        self._address = find_store(uri, folder)
        self._folder, self._render = folder, render
        self._worker: Worker | None = None
        self._projection: Projection | None = None
        self._run: Run | None = None
        self._num_trials = self._num_before = 0
        self._whole = self._given_up = False
        self._reason = self._experiment = ""

    def start(self, records: Records, run: Run, state: StudyState) -> None:
        """Open the store, which is made when there is none, and begin the study's run or go on with it.

        Raises:
            TrackingError: The store does not respond or cannot be used.
        """
        store = open_store(self._address, run.name)
        self._experiment = store.experiment_id
        projection = Projection(store, records, run, self._render)
        try:
            projection.begin()
        except AutoMLError:
            raise
        except Exception as error:
            raise refused(self._address, error) from error
        self._run, self._projection = run, projection
        self._num_trials = self._num_before = state.num_trials
        completion = Completion(records, self._address, self._render, run)
        patience = Patience(lambda: not probe(self._address), lambda error: message_of(self._address, error))
        lock = SendingLock(run, self._address)
        worker = Worker(lambda last: self._step(lock, completion, last), patience, lock.close)
        self._worker = worker
        worker.start()

    def link(self) -> str:
        """The experiment's page where there is a server, else the command that starts one."""
        assert self._run is not None
        if self._address.is_server:
            return f"MLflow: {self._address.shown.rstrip('/')}/{runs_page(self._experiment)}"
        return f"MLflow: automl ui {self._run.name}{self._at()}"

    def pages(self) -> Sequence[tuple[str, str]]:
        """The study's run; without a server at the address that `automl ui` has when nothing else is said."""
        assert self._run is not None and self._projection is not None
        page = run_page(self._experiment, self._projection.study_run)
        if self._address.is_server:
            return (("MLflow run", f"{self._address.shown.rstrip('/')}/{page}"),)
        command = f"automl ui {self._run.name}{self._at()}"
        return ((f"MLflow run (while “{command}” runs)", f"{DEFAULT_ADDRESS}/{page}"),)

    def apply(self, recorded: Recorded, state: StudyState) -> None:  # noqa: ARG002  it is read from the record
        """Let the thread read what has been recorded. Returns at once."""
        self._num_trials = state.num_trials
        if self._worker is not None:
            self._worker.wake()

    def log_progress(self, progress: Progress) -> None:
        """Nothing: curves are written with their trial, in one go."""

    def finish(self, seconds: float | None) -> None:
        """Send what is unsent, the result, the model and the notes; end the study's run. Says what is missing."""
        if self._worker is None:
            return
        ended = False
        try:
            ended = self._worker.finish(seconds)
        except KeyboardInterrupt:
            self.abandon()
            raise
        finally:
            if not ended and not self._reason:
                self._reason = "interrupted" if self._given_up else "the time limit was reached"
            if not self._whole:
                self._say_what_is_missing()

    def abandon(self) -> None:
        """Send nothing more."""
        self._given_up = True
        if self._worker is not None:
            self._worker.abandon()

    def _step(self, lock: SendingLock, completion: Completion, last: bool) -> None:
        """Send what there is; after that, what other runs lack. In the thread."""
        try:
            self._send(lock, completion, last)
        except Exception as error:
            if not last:
                raise
            self._reason = message_of(self._address, error)

    def _send(self, lock: SendingLock, completion: Completion, last: bool) -> None:
        assert self._projection is not None and self._worker is not None
        if not lock.take():
            raise TrackingError("another process is already sending this run")
        worker = self._worker
        if last:
            self._whole = self._projection.complete(worker.stopped, _LAST_FAILURES)
        else:
            self._projection.catch_up(worker.stopped)
        ends = time.monotonic() + _OTHERS_SECONDS
        try:
            completion.step((lambda: worker.stopped() or time.monotonic() > ends) if last else worker.busy)
        except TrackingError as error:  # its advice is for a study that has not begun
            raise error.__cause__ or ConnectionError(f"{self._address.shown} does not respond") from error

    def _say_what_is_missing(self) -> None:
        assert self._run is not None and self._projection is not None
        sent = self._projection.num_done if self._projection.is_attached else self._num_before
        missing = self._num_trials - sent
        subject = f"{missing} of {self._num_trials} trials are" if missing else "The result of the study is"
        why = f": {self._reason}" if self._reason else ""
        where = f"MLflow ({self._address.shown})"
        LOGGER.warning(
            "%s not in %s%s. Everything is recorded; send it with `automl track %s%s`.",
            *(subject, where, why, self._run.name, self._at()),
        )

    def _at(self) -> str:
        """The option that finds the study's folder again, where a command needs it."""
        folder = self._folder.absolute()
        return "" if folder == Path("mlruns").absolute() else f" --mlruns {shlex.quote(str(self._folder))}"
