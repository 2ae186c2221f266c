"""A worker of a service: claims studies, checks and runs each in a process of its own, and takes over lost ones."""

import logging
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import final

from automl import __version__
from automl.errors import RecordError
from automl.records.claims import Claims
from automl.records.leases import this_process
from automl.records.service_processes import WORKER, ServiceProcesses
from automl.records.store import Records
from automl.records.submissions import Submission, SubmissionLease
from automl.service.driver import Job
from automl.service.driving import Driving

LOGGER = logging.getLogger(__name__)

_POLL_SECONDS, _AWAY_SECONDS, _BEAT_SECONDS = 0.3, 2.0, 10.0


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker works.

    Attributes:
        mlruns: Folder of the studies.
        files: Folder of the files of the service.
        uri: Address of the record; AUTOML_RECORDS, then a file in `mlruns`, when None.
        allow_code: Whether builders, metrics and trackers that come with a study may run.
        once: Whether to end when nothing waits.
    """

    mlruns: Path
    files: Path
    uri: str | None = None
    allow_code: bool = False
    once: bool = False


@final
class Worker:
    """A worker.

    Args:
        records: The record.
        settings: How it works.
    """

    def __init__(self, records: Records, settings: WorkerSettings) -> None:
        self._records, self._settings = records, settings
        self._claims, self._processes = Claims(records), ServiceProcesses(records)
        self._running: list[Driving] = []
        self._stopping = threading.Event()
        self._num_stops = 0
        self._beaten = 0.0

    def stop(self) -> None:
        """Claim nothing more, and interrupt what runs: another worker goes on with it. The second time, kill it."""
        self._num_stops += 1
        self._stopping.set()
        for driving in list(self._running):
            if self._num_stops == 1:
                driving.interrupt()
            else:
                driving.kill()

    def run(self) -> None:
        """Work until `stop`, or until nothing waits where that is asked for.

        Raises:
            RecordError: Another process of the service does not fit this one.
        """
        self._processes.enter(WORKER, __version__)
        LOGGER.info("worker %s is ready, record %s", this_process(), self._records.address.shown)
        try:
            while not self._is_done():
                self._step()
        finally:
            for driving in self._running:
                driving.kill()
            self._processes.leave()

    def _is_done(self) -> bool:
        if self._running:
            return False
        return self._stopping.is_set() or (self._settings.once and not self._claimed())

    def _step(self) -> None:
        try:
            self._beat()
            self._look()
            if not self._stopping.is_set():
                self._claimed()
        except RecordError as error:
            LOGGER.warning("%s", error)
            time.sleep(_AWAY_SECONDS)
        time.sleep(_POLL_SECONDS)

    def _beat(self) -> None:
        if time.monotonic() < self._beaten + _BEAT_SECONDS:
            return
        study = next((driving for driving in self._running if not driving.job.check), None)
        self._processes.renew(study.lease.study if study else None, self._claims.num_lost)
        self._beaten = time.monotonic()

    def _look(self) -> None:
        for driving in list(self._running):
            ending = driving.look()
            if ending is not None:
                driving.conclude(ending, self._stopping.is_set())
                self._running.remove(driving)
                self._beaten = 0.0

    def _claimed(self) -> bool:
        """Begin what waits, one study and one check at a time; says whether something was begun."""
        begun = False
        for check, claim in ((True, self._claims.claim_check), (False, self._claims.claim_study)):
            if any(driving.job.check is check for driving in self._running):
                continue
            claimed = claim()
            if claimed is not None:
                self._begin(*claimed, check=check)
                begun = True
        return begun

    def _begin(self, submission: Submission, lease: SubmissionLease, *, check: bool) -> None:
        what = "is checked" if check else "continues" if submission.run is not None else "begins"
        LOGGER.info("[%s] %s", submission.identifier, what)
        settings = self._settings
        job = Job(
            records=settings.uri,
            mlruns=str(settings.mlruns),
            files=str(settings.files),
            identifier=submission.identifier,
            number=submission.number,
            owner=lease.owner,
            token=lease.token,
            check=check,
            allow_code=settings.allow_code,
        )
        self._running.append(Driving(job, submission, lease, self._claims))
        self._beaten = 0.0
