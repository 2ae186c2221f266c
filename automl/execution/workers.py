"""Cohorts on any number of processes: each that is asked for is offered, and whoever claims it trains it.

The unit of a claim is a cohort in flight: one process has all that a rung compares, and what is cut follows from the
study alone. The process that runs the study plans every cohort, trains those that nobody else takes, and alone records.
It trains the oldest one that waits as soon as it has nothing else to train, and leaves the others to workers as long as
there are some: alone it does what `LocalExecutor` does.
"""

import logging
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from automl.errors import RecordError
from automl.execution.executor import CancelToken, CohortEnded, Executor, Order
from automl.execution.flying import Flying
from automl.execution.local import LocalExecutor
from automl.progress import Progress
from automl.records.cohort_offers import CohortOffers, Part
from automl.records.cohort_results import unpacked
from automl.records.cohort_states import CohortRow, CohortState
from automl.records.file_store import FileStore
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


@dataclass(frozen=True, slots=True)
class Sharing:
    """How cohorts are shared with other processes.

    Attributes:
        files: Where workers put their results.
        num_helpers: How many other workers could train cohorts of this study, those included that do.
        seconds: Between two looks at the record.
    """

    files: FileStore
    num_helpers: Callable[[], int]
    seconds: float = SECONDS_BETWEEN_LOOKS


@final
class WorkersExecutor(Executor):
    """Trains in this process and in others.

    Args:
        engine: What trains in this process.
        pruner: Decides at the rungs.
        watch: Callbacks to the study, with the rungs. Progress is told of the oldest cohort that trains.
        token: Ends it.
        offers: The cohorts of the run in the record.
        sharing: With whom.
    """

    def __init__(
        self,
        engine: Engine,
        pruner: Pruner,
        watch: Watch,
        token: CancelToken,
        offers: CohortOffers,
        sharing: Sharing,
    ) -> None:
        self._watch, self._token, self._offers, self._sharing = watch, token, offers, sharing
        self._local = LocalExecutor(engine, pruner, replace(watch, on_progress=self._tell), token)
        self._flying: dict[int, Flying] = {}
        self._trained_elsewhere: dict[int, Flying] = {}
        self._num_parts: Counter[int] = Counter()
        self._files: dict[int, list[Path]] = defaultdict(list)
        self._rows: Mapping[int, CohortRow] = {}
        self._parts: Mapping[int, list[Part]] = {}
        self._looked, self._answered = 0.0, time.monotonic()
        self._ends: float | None = None
        self._num_helpers = 0

    def submit(self, order: Order) -> None:
        """See `Executor.submit`."""
        self._local.expect(order)
        self._trained_elsewhere.pop(order.number, None)
        self._flying[order.number] = Flying(order, time.monotonic())
        self._ends = self._end()
        self._offers.offer(order.number, self._ends)
        self._looked = 0.0

    def replay(self, order: Order, passed: Mapping[int, int]) -> None:
        """See `Executor.replay`."""
        self._local.replay(order, passed)

    def settle(self, number: int) -> None:
        """See `Executor.settle`."""
        flown = self._trained_elsewhere.pop(number, None)
        if flown is not None:
            self._local.replay(flown.order, flown.order_now.passed)
        self._local.settle(number)
        for path in self._files.pop(number, []):  # its trials are recorded
            path.unlink(missing_ok=True)

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
                    self._offers.withdraw()
        finally:
            self._flying.clear()
            self._local.close()

    def _round(self) -> Iterator[Trial | CohortEnded]:
        """What there is to give at this moment."""
        for result in self._local.look():
            if isinstance(result, CohortEnded):
                del self._flying[result.number]
                yield result
            elif any(flying.takes(result) for flying in self._flying.values() if flying.has(result)):
                yield result
        if time.monotonic() < self._looked + self._sharing.seconds or not self._flying:
            return
        if self._look():
            for number in sorted(self._rows):
                yield from self._committed(number)
            self._share_out()

    def _look(self) -> bool:
        """Look at the record; a database that is away is waited for, for a while."""
        self._looked = time.monotonic()
        try:
            rows = {number: row for number, row in self._offers.look().items() if number in self._flying}
            self._parts = {
                number: self._offers.parts(row.identifier, self._num_parts[number])
                for number, row in rows.items()
                if row.num_parts > self._num_parts[number]
            }
            self._num_helpers = self._sharing.num_helpers()
        except RecordError as error:
            if time.monotonic() > self._answered + PATIENCE_SECONDS:
                raise
            LOGGER.warning("%s Trying again.", error)
            return False
        self._rows, self._answered = rows, time.monotonic()
        return True

    def _committed(self, number: int) -> Iterator[Trial | CohortEnded]:
        """What workers have committed of a cohort since the last look."""
        row, flying = self._rows[number], self._flying[number]
        flying.progress = row.progress or flying.progress
        for part in self._parts.get(number, ()):
            yield from filter(flying.takes, self._trials_in(part, number))
            self._num_parts[number] = part.place + 1
        if row.state is CohortState.TRAINED and flying.is_broken and not flying.is_whole:
            self._train(number, anyway=True)
            return
        if row.state is not CohortState.TRAINED and not (row.is_free and flying.is_whole):
            return
        if number == min(self._flying):
            self._tell(row.progress or Progress(0, 0, 0))
        self._trained_elsewhere[number] = self._flying.pop(number)
        yield CohortEnded(number)

    def _trials_in(self, part: Part, number: int) -> list[Trial]:
        """The trials of a part; none where its file cannot be read, and then this process trains them."""
        try:
            path = self._sharing.files.path(part.file)
            trials = unpacked(path)
        except RecordError as error:
            LOGGER.warning("%s The trials of cohort %d are trained again.", error, number)
            self._flying[number].is_broken = True
            return []
        self._files[number].append(path)
        return trials

    def _share_out(self) -> None:
        """Train here what nobody else is going to train, the oldest cohort first."""
        self._move_the_end()
        is_over = self._watch.is_over or not self._watch.may_start()
        rows = [row for number, row in sorted(self._rows.items()) if number in self._flying]
        elsewhere = [row.number for row in rows if row.state is CohortState.TRAINING and row.held]
        free = [row.number for row in rows if row.is_free]
        num_left = len(free)
        for number in free:
            has_waited = time.monotonic() > self._flying[number].offered + _OFFERED_SECONDS
            if (
                is_over
                or has_waited
                or not self._local.training
                or num_left > self._num_helpers - len(elsewhere)
            ):
                self._train(number)
                num_left -= 1
        if self._watch.seconds_left() < -_LATE_SECONDS:
            for number in elsewhere:
                self._train(number, anyway=True)

    def _train(self, number: int, anyway: bool = False) -> None:
        if self._offers.take(number, anyway):
            self._local.submit(self._flying[number].order_now)

    def _end(self) -> float | None:
        """When training must end, in seconds since 1970; None without a limit."""
        left = self._watch.seconds_left() if self._watch.limited else math.inf
        return self._offers.now() + left if math.isfinite(left) else None

    def _move_the_end(self) -> None:
        """Tell workers when training must end, where that has changed: it depends on how long trials have taken."""
        ends = self._end()
        if ends is not None and self._ends is not None and abs(ends - self._ends) > _SECONDS_OF_END:
            self._offers.end_at(list(self._flying), ends)
            self._ends = ends

    def _rest(self) -> None:
        """Wait for a moment, in which the study may end the search."""
        if self._local.training:
            self._local.wait()
            return
        self._tell(Progress(0, 0, 0))
        time.sleep(min(self._sharing.seconds, SECONDS_BETWEEN_LOOKS))

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
