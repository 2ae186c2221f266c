"""The table of engines, and which of them trains a study."""

from collections.abc import Callable, Mapping

from automl.data.splits import Fold
from automl.networks.builder import FamilyBuilder
from automl.training.backend import fix_arithmetic
from automl.training.engine import Engine
from automl.training.plain.engine import SequentialEngine
from automl.training.plan import TrainingPlan
from automl.training.population.engine import PopulationEngine

ENGINES: Mapping[str, Callable[[TrainingPlan, tuple[Fold, ...]], Engine]] = {
    "population": PopulationEngine,
    "sequential": SequentialEngine,
}


def make_engine(plan: TrainingPlan, folds: tuple[Fold, ...]) -> Engine:
    """The engine that the study file names; of itself, populations for perceptrons, and Keras for a user's networks."""
    fix_arithmetic()
    name = plan.training.engine
    if name == "auto":
        name = "population" if isinstance(plan.builder, FamilyBuilder) else "sequential"
    return ENGINES[name](plan, folds)
