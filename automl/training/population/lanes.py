"""Threads that train lanes. A program keeps one core busy, so there is a thread a core, and lanes wait for them."""

import heapq
import itertools
import os
import queue
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import final

from automl.training.backend import on_accelerator
from automl.training.engine import CORES, SECONDS_BETWEEN_LOOKS

_MOST_WORKERS = 8


def num_cores() -> int:
    """Cores that this process may use: those that the system gives it, of which `AUTOML_CORES` may name fewer."""
    given = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    share = os.environ.get(CORES, "")
    return max(1, min(given, int(share))) if share.isdecimal() else given


def num_workers() -> int:
    """Threads that train lanes."""
    return 1 if on_accelerator() else min(num_cores(), _MOST_WORKERS)


def join_all(threads: list[threading.Thread]) -> None:
    """Wait for every thread that was started, also when an interrupt arrives while waiting.

    A thread that is still in TensorFlow when the interpreter ends crashes the process.

    Raises:
        KeyboardInterrupt: One has arrived. All threads have ended.
    """
    interrupted = False
    for thread in threads:
        while thread.is_alive():
            try:
                thread.join()
            except KeyboardInterrupt:
                interrupted = True
    if interrupted:
        raise KeyboardInterrupt


@final
class LanePool:
    """The threads of an engine, which train the lanes of any number of cohorts, those of older cohorts first.

    A thread ends when no lane waits, so that there are threads only while lanes train.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[int, int, object, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._busy: Counter[object] = Counter()
        self._num_busy = 0
        self._threads: list[threading.Thread] = []
        self._num_looking = 0
        self._news: queue.SimpleQueue[None] = queue.SimpleQueue()

    @property
    def num_busy(self) -> int:
        """Threads that train a lane."""
        return self._num_busy

    def add(self, owner: object, age: int, train: Callable[[], None]) -> None:
        """Have a lane trained when a thread is free.

        Args:
            owner: Whoever asks: `drop` takes back all of its lanes.
            age: Lanes with a smaller number begin first, of equal ones those that were added first.
            train: Trains the lane; must not raise.
        """
        with self._lock:
            heapq.heappush(self._waiting, (age, next(self._numbers), owner, train))
            if self._num_looking < min(num_workers(), len(self._waiting) + self.num_busy):
                self._num_looking += 1
                self._threads = [thread for thread in self._threads if thread.is_alive()]
                self._threads.append(threading.Thread(target=self._work, daemon=True))
                self._threads[-1].start()

    def wait(self, seconds: float) -> None:
        """Sleep until a member or a lane has ended, at most so long."""
        with suppress(queue.Empty):
            self._news.get(timeout=seconds)
            while True:
                self._news.get_nowait()

    def tell(self) -> None:
        """Wake whoever waits."""
        self._news.put(None)

    def drop(self, owner: object) -> None:
        """Remove the waiting lanes of an owner, and wait until its running lanes have stopped.

        The owner has told them to stop before.

        Raises:
            KeyboardInterrupt: One has arrived meanwhile. None of the lanes trains any more.
        """
        interrupted = False
        while True:
            try:
                with self._lock:
                    self._waiting = [entry for entry in self._waiting if entry[2] is not owner]
                    heapq.heapify(self._waiting)
                    is_busy, is_idle = self._busy[owner] > 0, not self._waiting and not self.num_busy
                if not is_busy:
                    break
                self.wait(SECONDS_BETWEEN_LOOKS)
            except KeyboardInterrupt:
                interrupted = True
        self.tell()  # this wait may have taken the signal that another thread waits for
        if is_idle:
            join_all(self._threads)
        if interrupted:
            raise KeyboardInterrupt

    def _work(self) -> None:
        """A thread: lane after lane until none is left."""
        while (task := self._next()) is not None:
            owner, train = task
            try:
                train()
            finally:
                del train, task
                with self._lock:
                    self._busy -= Counter([owner])  # leaves out who has none
                    self._num_busy -= 1
                self.tell()

    def _next(self) -> tuple[object, Callable[[], None]] | None:
        with self._lock:
            if not self._waiting:
                self._num_looking -= 1
                return None
            _, _, owner, train = heapq.heappop(self._waiting)
            self._busy[owner] += 1
            self._num_busy += 1
            return owner, train
