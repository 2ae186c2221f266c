"""Sends recorded runs to an MLflow store in which something of them is missing."""

import contextlib
import fcntl
import hashlib
import logging
import os
from dataclasses import dataclass
from typing import IO, final

from automl.config.reading import load_study
from automl.errors import AutoMLError, StudyFileError, TrackingError
from automl.records.files import STUDY_FILE
from automl.records.runs import Run
from automl.records.store import Records
from automl.secrets import MASK
from automl.tracking.mlflow.abandoned import end_abandoned_runs
from automl.tracking.mlflow.address import StoreAddress, refused
from automl.tracking.mlflow.opening import open_store, read_experiments, search_runs
from automl.tracking.mlflow.projection import Projection, Until, never
from automl.tracking.mlflow.store import PRIMARY_METRIC, message_of
from automl.tracking.mlflow.store import Run as MlflowRun
from automl.tracking.mlflow.study_run import SENT
from automl.tracking.mlflow.trial_runs import Render

LOGGER = logging.getLogger(__name__)

_MOST_FAILURES = 10
"""Failures in a row after which a store takes nothing of a study."""


@dataclass(frozen=True, slots=True)
class Sent:
    """How a run was sent.

    Attributes:
        sent: Trials that were sent now.
        there: Trials that were there already.
        missing: Trials that the store has not taken.
        whole: Whether the store has all that is recorded.
        running: Whether a process still works on the run, and the rest follows.
    """

    sent: int
    there: int
    missing: int
    whole: bool
    running: bool


def send_run(records: Records, run: Run, address: StoreAddress, render: Render, until: Until = never) -> Sent:
    """Send a recorded run to a store: what is missing there, and nothing twice.

    Args:
        records: The record.
        run: The run, in any state.
        address: The store.
        render: Writes the files of a trial into a folder.
        until: Asked before each trial: whether to stop.

    Raises:
        TrackingError: The store does not answer, or does not take something, or another process sends this run to it.
        RecordError: The record cannot be read.
    """
    lock = SendingLock(run, address)
    if not lock.take():
        raise TrackingError(
            f"{run.folder}: another process is already sending this run to this store. Wait until it has ended."
        )
    with contextlib.closing(lock):
        projection = Projection(open_store(address, run.name), records, run, render)
        running = records.run(run.number).held
        send = projection.catch_up if running else projection.complete
        try:
            whole = send(until, _MOST_FAILURES)
        except AutoMLError:
            raise
        except Exception as error:
            if not projection.num_recorded:
                raise refused(address, error) from error
            raise TrackingError(_unsent(projection, run, message_of(address, error))) from error
        missing = projection.num_recorded - projection.num_done
        return Sent(projection.num_done - projection.num_there, projection.num_there, missing, whole, running)


def _unsent(projection: Projection, run: Run, why: str) -> str:
    missing = projection.num_recorded - projection.num_done
    trials = f"{missing} of {projection.num_recorded} trials of {run.name}/{run.identifier}"
    return f"{trials} could not be sent to MLflow: {why}. Try again with `automl track {run.name}`."


def recorded_uri(run: Run) -> str | None:
    """The tracking URI that a run's study file names; None where it names none.

    Raises:
        StudyFileError: The copy of the study file cannot be read, or it had a password, which copies do not keep.
    """
    file = run.folder / STUDY_FILE
    uri = load_study(file).tracking.uri
    if uri is None or MASK not in uri:
        return uri
    if "MLFLOW_TRACKING_URI" in os.environ:
        return os.environ["MLFLOW_TRACKING_URI"]
    reason = "copies of a study file contain no passwords or tokens, but `tracking.uri` needs one"
    raise StudyFileError(f"{file}: {reason}. Set MLFLOW_TRACKING_URI instead.")


