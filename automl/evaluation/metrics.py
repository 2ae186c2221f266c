"""The closed table of metrics, each with its direction and the tasks it is for.

Written in NumPy: a population ends hundreds of networks a second, and scikit-learn takes 3 ms to check and score one
(tests compare the two). Where rows leave a metric undefined, it has the value of knowing nothing, as said beside it.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy

from automl.evaluation.labels import balanced_accuracy, f1, f_beta, mcc
from automl.trial import Direction, Objective, Task

CLASSES = frozenset({Task.BINARY, Task.MULTICLASS})
MANY = frozenset({Task.MULTICLASS})
NUMBERS = frozenset({Task.REGRESSION})

QUANTILES: Mapping[str, float] = {"pinball_10": 0.1, "pinball_90": 0.9}
"""Metrics of a quantile and its level: what is below it with this probability. Networks learn it by the same loss."""

Function = Callable[[numpy.ndarray, numpy.ndarray, numpy.ndarray], float]


@dataclass(frozen=True, slots=True)
class Metric:
    """A score of predictions.

    Attributes:
        direction: Whether smaller or larger is better; never guessed from a name.
        tasks: Tasks it is defined for.
        function: `(target, prediction, weights) -> float`. Target has shape (row,): class codes, or values. Prediction
            is (row, class) probabilities, or (row,) values in the target's units. Weights are of shape (row,).
        by_label: Whether it looks at the most probable class only, so that a threshold matters.
        rows: `(target, prediction) -> values` of shape (row,), where the score is a function of their weighted mean.
        finish: That function.
        fewest_classes: Of a target that it says something of.
        level: Of the quantile that it is least for; None where it is no loss of a quantile.
    """

    direction: Direction
    tasks: frozenset[Task]
    function: Function
    by_label: bool = False
    rows: Callable[[numpy.ndarray, numpy.ndarray], numpy.ndarray] | None = None
    finish: Callable[[Any], Any] = numpy.asarray
    fewest_classes: int = 0
    level: float | None = None


MetricTable = Mapping[str, Metric]
"""Metrics by name: those below, and one of a study's own."""


