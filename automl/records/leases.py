"""Who works on a run: one process at a time, known by a name that says whether it still lives."""

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import final

LEASE_SECONDS = 60.0
"""A holder on another machine that has not renewed its lease for so long counts as dead."""

_RENEW_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to append to a run.

    Attributes:
        study: Number of the run in the record.
        owner: Who holds it.
        token: Grows with every holder: whoever comes back after a successor has begun is refused.
    """

    study: int
    owner: str
    token: int


def this_process() -> str:
    """The name of this process: `HOST:PID:START`. A process that gets the same PID later has another start."""
    return f"{socket.gethostname()}:{os.getpid()}:{_start_of(os.getpid())}"


def is_held(owner: str | None, until: float | None, now: float) -> bool:
    """Whether a lease is in force: its time has not run out, and on this machine its process lives."""
    if owner is None or until is None or until <= now:
        return False
    host, pid, start = owner.rsplit(":", 2)
    return host != socket.gethostname() or _start_of(int(pid)) == start


def _start_of(pid: int) -> str:
    """When a process of this machine began, in the system's ticks; empty where there is none, or it is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _answers(pid)
    return "" if fields[0] in ("Z", "X") else fields[19]


def _answers(pid: int) -> str:
    """The same without /proc: only whether there is such a process."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return ""
    except OSError:
        return "running"
    return "running"


@final
class Heartbeat:
    """Renews a lease from a thread of its own until it is stopped.

    Args:
        renew: Renews it; says whether it is still in force, and may raise.
    """

    def __init__(self, renew: Callable[[], bool]) -> None:
        self._renew = renew
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="automl-lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._stop.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._stop.wait(_RENEW_SECONDS):
            try:
                if not self._renew():
                    return
            except Exception:  # noqa: S112  the database is away: the next append says so, or it is back in time
                continue
