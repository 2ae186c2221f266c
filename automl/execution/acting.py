"""An actor: a long-lived process of a cluster that trains cohorts of one study, as it is told in steps.

It takes the steps that the process that runs the study takes with its own engine, in the same order, so that its
programs are the same. Trials travel as arrays (`records/cohort_results.py`), never as pickles.
"""

import os
import queue
import threading
import time
import traceback
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TypeAlias, final

from automl.errors import AutoMLError
from automl.execution.executor import CancelToken, CohortEnded, Order
from automl.execution.local import LocalExecutor
from automl.progress import Progress
from automl.records.cohort_results import packed
from automl.search.pruners.pruner import Pruner
from automl.training.engine import CORES, SECONDS_BETWEEN_LOOKS, Engine, Watch
from automl.trial import Rung, Trial


@dataclass(frozen=True, slots=True)
class Planned:
    """A cohort was asked for."""

    order: Order

    def take(self, executor: LocalExecutor) -> None:
        """Plan it as well."""
        executor.expect(self.order)


@dataclass(frozen=True, slots=True)
class Replayed:
    """A cohort has ended that this actor did not train; `passed` has the rungs that each of its trials passed."""

    order: Order
    passed: Mapping[int, int]

    def take(self, executor: LocalExecutor) -> None:
        """Plan what was trained."""
        executor.replay(self.order, self.passed)


@dataclass(frozen=True, slots=True)
class Settled:
    """A cohort is told."""

    number: int

    def take(self, executor: LocalExecutor) -> None:
        """Cohorts that are planned from now on build on it."""
        executor.settle(self.number)


@dataclass(frozen=True, slots=True)
class Submitted:
    """A cohort is to be trained here."""

    order: Order

    def take(self, executor: LocalExecutor) -> None:
        """Train it."""
        executor.submit(self.order)


Step: TypeAlias = Planned | Replayed | Settled | Submitted


@dataclass(frozen=True, slots=True)
class Equipment:
    """What an actor trains a study with.

    Attributes:
        engine: What trains.
        pruner: Decides at the rungs.
        rungs: Where trials are compared.
    """

    engine: Engine
    pruner: Pruner
    rungs: tuple[Rung, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """What an actor says when it is asked.

    Attributes:
        is_ready: Whether it has prepared the study.
        progress: How far its cohorts are, by number, where that is known.
        trials: What has ended since the last answer, packed, by number of the cohort.
        ended: Numbers of the cohorts of which nothing trains any more, since the last answer.
        refusal: Why it cannot train this study, in words; empty where it can.
        failure: A fault that ended its training; empty without one.
    """

    is_ready: bool
    progress: Mapping[int, Progress] = field(default_factory=dict)
    trials: Mapping[int, bytes] = field(default_factory=dict)
    ended: tuple[int, ...] = ()
    refusal: str = ""
    failure: str = ""


@final
class Actor:
    """Trains in a thread, so that it answers at once.

    Args:
        prepare: Prepares the study; called in that thread.
        limited: Whether time may end the search.
        cores: On which it trains; 0 for all.
    """

    def __init__(self, prepare: Callable[[], Equipment], limited: bool, cores: int = 0) -> None:
        if cores:
            os.environ[CORES] = str(cores)
        self._prepare, self._limited = prepare, limited
        self._steps: queue.Queue[Step | None] = queue.Queue()
        self._token, self._lock = CancelToken(), threading.Lock()
        self._ends = time.monotonic()
        self._is_ready, self._refusal, self._failure = False, "", ""
        self._progress: dict[int, Progress] = {}
        self._cohorts: dict[int, int] = {}
        self._trials: dict[int, list[Trial]] = defaultdict(list)
        self._ended: list[int] = []
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def ask(self, steps: Sequence[Step], seconds_left: float) -> Answer:
        """Take steps from now on, and say what there is.

        Args:
            steps: In order.
            seconds_left: Until training must end.
        """
        self._ends = time.monotonic() + seconds_left
        for step in steps:
            self._steps.put(step)
        with self._lock:
            trials, self._trials = self._trials, defaultdict(list)
            ended, self._ended = tuple(self._ended), []
            progress = dict(self._progress)
            for number in ended:
                self._progress.pop(number, None)
            condition = self._is_ready, self._refusal, self._failure
        content = {number: packed(f"cohort {number}", given) for number, given in trials.items()}
        return Answer(condition[0], progress, content, ended, *condition[1:])

    def leave(self) -> None:
        """End whatever trains, and wait for it."""
        self._token.cancel()
        self._steps.put(None)
        self._thread.join()

    def _work(self) -> None:
        try:
            equipment = self._prepare()
            watch = Watch(self._note, self._may_start, self._limited, self._seconds_left, equipment.rungs)
            self._executor = LocalExecutor(equipment.engine, equipment.pruner, watch, self._token)
            self._is_ready = True
            with closing(self._executor):
                while not self._token.is_cancelled:
                    self._round(self._executor)
        except AutoMLError as error:
            self._refusal = str(error)
        except BaseException:
            self._failure = traceback.format_exc()

    def _round(self, executor: LocalExecutor) -> None:
        """Take the steps that have come, and what the cohorts have to give at this moment."""
        is_idle = not executor.training
        while True:
            try:
                step = self._steps.get(timeout=SECONDS_BETWEEN_LOOKS if is_idle else None, block=is_idle)
            except queue.Empty:
                break
            is_idle = False
            if step is None:
                return
            if isinstance(step, Submitted):
                members = step.order.members
                self._cohorts |= {trials[0].trial: step.order.number for trials in members}
            step.take(executor)
        is_quiet = True
        for result in executor.look():
            is_quiet = False
            with self._lock:
                if isinstance(result, CohortEnded):
                    self._ended.append(result.number)
                else:
                    self._trials[self._cohorts.pop(result.number)].append(result)
        if is_quiet and executor.training:
            executor.wait()

    def _note(self, progress: Progress) -> None:
        """How far the oldest cohort is that trains here."""
        with self._lock:
            self._progress[self._executor.training[0]] = progress

    def _may_start(self) -> bool:
        return self._seconds_left() > 0.0

    def _seconds_left(self) -> float:
        return self._ends - time.monotonic()
