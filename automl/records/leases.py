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
_STOP_SECONDS = 2.0
_UNKNOWN = "running"
"""Start of a process of which only that it runs is known."""


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
    """The name of this process: `HOST:PID:START@MACHINE`.

    A process that gets the same PID later has another start; machines and containers that bear the same name differ in
    the last part.
    """
    return f"{socket.gethostname()}:{os.getpid()}:{_start_of(os.getpid())}@{_machine()}"


def is_held(owner: str | None, until: float | None, now: float) -> bool:
    """Whether a lease is in force: its time has not run out, and on this machine its process lives.

    Of a process elsewhere, or from before this machine was started, only the time is known.
    """
    if owner is None or until is None or until <= now:
        return False
    host, pid, start = owner.rsplit(":", 2)
    ticks, _, machine = start.partition("@")
    if host != socket.gethostname() or machine != _machine():
        return True
    return _start_of(int(pid)) in (ticks, _UNKNOWN)


def _machine() -> str:
    """The running system and, in it, the container whose process numbers these are; empty without /proc."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}".replace(":", "")
    except OSError:
        return ""


def _start_of(pid: int) -> str:
    """When a process of this machine began, in the system's ticks; empty where there is none, or it is a zombie."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return _UNKNOWN if _answers(pid) else ""
    return "" if fields[0] in ("Z", "X") else fields[19]


def _answers(pid: int) -> bool:
    """Whether there is such a process, where /proc does not show it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


@final
class Heartbeat:
    """Renews a lease from a thread of its own until it is stopped.

    Args:
        renew: Renews it; says whether it is still in force, and may raise.
        seconds: Between two renewals.
    """

    def __init__(self, renew: Callable[[], bool], seconds: float = _RENEW_SECONDS) -> None:
        self._renew, self._seconds = renew, seconds
        self._lost, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._beat, name="automl-lease", daemon=True)
        self._thread.start()

    @property
    def is_lost(self) -> bool:
        """Whether another process has taken the run over: nothing more can be recorded."""
        return self._lost.is_set()

    def stop(self) -> None:
        """End the thread; one that waits for a database is not waited for long."""
        self._stop.set()
        self._thread.join(_STOP_SECONDS)

    def _beat(self) -> None:
        while not self._stop.wait(self._seconds):
            try:
                if not self._renew():
                    self._lost.set()
                    return
            except Exception:  # noqa: S112  the database is away: the next append says so, or it is back in time
                continue
