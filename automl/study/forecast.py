"""What a study will cost in time, memory and disk, from timed epochs of its smallest and its largest network."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from automl.study.analyses.bias_variance import SLOWER, Design, design_analysis
from automl.study.analyses.learning_curve import SHARES, cost_of
from automl.study.budget import Budget
from automl.study.footprint import Disk, Memory, count_disk, count_memory
from automl.study.network_sizes import SizedNetwork, smallest_and_largest
from automl.study.preparation import PreparedStudy
from automl.study.timing import CannotTrain, Timing, TooSlow, time_networks
from automl.study.workload import (
    Work,
    Workload,
    epochs_in_search,
    expected_epochs,
    num_completed,
    plan_workload,
    whole_share,
)
from automl.trial import FoldResult, Trial, TrialState

_ALONE = 2.0
"""What an epoch costs in a program of one place, in epochs beside other networks (measured, DECISIONS.md)."""

_ALONE_COMPILATION = 0.5
"""What a program costs that is compiled while no other is, in programs of which two are compiled at once (measured)."""

TimeNetworks: TypeAlias = Callable[[PreparedStudy, Sequence[SizedNetwork]], Sequence[Timing]]


@dataclass(frozen=True, slots=True)
class Seconds:
    """A time between two bounds.

    Attributes:
        low: If all networks were like the smallest one of the space.
        likely: For the sizes that the first trials have.
        high: If all networks were like the largest one.
    """

    low: float
    likely: float
    high: float


@dataclass(frozen=True, slots=True)
class Times:
    """The times of a study's parts.

    Attributes:
        search: The trials.
        refit: Of the best trial on all training rows.
        analyses: Bias and variance, learning curve, columns; without a time limit.
        trials_in_budget: Trials that the search has time for, as is likely.
        share: Of the fit rows that were trained on to measure this.
    """

    search: Seconds
    refit: Seconds
    analyses: Seconds
    trials_in_budget: int
    share: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a study will cost.

    Attributes:
        num_trials: Trials at most.
        budget: Seconds of the whole command; None without a limit.
        search_budget: Seconds that the search may take of them; None without a limit.
        times: None where they cannot be foretold.
        reason: Why they cannot, in words; empty where they can.
        at_least: Seconds that the search takes at least where all networks are like the one that was too slow; 0 where
            that is not known.
        memory: None where no network can be built.
        disk: The same.
    """

    num_trials: int
    budget: float | None
    search_budget: float | None
    times: Times | None
    reason: str
    at_least: float
    memory: Memory | None
    disk: Disk | None


@dataclass(frozen=True, slots=True)
class _Pace:
    """Seconds of one thread: of a compilation, of a network besides its epochs, of an epoch by number of weights."""

    compilation: float
    member: float
    epoch: Callable[[float], float]


def forecast(prepared: PreparedStudy, time_all: TimeNetworks = time_networks) -> Forecast:
    """Time the smallest and the largest network of a study for a few epochs, and count.

    The estimate assumes that networks train 0.6 of the epochs that they may, as they do by experience where patience
    ends them; that at rungs as many trials end as the pruner lets; that more than two threads slow each other down no
    more than two do; that the search goes on with networks like those of its first trials. It leaves out what is
    neither training nor scoring: the proposals of a model-based sampler, the record, MLflow, baselines, export and
    report. It holds for this machine, as busy as it is now. On four small studies without a pruner the search took 0.75
    to 1.15 times the likely time.

    Args:
        prepared: The study.
        time_all: Times networks.
    """
    num_trials, budget = prepared.num_trials, prepared.config.budget.minutes
    search_budget = Budget(budget, prepared.config.search.minutes).search_seconds
    whole = None if budget is None else 60.0 * budget
    sized = smallest_and_largest(prepared)
    if not sized:
        return Forecast(num_trials, whole, search_budget, None, "no network can be built", 0.0, None, None)
    workload = plan_workload(prepared, sized)
    times, reason, at_least = None, "", 0.0
    differ = sized[1].capacity > sized[0].capacity
    try:
        timings = time_all(prepared, sized if differ else sized[1:])
    except TooSlow as slow:
        which = "largest" if slow.network == sized[1] else "smallest"
        reason = f"one epoch of the {which} network takes more than {slow.seconds:.0f} s"
        num_epochs = num_trials * len(prepared.splits.folds) * epochs_in_search(prepared)
        at_least = num_epochs * slow.seconds
    except CannotTrain as error:
        reason = f"a network cannot be trained ({error})"
    else:
        times = _times(prepared, workload, timings, search_budget)
    likely = times.search.likely / num_trials if times else 0.0
    memory = count_memory(prepared, sized[1], workload, _design(prepared, likely))
    return Forecast(
        num_trials, whole, search_budget, times, reason, at_least, memory, count_disk(prepared, sized[1])
    )


