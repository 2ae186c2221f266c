"""The interface of what trains cohorts, and the one that trains trials one after another."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import final

import numpy

from automl.data.splits import Fold
from automl.networks.builder import PerceptronBuilder
from automl.progress import Progress
from automl.training.deadline import SecondsLeft, forever
from automl.training.fitting import loss_of
from automl.training.network import Network
from automl.training.rungs import epochs_at, mean_smallest, scale_of
from automl.training.sequential import OnEpoch, TrainingPlan, refit
from automl.training.traces import Trace, trace_member
from automl.training.trials import WatchError, failures, train_trial
from automl.trial import Member, Report, Rung, Trial, TrialState

Cohort = Sequence[Sequence[Member]]
"""The members of each trial."""

Judge = Callable[[int, Mapping[int, Report]], Mapping[int, str]]


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
    """

    on_progress: Callable[[Progress], None]
    may_start: Callable[[], bool]
    limited: bool = False
    seconds_left: SecondsLeft = forever
    rungs: tuple[Rung, ...] = ()
    judge: Judge = _nobody

    @property
    def is_over(self) -> bool:
        """Whether training must end."""
        return self.seconds_left() <= 0.0


class Engine(ABC):
    """Trains the members of trials.

    A trial's results do not depend on the trials beside it, beyond the rounding of arrays of other sizes. They are the
    same to the last bit in a process that has trained or replayed the same cohorts before.
    """

    @property
    @abstractmethod
    def cohort_size(self) -> int | None:
        """How many trials it trains well together; None for any number."""

    @abstractmethod
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

    @abstractmethod
    def replay(
        self, cohort: Cohort, rungs: Sequence[Rung] = (), passed: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        """Plan a cohort that has ended in an earlier process, without training it.

        Afterwards the engine knows the programs and views that it would know had it trained the cohort.

        Args:
            cohort: The members of each trial.
            rungs: Where its trials were compared.
            passed: How many rungs each trial has passed.
        """

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
    def refit(self, member: Member, rows: numpy.ndarray, epochs: int, watch: Watch | None = None) -> Network:
        """Train one member on all of these rows for a fixed number of epochs, or at least one when the time is over.

        Raises:
            TrialFailure: It diverged or raised.
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

    def train(
        self, cohort: Cohort, watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trial, None, None]:
        """See `Engine.train`."""
        wanted = [members for members in cohort if members[0].trial not in recorded]
        total = sum(map(len, wanted))
        done = 0
        for members in wanted:
            if watch.is_over or not watch.may_start():
                return

            num_epochs = self._plan.epochs_of(members[0])

            def on_epoch(fold: int, epoch: int, done: int = done, num_epochs: int = num_epochs) -> None:
                watch.on_progress(Progress(done + fold, total, 1, epoch, num_epochs))

            scale = self._scale(members[0]) if watch.rungs else ""
            with _watched(on_epoch) as tell:
                trial = self._pruned(members, watch, tell, scale) or train_trial(
                    self._plan, list(members), self._folds, tell, watch.seconds_left
                )
            done += len(members)
            yield self._reported(trial, members[0], watch, scale)

    def _pruned(self, members: Sequence[Member], watch: Watch, tell: OnEpoch, scale: str) -> Trial | None:
        """The trial where it ends at a rung; None where it goes on, from its first epoch.

        It trains up to a rung only where it could end there, and from its first epoch each time: Keras's `fit` cannot
        be taken up where it was left.
        """
        trial = members[0].trial
        for number, rung in enumerate(watch.rungs):
            if not watch.judge(number, {trial: Report(math.inf, scale)}):
                continue
            own, epochs = list(members[: rung.num_folds]), epochs_at(rung, self._plan, members[0])
            tried = train_trial(self._plan, own, self._folds, tell, watch.seconds_left, epochs)
            if tried.state is not TrialState.COMPLETE or tried.cut:
                return None
            reports = self._reports(tried, members[0], watch.rungs[: number + 1])
            reason = watch.judge(number, {trial: Report(reports[-1], scale)}).get(trial)
            if reason is not None:
                return replace(tried, state=TrialState.PRUNED, reason=reason, reports=reports, scale=scale)
        return None

    def _scale(self, member: Member) -> str:
        """Of the member's losses; a builder of a user's own may bring another loss for every trial."""
        if isinstance(self._plan.builder, PerceptronBuilder):
            return scale_of(member)
        with suppress(Exception, SystemExit):  # training it says what is wrong with it
            model = self._plan.builder.build(member.hyperparameters, member.seed("weights"))
            return scale_of(member, loss_of(model) if model.compiled else "")
        return scale_of(member)

    def _reported(self, trial: Trial, member: Member, watch: Watch, scale: str) -> Trial:
        """The trial with what it was, or would have been, compared by."""
        if trial.state is not TrialState.COMPLETE or not watch.rungs:
            return trial
        return replace(trial, reports=self._reports(trial, member, watch.rungs), scale=scale)

    def _reports(self, trial: Trial, member: Member, rungs: Sequence[Rung]) -> tuple[float, ...]:
        return tuple(
            mean_smallest(
                [fold.stopping_loss for fold in trial.folds[: rung.num_folds]],
                epochs_at(rung, self._plan, member),
            )
            for rung in rungs
        )

    def replay(
        self, cohort: Cohort, rungs: Sequence[Rung] = (), passed: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        """Nothing to do: a network depends on nothing that was trained before it."""

    def trace(
        self, members: Sequence[Member], watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trace, None, None]:
        """See `Engine.trace`."""
        wanted = [member for member in members if member.trial not in recorded]
        for done, member in enumerate(wanted):
            if watch.is_over or not watch.may_start():
                return

            def on_epoch(_: int, epoch: int, done: int = done, last: int = member.snapshots[-1]) -> None:
                watch.on_progress(Progress(done, len(wanted), 1, epoch, last))

            with _watched(on_epoch) as tell:
                fold = self._folds[member.fold]
                trace = trace_member(self._plan, member, fold, tell, watch.seconds_left)
            if trace is not None:
                yield trace

    def refit(self, member: Member, rows: numpy.ndarray, epochs: int, watch: Watch | None = None) -> Network:
        """See `Engine.refit`."""

        def on_epoch(_: int, epoch: int) -> None:
            if watch is not None:
                watch.on_progress(Progress(0, 1, 1, epoch, epochs))

        left = forever if watch is None else watch.seconds_left
        with _watched(on_epoch) as tell, failures(f"refit of trial {member.trial}"):
            return refit(self._plan, member, rows, epochs, tell, left)


@contextmanager
def _watched(on_epoch: OnEpoch) -> Iterator[OnEpoch]:
    """The callback for a training in which errors become states: what the callback itself raises leaves the block."""

    def tell(fold: int, epoch: int) -> None:
        try:
            on_epoch(fold, epoch)
        except Exception as error:
            raise WatchError from error

    try:
        yield tell
    except WatchError as error:
        assert error.__cause__ is not None
        raise error.__cause__ from None
