"""A thread that sends what a store takes, so that nobody waits for a store that is slow or away."""

import logging
import threading
import time
from collections.abc import Callable
from typing import final

LOGGER = logging.getLogger(__name__)

PAUSE_SECONDS = 30.0

_LOOK_SECONDS = 0.1
"""How often whoever waits for the end looks whether it has been given up."""


@final
class Patience:
    """When a store that has failed is asked again: after a pause, and then for a sign of life first.

    Args:
        answers: Whether the store answers; quick.
        say: What an error of the store says, in one line.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        answers: Callable[[], bool],
        say: Callable[[Exception], str],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._answers, self._say, self._clock = answers, say, clock
        self._resume_at = 0.0
        self._failed = self._warned = False

    @property
    def seconds(self) -> float:
        """How long the store is still to be left alone."""
        return max(0.0, self._resume_at - self._clock()) if self._failed else 0.0

    def answers(self) -> bool:
        """Whether to try: a store that has failed must give a sign of life, or the pause begins anew."""
        if not self._failed or self._answers():
            return True
        self._resume_at = self._clock() + PAUSE_SECONDS
        return False

    def fail(self, error: Exception) -> None:
        """The store has not taken something. Said once until it has taken everything."""
        self._failed, self._resume_at = True, self._clock() + PAUSE_SECONDS
        if not self._warned:
            LOGGER.warning(
                "Trials cannot be sent to MLflow (%s). The study continues; they are recorded and will be sent later.",
                self._say(error),
            )
        self._warned = True

    def succeed(self) -> None:
        """The store has taken everything."""
        self._failed = self._warned = False


@final
class Worker:
    """Takes a step whenever it is woken, and again after a pause where that failed.

    Args:
        step: Sends what there is; called with whether it is the last time. May raise, and is taken again if it does. It
            must return soon after `stopped` or, but for the last time, `busy` has become true.
        patience: When a store that has failed is asked again.
        close: Called when the thread ends.
    """

    def __init__(
        self, step: Callable[[bool], None], patience: Patience, close: Callable[[], None] = lambda: None
    ) -> None:
        self._step, self._patience, self._close = step, patience, close
        self._changed = threading.Condition()
        self._over = threading.Event()
        self._woken = self._ending = self._stopped = False
        self._thread = threading.Thread(target=self._work, name="automl-mlflow", daemon=True)

    def start(self) -> None:
        """Begin with a step."""
        self._woken = True
        self._thread.start()

    def wake(self) -> None:
        """There is something to send."""
        with self._changed:
            self._woken = True
            self._changed.notify()

    def stopped(self) -> bool:
        """Whether nothing more is to be sent."""
        return self._stopped

    def busy(self) -> bool:
        """Whether something more urgent has come up since the step began."""
        return self._woken or self._ending or self._stopped

    def finish(self, seconds: float | None) -> bool:
        """Take the step for the last time, and wait until that has ended, or for so long; whether it has ended."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        limit = None if seconds is None else time.monotonic() + seconds
        while not (self._over.wait(_LOOK_SECONDS) or self._stopped):
            if limit is not None and time.monotonic() >= limit:
                break
        self.abandon()
        return self._over.is_set()

    def abandon(self) -> None:
        """Send nothing more. Takes no lock, as a signal's handler may call it in the middle of anything."""
        self._stopped = True

    def _work(self) -> None:
        try:
            while not self._stopped:
                with self._changed:
                    while not self._is_due():
                        self._changed.wait(self._patience.seconds or None)
                    self._woken, last = False, self._ending
                if not self._stopped:
                    self._take(last)
                if last:
                    return
        finally:
            self._close()
            self._over.set()

    def _is_due(self) -> bool:
        return self._stopped or self._ending or (self._woken and not self._patience.seconds)

    def _take(self, last: bool) -> None:
        if not self._patience.answers():
            self._woken = True
            return
        try:
            self._step(last)
        except Exception as error:
            self._patience.fail(error)
            self._woken = True
        else:
            self._patience.succeed()
