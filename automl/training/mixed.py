"""The engine of users' builders: populations for the networks that have stacked twins, Keras for the others."""

from collections.abc import Generator, Mapping, Sequence
from types import MappingProxyType
from typing import final

import numpy

from automl.data.folds import Fold
from automl.training.engine import Cohort, Engine, Watch
from automl.training.network import Network
from automl.training.plain.engine import SequentialEngine
from automl.training.plan import TrainingPlan
from automl.training.population.engine import PopulationEngine
from automl.training.traces import Trace
from automl.trial import Member, Rung, Trial


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

    def train(
        self, cohort: Cohort, watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trial, None, None]:
        """See `Engine.train`."""
        stacked, alone = self._parted(cohort)
        if stacked:
            yield from self._population.train(stacked, watch, recorded)
        if alone:
            yield from self._sequential.train(alone, watch, recorded)

    def replay(
        self, cohort: Cohort, rungs: Sequence[Rung] = (), passed: Mapping[int, int] = MappingProxyType({})
    ) -> None:
        """See `Engine.replay`."""
        stacked, _ = self._parted(cohort)
        if stacked:
            self._population.replay(stacked, rungs, passed)

    def trace(
        self, members: Sequence[Member], watch: Watch, recorded: frozenset[int] = frozenset()
    ) -> Generator[Trace, None, None]:
        """See `Engine.trace`."""
        stacked = [member for member in members if self._population.takes(member)]
        alone = [member for member in members if not self._population.takes(member)]
        if stacked:
            yield from self._population.trace(stacked, watch, recorded)
        if alone:
            yield from self._sequential.trace(alone, watch, recorded)

    def refit(self, member: Member, rows: numpy.ndarray, epochs: int, watch: Watch | None = None) -> Network:
        """See `Engine.refit`."""
        engine: Engine = self._population if self._population.takes(member) else self._sequential
        return engine.refit(member, rows, epochs, watch)

    def _parted(self, cohort: Cohort) -> tuple[Cohort, Cohort]:
        stacked = [members for members in cohort if self._population.takes(members[0])]
        return stacked, [members for members in cohort if not self._population.takes(members[0])]
