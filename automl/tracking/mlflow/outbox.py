"""A queue in front of a store that may stop answering: nothing is lost, and nobody waits long."""

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar, final

from automl.tracking.mlflow.address import first_line

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 30.0

_CATCH_UP_SECONDS = 10.0  # what one `put` may spend on what piled up during an outage
_LAST_FAILURES = 3

Item = TypeVar("Item")


@final
class Outbox(Generic[Item]):
    """Sends items in order, or keeps them until the store answers again.

    After a failure the store is left alone for 30 seconds and then asked for a sign of life first. An item
    that fails goes to the end, so that one which the store will never take does not hold up the others.

    Args:
        send: Delivers one item; may raise, and is called with the same item again if it does.
        answers: Whether the store answers; quick.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        send: Callable[[Item], None],
        answers: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._send = send
        self._answers = answers
        self._clock = clock
        self._items: deque[Item] = deque()
        self._failed = False
        self._warned = False
        self._resume_at = 0.0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Item) -> None:
        """Sends the item and what waits before it, or keeps all for later. Does not raise."""
        self._items.append(item)
        if self._clock() >= self._resume_at:
            self._deliver(failures=1, seconds=_CATCH_UP_SECONDS)

    def flush(self) -> int:
        """Tries everything once more; how many items remain. Does not raise."""
        if self._items:
            self._deliver(failures=_LAST_FAILURES, seconds=float("inf"))
        return len(self._items)

    def _deliver(self, failures: int, seconds: float) -> None:
        if self._failed and not self._answers():
            self._resume_at = self._clock() + PAUSE_SECONDS
            return
        stop = self._clock() + seconds
        for _ in range(len(self._items)):
            if not self._deliver_first():
                failures -= 1
                if failures == 0 or not self._answers():
                    break
            if self._clock() >= stop:
                break
        if not self._items:
            self._warned = False

    def _deliver_first(self) -> bool:
        try:
            self._send(self._items[0])
        except Exception as error:
            self._items.rotate(-1)
            self._failed = True
            self._resume_at = self._clock() + PAUSE_SECONDS
            if not self._warned:
                logger.warning(
                    "MLflow does not take the trials (%s). The study goes on; they are kept and tried again.",
                    first_line(error),
                )
            self._warned = True
            return False
        self._items.popleft()
        self._failed = False
        return True
