"""What a study is going to train, before it trains: its own first trials, packed by the planner of its own engine."""

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from automl.networks.builder import FamilyBuilder
from automl.search.table import make_sampler
from automl.study.network_sizes import SizedNetwork, network_capacity, setting_of
from automl.study.preparation import PreparedStudy
from automl.training.members import plan_members
from automl.training.population.costs import EPOCH_SHARE
from automl.training.population.jobs import Job
from automl.training.population.lanes import num_workers
from automl.training.population.planner import Programs, Setting, plan_lanes
from automl.trial import Hyperparameters

_MOST_PLANNED = 64
"""Trials that are planned; of more, the rest costs what these cost, without their compilations."""

_MOST_BUILT = 20
"""The same where a user's builder is called for each."""


@dataclass(frozen=True, slots=True)
class Work:
    """Networks that one thread trains one after another or together.

    Attributes:
        num_networks: How many.
        capacity: Number of trainable weights of their program.
        is_compiled: Whether the program is there already.
    """

    num_networks: int
    capacity: int
    is_compiled: bool = False


@dataclass(frozen=True, slots=True)
class Workload:
    """What a search trains.

    Attributes:
        cohorts: The work of each cohort, the older ones first on threads that all share.
        num_workers: Threads.
        num_planned: Trials of these cohorts.
        num_trials: Trials of the study.
        always_compiles: Whether every trial compiles its own network.
        in_flight: Cohorts that may train at the same time.
    """

    cohorts: Sequence[Sequence[Work]]
    num_workers: int
    num_planned: int
    num_trials: int
    always_compiles: bool
    in_flight: int = 1

    @property
    def num_programs(self) -> int:
        """Programs that are compiled."""
        return sum(not work.is_compiled for cohort in self.cohorts for work in cohort)

    @property
    def mean_capacity(self) -> float:
        """Trainable weights of the mean network."""
        works = [work for cohort in self.cohorts for work in cohort]
        weights = sum(work.num_networks * work.capacity for work in works)
        return weights / sum(work.num_networks for work in works)

    def seconds(self, cost: Callable[[Work], float]) -> float:
        """Wall time of all cohorts.

        Args:
            cost: Seconds of one thread.
        """
        planned = self._end(self.cohorts, cost)
        if self.num_planned >= self.num_trials:
            return planned
        again = planned
        if not self.always_compiles:
            compiled = [[replace(work, is_compiled=True) for work in cohort] for cohort in self.cohorts]
            again = self._end(compiled, cost)
        return planned + again * (self.num_trials - self.num_planned) / self.num_planned

    def trials_within(self, limit: float, cost: Callable[[Work], float]) -> int:
        """Trials that end within so many seconds; of a cohort that is cut, its share."""
        ended, planned = 0.0, 0.0
        for cohort, (begin, planned) in zip(self.cohorts, self._times(self.cohorts, cost), strict=True):
            share = (
                min(1.0, (limit - begin) / (planned - begin)) if planned > begin else float(limit >= begin)
            )
            ended += max(0.0, share) * self._num_trials_of(cohort)
        if planned > limit:
            return int(ended)
        more = self.seconds(cost) - planned
        rest, left = self.num_trials - self.num_planned, limit - planned
        return int(ended + min(rest, rest * left / more if more > 0.0 else rest))

    def _num_trials_of(self, cohort: Sequence[Work]) -> float:
        num_networks = sum(work.num_networks for of_cohort in self.cohorts for work in of_cohort)
        return self.num_planned * sum(work.num_networks for work in cohort) / num_networks

    def _end(self, cohorts: Sequence[Sequence[Work]], cost: Callable[[Work], float]) -> float:
        return self._times(cohorts, cost)[-1][1] if cohorts else 0.0

    def _times(
        self, cohorts: Sequence[Sequence[Work]], cost: Callable[[Work], float]
    ) -> list[tuple[float, float]]:
        """When each cohort begins and ends, if whichever thread is free takes the longest work that waits."""
        threads, times, ended = [0.0] * self.num_workers, list[tuple[float, float]](), 0.0
        for number, cohort in enumerate(cohorts):
            asked_at = times[number - self.in_flight][1] if number >= self.in_flight else 0.0
            begin = max(asked_at, threads[0])
            for seconds in sorted(map(cost, cohort), reverse=True):
                end = max(asked_at, threads[0]) + seconds
                heapq.heapreplace(threads, end)
                ended = max(ended, end)
            times.append((begin, ended))
        return times


