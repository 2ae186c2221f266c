"""A worker of a service: claims studies, runs each in a process of its own, takes over lost ones, and helps others."""

import logging
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from automl import __version__
from automl.errors import RecordError
from automl.records.claims import Claims
from automl.records.cohort_claims import CohortClaims
from automl.records.leases import this_process
from automl.records.service_processes import WORKER, ServiceProcesses
from automl.records.store import Records
from automl.records.submissions import Submission, SubmissionLease
from automl.service.driving import Driving
from automl.service.helping import Helping
from automl.service.job import Job

LOGGER = logging.getLogger(__name__)

_POLL_SECONDS, _AWAY_SECONDS, _BEAT_SECONDS = 0.3, 2.0, 10.0

_REFUSED_SECONDS, _KILLED_SECONDS = 300.0, 5.0
"""After which a study that this worker could not help is tried again; where the process that helped was killed."""


@dataclass(frozen=True, slots=True)
class WorkerSettings:
    """How a worker works.

    Attributes:
        mlruns: Folder of the studies.
        files: Folder of the files of the service, or their address.
        uri: Address of the record; AUTOML_RECORDS, then a file in `mlruns`, when None.
        allow_code: Whether builders, metrics and trackers that come with a study may run.
        once: Whether to end when nothing waits.
        share: Whether it trains cohorts of studies that other workers run, and lets others train those of its own.
    """

    mlruns: Path
    files: Path | str
    uri: str | None = None
    allow_code: bool = False
    once: bool = False
    share: bool = True


@final
class Worker:
    """A worker: runs studies, one at a time, and while none waits trains cohorts of those that others run.

    Args:
        records: The record.
        settings: How it works.
    """

    def __init__(self, records: Records, settings: WorkerSettings) -> None:
        self._records, self._settings = records, settings
        self._claims, self._processes = Claims(records), ServiceProcesses(records)
        self._cohorts = CohortClaims(records)
        self._running: list[Driving] = []
        self._helping: Helping | None = None
        self._refused: dict[int, float] = {}
        self._num_lost = 0
        self._stopping = threading.Event()
        self._num_stops = 0
        self._beaten = 0.0

    def stop(self) -> None:
        """Claim nothing more, and interrupt what runs: another worker goes on with it. The second time, kill it."""
        self._num_stops += 1
        self._stopping.set()
        for child in self._children:
            if self._num_stops == 1:
                child.interrupt()
            else:
                child.kill()

    def run(self) -> None:
        """Work until `stop`, or until nothing waits where that is asked for.

        Raises:
            RecordError: Another process of the service does not fit this one.
        """
        self._processes.enter(WORKER, __version__, self._settings.share)
        LOGGER.info("worker %s is ready, record %s", this_process(), self._records.address.shown)
        try:
            while not self._is_done():
                self._step()
        finally:
            for child in self._children:
                child.kill()
            self._processes.leave()

    @property
    def _children(self) -> list[Driving | Helping]:
        return [*self._running, *filter(None, [self._helping])]

    def _is_done(self) -> bool:
        if self._children:
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
        study = next((driving.lease.study for driving in self._running if not driving.job.check), None)
        if study is None and self._helping is not None:
            study = self._helping.offered.submission
        num_lost = self._num_lost + (self._helping.num_lost if self._helping is not None else 0)
        self._processes.renew(study, self._claims.num_lost + num_lost)
        self._beaten = time.monotonic()

    def _look(self) -> None:
        for driving in list(self._running):
            ending = driving.look()
            if ending is not None:
                driving.conclude(ending, self._stopping.is_set())
                self._running.remove(driving)
                self._beaten = 0.0
        self._look_at_helper()

    def _look_at_helper(self) -> None:
        helping = self._helping
        ending = None if helping is None else helping.look()
        if helping is None or ending is None:
            return
        self._num_lost += helping.num_lost
        self._helping, self._beaten = None, 0.0
        if ending.status:
            offered = helping.offered
            LOGGER.info("[%s] this worker cannot help: %s", offered.identifier, ending.reason or "it died")
            seconds = _REFUSED_SECONDS if ending.reported else _KILLED_SECONDS
            self._refused[offered.study] = time.monotonic() + seconds

    def _claimed(self) -> bool:
        """Begin what waits, one study and one check at a time; says whether something was begun."""
        begun = False
        for check, claim in ((True, self._claims.claim_check), (False, self._claims.claim_study)):
            if any(driving.job.check is check for driving in self._running):
                continue
            if not check and self._helping is not None:
                continue
            claimed = claim()
            if claimed is not None:
                self._begin(*claimed, check=check)
                begun = True
        return self._help() or begun

    def _help(self) -> bool:
        """Train cohorts of a study that another worker runs, where no study waits; says whether that was begun."""
        if not self._settings.share or any(not driving.job.check for driving in self._running):
            return False
        now = time.monotonic()
        self._refused = {study: until for study, until in self._refused.items() if until > now}
        if self._helping is not None:
            if not self._helping.is_training and self._is_wanted_elsewhere(self._helping):
                self._helping.leave()
            return False
        offered = self._cohorts.find(self._refused)
        if offered is None or self._num_on(offered.submission) - 1 >= offered.num_open:
            return False
        self._helping = Helping(self._job(offered.identifier, offered.submission), offered)
        self._beaten = 0.0
        self._beat()
        return True

    def _num_on(self, submission: int) -> int:
        """Workers on a study: the one that runs it, and those that help."""
        return sum(process.submission == submission for process in self._processes.alive())

    def _is_wanted_elsewhere(self, helping: Helping) -> bool:
        """Whether a study waits, or cohorts of another one."""
        if self._claims.has_study():
            return True
        offered = self._cohorts.find(self._refused)
        return offered is not None and offered.study != helping.offered.study

    def _begin(self, submission: Submission, lease: SubmissionLease, *, check: bool) -> None:
        action = "is checked" if check else "continues" if submission.run is not None else "begins"
        LOGGER.info("[%s] %s", submission.identifier, action)
        job = replace(
            self._job(submission.identifier, submission.number),
            owner=lease.owner,
            token=lease.token,
            check=check,
            share=self._settings.share,
        )
        self._running.append(Driving(job, submission, lease, self._claims))
        self._beaten = 0.0

    def _job(self, identifier: str, number: int) -> Job:
        settings = self._settings
        return Job(
            records=settings.uri,
            mlruns=str(settings.mlruns),
            files=str(settings.files),
            identifier=identifier,
            number=number,
            owner=this_process(),
            allow_code=settings.allow_code,
        )
