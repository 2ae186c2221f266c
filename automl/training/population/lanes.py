"""A cohort's lanes on threads. A program keeps one core busy, so there is a thread a core, and lanes wait for them."""

import logging
import os
import queue
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import final

from automl.progress import Progress
from automl.training.backend import Function, is_out_of_memory, on_accelerator
from automl.training.deadline import end_of_turn
from automl.training.engine import Watch
from automl.training.failures import reason_of
from automl.training.population.jobs import Broken, Job, Outcome
from automl.training.population.memory import give_back_memory
from automl.training.population.places import Population
from automl.training.population.planner import Lane, Setting, smaller_places
from automl.training.population.structure import Structure
from automl.training.views import Tables

LOGGER = logging.getLogger(__name__)

_MOST_WORKERS = 8
_SECONDS_BETWEEN_LOOKS = 0.2


def num_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def num_workers() -> int:
    """Threads that train lanes."""
    return 1 if on_accelerator() else min(num_cores(), _MOST_WORKERS)


def join_all(threads: list[threading.Thread]) -> None:
    """Wait for every thread that was started, also when an interrupt arrives while waiting.

    A thread that is still in TensorFlow when the interpreter ends crashes the process.

    Raises:
        KeyboardInterrupt: One has arrived. All threads have ended.
    """
    interrupted = False
    for thread in threads:
        while thread.is_alive():
            try:
                thread.join()
            except KeyboardInterrupt:
                interrupted = True
    if interrupted:
        raise KeyboardInterrupt


@final
class LaneRun:
    """Trains lanes, each on one thread at a time.

    Args:
        programs: The program of a structure.
        tables: The views of the members, by the number of inputs.
        setting: What all members share.
        watch: Callbacks to the study.
        recorded: Numbers of trials whose members only keep the others company: their outcomes are not given.
    """

    def __init__(
        self,
        programs: Callable[[Structure], Function],
        tables: Mapping[int, Tables],
        setting: Setting,
        watch: Watch,
        recorded: frozenset[int] = frozenset(),
    ) -> None:
        self._programs, self._tables, self._setting, self._watch = programs, tables, setting, watch
        self._recorded = recorded
        self._begun: set[int] = set()
        self._lanes: queue.SimpleQueue[Lane] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[Outcome | Broken] = queue.SimpleQueue()
        self._stop = threading.Event()
        self._running: dict[int, int] = {}
        self._num_workers = 1

    def outcomes(self, lanes: list[Lane]) -> Iterator[Outcome | Broken]:
        """Members as they end or come to a rung; lanes begin in the order in which they are given.

        Whoever stops listening stops the threads after the epoch that they are in.
        """
        for lane in lanes:
            self._lanes.put(lane)
        self._num_workers = max(1, min(num_workers(), len(lanes)))
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._num_workers)]
        total = sum(self._is_wanted(job) for lane in lanes for job in lane.jobs)
        try:
            for thread in threads:
                thread.start()
            yield from self._collect(threads, total)
        finally:
            self._stop.set()
            join_all(threads)
            give_back_memory()

    def _collect(self, threads: list[threading.Thread], total: int) -> Iterator[Outcome | Broken]:
        done = 0
        while True:
            alive = any(thread.is_alive() for thread in threads)
            try:
                ended = self._ended.get(timeout=_SECONDS_BETWEEN_LOOKS) if alive else self._ended.get_nowait()
            except queue.Empty:
                if not alive:
                    return
            else:
                done += 1
                yield ended
            self._watch.on_progress(Progress(done, total, sum(self._running.values())))

    def _work(self) -> None:
        """A thread: lane after lane until none is left."""
        while not self._stop.is_set():
            try:
                lane = self._lanes.get_nowait()
            except queue.Empty:
                break
            left = list(lane.jobs)
            try:
                self._train(lane, left)
            except Exception as error:
                self._give_up(lane, left, error)
        self._running[threading.get_ident()] = 0

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
                outcome.seconds /= self._num_workers
                left.remove(outcome.job)
                if self._is_wanted(outcome.job):
                    self._ended.put(outcome)
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

    def _give_up(self, lane: Lane, left: list[Job], error: Exception) -> None:
        """Where memory did not suffice, begin again with half the places; any other error ends the lane's members."""
        if is_out_of_memory(error) and lane.num_places > 1:
            fewer = lane.num_places // 2
            LOGGER.warning(
                "There is not enough memory for %d networks at once; continuing with %d.", 2 * fewer, fewer
            )
            self._lanes.put(replace(lane, num_places=fewer, jobs=tuple(left)))
            return
        LOGGER.debug("lane %s", lane.structure, exc_info=True)
        for job in filter(self._is_wanted, left):
            self._ended.put(Broken(job, reason_of(error)))