def expected_epochs(prepared: PreparedStudy) -> float:
    """Epochs that a network trains before it stops."""
    epochs = prepared.plan.epochs
    return max(EPOCH_SHARE * epochs, min(epochs, prepared.plan.patience + 1))


def num_completed(prepared: PreparedStudy) -> int:
    """Trials that are likely to be trained to their end."""
    left = prepared.num_trials
    for number in range(len(prepared.rungs)):
        left = prepared.pruner.num_going_on(number, left)
    return left


def epochs_in_search(prepared: PreparedStudy) -> float:
    """Epochs of the mean network of a search, in which weak trials end at the rungs."""
    whole, num_folds = expected_epochs(prepared), len(prepared.splits.folds)
    trained, done, left = 0.0, 0.0, prepared.num_trials
    for number, rung in enumerate(prepared.rungs):
        here = min(whole, rung.epochs) * rung.num_folds / num_folds
        trained, done = trained + left * (here - done), here
        left = prepared.pruner.num_going_on(number, left)
    return (trained + left * (whole - done)) / prepared.num_trials


def whole_share(prepared: PreparedStudy) -> float:
    """What a trial that is trained to its end takes, in mean trials of the search."""
    return expected_epochs(prepared) / epochs_in_search(prepared)


def plan_workload(prepared: PreparedStudy, sized: Sequence[SizedNetwork]) -> Workload:
    """The work of a search whose sampler is told nothing.

    Args:
        prepared: The study.
        sized: Networks of the space; one that cannot be sized otherwise is taken to be like these in turn.
    """
    asked_cohorts = _cohorts(prepared)
    num_planned = sum(map(len, asked_cohorts))
    if prepared.make_engine().cohort_size != 1:
        cohorts = _lanes(prepared, setting_of(prepared), asked_cohorts)
        in_flight = prepared.config.search.in_flight
        return Workload(cohorts, num_workers(), num_planned, prepared.num_trials, False, in_flight)
    num_folds, number = len(prepared.splits.folds), 0
    alone: list[list[Work]] = []
    for cohort in asked_cohorts:
        for hyperparameters in cohort:
            capacity = sized[number % len(sized)].capacity
            if isinstance(prepared.builder, FamilyBuilder):
                capacity = network_capacity(prepared, hyperparameters)
            alone.append([Work(num_folds, capacity)])
            number += 1
    return Workload(alone, 1, num_planned, prepared.num_trials, True)


def _cohorts(prepared: PreparedStudy) -> list[list[Hyperparameters]]:
    """The study's first cohorts: what its sampler proposes while it knows no score."""
    search = prepared.config.search
    sampler = make_sampler(
        search.algorithm, prepared.space, prepared.objective, prepared.num_trials, search.seed, prepared.first
    )
    limit = prepared.make_engine().cohort_size
    most = _MOST_PLANNED if isinstance(prepared.builder, FamilyBuilder) else _MOST_BUILT
    left, cohorts = min(prepared.num_trials, most), list[list[Hyperparameters]]()
    while left > 0:
        limits = [left, search.cohort or sampler.cohort_size(), limit]
        proposals = sampler.ask(min(limit for limit in limits if limit is not None))
        if not proposals:
            break
        cohorts.append([proposal.hyperparameters for proposal in proposals])
        left -= len(proposals)
    return cohorts


def _lanes(
    prepared: PreparedStudy, setting: Setting, cohorts: Sequence[Sequence[Hyperparameters]]
) -> list[list[Work]]:
    """The lanes of each cohort. A program is compiled once for each number of places."""
    plan, seed = prepared.plan, prepared.config.search.seed
    programs: Programs = {}
    compiled: set[tuple[object, int]] = set()
    works: list[list[Work]] = []
    first = 0
    for cohort in cohorts:
        jobs, alone = list[Job](), list[Work]()
        for trial, hyperparameters in enumerate(cohort, start=first):
            members = plan_members(trial, hyperparameters, len(prepared.splits.folds), seed)
            recipe = plan.builder.recipe(hyperparameters)
            if recipe is None:
                alone.append(Work(len(members), network_capacity(prepared, hyperparameters)))
            else:
                jobs += [Job(member, recipe, 0, plan.epochs, plan.patience) for member in members]
        first += len(cohort)
        works.append(alone)
        for lane in plan_lanes(jobs, setting, programs):
            program = lane.structure, lane.num_places
            works[-1].append(Work(len(lane.jobs), lane.structure.capacity, program in compiled))
            compiled.add(program)
    return works
