"""The closed table of metrics, each with its direction and the tasks it is for.

Written in NumPy: a population ends hundreds of networks a second, and scikit-learn takes 3 ms to check and score one
(tests compare the two). Where rows leave a metric undefined, it has the value of knowing nothing, as said beside it.
"""

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, final

import numpy

from automl.evaluation.labels import (
    balanced_accuracy,
    confusion_of,
    f1_macro,
    f1_weighted,
    f_beta,
    f_beta_base,
    mcc,
)
from automl.evaluation.rankings import Ranks, area, one_against_rest, precision_sum
from automl.evaluation.row_scores import (
    absolute_error,
    accuracy,
    brier,
    log_loss,
    pinball,
    relative_error,
    squared_error,
    top,
)
from automl.trial import Direction, Objective, Task

CLASSES = frozenset({Task.BINARY, Task.MULTICLASS})
MANY = frozenset({Task.MULTICLASS})
NUMBERS = frozenset({Task.REGRESSION})

QUANTILES: Mapping[str, float] = {"pinball_10": 0.1, "pinball_90": 0.9}
"""Metrics of a quantile and its level: what is below it with this probability. Networks learn it by the same loss."""

Function = Callable[[numpy.ndarray, numpy.ndarray, numpy.ndarray], float]
"""`(target, prediction, weights) -> float`."""


@dataclass(frozen=True, slots=True)
class Metric:
    """A score of predictions.

    Attributes:
        direction: Whether smaller or larger is better; never guessed from a name.
        tasks: Tasks it is defined for.
        function: `(target, prediction, weights) -> float`. Target has shape (row,): class codes, or values. Prediction
            is (row, class) probabilities, or (row,) values in the target's units. Weights are of shape (row,).
        by_label: Whether it looks at the most probable class only, so that a threshold matters.
        tuned: Whether the threshold is tuned for it. Accuracy gains nothing by that, and precision or recall alone
            would end at a label for one row, or for all.
        rows: `(target, prediction) -> values` of shape (row,), where the score is a function of their weighted mean.
        finish: That function.
        relative: Whether the score is 1 minus that mean over the variance of the target.
        tables: `(tables) -> scores`, where it is a function of a table of true and predicted classes.
        base: `(tables) -> values`, where of two classes the score is a ratio: what it divides by.
        ranks: `(true, false) -> scores` from the weights of true and false positives above each threshold, where it
            is the mean over the classes of such a function.
        varied: Whether it is undefined on rows of one class.
        fewest_classes: Of a target that it says something of.
        fault: `(target, prediction, weights) -> text`, what is wrong with a metric that gives no number; empty where
            nothing is but the predictions.
        level: Of the quantile that it is least for; None where it is no loss of a quantile.
    """

    direction: Direction
    tasks: frozenset[Task]
    function: Function
    by_label: bool = False
    tuned: bool = False
    rows: Callable[[numpy.ndarray, numpy.ndarray], numpy.ndarray] | None = None
    finish: Callable[[Any], Any] = numpy.asarray
    relative: bool = False
    tables: Callable[[numpy.ndarray], numpy.ndarray] | None = None
    base: Callable[[numpy.ndarray], numpy.ndarray] | None = None
    ranks: Ranks | None = None
    varied: bool = False
    fewest_classes: int = 0
    fault: Callable[[numpy.ndarray, numpy.ndarray, numpy.ndarray], str] | None = None
    level: float | None = None

    def is_defined(self, target: numpy.ndarray, weights: numpy.ndarray) -> bool:
        """Whether it says anything of rows with these targets: neither a ranking of one class nor R² of a constant."""
        counted = target[weights > 0.0]
        if not self.varied and not self.relative:
            return len(counted) > 0
        return len(counted) > 0 and bool((counted != counted[0]).any())

    @property
    def is_share(self) -> bool:
        """Whether it is a share of right rows."""
        return self.rows is not None and not self.relative and self.direction is Direction.MAXIMIZE

    @property
    def perfect(self) -> float:
        """The score of a prediction that is right: of losses 0, of all others here 1."""
        return 0.0 if self.direction is Direction.MINIMIZE else 1.0


MetricTable = Mapping[str, Metric]
"""Metrics by name: those below, and one of a study's own."""


