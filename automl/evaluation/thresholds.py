"""From which probability on the second of two classes is the label, where the objective counts labels."""

import numpy

from automl.evaluation.metrics import METRICS, score
from automl.trial import Direction

EVEN = 0.5
_NUM_TRIED = 200


def tuned_threshold(
    metric: str, target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray
) -> float:
    """The threshold with the best score on out-of-fold predictions; of equal ones the nearest to one half.

    Args:
        metric: Name in `METRICS`, one that looks at labels.
        target: Codes 0 and 1, of shape (row,).
        prediction: Of shape (row, 2).
        weights: Of shape (row,).
    """
    levels = numpy.unique(numpy.quantile(prediction[:, 1], numpy.linspace(0.0, 1.0, _NUM_TRIED + 1)))
    candidates = [EVEN, *((levels[1:] + levels[:-1]) / 2.0).tolist()]
    sign = 1.0 if METRICS[metric].direction is Direction.MINIMIZE else -1.0

    def badness(threshold: float) -> tuple[float, float]:
        moved = at_threshold(prediction, threshold)
        return sign * METRICS[metric].function(target, moved, weights), abs(threshold - EVEN)

    return float(min(candidates, key=badness))


def at_threshold(prediction: numpy.ndarray, threshold: float) -> numpy.ndarray:
    """Predictions of two classes whose most probable class is the label under a threshold."""
    second = (prediction[:, 1] >= threshold).astype(float)
    return numpy.stack([1.0 - second, second], axis=1)


def score_at(
    metrics: tuple[str, ...],
    target: numpy.ndarray,
    prediction: numpy.ndarray,
    weights: numpy.ndarray,
    threshold: float,
) -> dict[str, float]:
    """Scores by metric, those that look at labels under a threshold."""
    if threshold == EVEN:
        return score(metrics, target, prediction, weights)
    moved = at_threshold(prediction, threshold)
    return {
        name: METRICS[name].function(target, moved if METRICS[name].by_label else prediction, weights)
        for name in metrics
    }