@final
class Completion:
    """Completes the recorded runs that have begun in a store and of which something is missing there.

    Runs on which a process works are left to it, those whose files are on another machine to that one, and those that
    never began in the store are not sent to it.

    Args:
        records: The record.
        address: The store.
        render: Writes the files of a trial into a folder.
        own: A run that is left to whoever asks.
    """

    def __init__(
        self, records: Records, address: StoreAddress, render: Render, current: Run | None = None
    ) -> None:
        self._records, self._address, self._render, self._current = records, address, render, current
        self._left: list[Run] | None = None

    def step(self, until: Until = never) -> int:
        """Go on until all is done that can be. What the store does not take is said, and left for another time.

        Args:
            until: Asked before each trial.

        Returns:
            How many runs have been completed.

        Raises:
            TrackingError: The store does not answer.
            RecordError: The record cannot be read.
        """
        if self._left is None:
            self._left = self._incomplete()
        completed = 0
        while self._left and not until():
            run = self._records.run(self._left[-1].number)
            if not run.held:
                completed += self._complete(run, until)
                if until():
                    break
            self._left.pop()
        return completed

    def _complete(self, run: Run, until: Until) -> bool:
        try:
            return send_run(self._records, run, self._address, self._render, until).whole
        except TrackingError as error:
            LOGGER.warning("%s", error)
            return False

    def _incomplete(self) -> list[Run]:
        """The runs to complete, the newest last; runs whose process is gone and whose record is too are ended."""
        database = self._address.database
        if database is not None and not database.is_file():
            return []
        current = None if self._current is None else self._current.number
        runs = {run.identifier: run for run in self._records.runs()}
        experiments = read_experiments(self._address)
        names = {run.name for run in runs.values()} & set(experiments)
        where = [experiments[name].identifier for name in sorted(names)]
        mlflow_runs = search_runs(self._address, where, "tags.role = 'study'")
        ours = [
            experiment.identifier for experiment in experiments.values() if PRIMARY_METRIC in experiment.tags
        ]
        open_now = search_runs(self._address, ours, "attributes.status = 'RUNNING'")
        wanted = {run.tags.get("study_id") for run in open_now}
        wanted |= {run.tags.get("study_id") for run in mlflow_runs if not self._is_whole(run, runs)}
        end_abandoned_runs(self._address, [run for run in open_now if run.tags.get("study_id") not in runs])
        begun = {run.tags.get("study_id") for run in mlflow_runs}
        return [
            run
            for run in runs.values()
            if run.identifier in begun & wanted and not run.held and run.number != current
            if run.folder.is_dir()  # without its files, a run would be marked as sent without its curves and its model
        ]

    def _is_whole(self, mlflow_run: MlflowRun, runs: dict[str, Run]) -> bool:
        """Whether the store has every event of a run; runs that are not recorded here count as whole."""
        run, sent = runs.get(mlflow_run.tags.get("study_id", "")), mlflow_run.tags.get(SENT, "")
        if run is None:
            return True
        return sent.isdecimal() and next(self._records.events(run, since=int(sent)), None) is None


def complete_all(records: Records, address: StoreAddress, render: Render) -> int:
    """Complete the recorded runs that have begun in a store and of which something is missing there.

    Quick where nothing is missing. What the store does not take is said.

    Args:
        records: The record.
        address: The store.
        render: Writes the files of a trial into a folder.

    Returns:
        How many runs have been completed.

    Raises:
        TrackingError: The store does not answer.
        RecordError: The record cannot be read.
    """
    return Completion(records, address, render).step()


@final
class SendingLock:
    """Keeps other processes of this machine from sending the same run to the same store.

    Two at once would make runs twice; those would be found and deleted the next time.

    Args:
        run: The run.
        address: The store.
    """

    def __init__(self, run: Run, address: StoreAddress) -> None:
        digest = hashlib.blake2b(address.uri.encode(), digest_size=4).hexdigest()
        self._path = run.folder / f".mlflow-{digest}.lock"
        self._file: IO[str] | None = None

    def take(self) -> bool:
        """Whether this process may send now; again once it may. A folder that cannot be written has no lock."""
        if self._file is not None:
            return True
        try:
            file = self._path.open("a")
        except OSError:
            return True
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def close(self) -> None:
        """Let others send."""
        if self._file is not None:
            self._file.close()
            self._file = None
