"""The closed table of metrics, each with its direction and the tasks it is for.

Written in NumPy: a population ends hundreds of networks a second, and scikit-learn takes 3 ms to check and score one
(tests compare the two).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy

from automl.trial import Direction, Objective, Task

CLASSES = frozenset({Task.BINARY, Task.MULTICLASS})
NUMBERS = frozenset({Task.REGRESSION})


@dataclass(frozen=True, slots=True)
class Metric:
    """A score of predictions.

    Attributes:
        direction: Whether smaller or larger is better; never guessed from a name.
        tasks: Tasks it is defined for.
        function: `(target, prediction) -> float`. Target has shape (row,): class codes, or values. Prediction is
            (row, class) probabilities, or (row,) values in the target's units.
    """

    direction: Direction
    tasks: frozenset[Task]
    function: Callable[[numpy.ndarray, numpy.ndarray], float]


def _log_loss(target: numpy.ndarray, prediction: numpy.ndarray) -> float:
    """As scikit-learn's, which keeps probabilities 2⁻⁵² away from 0 and 1."""
    likelihood = prediction[numpy.arange(len(target)), target] / prediction.sum(axis=1)
    epsilon = numpy.finfo(numpy.float64).eps
    return float(-numpy.log(numpy.clip(likelihood, epsilon, 1.0 - epsilon)).mean())


def _accuracy(target: numpy.ndarray, prediction: numpy.ndarray) -> float:
    return float((prediction.argmax(axis=1) == target).mean())


def _balanced_accuracy(target: numpy.ndarray, prediction: numpy.ndarray) -> float:
    """Mean recall over the classes that the rows have."""
    counts = numpy.bincount(target)
    hits = numpy.bincount(target[prediction.argmax(axis=1) == target], minlength=len(counts))
    present = counts > 0
    return float((hits[present] / counts[present]).mean())


def _rmse(target: numpy.ndarray, prediction: numpy.ndarray) -> float:
    return float(numpy.sqrt(numpy.square(target - prediction).mean()))


def _mae(target: numpy.ndarray, prediction: numpy.ndarray) -> float:
    return float(numpy.abs(target - prediction).mean())


def _r2(target: numpy.ndarray, prediction: numpy.ndarray) -> float:
    """Coefficient of determination; of a constant target 1 when it is met and 0 when not, as scikit-learn says."""
    spread = float(numpy.square(target - target.mean()).sum())
    rest = float(numpy.square(target - prediction).sum())
    return 1.0 - rest / spread if spread > 0 else float(rest == 0)


METRICS: Mapping[str, Metric] = {
    "log_loss": Metric(Direction.MINIMIZE, CLASSES, _log_loss),
    "accuracy": Metric(Direction.MAXIMIZE, CLASSES, _accuracy),
    "balanced_accuracy": Metric(Direction.MAXIMIZE, CLASSES, _balanced_accuracy),
    "rmse": Metric(Direction.MINIMIZE, NUMBERS, _rmse),
    "mae": Metric(Direction.MINIMIZE, NUMBERS, _mae),
    "r2": Metric(Direction.MAXIMIZE, NUMBERS, _r2),
}


def metrics_for(task: Task) -> tuple[str, ...]:
    """Names of the metrics of a task, its default objective first."""
    return tuple(name for name, metric in METRICS.items() if task in metric.tasks)


def make_objective(metric: str) -> Objective:
    """A metric with its own direction."""
    return Objective(metric, METRICS[metric].direction)


def score(names: tuple[str, ...], target: numpy.ndarray, prediction: numpy.ndarray) -> dict[str, float]:
    """Scores of one set of predictions, by metric."""
    return {name: float(METRICS[name].function(target, prediction)) for name in names}
