"""The closed table of metrics, each with its direction and the tasks it is for."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy
import sklearn.metrics

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
    return float(sklearn.metrics.log_loss(target, prediction, labels=numpy.arange(prediction.shape[1])))


def _accuracy(target: numpy.ndarray, prediction: numpy.ndarray) -> float:
    return float(sklearn.metrics.accuracy_score(target, prediction.argmax(axis=1)))


def _balanced_accuracy(target: numpy.ndarray, prediction: numpy.ndarray) -> float:
    """Mean recall over the classes that the rows have."""
    present = numpy.unique(target)
    return float(
        sklearn.metrics.recall_score(target, prediction.argmax(axis=1), labels=present, average="macro")
    )


METRICS: Mapping[str, Metric] = {
    "log_loss": Metric(Direction.MINIMIZE, CLASSES, _log_loss),
    "accuracy": Metric(Direction.MAXIMIZE, CLASSES, _accuracy),
    "balanced_accuracy": Metric(Direction.MAXIMIZE, CLASSES, _balanced_accuracy),
    "rmse": Metric(Direction.MINIMIZE, NUMBERS, sklearn.metrics.root_mean_squared_error),
    "mae": Metric(Direction.MINIMIZE, NUMBERS, sklearn.metrics.mean_absolute_error),
    "r2": Metric(Direction.MAXIMIZE, NUMBERS, sklearn.metrics.r2_score),
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
