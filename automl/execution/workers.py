"""Cohorts on any number of processes: each that is asked for is offered, and whoever takes it trains it.

The unit of an offer is a cohort in flight: one process has all that a rung compares, and what is cut follows from the
study alone. The process that runs the study plans every cohort, trains those that nobody else takes, and alone records.
Beside workers of a record it trains the oldest one that waits as soon as it has nothing else to train, and leaves the
others to them as long as there are some: alone it does what `LocalExecutor` does. Beside actors of a cluster it trains
only cohorts that no actor is going to train.
"""

import logging
import math
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import replace
from typing import final

from automl.errors import RecordError
from automl.execution.board import Board, Standing
from automl.execution.executor import CancelToken, CohortEnded, Executor, Order
from automl.execution.flying import Flying
from automl.execution.local import LocalExecutor
from automl.progress import Progress
from automl.records.cohort_states import CohortState
from automl.records.store import PATIENCE_SECONDS
from automl.search.pruners.pruner import Pruner
from automl.training.engine import SECONDS_BETWEEN_LOOKS, Engine, Watch
from automl.trial import Trial

LOGGER = logging.getLogger(__name__)

_OFFERED_SECONDS = 60.0
"""A cohort that no worker has claimed after so long is trained by this process too, whatever workers there are."""

_LATE_SECONDS = 15.0
"""When the time of the search has been over for so long, a worker that does not end its cohort is not waited for."""

_SECONDS_OF_END = 1.0
"""By which the end of the search must have moved for workers to be told."""

_LOOKING_SHARE, _LONGEST_PAUSE = 0.05, 2.0
"""Of its time this process looks at the board, since statements compete with the training for the interpreter; but it
looks again after so many seconds."""