def _times(
    prepared: PreparedStudy, workload: Workload, timings: Sequence[Timing], search_budget: float | None
) -> Times:
    paces = _paces(timings)
    searches = [_search_seconds(prepared, workload, pace) for pace in paces]
    alone = _alone(workload)
    refits = [alone * pace.compilation + _refit_seconds(prepared, workload, pace) for pace in paces]
    designs = [
        _design(prepared, whole_share(prepared) * seconds / prepared.num_trials) for seconds in searches
    ]
    analyses = [
        _analysis_seconds(prepared, workload, pace, design)
        for pace, design in zip(paces, designs, strict=True)
    ]
    fitting = prepared.num_trials
    if search_budget is not None and searches[1] > search_budget:
        trained = searches[1] - _scoring_seconds(prepared, paces[1])
        limit = search_budget * trained / searches[1]
        fitting = max(1, workload.trials_within(limit, _cost(prepared, paces[1])))
    share = min(timing.share for timing in timings)
    return Times(Seconds(*searches), Seconds(*refits), Seconds(*analyses), fitting, share)


def _paces(timings: Sequence[Timing]) -> tuple[_Pace, _Pace, _Pace]:
    """As fast as either network, as each of them by its size, as slow as either."""
    small, large = timings[0], timings[-1]
    weights = large.network.capacity - small.network.capacity

    def between(capacity: float) -> float:
        share = (capacity - small.network.capacity) / weights if weights else 1.0
        return small.epoch + min(max(share, 0.0), 1.0) * (large.epoch - small.epoch)

    epochs = sorted((small.epoch, large.epoch))
    compilations = sorted((small.compilation, large.compilation))
    members = sorted((small.member, large.member))
    return (
        _Pace(compilations[0], members[0], lambda _: epochs[0]),
        _Pace(sum(compilations) / 2.0, sum(members) / 2.0, between),
        _Pace(compilations[1], members[1], lambda _: epochs[1]),
    )


def _search_seconds(prepared: PreparedStudy, workload: Workload, pace: _Pace) -> float:
    """Programs and epochs on all threads; scores on one."""
    return workload.seconds(_cost(prepared, pace)) + _scoring_seconds(prepared, pace)


def _cost(prepared: PreparedStudy, pace: _Pace) -> Callable[[Work], float]:
    num_epochs = epochs_in_search(prepared)

    def cost(work: Work) -> float:
        compilation = 0.0 if work.is_compiled else pace.compilation
        return compilation + work.num_networks * num_epochs * pace.epoch(work.capacity)

    return cost


def _scoring_seconds(prepared: PreparedStudy, pace: _Pace) -> float:
    return prepared.num_trials * len(prepared.splits.folds) * pace.member


def _refit_seconds(prepared: PreparedStudy, workload: Workload, pace: _Pace) -> float:
    """One network alone, on all training rows, for the epochs that the folds have kept; its program not included."""
    fit = max(len(fold.fit) for fold in prepared.splits.folds)
    rows = len(prepared.splits.training) / fit
    epochs = max(1.0, expected_epochs(prepared) - prepared.plan.patience)
    beside = 1.0 if workload.always_compiles else _ALONE
    return epochs * rows * beside * pace.epoch(workload.mean_capacity)


def _analysis_seconds(prepared: PreparedStudy, workload: Workload, pace: _Pace, design: Design) -> float:
    """Resamples, shares and columns, without a time limit, and the programs that they compile."""
    if prepared.config.bias_variance.resamples == 0:
        return 0.0
    trained = _search_seconds(prepared, workload, replace(pace, compilation=0.0))
    network = whole_share(prepared) * trained / (prepared.num_trials * len(prepared.splits.folds))
    num_resampled = len(design.trials) * design.networks_per_trial
    networks = SLOWER * num_resampled + cost_of(prepared) * len(prepared.splits.folds)
    columns = design.num_folds * _refit_seconds(prepared, workload, pace)
    return network * networks + columns + pace.compilation * _num_compilations(workload, design)


def _num_compilations(workload: Workload, design: Design) -> float:
    """Programs of the analyses, in programs of the search: of an engine whose threads compile, one alone is faster.

    The learning curve has a program of its own, and the columns have two, because folds may have two sizes.
    """
    if workload.always_compiles:
        return len(design.trials) * design.networks_per_trial + len(SHARES) + design.num_folds
    alone = _alone(workload)
    return max(alone, min(len(design.trials), workload.num_programs) / workload.num_workers) + 3 * alone


def _alone(workload: Workload) -> float:
    return _ALONE_COMPILATION if workload.num_workers > 1 else 1.0


def _design(prepared: PreparedStudy, seconds: float) -> Design:
    """The analysis of bias and variance that would be made if each trial took so long."""
    results = tuple(
        FoldResult(fold, (), (), (), 1, {prepared.objective.metric: 0.0}, {}, 0.0)
        for fold in range(len(prepared.splits.folds))
    )
    trials = [
        Trial(number, {}, TrialState.COMPLETE, results, 0, seconds)
        for number in range(num_completed(prepared))
    ]
    return design_analysis(prepared, trials)
