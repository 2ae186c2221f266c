"""Ctrl-C and polite kills that neither cut a record in two nor get lost.

An interrupt that arrives in the middle of a database transaction leaves the database locked, and one that arrives in
a library's destructor or behind its bare `except` is swallowed.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self, final

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@final
class Interrupts:
    """While it is entered, SIGINT and SIGTERM raise KeyboardInterrupt, and are remembered.

    Does nothing outside the main thread, where Python delivers no signals.
    """

    def __init__(self) -> None:
        self._previous: dict[signal.Signals, Any] = {}
        self._arrived = False
        self._holding = False

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def check(self) -> None:
        """Raise again what has been swallowed.

        Raises:
            KeyboardInterrupt: An interrupt has arrived.
        """
        if self._arrived:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """Deliver interrupts that arrive in the block when it has ended."""
        self._holding = True
        try:
            yield
        finally:
            self._holding = False
        self.check()

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  the shape signals ask for
        self._arrived = True
        if not self._holding:
            raise KeyboardInterrupt
