"""A cohort that has been submitted and has not ended, wherever it trains."""

from dataclasses import dataclass, field, replace
from typing import final

from automl.execution.executor import Order
from automl.progress import Progress
from automl.trial import Trial


@final
@dataclass(slots=True)
class Flying:
    """A cohort that has been submitted and has not ended.

    Attributes:
        order: It.
        offered: When it was offered, by `time.monotonic`.
        given: Its trials that were given since, light, by number.
        progress: How far the worker is that trains it.
        is_broken: Whether a file with results of it cannot be read.
    """

    order: Order
    offered: float
    given: dict[int, Trial] = field(default_factory=dict)
    progress: Progress | None = None
    is_broken: bool = False

    def takes(self, trial: Trial) -> bool:
        """Take in a trial, unless it is known: whoever takes a cohort over may train it again."""
        if trial.number in self.order.recorded or trial.number in self.given:
            return False
        self.given[trial.number] = replace(trial, folds=())
        return True

    def has(self, trial: Trial) -> bool:
        """Whether a trial is one of it."""
        return any(members[0].trial == trial.number for members in self.order.members)

    @property
    def is_whole(self) -> bool:
        """Whether all of its trials are known: an earlier process may have died before it recorded them."""
        ended = self.order.recorded | self.given.keys()
        return all(members[0].trial in ended for members in self.order.members)

    @property
    def order_now(self) -> Order:
        """The order for whoever trains it from now on."""
        return self.order.with_ended(self.given.values())
