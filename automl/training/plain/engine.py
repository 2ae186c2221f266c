"""The engine that trains trials one after another with Keras's `model.fit`."""

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import final

import numpy

from automl.data.folds import Fold
from automl.networks.builder import FamilyBuilder
from automl.progress import Progress
from automl.training.deadline import Deadline, forever
from automl.training.engine import Cohort, Engine, FoldNetwork, Training, Watch
from automl.training.failures import WatchError, failures
from automl.training.network import Network
from automl.training.plain.fitting import loss_of
from automl.training.plain.sequential import models_of, refit, train_member
from automl.training.plain.tracing import trace_member
from automl.training.plain.trials import train_trial
from automl.training.plan import OnEpoch, TrainingPlan
from automl.training.rungs import epochs_at, mean_smallest, scale_of
from automl.training.traces import Trace
from automl.trial import Member, Report, Rung, Trial, TrialState


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

    def plan(self, cohort: Cohort, rungs: Sequence[Rung] = ()) -> Training:
        """Nothing to plan: a network depends on nothing that was trained before it."""
        del rungs
        return _OneByOne(partial(self._train, cohort))

    def wait(self, seconds: float) -> None:
        """Nothing to wait for: whoever asks for the next trial trains it."""

    def _train(self, cohort: Cohort, watch: Watch, recorded: frozenset[int]) -> Generator[Trial, None, None]:
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
            tried_members, epochs = list(members[: rung.num_folds]), epochs_at(rung, self._plan, members[0])
            tried = train_trial(self._plan, tried_members, self._folds, tell, watch.seconds_left, epochs)
            if tried.state is not TrialState.COMPLETE or tried.cut:
                return None
            reports = self._reports(tried, members[0], watch.rungs[: number + 1])
            reason = watch.judge(number, {trial: Report(reports[-1], scale)}).get(trial)
            if reason is not None:
                return replace(tried, state=TrialState.PRUNED, reason=reason, reports=reports, scale=scale)
        return None

    def _scale(self, member: Member) -> str:
        """Of the member's losses; a builder of a user's own may bring another loss for every trial."""
        if isinstance(self._plan.builder, FamilyBuilder):
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

    def fold_networks(self, members: Sequence[Member], watch: Watch) -> Generator[FoldNetwork, None, None]:
        """See `Engine.fold_networks`."""
        for done, member in enumerate(members):
            if watch.is_over:
                return
            last = self._plan.epochs_of(member)

            def on_epoch(_: int, epoch: int, done: int = done, last: int = last) -> None:
                watch.on_progress(Progress(done, len(members), 1, epoch, last))

            with _watched(on_epoch) as tell, failures(f"trial {member.trial}"):
                fold, models = (
                    self._folds[member.fold],
                    models_of(self._plan),
                )  # new models: each network is kept
                deadline = Deadline(watch.seconds_left)
                result, network = train_member(self._plan, member, fold, models, tell, deadline)
            yield FoldNetwork(member, network, result.cut)

    def refit(self, member: Member, rows: numpy.ndarray, epochs: int, watch: Watch | None = None) -> Network:
        """See `Engine.refit`."""

        def on_epoch(_: int, epoch: int) -> None:
            if watch is not None:
                watch.on_progress(Progress(0, 1, 1, epoch, epochs))

        left = forever if watch is None else watch.seconds_left
        with _watched(on_epoch) as tell, failures(f"refit of trial {member.trial}"):
            return refit(self._plan, member, rows, epochs, tell, left)


@final
@dataclass(frozen=True, slots=True)
class _OneByOne(Training):
    """A cohort whose trials train when they are asked for.

    Attributes:
        begin: Trains it.
    """

    begin: Callable[[Watch, frozenset[int]], Generator[Trial, None, None]]

    def train(
        self, watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trial | None, None, None]:
        """See `Training.train`."""
        yield from self.begin(watch, recorded)

    def replay(self, passed: Mapping[int, int] = MappingProxyType({})) -> None:
        """Nothing to do."""

    def settle(self) -> None:
        """Nothing to do."""


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
