"""How long a network of a study takes to train, measured with the study's own engine on the study's own folds."""

import math
import statistics
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import final

from automl.networks.builder import FamilyBuilder
from automl.progress import Progress
from automl.study.network_sizes import SizedNetwork, places_of
from automl.study.preparation import PreparedStudy
from automl.study.shortened import members_of, num_fit_rows, with_few_epochs, with_fewer_rows
from automl.training.backend import on_accelerator
from automl.training.engine import Engine, Watch
from automl.training.population.lanes import num_workers
from automl.trial import Member, TrialState

Clock = Callable[[], float]
OnProgress = Callable[[Progress], None]

MOST_SECONDS = 15.0
"""That a forecast of a small table may take; what must be measured first is measured even when this is over."""

MOST_ROWS = 20_000
"""Fit rows that are trained on; of a larger fold, a sample."""

_FEWEST_STEPS = 4
"""Steps of an epoch on a sample."""

_EPOCH_SECONDS = 0.4
"""Rows are sampled so that an epoch of all timed networks takes about this long, where its cost can be estimated."""

_MEASURED_SECONDS = 0.5
"""Training that is long enough to be timed."""

_FLOP_SECONDS, _ACCELERATOR_FLOP_SECONDS = 2e-11, 4e-13
_FLOPS_PER_WEIGHT = 6
"""Of a row: forward, and twice that backward."""

_MOST_FOLDS, _EPOCHS = 2, 3


@dataclass(frozen=True, slots=True)
class Timing:
    """What a network costs, in seconds of one thread.

    Attributes:
        network: The network.
        compilation: Of the program that trains it, with the preparation of its inputs.
        member: Of one network on one fold, besides its epochs: initial weights, scores.
        epoch: Of one network on one fold, among as many others as train at once.
        share: Of the fit rows that were trained on; `epoch` is for all of them.
    """

    network: SizedNetwork
    compilation: float
    member: float
    epoch: float
    share: float


class TooSlow(Exception):
    """A network whose epochs take too long to time.

    Attributes:
        network: The network.
        seconds: That an epoch takes at least.
    """

    def __init__(self, network: SizedNetwork, seconds: float) -> None:
        super().__init__(f"more than {seconds:.0f} s")
        self.network, self.seconds = network, seconds


class CannotTrain(Exception):
    """A network that fails; the message is the reason."""


def time_networks(
    prepared: PreparedStudy, networks: Sequence[SizedNetwork], clock: Clock = time.perf_counter
) -> list[Timing]:
    """Train each network's folds for a few epochs.

    An engine that trains on several threads is timed with two of them at work, a network on each, so that the times
    hold what threads cost each other: cores, the compiler, Python's lock.

    Args:
        prepared: The study.
        networks: One or two networks of its space.
        clock: Seconds that only grow.

    Raises:
        TooSlow: One takes too long, on a sample of the rows too.
        CannotTrain: One fails.
    """
    if prepared.make_engine().cohort_size == 1:
        return [_alone(prepared, network, clock) for network in networks]
    stop = threading.Event()

    def on_progress(progress: Progress) -> None:
        del progress
        if stop.is_set():
            raise KeyboardInterrupt

    with ThreadPoolExecutor(num_workers()) as threads:
        try:
            return list(
                threads.map(lambda network: _together(prepared, network, clock, on_progress), networks)
            )
        except BaseException:
            stop.set()
            raise


def _together(
    prepared: PreparedStudy, network: SizedNetwork, clock: Clock, on_progress: OnProgress
) -> Timing:
    """Of an engine that trains many networks at once: as many as its planner would let train together.

    The first training includes the compilation. The later ones use the same program, and differ in their epochs.
    """
    places = min(places_of(prepared, network.hyperparameters), _num_networks(prepared))
    flop = _ACCELERATOR_FLOP_SECONDS if on_accelerator() else _FLOP_SECONDS
    a_row = _FLOPS_PER_WEIGHT * network.capacity * places * flop
    share = _share(prepared, network, _EPOCH_SECONDS / a_row)
    sample = with_few_epochs(with_fewer_rows(prepared, share), 1)
    scale, engine = (
        num_fit_rows(prepared) / num_fit_rows(sample),
        _Timed(sample.make_engine(), on_progress, clock),
    )
    cohort, began = _cohort(sample, network, places), clock()
    cold, warm = engine.train(cohort), engine.train(cohort)
    members = [member for of_trial in cohort for member in of_trial]
    first_epoch = engine.trace(members, 1)
    epoch = (engine.trace(members, _EPOCHS) - first_epoch) / (_EPOCHS - 1)
    most = max(_EPOCHS, prepared.plan.epochs)
    epochs = min(most, math.ceil(_MEASURED_SECONDS / max(epoch, 1e-4)))
    if epochs > 2 * _EPOCHS and clock() - began < MOST_SECONDS / 2:
        epoch = (engine.trace(members, epochs) - first_epoch) / (epochs - 1)
    epoch = min(max(epoch, warm / 1000.0), warm)
    return Timing(
        network=network,
        compilation=max(0.0, cold - warm),
        member=max(0.0, warm - epoch) / len(members),
        epoch=scale * epoch / len(members),
        share=1.0 / scale,
    )


