"""A driver as its worker sees it: a process that runs or checks one study, its lease, its end."""

import logging
import signal
import time
from typing import final

from automl.interrupts import INTERRUPTED
from automl.records.claims import Claims
from automl.records.leases import Heartbeat
from automl.records.submissions import Submission, SubmissionLease, SubmissionState
from automl.service.child import Child, Ending
from automl.service.job import Job

LOGGER = logging.getLogger(__name__)

_CANCEL_SECONDS = 0.5


@final
class Driving:
    """A driver that runs.

    Args:
        job: What it does.
        submission: The study.
        lease: The right to it.
        claims: The queue.
    """

    def __init__(self, job: Job, submission: Submission, lease: SubmissionLease, claims: Claims) -> None:
        self.job, self.submission, self.lease = job, submission, lease
        self._claims, self._looked = claims, 0.0
        self.is_cancelled = False
        self._child = Child("automl.service.driver", job)
        self._heartbeat = Heartbeat(lambda: claims.renew(lease))

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._child.pid

    def look(self) -> Ending | None:
        """How it ended; None while it runs. Passes a cancellation on, and gives up what another worker has taken over.

        Raises:
            RecordError: The database does not answer.
        """
        ending = self._child.ending()
        if ending is not None:
            self._heartbeat.stop()
            return ending
        if self._heartbeat.is_lost:
            LOGGER.warning("[%s] another worker has taken this study over", self.submission.identifier)
            self.kill()
            return None
        if not self.is_cancelled and time.monotonic() > self._looked + _CANCEL_SECONDS:
            self._looked = time.monotonic()
            self.is_cancelled = self._claims.is_cancelled(self.lease)
            if self.is_cancelled:
                self.interrupt()
        return None

    def interrupt(self) -> None:
        """End it as Ctrl-C would: what has ended is recorded."""
        self._child.interrupt()

    def kill(self) -> None:
        """End it at once."""
        self._child.kill()

    def conclude(self, ending: Ending, stopping: bool) -> None:
        """Note in the queue how it ended.

        Args:
            ending: How.
            stopping: Whether the worker is stopping, so that another one is to go on.

        Raises:
            RecordError: The database does not answer.
        """
        interrupted = ending.status in (INTERRUPTED, -signal.SIGINT) or self._child.is_interrupted
        if ending.status == 0:
            done = self._claims.pass_check if self.job.check else self._succeed
            is_noted = done(self.lease)
        elif interrupted and self.is_cancelled:
            is_noted = self._claims.end(self.lease, SubmissionState.CANCELLED)
        elif interrupted and stopping:
            is_noted = self._claims.give_back(self.lease)
        elif interrupted:
            is_noted = self._claims.end(self.lease, SubmissionState.STOPPED, "interrupted")
        elif ending.reported:
            is_noted = self._claims.end(self.lease, SubmissionState.FAILED, ending.reason)
        else:
            is_noted = self._claims.lose(self.lease)
        how = "ended" if is_noted else "ended, and belongs to another worker"
        reason = f": {ending.reason}" if ending.reason else ""
        LOGGER.info("[%s] %s with status %d%s", self.submission.identifier, how, ending.status, reason)

    def _succeed(self, lease: SubmissionLease) -> bool:
        return self._claims.end(lease, SubmissionState.SUCCEEDED)
