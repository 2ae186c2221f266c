"""A process that a worker starts: what it is told, its lines, its end."""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import final

from automl.service.job import Job

LOGGER = logging.getLogger(__name__)

TOKEN_VARIABLE = "AUTOML_TOKEN"  # noqa: S105  the name of a variable
"""Environment variable with the token of the service. Drivers do not get it."""

_PATIENCE = (30.0, 60.0)
"""Seconds after which an interrupted process is interrupted again, and then killed."""

_SAID_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How a process ended.

    Attributes:
        status: Its exit status; negative where a signal killed it.
        reason: What it said.
        reported: Whether it said so itself.
    """

    status: int
    reason: str = ""
    reported: bool = False


@final
class Child:
    """A process that does a job. It dies with this one.

    Args:
        module: What it runs.
        job: What it is told.
        is_own: Takes a line that is for the worker alone; says whether it was one.
    """

    def __init__(self, module: str, job: Job, is_own: Callable[[str], bool] = lambda _: False) -> None:
        self._name, self._is_own, self._ending = job.identifier, is_own, Ending(0)
        self._interrupted: float | None = None
        self._num_interrupts = 0
        environment = {name: value for name, value in os.environ.items() if name != TOKEN_VARIABLE}
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C at the worker is passed on by the worker
            env=environment,
        )
        self.tell(job.line())
        self._reader = threading.Thread(target=self._read, name="automl-child-lines", daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    @property
    def is_interrupted(self) -> bool:
        """Whether it was told to end."""
        return self._interrupted is not None

    def tell(self, line: bytes) -> None:
        """Write a line to its standard input."""
        assert self._process.stdin is not None
        with suppress(BrokenPipeError):  # it has died already
            self._process.stdin.write(line)
            self._process.stdin.flush()

    def ending(self) -> Ending | None:
        """How it ended; None while it runs."""
        if self._process.poll() is None:
            self._press()
            return None
        self._reader.join(_SAID_SECONDS)
        return Ending(self._process.returncode, self._ending.reason, self._ending.reported)

    def interrupt(self) -> None:
        """End it as Ctrl-C would."""
        if self._interrupted is None:
            self._interrupted = time.monotonic()
        self._num_interrupts += 1
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGINT)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()

    def _press(self) -> None:
        """Do not wait for ever for a process that was interrupted."""
        if self._interrupted is None:
            return
        waited = time.monotonic() - self._interrupted
        if waited > _PATIENCE[1]:
            self.kill()
        elif waited > _PATIENCE[0] and self._num_interrupts < 2:
            self.interrupt()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            text = line.decode("utf-8", "replace").rstrip()
            ending = _ending(text)
            if ending is not None:
                self._ending = ending
            elif text and not self._is_own(text):
                LOGGER.info("[%s] %s", self._name, text)


def _ending(line: str) -> Ending | None:
    """How a process says that it ended; None for any other line."""
    if not line.startswith('{"status": '):
        return None
    try:
        content = json.loads(line)
        return Ending(int(content["status"]), str(content["reason"]), reported=True)
    except (ValueError, KeyError, TypeError):
        return None
