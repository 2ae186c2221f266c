"""A worker that trains cohorts of a run that another process runs, one after another.

It plans all cohorts of the run, as that process does, so that its programs are the same; what it plans and compares
follows from the record.
"""

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from typing import final

from automl.execution.executor import CancelToken, Order
from automl.execution.plans import Plans, judge_of
from automl.progress import Progress
from automl.records.cohort_claims import CohortClaim, CohortClaims, Results
from automl.records.cohort_results import SUFFIX, packed
from automl.records.file_store import FileStore
from automl.records.leases import Heartbeat
from automl.search.pruners.pruner import Pruner
from automl.training.engine import SECONDS_BETWEEN_LOOKS, Engine, Watch
from automl.trial import Rung, Trial

_BEAT_SECONDS = 2.0
"""Between two renewals of a claim, which also tell how far the cohort is, and whether it is still wanted."""

_COMMIT_SECONDS = 2.0
"""Trials that have ended are kept so long at most before they are committed."""


class Orders(ABC):
    """The cohorts of a run as the record tells them."""

    @abstractmethod
    def refresh(self) -> None:
        """Read what has been recorded since."""

    @abstractmethod
    def num_told(self, number: int) -> int:
        """How many cohorts, the first ones, a cohort was asked with."""

    @abstractmethod
    def order(self, number: int) -> Order:
        """A cohort, with its trials that are recorded so far."""

    @abstractmethod
    def replayed(self, number: int) -> tuple[Order, Mapping[int, int]]:
        """A cohort that has been told, and how many rungs each of its trials has passed."""


@final
class Helper:
    """Trains cohorts of one run.

    Args:
        engine: What trains.
        pruner: Decides at the rungs.
        rungs: Where trials are compared.
        orders: The cohorts.
        claims: Where they are claimed.
        files: Where results are put.
    """

    def __init__(
        self,
        engine: Engine,
        pruner: Pruner,
        rungs: Sequence[Rung],
        orders: Orders,
        claims: CohortClaims,
        files: FileStore,
    ) -> None:
        self._engine, self._pruner, self._rungs = engine, pruner, tuple(rungs)
        self._orders, self._claims, self._files = orders, claims, files
        self._plans = Plans(engine, rungs)
        self._num_planned = self._num_settled = 0
        self._trained: set[int] = set()

    def train(self, claim: CohortClaim, token: CancelToken) -> bool:
        """Train a cohort and commit its trials as they end.

        Args:
            claim: The right to it. It is given back where the training is cancelled, or something goes wrong.
            token: Ends it.

        Returns:
            Whether all was committed; False where it was cancelled, or another process has taken the cohort over.

        Raises:
            RecordError: Results cannot be written.
        """
        held = _Held(self._claims, claim, token)
        try:
            ended = self._train(self._prepared(claim.number), held)
            held.stop()  # the last commit ends the claim
            is_whole = not held.is_over
            if not held.is_lost and (ended or is_whole):
                held.commit(ended, self._files, is_last=is_whole)
        except BaseException:
            held.give_back()
            raise
        finally:
            held.stop()
        if is_whole and not held.is_lost:
            self._trained |= set() if held.is_limited else {claim.number}
            return True
        held.give_back()
        return False

    def _prepared(self, number: int) -> Order:
        """The order of a cohort, all before it planned as by the process that runs the study."""
        self._orders.refresh()
        for planned in range(self._num_planned, number + 1):
            for settled in range(self._num_settled, self._orders.num_told(planned)):
                self._settle(settled)
            self._plans.plan(self._orders.order(planned))
            self._num_planned = planned + 1
        return self._orders.order(number)

    def _settle(self, number: int) -> None:
        if number not in self._trained:
            self._plans.replay(*self._orders.replayed(number))
        self._plans.settle(number)
        self._num_settled = number + 1

    def _train(self, order: Order, held: "_Held") -> list[Trial]:
        """Train it to its end, or until that is over. Gives the trials that have ended and are not committed."""
        given: list[Trial] = []
        watch = Watch(
            held.on_progress,
            held.may_start,
            held.is_limited,
            held.seconds_left,
            self._rungs,
            judge_of(order, given, self._pruner),
        )
        waiting: list[Trial] = []
        committed = time.monotonic()
        with closing(self._plans.plan(order).train(watch, order.recorded)) as trials:
            for trial in trials:
                if trial is not None:
                    given.append(replace(trial, folds=()))
                    waiting.append(trial)
                if waiting and time.monotonic() > committed + _COMMIT_SECONDS:
                    held.commit(waiting, self._files)
                    waiting, committed = [], time.monotonic()
                if held.is_over:
                    break
                if trial is None:
                    self._engine.wait(SECONDS_BETWEEN_LOOKS)
        return waiting


@final
class _Held:
    """A claim that is renewed until it is stopped."""

    def __init__(self, claims: CohortClaims, claim: CohortClaim, token: CancelToken) -> None:
        self._claims, self._claim, self._token = claims, claim, token
        self._progress: Progress | None = None
        self._lost = threading.Event()
        self._heartbeat = Heartbeat(self._renew, _BEAT_SECONDS)

    def _renew(self) -> bool:
        renewed = self._claims.renew(self._claim, self._progress)
        if renewed is None:
            self._lost.set()
            return False
        self._claim = renewed
        return True

    @property
    def is_lost(self) -> bool:
        """Whether another process has taken the cohort over, or nobody wants it any more."""
        return self._lost.is_set()

    @property
    def is_over(self) -> bool:
        """Whether training is to end without a result."""
        return self.is_lost or self._token.is_cancelled

    @property
    def is_limited(self) -> bool:
        """Whether time may end the search."""
        return self._claim.ends is not None

    def seconds_left(self) -> float:
        """Seconds until training must end."""
        if self.is_over:
            return 0.0
        return float("inf") if self._claim.ends is None else self._claim.ends - self._claims.now()

    def may_start(self) -> bool:
        """Whether another trial may begin."""
        return self.seconds_left() > 0.0

    def on_progress(self, progress: Progress) -> None:
        """Is told with the next renewal."""
        self._progress = progress

    def commit(self, trials: Sequence[Trial], files: FileStore, is_last: bool = False) -> None:
        """Commit trials, unless the cohort is no longer wanted from this worker: then it is lost."""
        source = f"{self._claim.identifier}/{self._claim.token}"
        file = files.put(packed(source, trials), SUFFIX)
        if not self._claims.commit(self._claim, Results(file, len(trials), is_last), self._progress):
            self._lost.set()

    def give_back(self) -> None:
        """Let another worker train the cohort, where this one still has it."""
        self._claims.give_back(self._claim)

    def stop(self) -> None:
        """Renew it no longer."""
        self._heartbeat.stop()
