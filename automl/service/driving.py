"""A driver as its worker sees it: a process that runs or checks one study, its lease, its lines, its end."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import final

from automl.interrupts import INTERRUPTED
from automl.records.claims import Claims
from automl.records.leases import Heartbeat
from automl.records.submissions import Submission, SubmissionLease, SubmissionState
from automl.service.driver import Job

LOGGER = logging.getLogger(__name__)

TOKEN_VARIABLE = "AUTOML_TOKEN"  # noqa: S105  the name of a variable
"""Environment variable with the token of the service. Drivers do not get it."""

_PATIENCE = (30.0, 60.0)
"""Seconds after which an interrupted driver is interrupted again, and then killed."""

_CANCEL_SECONDS = 0.5
_SAID_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a driver ended.

    Attributes:
        status: Its exit status; negative where a signal killed it.
        reason: What it said.
        told: Whether it said so itself.
    """

    status: int
    reason: str = ""
    told: bool = False


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
        self._claims, self._said, self._looked = claims, Ending(0), 0.0
        self._interrupted: float | None = None
        self._num_interrupts = 0
        self.is_cancelled = False
        environment = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
        self._process = subprocess.Popen(
            [sys.executable, "-m", "automl.service.driver"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the worker is passed on by the worker
            env=environment,
        )
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has died already
            self._process.stdin.write(job.line())
            self._process.stdin.flush()
        self._heartbeat = Heartbeat(lambda: claims.renew(lease))
        self._reader = threading.Thread(target=self._read, name="automl-driver-lines", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text = line.decode("utf-8", "replace").rstrip()
            ending = _ending(text)
            if ending is not None:
                self._said = ending
            elif text:
                LOGGER.info("[%s] %s", self.submission.identifier, text)

    def look(self) -> Ending | None:
        """How it ended; None while it runs. Passes a cancellation on, and gives up what another worker has taken over.

        Raises:
            RecordError: The database does not answer.
        """
        if self._process.poll() is not None:
            self._heartbeat.stop()
            self._reader.join(_SAID_SECONDS)
            said = self._said
            return Ending(self._process.returncode, said.reason, said.told)
        if self._heartbeat.is_lost:
            LOGGER.warning("[%s] another worker has taken this study over", self.submission.identifier)
            self.kill()
            return None
        self._press()
        if not self.is_cancelled and time.monotonic() > self._looked + _CANCEL_SECONDS:
            self._looked = time.monotonic()
            self.is_cancelled = self._claims.is_cancelled(self.lease)
            if self.is_cancelled:
                self.interrupt()
        return None

    def interrupt(self) -> None:
        """End it as Ctrl-C would: what has ended is recorded."""
        if self._interrupted is None:
            self._interrupted = time.monotonic()
        self._num_interrupts += 1
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def _press(self) -> None:
        """Do not wait for ever for a driver that was interrupted."""
        if self._interrupted is None:
            return
        waited = time.monotonic() - self._interrupted
        if waited > _PATIENCE[1]:
            self.kill()
        elif waited > _PATIENCE[0] and self._num_interrupts < 2:
            self.interrupt()

    def conclude(self, ending: Ending, stopping: bool) -> None:
        """Note in the queue how it ended.

        Args:
            ending: How.
            stopping: Whether the worker is stopping, so that another one is to go on.

        Raises:
            RecordError: The database does not answer.
        """
        interrupted = ending.status in (INTERRUPTED, -signal.SIGINT) or self._interrupted is not None
        if ending.status == 0:
            done = self._claims.pass_check if self.job.check else self._succeed
            kept = done(self.lease)
        elif interrupted and self.is_cancelled:
            kept = self._claims.end(self.lease, SubmissionState.CANCELLED)
        elif interrupted and stopping:
            kept = self._claims.give_back(self.lease)
        elif interrupted:
            kept = self._claims.end(self.lease, SubmissionState.STOPPED, "interrupted")
        elif ending.told:
            kept = self._claims.end(self.lease, SubmissionState.FAILED, ending.reason)
        else:
            kept = self._claims.lose(self.lease)
        how = "ended" if kept else "ended, and belongs to another worker"
        said = f": {ending.reason}" if ending.reason else ""
        LOGGER.info("[%s] %s with status %d%s", self.submission.identifier, how, ending.status, said)

    def _succeed(self, lease: SubmissionLease) -> bool:
        return self._claims.end(lease, SubmissionState.SUCCEEDED)


def _ending(line: str) -> Ending | None:
    """How a driver says that it ended; None for any other line."""
    if not line.startswith('{"status": '):
        return None
    try:
        content = json.loads(line)
        return Ending(int(content["status"]), str(content["reason"]), told=True)
    except (ValueError, KeyError, TypeError):
        return None
