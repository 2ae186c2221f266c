"""An engine that trains nothing: what its trials are tells what it knew when it planned them."""

import time
from collections.abc import Generator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy

from automl.progress import Progress
from automl.training.engine import Cohort, Engine, FoldNetwork, Training, Watch
from automl.training.network import Network
from automl.training.traces import Trace
from automl.trial import Member, Report, Rung, Trial, TrialState


def cohort_of(first: int, count: int) -> list[list[Member]]:
    """Trials of one member, which are compared by their numbers: an even one is better."""
    return [[Member(number, 0, {"width": number}, 0)] for number in range(first, first + count)]


class StandInEngine(Engine):
    """Trials come after as many looks as `looks` says for their number, 0 without an entry.

    A trial's reason names the cohorts that had been planned, and those that had been settled, when its own was planned.

    Args:
        looks: By number of a trial.
        seconds: How long a look takes.

    Attributes:
        closed: First trials of the cohorts whose training was ended from outside.
    """

    def __init__(self, looks: Mapping[int, int], seconds: float = 0.0) -> None:
        self.looks, self.seconds, self.closed = looks, seconds, list[int]()
        self.planned, self.settled = list[int](), list[int]()

    @property
    def cohort_size(self) -> None:
        """Any."""
        return

    def plan(self, cohort: Cohort, rungs: Sequence[Rung] = ()) -> Training:
        knows = f"planned {self.planned} settled {self.settled}"
        first = cohort[0][0].trial
        self.planned.append(first)
        return StandInTraining(self, cohort, tuple(rungs), knows)

    def wait(self, seconds: float) -> None:
        assert seconds > 0.0
        time.sleep(self.seconds)

    def trace(self, *_: Any) -> Generator[Trace, None, None]:
        raise NotImplementedError

    def fold_networks(self, *_: Any) -> Generator[FoldNetwork, None, None]:
        raise NotImplementedError

    def refit(self, member: Member, rows: numpy.ndarray, epochs: int, watch: Watch | None = None) -> Network:
        raise NotImplementedError


class StandInTraining(Training):
    def __init__(self, engine: StandInEngine, cohort: Cohort, rungs: tuple[Rung, ...], knows: str) -> None:
        self.engine, self.cohort, self.rungs, self.knows = engine, cohort, rungs, knows
        self.first = cohort[0][0].trial

    def train(
        self, watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trial | None, None, None]:
        trials = [members[0].trial for members in self.cohort]
        pruned: dict[int, str] = {}
        try:
            for rung in range(len(self.rungs)):
                reports = {trial: Report(float(trial % 2)) for trial in trials if trial not in pruned}
                pruned |= watch.judge(rung, reports)
            for trial in sorted(trials, key=lambda number: self.engine.looks.get(number, 0)):
                if trial in recorded:
                    continue
                for _ in range(self.engine.looks.get(trial, 0)):
                    yield None
                    watch.on_progress(Progress(trial - self.first, trials[-1] + 1, 1))
                if watch.is_over or not watch.may_start():
                    return
                state = TrialState.PRUNED if trial in pruned else TrialState.COMPLETE
                yield Trial(trial, {"width": trial}, state, reason=f"{self.knows} {pruned.get(trial, '')}")
        except GeneratorExit:
            self.engine.closed.append(self.first)
            raise

    def replay(self, passed: Mapping[int, int] = MappingProxyType({})) -> None:
        pass

    def settle(self) -> None:
        self.engine.settled.append(self.first)