@final
class WorkersExecutor(Executor):
    """Trains in this process and in others.

    Args:
        engine: What trains in this process.
        pruner: Decides at the rungs.
        watch: Callbacks to the study, with the rungs. Progress is told of the oldest cohort that trains.
        token: Ends it.
        board: Where cohorts are offered.
        seconds: Between two looks at it.
    """

    def __init__(
        self,
        engine: Engine,
        pruner: Pruner,
        watch: Watch,
        token: CancelToken,
        board: Board,
        seconds: float = SECONDS_BETWEEN_LOOKS,
    ) -> None:
        self._watch, self._token, self._board, self._seconds = watch, token, board, seconds
        self._local = LocalExecutor(engine, pruner, replace(watch, on_progress=self._tell), token)
        self._flying: dict[int, Flying] = {}
        self._landed: dict[int, Flying] = {}
        self._trained_here: set[int] = set()
        self._standings: Mapping[int, Standing] = {}
        self._next_look, self._answered = 0.0, time.monotonic()
        self._ends: float | None = None

    def submit(self, order: Order) -> None:
        """See `Executor.submit`."""
        self._local.expect(order)
        self._landed.pop(order.number, None)
        self._trained_here.discard(order.number)
        self._flying[order.number] = Flying(order, time.monotonic())
        self._ends = self._end()
        self._board.offer(order, self._ends)
        self._next_look = 0.0

    def replay(self, order: Order, passed: Mapping[int, int]) -> None:
        """See `Executor.replay`."""
        self._local.replay(order, passed)
        self._board.replay(order, passed)

    def settle(self, number: int) -> None:
        """See `Executor.settle`."""
        flown = self._landed.pop(number, None)
        if flown is not None:
            passed = flown.order_now.passed
            if number not in self._trained_here:
                self._local.replay(flown.order, passed)
            self._board.replay(flown.order, passed)
        self._local.settle(number)
        self._board.settle(number)

    def results(self) -> Iterator[Trial | CohortEnded]:
        """See `Executor.results`."""
        while self._flying and not self._token.is_cancelled:
            is_quiet = True
            for result in self._round():
                is_quiet = False
                yield result
                if self._token.is_cancelled:
                    return
            if is_quiet:
                self._rest()

    def close(self) -> None:
        """See `Executor.close`."""
        self._token.cancel()
        try:
            if self._flying:
                with suppress(RecordError):  # whoever goes on with the run takes them back
                    self._board.withdraw()
        finally:
            self._flying.clear()
            with closing(self._board):
                self._local.close()

    def _round(self) -> Iterator[Trial | CohortEnded]:
        """What there is to give at this moment."""
        for result in self._local.look():
            if isinstance(result, CohortEnded):
                self._landed[result.number] = self._flying.pop(result.number)
                self._trained_here.add(result.number)
                yield result
            elif any(flying.takes(result) for flying in self._flying.values() if flying.has(result)):
                yield result
        if self._flying.keys() <= set(self._local.training):  # the board knows nothing of these
            self._answered = time.monotonic()
        elif time.monotonic() >= self._next_look and self._look():
            for number in sorted(self._standings):
                yield from self._committed(number)
            self._share_out()

    def _look(self) -> bool:
        """Look at the board; a database that is away is waited for, for a while."""
        began = time.monotonic()
        try:
            standings = self._board.look()
        except RecordError as error:
            if time.monotonic() > self._answered + PATIENCE_SECONDS:
                raise
            LOGGER.warning("%s Trying again.", error)
            self._next_look = time.monotonic() + self._seconds
            return False
        self._answered = time.monotonic()
        pause = min((self._answered - began) / _LOOKING_SHARE, _LONGEST_PAUSE)
        self._next_look = self._answered + max(self._seconds, pause)
        self._standings = {
            number: standing for number, standing in standings.items() if number in self._flying
        }
        return True

    def _committed(self, number: int) -> Iterator[Trial | CohortEnded]:
        """What others have given of a cohort since the last look."""
        standing, flying = self._standings[number], self._flying[number]
        flying.progress = standing.progress or flying.progress
        flying.is_broken |= standing.is_broken
        yield from filter(flying.takes, standing.trials)
        if standing.state is CohortState.TRAINED and flying.is_broken and not flying.is_whole:
            self._train(number, anyway=True)
            return
        if standing.state is not CohortState.TRAINED and not (standing.is_free and flying.is_whole):
            return
        if number == min(self._flying):
            self._tell(standing.progress or Progress(0, 0, 0))
        self._landed[number] = self._flying.pop(number)
        yield CohortEnded(number)

    def _share_out(self) -> None:
        """Train here what nobody else is going to train, the oldest cohort first."""
        self._move_the_end()
        is_over = self._watch.is_over or not self._watch.may_start()
        standings = {
            number: self._standings[number] for number in sorted(self._standings) if number in self._flying
        }
        elsewhere = [
            number
            for number, standing in standings.items()
            if standing.state is CohortState.TRAINING and standing.held
        ]
        free = [number for number, standing in standings.items() if standing.is_free]
        num_left = len(free)
        for number in free:
            is_short = num_left > self._board.num_helpers() - len(elsewhere)
            if (
                is_over
                or standings[number].is_left
                or (self._board.joins and self._is_mine(number, is_short))
            ):
                self._train(number)
                num_left -= 1
        if self._watch.seconds_left() < -_LATE_SECONDS:
            for number in elsewhere:
                self._train(number, anyway=True)
        waiting = [number for number in free if number not in self._local.training]
        self._board.give_out({number: self._flying[number].order_now for number in waiting})

    def _is_mine(self, number: int, is_short: bool) -> bool:
        """Whether this process trains a cohort beside the workers of a record.

        Args:
            number: Of the cohort.
            is_short: Whether more cohorts are free than workers.
        """
        has_waited = time.monotonic() > self._flying[number].offered + _OFFERED_SECONDS
        return has_waited or is_short or not self._local.training

    def _train(self, number: int, anyway: bool = False) -> None:
        if self._board.take(number, anyway):
            self._local.submit(self._flying[number].order_now)

    def _end(self) -> float | None:
        """When training must end, in seconds since 1970; None without a limit."""
        left = self._watch.seconds_left() if self._watch.limited else math.inf
        return self._board.now() + left if math.isfinite(left) else None

    def _move_the_end(self) -> None:
        """Tell workers when training must end, where that has changed: it depends on how long trials have taken."""
        ends = self._end()
        if ends is not None and self._ends is not None and abs(ends - self._ends) > _SECONDS_OF_END:
            self._board.end_at(list(self._flying), ends)
            self._ends = ends

    def _rest(self) -> None:
        """Wait for a moment, in which the study may end the search."""
        if self._local.training:
            self._local.wait()
            return
        self._tell(Progress(0, 0, 0))
        time.sleep(min(self._seconds, SECONDS_BETWEEN_LOOKS))

    def _tell(self, progress: Progress) -> None:
        """Tell the study how far the oldest cohort is: that is what this process says, or what a worker has said."""
        oldest = min(self._flying, default=None)
        if oldest is not None and oldest not in self._local.training:
            flying = self._flying[oldest]
            num_networks = sum(map(len, flying.order.members))
            progress = flying.progress or Progress(0, num_networks, 0)
        try:
            self._watch.on_progress(progress)
        except BaseException:
            self._token.cancel()
            raise