def _r2(target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
    """Coefficient of determination; of a constant target 1 when it is met and 0 when not, as scikit-learn says."""
    spread = float((weights * numpy.square(target - _mean(target, weights))).sum())
    rest = float((weights * numpy.square(target - prediction)).sum())
    # the mean of a constant is rounded, and its spread then not 0
    counted = target[weights > 0]
    varies = spread > 0 and bool((counted != counted[0]).any())
    return 1.0 - rest / spread if varies else float(rest == 0)


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
    function = partial(_mean_of, rows, finish)
    return Metric(
        direction, tasks, function, by_label, rows=rows, finish=finish, fewest_classes=fewest_classes
    )


def _by_table(
    tables: Callable[[numpy.ndarray], numpy.ndarray],
    base: Callable[[numpy.ndarray], numpy.ndarray] | None = None,
    tuned: bool = True,
) -> Metric:
    """A metric of labels, a function of a table of true and predicted classes."""

    def function(target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
        return float(tables(confusion_of(target, prediction, weights)))

    return Metric(Direction.MAXIMIZE, CLASSES, function, by_label=True, tuned=tuned, tables=tables, base=base)


def _f_beta(beta: float, tuned: bool = True) -> Metric:
    return _by_table(partial(f_beta, beta), partial(f_beta_base, beta), tuned)


def _by_rank(ranks: Ranks) -> Metric:
    """A metric of the order in which probabilities put the rows."""
    return Metric(Direction.MAXIMIZE, CLASSES, partial(one_against_rest, ranks), ranks=ranks, varied=True)


def quantile_loss(level: float, values: numpy.ndarray, weights: numpy.ndarray) -> float:
    """Loss of the best constant: the least value below or at which the weights are `level` of all."""
    order = numpy.argsort(values, kind="stable")
    reached = numpy.cumsum(weights[order])
    best = values[order][min(int(numpy.searchsorted(reached, level * reached[-1])), len(values) - 1)]
    return _mean(pinball(level, values, numpy.full(len(values), best)), weights)


def _mean(values: numpy.ndarray, weights: numpy.ndarray) -> float:
    return float((values * weights).sum() / weights.sum())


_DOWN, _UP = Direction.MINIMIZE, Direction.MAXIMIZE

_LISTED: Mapping[str, Metric] = {
    "log_loss": _by_row(_DOWN, CLASSES, log_loss),
    "accuracy": _by_row(_UP, CLASSES, accuracy, by_label=True),
    "balanced_accuracy": _by_table(balanced_accuracy),
    "f1_macro": _by_table(f1_macro),
    "f1_weighted": _by_table(f1_weighted),
    "precision": _f_beta(0.0, tuned=False),
    "recall": _f_beta(math.inf, tuned=False),
    "f1": _f_beta(1.0),
    "f2": _f_beta(2.0),
    "f0.5": _f_beta(0.5),
    "mcc": _by_table(mcc),
    "roc_auc": _by_rank(area),
    "average_precision": _by_rank(precision_sum),
    "brier": _by_row(_DOWN, CLASSES, brier),
    "top_2_accuracy": _by_row(_UP, MANY, partial(top, 2), fewest_classes=3),
    "top_3_accuracy": _by_row(_UP, MANY, partial(top, 3), fewest_classes=4),
    "top_5_accuracy": _by_row(_UP, MANY, partial(top, 5), fewest_classes=6),
    "rmse": _by_row(_DOWN, NUMBERS, squared_error, numpy.sqrt),
    "mae": _by_row(_DOWN, NUMBERS, absolute_error),
    "r2": Metric(_UP, NUMBERS, _r2, rows=squared_error, relative=True),
    "mape": _by_row(_DOWN, NUMBERS, relative_error),
} | {
    name: replace(_by_row(_DOWN, NUMBERS, partial(pinball, level)), level=level)
    for name, level in QUANTILES.items()
}

_BETA, _PLACES = re.compile(r"f([0-9]+(?:\.[0-9]+)?)"), re.compile("top_([1-9][0-9]*)_accuracy")


@lru_cache(maxsize=256)
def _of_family(name: str) -> Metric | None:
    """F-beta of any positive beta and top-k accuracy of two places or more, each by one name only."""
    if (match := _BETA.fullmatch(name)) and (beta := float(match[1])) > 0.0 and name == f"f{beta:g}":
        return _f_beta(beta)
    if (match := _PLACES.fullmatch(name)) and (places := int(match[1])) > 1:
        return _by_row(_UP, MANY, partial(top, places), fewest_classes=places + 1)
    return None


@final
class _Metrics(Mapping[str, Metric]):
    """Those that are listed, and others of their families when they are asked for: `f1.5`, `top_4_accuracy`."""

    def __getitem__(self, name: str) -> Metric:
        metric = _LISTED.get(name) or _of_family(name)
        if metric is None:
            raise KeyError(name)
        return metric

    def __iter__(self) -> Iterator[str]:
        return iter(_LISTED)

    def __len__(self) -> int:
        return len(_LISTED)


METRICS: MetricTable = _Metrics()


_REPORTED: Mapping[Task, tuple[str, ...]] = {
    Task.BINARY: ("log_loss", "accuracy", "balanced_accuracy", "roc_auc"),
    Task.MULTICLASS: ("log_loss", "accuracy", "balanced_accuracy"),
    Task.REGRESSION: ("rmse", "mae", "r2"),
}


def metrics_for(task: Task, num_classes: int | None = None) -> tuple[str, ...]:
    """Names of the metrics of a task, its default objective first; those that say something of so many classes."""
    return tuple(name for name in METRICS if fits(name, task, num_classes))


def fits(name: str, task: Task, num_classes: int | None = None) -> bool:
    """Whether there is such a metric, and it says something of a task with so many classes."""
    metric = METRICS.get(name)
    if metric is None or task not in metric.tasks:
        return False
    return num_classes is None or num_classes >= metric.fewest_classes


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
    metric_table: MetricTable = METRICS,
) -> dict[str, float]:
    """Scores of one set of predictions, by metric; all rows weigh the same when no weights are given."""
    weights = numpy.ones(len(target)) if weights is None else weights
    return {name: float(metric_table[name].function(target, prediction, weights)) for name in names}
