"""An executor that shares its cohorts with threads, which stand for workers on a SQLite record."""

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from recorded_study import RecordedStudy, make_records
from stand_in_engine import StandInEngine

from automl.execution.executor import CancelToken, CohortEnded, Executor, Order
from automl.execution.helping import Helper, Orders
from automl.execution.record_board import RecordBoard, Sharing
from automl.execution.workers import WorkersExecutor
from automl.records.cohort_claims import CohortClaims
from automl.records.cohort_offers import CohortOffers
from automl.records.events import CohortAsked, StudyStarted
from automl.records.file_store import FileStore
from automl.search.pruners.rungs import Rungs
from automl.training.engine import Watch
from automl.trial import Trial

POLL = 0.001


class KnownOrders(Orders):
    """The cohorts that an executor was told of, as a record would tell them."""

    def __init__(self) -> None:
        self.orders: dict[int, Order] = {}
        self.counts_told: dict[int, int] = {}
        self.passed: dict[int, Mapping[int, int]] = {}

    def refresh(self) -> None:
        pass

    def num_told(self, number: int) -> int:
        return self.counts_told[number]

    def order(self, number: int) -> Order:
        return self.orders[number]

    def replayed(self, number: int) -> tuple[Order, Mapping[int, int]]:
        return self.orders[number], self.passed.get(number, {})


class SharedCohorts(Executor):
    """The executor with its record and its workers.

    Args:
        folder: For the record and the files.
        looks: See `StandInEngine`.
        watch: Callbacks to the study.
        token: Ends it.
        num_workers: Threads that claim cohorts.
    """

    def __init__(
        self,
        folder: Path,
        looks: Mapping[int, int],
        watch: Watch,
        token: CancelToken,
        num_workers: int,
    ) -> None:
        self.looks, self.watch = looks, watch
        self.study = RecordedStudy(
            make_records(folder), StudyStarted("shared", "r", "log_loss", "min", num_trials=99)
        )
        self.records, self.files, self.known_orders = (
            self.study.records,
            FileStore(folder / "files"),
            KnownOrders(),
        )
        self.offers = CohortOffers(self.records, self.study.lease)
        self.num_settled = 0
        sharing = Sharing(self.files, lambda: num_workers)
        self.executor = WorkersExecutor(
            StandInEngine(looks, POLL), Rungs(), watch, token, RecordBoard(self.offers, sharing), POLL
        )
        self.stopping = CancelToken()
        self.trained: list[tuple[str, int]] = []
        self.threads = [
            threading.Thread(target=self.work, args=(f"worker {number}",)) for number in range(num_workers)
        ]
        for thread in self.threads:
            thread.start()

    def work(self, name: str) -> None:
        """What a worker does."""
        claims = CohortClaims(self.records)
        helper = Helper(
            StandInEngine(self.looks, POLL), Rungs(), self.watch.rungs, self.known_orders, claims, self.files
        )
        while not self.stopping.is_cancelled:
            claim = claims.claim() if self.watch.may_start() else None
            if claim is None:
                threading.Event().wait(POLL)
            elif helper.train(claim, self.stopping):
                self.trained.append((name, claim.number))

    def note(self, order: Order) -> None:
        """Record that a cohort was asked for."""
        if order.number not in self.known_orders.orders:
            values = tuple(members[0].hyperparameters for members in order.members)
            self.known_orders.counts_told[order.number] = self.num_settled
            self.known_orders.orders[order.number] = order
            self.study.record(CohortAsked(order.number, order.members[0][0].trial, values))
        self.known_orders.orders[order.number] = order

    def submit(self, order: Order) -> None:
        self.note(order)
        self.executor.submit(order)

    def replay(self, order: Order, passed: Mapping[int, int]) -> None:
        self.note(order)
        self.known_orders.passed[order.number] = passed
        self.offers.end(order.number)
        self.executor.replay(order, passed)

    def settle(self, number: int) -> None:
        self.executor.settle(number)
        self.num_settled = number + 1

    def results(self) -> Iterator[Trial | CohortEnded]:
        yield from self.executor.results()

    def close(self) -> None:
        try:
            self.executor.close()
        finally:
            self.stopping.cancel()
            for thread in self.threads:
                thread.join()
