"""MLflow's own server beside this process: started quietly, waited for, and ended with this process."""

import os
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from types import FrameType
from typing import Any, Self, final

from automl.errors import TrackingError
from automl.tracking.mlflow.address import StoreAddress, probe
from automl.tracking.mlflow.ui import UserInterface

LAST_LINES = 12
"""Of what a server has written that are shown when it ends by itself."""

_ENDINGS = (signal.SIGTERM, signal.SIGHUP)
_PATIENCE = 2.0
_LOOK_SECONDS = 0.2


@final
class Server:
    """The server of a plan; nothing where the plan has none to start, because one answers elsewhere.

    It has a process group of its own, so that Ctrl-C reaches this process alone, which then ends the group in order.
    What it writes is kept back, and shown when it ends by itself.

    Args:
        plan: What to start and where it will answer.
    """

    def __init__(self, plan: UserInterface) -> None:
        self._plan = plan
        self._process: subprocess.Popen[bytes] | None = None
        self._written = tempfile.TemporaryFile()  # noqa: SIM115  it lives as long as the server
        self._before: dict[signal.Signals, Any] = {}

    def start(self) -> None:
        """Start the server and return when it answers.

        Raises:
            TrackingError: Something answers at its address already, or it ends by itself.
            KeyboardInterrupt: Ctrl-C; the server is gone.
        """
        if not self._plan.command:
            return
        if self._answers():
            cure = "Open it if it is the page that you want, or choose another port with --port."
            raise TrackingError(f"{self._plan.address}: another server already uses this address. {cure}")
        self._before = {number: signal.signal(number, _interrupt) for number in _ENDINGS}
        try:
            self._process = subprocess.Popen(
                self._plan.command,
                env={**os.environ, **self._plan.environment},
                stdin=subprocess.DEVNULL,
                stdout=self._written,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            while not self._answers():
                self._check()
                time.sleep(_LOOK_SECONDS)
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Return at Ctrl-C, or when this process is asked to end.

        Raises:
            TrackingError: The server ends by itself.
        """
        if self._process is None:
            return
        with suppress(KeyboardInterrupt):
            self._process.wait()
            self._check()

    def stop(self) -> None:
        """End the server and all of its processes."""
        process, self._process = self._process, None
        if process is not None:
            _end(process, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
                process.wait(_PATIENCE)
            _end(process, signal.SIGKILL)  # whoever of the group is left
            process.wait()
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._before = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _answers(self) -> bool:
        return not probe(StoreAddress(self._plan.address, "", None))

    def _check(self) -> None:
        """Refuse to go on without the server.

        Raises:
            TrackingError: It has ended, with what it wrote last.
        """
        assert self._process is not None
        status = self._process.poll()
        if status is None:
            return
        self._written.seek(0)
        lines = self._written.read().decode("utf-8", "replace").splitlines()
        output = "\n".join(line for line in lines[-LAST_LINES:] if line.strip())
        raise TrackingError(
            f"{self._plan.address}: MLflow's server ended with status {status}. It wrote:\n{output}"
        )


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def _end(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    """Send a signal to a process and its descendants, as far as there are any."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
