"""The table of engines, and which of them trains a study."""

from collections.abc import Callable, Mapping

from automl.data.folds import Fold
from automl.networks.builder import FamilyBuilder
from automl.training.backend import fix_arithmetic
from automl.training.engine import Engine
from automl.training.mixed import MixedEngine
from automl.training.plain.engine import SequentialEngine
from automl.training.plan import TrainingPlan
from automl.training.population.engine import PopulationEngine

ENGINES: Mapping[str, Callable[[TrainingPlan, tuple[Fold, ...]], Engine]] = {
    "population": MixedEngine,
    "sequential": SequentialEngine,
}


def make_engine(plan: TrainingPlan, folds: tuple[Fold, ...]) -> Engine:
    """The engine that the study file names; with `auto`, populations if the first network can be trained in one."""
    fix_arithmetic()
    name = plan.training.engine
    if name == "auto":
        name = "population" if plan.builder.stacks else "sequential"
    if name == "population" and isinstance(plan.builder, FamilyBuilder):
        return PopulationEngine(plan, folds)
    return ENGINES[name](plan, folds)
