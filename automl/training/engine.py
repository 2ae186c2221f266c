"""The interface of what trains cohorts, and how a study watches it."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from types import MappingProxyType

import numpy

from automl.progress import Progress
from automl.training.deadline import SecondsLeft, forever
from automl.training.network import Network
from automl.training.traces import Trace
from automl.trial import Member, Report, Rung, Trial

Cohort = Sequence[Sequence[Member]]
"""The members of each trial."""

SECONDS_BETWEEN_LOOKS = 0.2
"""That whoever waits for an engine sleeps at most before it looks after interrupts and progress."""

CORES = "AUTOML_CORES"
"""Environment variable: on how many cores a process trains at most."""

Judge = Callable[[int, Mapping[int, Report]], Mapping[int, str]]


def never() -> bool:
    """No."""
    return False


def _nobody(_: int, __: Mapping[int, Report]) -> Mapping[int, str]:
    return {}


@dataclass(frozen=True, slots=True)
class Watch:
    """Callbacks from an engine to the study.

    Attributes:
        on_progress: Called often, in the thread that trains or waits; may raise KeyboardInterrupt.
        may_start: Whether another trial may begin.
        limited: Whether time may run out before all trials have begun: then those that cost least begin first.
        seconds_left: Seconds until training must end, asked after every epoch, in any thread. When it gives 0 or
            less, networks that train end at once and keep their best epoch so far, and no other network begins.
        rungs: Where trials are compared, in order; none when empty.
        judge: `(number of a rung, reports by trial) -> reasons by trial`: which of the trials that have reached a rung
            end there, and why.
        needs_trial: Whether a trial is needed even where the time is over: then the cheapest one of a population gets
            an epoch on all folds.
    """

    on_progress: Callable[[Progress], None]
    may_start: Callable[[], bool]
    limited: bool = False
    seconds_left: SecondsLeft = forever
    rungs: tuple[Rung, ...] = ()
    judge: Judge = _nobody
    needs_trial: Callable[[], bool] = never

    @property
    def is_over(self) -> bool:
        """Whether training must end."""
        return self.seconds_left() <= 0.0


class Training(ABC):
    """A cohort that an engine has planned, to be trained beside others."""

    @abstractmethod
    def train(
        self, watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trial | None, None, None]:
        """Trials as they end, as `Engine.train` gives them, and None when nothing is known at the moment.

        Nothing trains before the first one is asked for. May be asked again, for trials that could not begin in time.

        Args:
            watch: Callbacks to the study; with the rungs that the cohort was planned with.
            recorded: See `Engine.train`.
        """

    @abstractmethod
    def replay(self, passed: Mapping[int, int] = MappingProxyType({})) -> None:
        """In the place of its training, where that is over: plan what was trained, without training it.

        Args:
            passed: How many rungs each trial has passed.
        """

    @abstractmethod
    def settle(self) -> None:
        """It has ended. Cohorts that are planned from now on may build on all of its plan."""


@dataclass(frozen=True, slots=True)
class FoldNetwork:
    """The network of a member, with its kept weights.

    Attributes:
        member: The member.
        network: What it has become.
        cut: Whether the time was over before it would have ended.
    """

    member: Member
    network: Network
    cut: bool = False


class Engine(ABC):
    """Trains the members of trials.

    A trial's results do not depend on the trials beside it, beyond the rounding of arrays of other sizes. They are the
    same to the last bit in a process that has planned and settled the same cohorts in the same order before, whether it
    has trained or replayed them.
    """

    @property
    @abstractmethod
    def cohort_size(self) -> int | None:
        """How many trials it trains well together; None for any number."""

    @abstractmethod
    def plan(self, cohort: Cohort, rungs: Sequence[Rung] = ()) -> Training:
        """Plan a cohort, which may train beside those that were planned before it.

        The plan follows from the members, from how the cohorts that were planned before begin, and from the whole plans
        of those that are settled; never from how far the others have come.

        Args:
            cohort: The members of each trial.
            rungs: Where its trials are compared.
        """

    @abstractmethod
    def wait(self, seconds: float) -> None:
        """Sleep until a cohort in training may have something to give, at most so long."""

    def train(
        self, cohort: Cohort, watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trial, None, None]:
        """Trials as they end, in any order; fewer than asked for when `watch.may_start` says no.

        A member that diverges or raises makes its trial FAILED, with the folds before it kept. A trial that is weak at
        a rung is PRUNED; the others go on from where they are. When the time is over,
        a trial all of whose folds have begun is COMPLETE, and its folds say that they were cut; one of whose folds only
        some have begun is FAILED; one of whose folds none has begun is left out.

        Args:
            cohort: The members of each trial.
            watch: Callbacks to the study.
            recorded: Numbers of trials of this cohort whose results are known from an earlier process. They are
                planned, so that the others train in the same programs and lanes as in an undisturbed run, but they are
                not given. A lane all of whose trials are recorded is not trained.
        """
        planned = self.plan(cohort, watch.rungs)
        try:
            with closing(planned.train(watch, recorded)) as trials:
                for trial in trials:
                    if trial is None:
                        self.wait(SECONDS_BETWEEN_LOOKS)
                    else:
                        yield trial
        finally:
            planned.settle()

    def replay(
        self, cohort: Cohort, rungs: Sequence[Rung] = (), passed: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        """Plan a cohort that has ended in an earlier process, without training it; see `Training.replay`.

        Afterwards the engine knows the programs and views that it would know had it trained the cohort.
        """
        planned = self.plan(cohort, rungs)
        planned.replay(passed)
        planned.settle()

    @abstractmethod
    def trace(
        self, members: Sequence[Member], watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trace, None, None]:
        """What members predict at their snapshots, as they end, in any order; each must have at least one.

        Fewer than asked for when `watch.may_start` says no, or when the time is over before their last snapshot. A
        member that diverges or raises has a failed trace.

        Args:
            members: What to train.
            watch: Callbacks to the study.
            recorded: Numbers of trials whose traces are not wanted; see `train`.
        """

    @abstractmethod
    def fold_networks(self, members: Sequence[Member], watch: Watch) -> Generator[FoldNetwork, None, None]:
        """The networks of members, trained as `train` does without rungs, in any order.

        Of a member whose trial has been trained before this is the same network, beyond the rounding of arrays of
        other sizes. Fewer than asked for when the time is over.

        Args:
            members: What to train.
            watch: Callbacks to the study.

        Raises:
            TrialFailure: One of them diverged or raised.
        """

    def refits(
        self, members: Sequence[Member], rows: numpy.ndarray, watch: Watch
    ) -> Generator[FoldNetwork, None, None]:
        """Networks that are trained on all of these rows, each for the epochs of its member, in any order.

        Fewer than asked for, or some that are cut, when the time is over.

        Args:
            members: What to train; they have `epochs`, and the last fold, -1, as a refit has.
            rows: Rows of the table.
            watch: Callbacks to the study.

        Raises:
            TrialFailure: One of them diverged or raised.
        """
        for member in members:
            if watch.is_over:
                return
            network = self.refit(member, rows, member.epochs, watch)
            yield FoldNetwork(member, network, network.epochs < member.epochs)

    @abstractmethod
    def refit(self, member: Member, rows: numpy.ndarray, epochs: int, watch: Watch | None = None) -> Network:
        """Train one member on all of these rows for a fixed number of epochs, or at least one when the time is over.

        Raises:
            TrialFailure: It diverged or raised.
        """
