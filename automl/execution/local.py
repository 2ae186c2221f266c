"""Cohorts on the threads of this process: an engine trains all of them, the older ones first."""

from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import replace
from typing import final

from automl.execution.executor import CancelToken, CohortEnded, Executor, Order
from automl.execution.plans import Plans, judge_of
from automl.progress import Progress
from automl.search.pruners.pruner import Pruner
from automl.training.engine import SECONDS_BETWEEN_LOOKS, Engine, Watch
from automl.trial import Trial


@final
class LocalExecutor(Executor):
    """Trains in this process.

    Args:
        engine: What trains.
        pruner: Decides at the rungs.
        watch: Callbacks to the study, with the rungs. Progress is told of the oldest cohort that trains.
        token: Ends it.
    """

    def __init__(self, engine: Engine, pruner: Pruner, watch: Watch, token: CancelToken) -> None:
        self._engine, self._pruner, self._watch, self._token = engine, pruner, watch, token
        self._plans = Plans(engine, watch.rungs)
        self._training: dict[int, Generator[Trial | None, None, None]] = {}
        self._given: dict[int, list[Trial]] = {}

    @property
    def training(self) -> list[int]:
        """Numbers of the cohorts that train, in order."""
        return sorted(self._training)

    def expect(self, order: Order) -> None:
        """Plan a cohort that another process may train; `submit` or `replay` follows before it is settled."""
        self._plans.plan(order)

    def submit(self, order: Order) -> None:
        """See `Executor.submit`."""
        planned, self._given[order.number] = self._plans.plan(order), []
        self._training[order.number] = planned.train(self._watch_of(order), order.recorded)

    def replay(self, order: Order, passed: Mapping[int, int]) -> None:
        """See `Executor.replay`."""
        self._plans.replay(order, passed)

    def settle(self, number: int) -> None:
        """See `Executor.settle`."""
        self._plans.settle(number)

    def results(self) -> Iterator[Trial | CohortEnded]:
        """See `Executor.results`."""
        while self._training and not self._token.is_cancelled:
            is_quiet = True
            for result in self.look():
                is_quiet = False
                yield result
            if is_quiet:
                self.wait()

    def look(self) -> Iterator[Trial | CohortEnded]:
        """What the cohorts have to give at this moment; `results` looks again and again."""
        for number in self.training:
            for trial in self._training[number]:
                if trial is None:
                    break
                self._given[number].append(replace(trial, folds=()))
                yield trial
                if self._token.is_cancelled:
                    return
            else:
                del self._training[number], self._given[number]
                yield CohortEnded(number)

    def wait(self) -> None:
        """Sleep until there may be something to give, at most for a moment."""
        self._engine.wait(SECONDS_BETWEEN_LOOKS)

    def close(self) -> None:
        """See `Executor.close`."""
        self._token.cancel()
        with ExitStack() as stack:  # each is closed, also when an interrupt arrives while one is waited for
            for trials in self._training.values():
                stack.callback(trials.close)
        self._training.clear()
        self._plans.settle_all()

    def _watch_of(self, order: Order) -> Watch:
        """The callbacks of one cohort."""
        watch, token = self._watch, self._token

        def on_progress(progress: Progress) -> None:
            if order.number != min(self._training, default=order.number):
                return
            try:
                watch.on_progress(progress)
            except BaseException:
                token.cancel()  # all cohorts end, not this one first
                raise

        def seconds_left() -> float:
            return 0.0 if token.is_cancelled else watch.seconds_left()

        def may_start() -> bool:
            return not token.is_cancelled and watch.may_start()

        judge = judge_of(order, self._given[order.number], self._pruner)
        return replace(
            watch, on_progress=on_progress, seconds_left=seconds_left, may_start=may_start, judge=judge
        )
