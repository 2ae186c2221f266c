"""The interface of what trains cohorts, and the one that trains trials one after another."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import final

import numpy

from automl.data.splits import Fold
from automl.training.network import Network
from automl.training.sequential import TrainingPlan, refit
from automl.training.traces import Trace, trace_member
from automl.training.trials import train_trial
from automl.trial import Member, Progress, Trial

Cohort = Sequence[Sequence[Member]]
"""The members of each trial."""


@dataclass(frozen=True, slots=True)
class Watch:
    """How a study looks on while a cohort trains.

    Attributes:
        on_progress: Called often, in the thread that trains or waits; may raise KeyboardInterrupt.
        may_start: Whether another trial may begin.
        limited: Whether time may run out before all trials have begun: then those that cost least begin first.
    """

    on_progress: Callable[[Progress], None]
    may_start: Callable[[], bool]
    limited: bool = False


class Engine(ABC):
    """Trains the members of trials.

    A trial's results do not depend on the trials beside it, beyond the rounding of arrays of other sizes.
    """

    @property
    @abstractmethod
    def cohort_size(self) -> int | None:
        """How many trials it trains well together; None for any number."""

    @abstractmethod
    def train(self, cohort: Cohort, watch: Watch) -> Generator[Trial, None, None]:
        """Trials as they end, in any order; fewer than asked for when `watch.may_start` says no.

        A member that diverges or raises makes its trial FAILED, with the folds before it kept.
        """

    @abstractmethod
    def trace(self, members: Sequence[Member], watch: Watch) -> Generator[Trace, None, None]:
        """What members predict at their snapshots, as they end, in any order; each must have at least one.

        Fewer than asked for when `watch.may_start` says no. A member that diverges or raises has a failed trace.
        """

    @abstractmethod
    def refit(self, member: Member, rows: numpy.ndarray, epochs: int) -> Network:
        """Train one member on all of these rows for a fixed number of epochs.

        Raises:
            TrialFailure: It diverged.
        """


@final
class SequentialEngine(Engine):
    """Trains one member after another with Keras's `model.fit`.

    Args:
        plan: What all members of the study share.
        folds: The study's folds.
    """

    def __init__(self, plan: TrainingPlan, folds: tuple[Fold, ...]) -> None:
        self._plan, self._folds = plan, folds

    @property
    def cohort_size(self) -> int:
        """One."""
        return 1

    def train(self, cohort: Cohort, watch: Watch) -> Generator[Trial, None, None]:
        """See `Engine.train`."""
        total = sum(len(members) for members in cohort)
        done = 0
        for members in cohort:
            if not watch.may_start():
                return

            def on_epoch(fold: int, epoch: int, done: int = done) -> None:
                watch.on_progress(Progress(done + fold, total, 1, epoch, self._plan.epochs))

            trial = train_trial(self._plan, list(members), self._folds, on_epoch)
            done += len(members)
            yield trial

    def trace(self, members: Sequence[Member], watch: Watch) -> Generator[Trace, None, None]:
        """See `Engine.trace`."""
        for done, member in enumerate(members):
            if not watch.may_start():
                return

            def on_epoch(_: int, epoch: int, done: int = done, last: int = member.snapshots[-1]) -> None:
                watch.on_progress(Progress(done, len(members), 1, epoch, last))

            yield trace_member(self._plan, member, self._folds[member.fold], on_epoch)

    def refit(self, member: Member, rows: numpy.ndarray, epochs: int) -> Network:
        """See `Engine.refit`."""
        return refit(self._plan, member, rows, epochs)
