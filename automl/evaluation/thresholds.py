"""From which probability on the positive class is the label, where the objective counts labels."""

from collections.abc import Sequence

import numpy

from automl.evaluation.metrics import METRICS, MetricTable, score
from automl.trial import Direction, Scalar

EVEN = 0.5
_NUM_TRIED = 200


def tuned_threshold(
    metric: str,
    target: numpy.ndarray,
    prediction: numpy.ndarray,
    weights: numpy.ndarray,
    known: MetricTable = METRICS,
) -> float:
    """The threshold with the best score on out-of-fold predictions; of equal ones the nearest to one half.

    Args:
        metric: Name in `known`, one that looks at labels.
        target: Codes 0 and 1, of shape (row,).
        prediction: Of shape (row, 2).
        weights: Of shape (row,).
        known: Metrics by name.
    """
    levels = numpy.unique(numpy.quantile(prediction[:, 1], numpy.linspace(0.0, 1.0, _NUM_TRIED + 1)))
    candidates = [EVEN, *((levels[1:] + levels[:-1]) / 2.0).tolist()]
    sign = 1.0 if known[metric].direction is Direction.MINIMIZE else -1.0

    def badness(threshold: float) -> tuple[float, float]:
        moved = at_threshold(prediction, threshold)
        return sign * known[metric].function(target, moved, weights), abs(threshold - EVEN)

    return float(min(candidates, key=badness))


def at_threshold(prediction: numpy.ndarray, threshold: float) -> numpy.ndarray:
    """Predictions of two classes whose most probable class is the label under a threshold."""
    second = (prediction[:, 1] >= threshold).astype(float)
    return numpy.stack([1.0 - second, second], axis=1)


def never_predicted(
    prediction: numpy.ndarray, threshold: float, classes: Sequence[Scalar]
) -> tuple[str, ...]:
    """Classes that are the label of no row.

    Args:
        prediction: Of shape (row, class), or of any shape where there are no classes.
        threshold: From which probability on the positive of two classes is the label.
        classes: In the order of their codes.

    >>> never_predicted(numpy.array([[0.9, 0.1], [0.6, 0.4]]), 0.5, ("no", "yes"))
    ('yes',)
    """
    if not classes:
        return ()
    labels = (at_threshold(prediction, threshold) if len(classes) == 2 else prediction).argmax(axis=1)
    return tuple(str(name) for code, name in enumerate(classes) if not (labels == code).any())


def score_at(
    metrics: tuple[str, ...],
    target: numpy.ndarray,
    prediction: numpy.ndarray,
    weights: numpy.ndarray,
    threshold: float,
    known: MetricTable = METRICS,
) -> dict[str, float]:
    """Scores by metric, those that look at labels under a threshold."""
    if threshold == EVEN:
        return score(metrics, target, prediction, weights, known)
    moved = at_threshold(prediction, threshold)
    return {
        name: known[name].function(target, moved if known[name].by_label else prediction, weights)
        for name in metrics
    }