def _alone(prepared: PreparedStudy, network: SizedNetwork, clock: Clock) -> Timing:
    """Of an engine that trains one network after another, and tells the end of each epoch.

    What an epoch of a user's own network costs is not known before: it is timed on a few steps, then on as many rows as
    take about a second.
    """
    if isinstance(prepared.builder, FamilyBuilder):
        a_row = _FLOPS_PER_WEIGHT * network.capacity * _FLOP_SECONDS
        return _one_trial(prepared, network, _share(prepared, network, _EPOCH_SECONDS / a_row), clock)
    share, began = _share(prepared, network, 0.0), clock()
    timing = _one_trial(prepared, network, share, clock)
    larger = _share(prepared, network, 2.0 * _EPOCH_SECONDS * num_fit_rows(prepared) / timing.epoch)
    is_late = clock() - began > MOST_SECONDS / 2
    return timing if is_late or larger < 2.0 * share else _one_trial(prepared, network, larger, clock)


def _one_trial(prepared: PreparedStudy, network: SizedNetwork, share: float, clock: Clock) -> Timing:
    sample = with_few_epochs(with_fewer_rows(prepared, share), _EPOCHS)
    scale, num_folds = num_fit_rows(prepared) / num_fit_rows(sample), len(sample.splits.folds)
    members = members_of(sample, 0, network.hyperparameters, min(_MOST_FOLDS, num_folds))
    marks = _Marks(clock)
    watch = Watch(on_progress=marks.add, may_start=lambda: True, seconds_left=marks.seconds_left)
    trials = list(sample.make_engine().train([members], watch))
    if not marks.epoch:
        if marks.seconds_left() <= 0.0:
            raise TooSlow(network, MOST_SECONDS)
        raise CannotTrain(trials[0].reason)
    return Timing(
        network=network,
        compilation=max(0.0, marks.first - marks.epoch),
        member=max(0.0, marks.between - marks.epoch),
        epoch=scale * marks.epoch,
        share=1.0 / scale,
    )


def _share(prepared: PreparedStudy, network: SizedNetwork, num_rows: float) -> float:
    """The share of the fit rows to train on, where about so many are wanted."""
    batch = int(network.hyperparameters.get("batch_size") or prepared.plan.batch_size)
    wanted = min(max(num_rows, _FEWEST_STEPS * batch), MOST_ROWS)
    return min(1.0, wanted / num_fit_rows(prepared))


def _num_networks(prepared: PreparedStudy) -> int:
    return prepared.num_trials * len(prepared.splits.folds)


def _cohort(prepared: PreparedStudy, network: SizedNetwork, places: int) -> list[list[Member]]:
    """As many trials with the network's hyperparameters as have places, one at least."""
    num_folds = len(prepared.splits.folds)
    count = max(1, places // num_folds)
    return [members_of(prepared, trial, network.hyperparameters, num_folds) for trial in range(count)]


@final
@dataclass(frozen=True, slots=True)
class _Timed:
    """An engine with a clock. The time is that of the last result: it may take a moment to notice that none follows."""

    engine: Engine
    on_progress: OnProgress
    clock: Clock

    def train(self, cohort: Sequence[Sequence[Member]]) -> float:
        """Seconds until the last trial has been given."""
        watch = Watch(on_progress=self.on_progress, may_start=lambda: True)
        last = began = self.clock()
        with closing(self.engine.train(cohort, watch)) as trials:
            for trial in trials:
                last = self.clock()
                if trial.state is not TrialState.COMPLETE and not trial.reason.startswith("diverged"):
                    raise CannotTrain(trial.reason)
        return last - began

    def trace(self, members: Sequence[Member], epochs: int) -> float:
        """The same of members that are looked at after each epoch, as in the search."""
        snapshots = tuple(range(1, epochs + 1))
        watch = Watch(on_progress=self.on_progress, may_start=lambda: True)
        last = began = self.clock()
        with closing(
            self.engine.trace([replace(member, snapshots=snapshots) for member in members], watch)
        ) as ended:
            for _ in ended:
                last = self.clock()
        return last - began


@final
class _Marks:
    """When the epochs of each fold of a trial ended, for an engine that tells it."""

    def __init__(self, clock: Clock) -> None:
        self._clock, self._began = clock, clock()
        self._times: dict[int, list[float]] = {}

    def add(self, progress: Progress) -> None:
        """An epoch has ended."""
        self._times.setdefault(progress.done, []).append(self._clock())

    def seconds_left(self) -> float:
        """Until the training must end: unlimited for the first epoch, which includes the compilation."""
        if not self._times:
            return math.inf
        return self._times[0][0] + MOST_SECONDS - self._clock()

    @property
    def first(self) -> float:
        """Seconds until the first epoch had ended."""
        return self._times[0][0] - self._began

    @property
    def epoch(self) -> float:
        """Seconds of an epoch; 0 where there was none but the first."""
        lasted = [later - earlier for times in self._times.values() for earlier, later in pairwise(times)]
        return max(statistics.median(lasted), 1e-9) if lasted else 0.0

    @property
    def between(self) -> float:
        """Seconds from the last epoch of the first fold to the end of the first epoch of the second; 0 for one fold."""
        return self._times[1][0] - self._times[0][-1] if 1 in self._times else 0.0
