"""The lanes that a cohort or an analysis trains at a time: members that begin and end, time, memory."""

import logging
import queue
import threading
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import final

from automl.progress import Progress
from automl.training.backend import Function, is_out_of_memory
from automl.training.deadline import end_of_turn
from automl.training.engine import Watch
from automl.training.failures import reason_of
from automl.training.population.health import HealthPrograms
from automl.training.population.jobs import Broken, Job, Outcome
from automl.training.population.lanes import LanePool
from automl.training.population.memory import give_back_memory
from automl.training.population.places import Population
from automl.training.population.planner import Lane, Setting, smaller_places
from automl.training.population.structure import Structure
from automl.training.views import Tables

LOGGER = logging.getLogger(__name__)


@final
@dataclass(frozen=True, slots=True)
class Workshop:
    """What all cohorts of an engine share.

    Attributes:
        pool: The threads.
        programs: The program of a structure.
        health: The programs that find gradients by layer.
    """

    pool: LanePool
    programs: Callable[[Structure], Function]
    health: HealthPrograms = field(default_factory=HealthPrograms)


@final
class LaneRun:
    """Trains lanes, each on one thread at a time.

    Args:
        workshop: Threads and programs.
        tables: The views of the members, by the number of inputs.
        setting: What all members share.
        watch: Callbacks to the study.
        recorded: Numbers of trials whose members only keep the others company: their outcomes are not given.
    """

    def __init__(
        self,
        workshop: Workshop,
        tables: Mapping[int, Tables],
        setting: Setting,
        watch: Watch,
        recorded: frozenset[int] = frozenset(),
    ) -> None:
        self._pool, self._programs = workshop.pool, workshop.programs
        self._tables, self._setting, self._watch = tables, setting, watch
        self._recorded = recorded
        self._begun: set[int] = set()
        self._ended: queue.SimpleQueue[Outcome | Broken | None] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._running: dict[int, int] = {}

    def outcomes(self, lanes: list[Lane], age: int = 0) -> Generator[Outcome | Broken | None, None, None]:
        """Members as they end or come to a rung, and None when nothing is known at the moment: then wait on the pool.

        Whoever stops listening stops the threads after the epoch that they are in.

        Args:
            lanes: They begin in this order.
            age: Of the cohort: lanes of one with a smaller number begin first.
        """
        total = sum(self._is_wanted(job) for lane in lanes for job in lane.jobs)
        try:
            for lane in lanes:
                self._pool.add(self, age, partial(self._work, lane, age))
            yield from self._collect(len(lanes), total)
        finally:
            self._stop.set()
            self._pool.drop(self)
            give_back_memory()

    def _collect(self, num_lanes: int, total: int) -> Generator[Outcome | Broken | None, None, None]:
        done = 0
        while num_lanes:
            try:
                ended = self._ended.get_nowait()
            except queue.Empty:
                yield None
            else:
                if ended is None:
                    num_lanes -= 1
                else:
                    done += 1
                    yield ended
            self._watch.on_progress(Progress(done, total, sum(self._running.copy().values())))

    def _work(self, lane: Lane, age: int) -> None:
        """A lane to its end, or until memory does not suffice: then it begins again, with half the places."""
        left, again = list(lane.jobs), None
        try:
            if not self._stop.is_set():
                self._train(lane, left)
        except Exception as error:
            if is_out_of_memory(error) and lane.num_places > 1:
                again = replace(lane, num_places=lane.num_places // 2, jobs=tuple(left))
                LOGGER.warning(
                    "There is not enough memory for %d networks at once; continuing with %d.",
                    2 * again.num_places,
                    again.num_places,
                )
            else:
                LOGGER.debug("lane %s", lane.structure, exc_info=True)
                for job in filter(self._is_wanted, left):
                    self._ended.put(Broken(job, reason_of(error)))
        finally:
            self._running[threading.get_ident()] = 0
            if again is None:
                self._ended.put(None)
            else:
                self._pool.add(self, age, partial(self._work, again, age))

    def _train(self, lane: Lane, left: list[Job]) -> None:
        """Train a lane until all of its members that are wanted have ended; whoever has ended leaves `left`."""
        if self._watch.is_over:
            return
        program, tables = self._programs(lane.structure), self._tables[lane.structure.num_features]
        population = Population(lane.structure, program, tables, lane.num_places)
        waiting = list(lane.jobs)
        while not self._stop.is_set():
            waiting = self._admit(population, waiting)
            self._running[threading.get_ident()] = len(population.jobs)
            if not any(map(self._is_wanted, (*population.jobs, *waiting))):
                return
            population.run_epoch()
            for outcome in population.take_finished(self._watch.seconds_left()):
                outcome.seconds /= max(1, self._pool.num_busy)
                left.remove(outcome.job)
                if self._is_wanted(outcome.job):
                    self._ended.put(outcome)
                    self._pool.tell()
            if population.jobs and not waiting:
                population.shrink(smaller_places(lane.structure, population, self._setting))

    def _is_wanted(self, job: Job) -> bool:
        return job.member.trial not in self._recorded

    def _admit(self, population: Population, waiting: list[Job]) -> list[Job]:
        """Fill free places; trials that may not begin any more are left out. Gives what still waits."""
        entering: list[Job] = []
        if self._watch.is_over:
            return []
        while waiting and len(entering) < population.num_free:
            job, *waiting = waiting
            if job.member.trial in self._begun or self._watch.may_start():
                self._begun.add(job.member.trial)
                entering.append(job)
        if entering:
            left = self._watch.seconds_left()
            population.admit(entering, [self._end(job, waiting, population, left) for job in entering])
        return waiting

    @staticmethod
    def _end(job: Job, waiting: list[Job], population: Population, seconds_left: float) -> float:
        """How many seconds must be left when a member ends, so that the other folds of its trial get their turn."""
        others = sum(other.member.trial == job.member.trial for other in waiting)
        return end_of_turn(seconds_left, 1 + -(-others // population.num_places))
