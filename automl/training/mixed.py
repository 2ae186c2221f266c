"""The engine of users' builders: populations for the networks that have stacked twins, Keras for the others."""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeVar, final

import numpy

from automl.data.folds import Fold
from automl.training.engine import Cohort, Engine, FoldNetwork, Training, Watch
from automl.training.network import Network
from automl.training.plain.engine import SequentialEngine
from automl.training.plan import TrainingPlan
from automl.training.population.engine import PopulationEngine
from automl.training.traces import Trace
from automl.trial import Member, Rung, Trial

Item = TypeVar("Item")


@final
class MixedEngine(Engine):
    """Trains each trial in the faster way that can train it.

    A builder that raises for a trial leaves it to Keras's way, which records the reason.

    Args:
        plan: What all members of the study share.
        folds: The study's folds.
    """

    def __init__(self, plan: TrainingPlan, folds: tuple[Fold, ...]) -> None:
        self._population, self._sequential = PopulationEngine(plan, folds), SequentialEngine(plan, folds)

    @property
    def cohort_size(self) -> int | None:
        """See `Engine.cohort_size`."""
        return self._population.cohort_size

    def plan(self, cohort: Cohort, rungs: Sequence[Rung] = ()) -> Training:
        """See `Engine.plan`."""
        parts = self._parts(cohort, [members[0] for members in cohort])
        return _InTurn(tuple(engine.plan(members, rungs) for engine, members in parts))

    def wait(self, seconds: float) -> None:
        """See `Engine.wait`."""
        self._population.wait(seconds)

    def trace(
        self, members: Sequence[Member], watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trace, None, None]:
        """See `Engine.trace`."""
        for engine, part in self._parts(members, members):
            yield from engine.trace(part, watch, recorded)

    def fold_networks(self, members: Sequence[Member], watch: Watch) -> Generator[FoldNetwork, None, None]:
        """See `Engine.fold_networks`."""
        for engine, part in self._parts(members, members):
            yield from engine.fold_networks(part, watch)

    def refits(
        self, members: Sequence[Member], rows: numpy.ndarray, watch: Watch
    ) -> Generator[FoldNetwork, None, None]:
        """See `Engine.refits`."""
        for engine, part in self._parts(members, members):
            yield from engine.refits(part, rows, watch)

    def refit(self, member: Member, rows: numpy.ndarray, epochs: int, watch: Watch | None = None) -> Network:
        """See `Engine.refit`."""
        return self._engine_of(member).refit(member, rows, epochs, watch)

    def _engine_of(self, member: Member) -> Engine:
        return self._population if self._population.takes(member) else self._sequential

    def _parts(self, items: Sequence[Item], members: Sequence[Member]) -> list[tuple[Engine, list[Item]]]:
        """Items by the engine that can train their members, the population's first; only engines that have some."""
        engines = list(map(self._engine_of, members))
        parts = [
            (
                engine,
                [item for item, item_engine in zip(items, engines, strict=True) if item_engine is engine],
            )
            for engine in (self._population, self._sequential)
        ]
        return [(engine, part) for engine, part in parts if part]


@final
@dataclass(frozen=True, slots=True)
class _InTurn(Training):
    """A cohort in parts, which train one after another.

    Attributes:
        parts: Those that have trials.
    """

    parts: tuple[Training, ...]

    def train(
        self, watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trial | None, None, None]:
        """See `Training.train`."""
        for part in self.parts:
            yield from part.train(watch, recorded)

    def replay(self, passed: Mapping[int, int] = MappingProxyType({})) -> None:
        """See `Training.replay`."""
        for part in self.parts:
            part.replay(passed)

    def settle(self) -> None:
        """See `Training.settle`."""
        for part in self.parts:
            part.settle()
