"""Ctrl-C and SIGTERM that neither cut a record in two nor get lost.

An interrupt that arrives in the middle of a database transaction leaves the database locked, and one that arrives in
a library's destructor or behind its bare `except` is swallowed.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, Self, final

SIGNALS = (signal.SIGINT, signal.SIGTERM)

INTERRUPTED = 130
"""Exit status of an interrupted command."""

SECONDS_AFTER_SECOND = 4.0
"""After a second interrupt the process ends within this time, whatever it waits for. All that counts is recorded."""


@final
class Interrupts:
    """While it is entered, SIGINT and SIGTERM raise KeyboardInterrupt, and are remembered.

    The second one gives up whatever waits: `on_second` is called, and the process ends soon, if need be by force.
    Does nothing outside the main thread, where Python delivers no signals.

    Args:
        end: Ends the process by force.
    """

    def __init__(self, end: Callable[[int], object] = os._exit) -> None:
        self._previous: dict[signal.Signals, Any] = {}
        self._num_arrived = 0
        self._holding = False
        self._give_up: Callable[[], object] = lambda: None
        self._end = end
        self._timer: threading.Timer | None = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._previous = {number: signal.signal(number, self._handle) for number in SIGNALS}
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    @property
    def is_second(self) -> bool:
        """Whether an interrupt has arrived after the first."""
        return self._num_arrived > 1

    def on_second(self, give_up: Callable[[], object]) -> None:
        """What to do at once when a second interrupt arrives; it must neither wait nor raise."""
        self._give_up = give_up

    def check(self) -> None:
        """Raise again what has been swallowed.

        Raises:
            KeyboardInterrupt: An interrupt has arrived.
        """
        if self._num_arrived:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """Deliver interrupts that arrive in the block when it has ended."""
        before, self._holding = self._holding, True
        try:
            yield
        finally:
            self._holding = before
        if not before:
            self.check()

    def _handle(self, number: int, frame: FrameType | None) -> None:  # noqa: ARG002  the shape signals ask for
        self._num_arrived += 1
        if self._num_arrived == 2:
            self._timer = threading.Timer(SECONDS_AFTER_SECOND, self._end, (INTERRUPTED,))
            self._timer.daemon = True
            self._timer.start()
            self._give_up()
        if not self._holding:
            raise KeyboardInterrupt
