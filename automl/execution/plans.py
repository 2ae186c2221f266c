"""The plans of cohorts in an engine, whoever trains them; and how trials of a cohort are compared at a rung."""

from collections.abc import Callable, Mapping, Sequence
from typing import final

from automl.execution.executor import Order
from automl.search.pruners.pruner import Pruner
from automl.training.engine import Engine, Training
from automl.trial import Report, Rung, Trial


@final
class Plans:
    """What an engine has planned and not settled. Every process that trains cohorts of a study plans all of them.

    Args:
        engine: What plans.
        rungs: Where trials are compared.
    """

    def __init__(self, engine: Engine, rungs: Sequence[Rung]) -> None:
        self._engine, self._rungs = engine, tuple(rungs)
        self._planned: dict[int, Training] = {}

    def plan(self, order: Order) -> Training:
        """The plan of a cohort, made the first time that it is asked for."""
        if order.number not in self._planned:
            self._planned[order.number] = self._engine.plan(order.members, self._rungs)
        return self._planned[order.number]

    def replay(self, order: Order, passed: Mapping[int, int]) -> None:
        """Plan the whole of a cohort that this process does not train; see `Training.replay`."""
        self.plan(order).replay(passed)

    def settle(self, number: int) -> None:
        """Cohorts that are planned from now on may build on all of its plan."""
        self._planned.pop(number).settle()

    def settle_all(self) -> None:
        """The same for all that are left, in order."""
        for number in sorted(self._planned):
            self.settle(number)


def judge_of(
    order: Order, given: Sequence[Trial], pruner: Pruner
) -> Callable[[int, Mapping[int, Report]], Mapping[int, str]]:
    """What compares the trials of a cohort; see `Watch.judge`.

    Args:
        order: The cohort.
        given: Its trials that have ended so far: an engine may train one part of a cohort after another.
        pruner: Decides.
    """

    def judge(number: int, reports: Mapping[int, Report]) -> Mapping[int, str]:
        pool = dict(order.pool[number]) if order.pool else {}
        for trial in given:
            if len(trial.reports) > number:
                pool[trial.number] = Report(trial.reports[number], trial.scale)
        return pruner.judge(number, reports, pool | dict(reports))

    return judge