def _log_loss(target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """As scikit-learn's, which keeps probabilities 2⁻⁵² away from 0 and 1."""
    likelihood = prediction[numpy.arange(len(target)), target] / prediction.sum(axis=1)
    epsilon = numpy.finfo(numpy.float64).eps
    return -numpy.log(numpy.clip(likelihood, epsilon, 1.0 - epsilon))


def _brier(target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """Squared distance to the label, summed over the classes; of two classes half of it, as it is usually given."""
    distance = prediction.copy()
    distance[numpy.arange(len(target)), target] -= 1.0
    return numpy.square(distance).sum(axis=1) / (2.0 if prediction.shape[1] == 2 else 1.0)


def _accuracy(target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    return prediction.argmax(axis=1) == target


def _top(most: int, target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """Whether the true class is among the most probable ones; of equal ones the first counts, as for accuracy."""
    own = prediction[numpy.arange(len(target)), target][:, None]
    before = numpy.arange(prediction.shape[1]) < target[:, None]
    return ((prediction > own) | ((prediction == own) & before)).sum(axis=1) < most


def _roc_auc(target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
    """Area under the ROC curve; of more classes the mean of each against the rest. 0.5 where one class is all."""
    return _one_against_rest(_area, target, prediction, weights)


def _average_precision(target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
    """Σ (recall step × precision); of more classes the mean of each against the rest. 0 without a positive row."""
    return _one_against_rest(_precision_sum, target, prediction, weights)


def _one_against_rest(
    function: Function, target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray
) -> float:
    """A metric of two classes; of more, its mean over the classes that the rows have."""
    codes = [1] if prediction.shape[1] == 2 else numpy.unique(target[weights > 0]).tolist()
    return float(numpy.mean([function(target == code, prediction[:, code], weights) for code in codes]))


def _area(positive: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
    true, false = counts_down(positive, prediction, weights)
    if min(true[-1], false[-1]) <= 0.0:
        return 0.5
    steps = numpy.diff(false, prepend=0.0)
    heights = true - numpy.diff(true, prepend=0.0) / 2.0
    return float((steps * heights).sum() / (true[-1] * false[-1]))


def _precision_sum(positive: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
    true, false = counts_down(positive, prediction, weights)
    if true[-1] <= 0.0:
        return 0.0
    claimed = true + false
    precision = numpy.divide(true, claimed, out=numpy.zeros_like(true), where=claimed > 0)
    return float((numpy.diff(true, prepend=0.0) * precision).sum() / true[-1])


def counts_down(
    positive: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Weights of true and of false positives above each threshold that a prediction gives, highest first."""
    order = numpy.argsort(-prediction, kind="stable")
    last = numpy.flatnonzero(numpy.diff(prediction[order], append=-numpy.inf))
    true = numpy.cumsum(weights[order] * positive[order])[last]
    return true, numpy.cumsum(weights[order] * ~positive[order])[last]


def _squared_error(target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    return numpy.square(target - prediction)


def _absolute_error(target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    return numpy.abs(target - prediction)


def _r2(target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
    """Coefficient of determination; of a constant target 1 when it is met and 0 when not, as scikit-learn says."""
    spread = float((weights * numpy.square(target - _mean(target, weights))).sum())
    rest = float((weights * numpy.square(target - prediction)).sum())
    # the mean of a constant is rounded, and its spread then not 0
    counted = target[weights > 0]
    varies = spread > 0 and bool((counted != counted[0]).any())
    return 1.0 - rest / spread if varies else float(rest == 0)


def _relative_error(target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """|error / target|, as a fraction; a target of 0 is taken for 2⁻⁵², as scikit-learn does."""
    return numpy.abs(target - prediction) / numpy.maximum(numpy.abs(target), numpy.finfo(numpy.float64).eps)


def _pinball(level: float, target: numpy.ndarray, prediction: numpy.ndarray) -> numpy.ndarray:
    """Loss of a quantile: what lies above costs `level`, what lies below `1 - level` (Koenker, Bassett 1978)."""
    error = target - prediction
    return numpy.maximum(level * error, (level - 1.0) * error)


def _mean_of(
    rows: Callable[[numpy.ndarray, numpy.ndarray], numpy.ndarray],
    finish: Callable[[Any], Any],
    target: numpy.ndarray,
    prediction: numpy.ndarray,
    weights: numpy.ndarray,
) -> float:
    return float(finish(_mean(rows(target, prediction), weights)))


def _by_row(
    direction: Direction,
    tasks: frozenset[Task],
    rows: Callable[[numpy.ndarray, numpy.ndarray], numpy.ndarray],
    finish: Callable[[Any], Any] = numpy.asarray,
    by_label: bool = False,
    fewest_classes: int = 0,
) -> Metric:
    """A metric that is a function of a weighted mean over the rows."""
    return Metric(direction, tasks, partial(_mean_of, rows, finish), by_label, rows, finish, fewest_classes)


def quantile_loss(level: float, values: numpy.ndarray, weights: numpy.ndarray) -> float:
    """Loss of the best constant: the least value below or at which the weights are `level` of all."""
    order = numpy.argsort(values, kind="stable")
    reached = numpy.cumsum(weights[order])
    best = values[order][min(int(numpy.searchsorted(reached, level * reached[-1])), len(values) - 1)]
    return _mean(_pinball(level, values, numpy.full(len(values), best)), weights)


def _mean(values: numpy.ndarray, weights: numpy.ndarray) -> float:
    return float((values * weights).sum() / weights.sum())


_DOWN, _UP = Direction.MINIMIZE, Direction.MAXIMIZE

METRICS: Mapping[str, Metric] = {
    "log_loss": _by_row(_DOWN, CLASSES, _log_loss),
    "accuracy": _by_row(_UP, CLASSES, _accuracy, by_label=True),
    "balanced_accuracy": Metric(_UP, CLASSES, balanced_accuracy, by_label=True),
    "f1_macro": Metric(_UP, CLASSES, partial(f1, "macro"), by_label=True),
    "f1_weighted": Metric(_UP, CLASSES, partial(f1, "weighted"), by_label=True),
    "precision": Metric(_UP, CLASSES, partial(f_beta, 0.0), by_label=True),
    "recall": Metric(_UP, CLASSES, partial(f_beta, math.inf), by_label=True),
    "f1": Metric(_UP, CLASSES, partial(f_beta, 1.0), by_label=True),
    "f2": Metric(_UP, CLASSES, partial(f_beta, 2.0), by_label=True),
    "f0.5": Metric(_UP, CLASSES, partial(f_beta, 0.5), by_label=True),
    "mcc": Metric(_UP, CLASSES, mcc, by_label=True),
    "roc_auc": Metric(_UP, CLASSES, _roc_auc),
    "average_precision": Metric(_UP, CLASSES, _average_precision),
    "brier": _by_row(_DOWN, CLASSES, _brier),
    "top_2_accuracy": _by_row(_UP, MANY, partial(_top, 2), fewest_classes=3),
    "top_3_accuracy": _by_row(_UP, MANY, partial(_top, 3), fewest_classes=4),
    "top_5_accuracy": _by_row(_UP, MANY, partial(_top, 5), fewest_classes=6),
    "rmse": _by_row(_DOWN, NUMBERS, _squared_error, numpy.sqrt),
    "mae": _by_row(_DOWN, NUMBERS, _absolute_error),
    "r2": Metric(_UP, NUMBERS, _r2),
    "mape": _by_row(_DOWN, NUMBERS, _relative_error),
} | {
    name: replace(_by_row(_DOWN, NUMBERS, partial(_pinball, level)), level=level)
    for name, level in QUANTILES.items()
}


_REPORTED: Mapping[Task, tuple[str, ...]] = {
    Task.BINARY: ("log_loss", "accuracy", "balanced_accuracy", "roc_auc"),
    Task.MULTICLASS: ("log_loss", "accuracy", "balanced_accuracy"),
    Task.REGRESSION: ("rmse", "mae", "r2"),
}


def metrics_for(task: Task, num_classes: int | None = None) -> tuple[str, ...]:
    """Names of the metrics of a task, its default objective first; those that say something of so many classes."""
    known = ((name, metric) for name, metric in METRICS.items() if task in metric.tasks)
    return tuple(
        name for name, metric in known if num_classes is None or num_classes >= metric.fewest_classes
    )


def reported_metrics(task: Task) -> tuple[str, ...]:
    """Names of the metrics that every trial of a task is scored by, beside its objective's."""
    return _REPORTED[task]


def make_objective(metric: str) -> Objective:
    """A metric with its own direction."""
    return Objective(metric, METRICS[metric].direction)


def score(
    names: tuple[str, ...],
    target: numpy.ndarray,
    prediction: numpy.ndarray,
    weights: numpy.ndarray | None = None,
    table: MetricTable = METRICS,
) -> dict[str, float]:
    """Scores of one set of predictions, by metric; all rows weigh the same when no weights are given."""
    weights = numpy.ones(len(target)) if weights is None else weights
    return {name: float(table[name].function(target, prediction, weights)) for name in names}
