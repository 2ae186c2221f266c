"""From which probability on the positive class is the label, where the objective counts labels."""

from collections.abc import Sequence

import numpy

from automl.evaluation.fold_scores import ThresholdScores
from automl.evaluation.metrics import METRICS, Metric, MetricTable, score
from automl.evaluation.resampling import ScoredRows
from automl.trial import Direction, Scalar

EVEN = 0.5
_NUM_TRIED = 200


def tuned_threshold(metric: Metric, rows: ScoredRows, prediction: numpy.ndarray) -> float:
    """The threshold with the best mean score over the folds; of equal ones the nearest to one half.

    Args:
        metric: One of tables of labels.
        rows: The rows, with the folds that scored them.
        prediction: Out of fold, of shape (repeat, row, 2).
    """
    thresholds = candidates(prediction)
    scores = ThresholdScores(metric, rows, prediction, thresholds)
    [best] = best_places(metric, scores.means(numpy.ones((1, len(rows.target)))), thresholds)
    return float(thresholds[best])


def candidates(prediction: numpy.ndarray) -> numpy.ndarray:
    """Thresholds to try, ascending: one half, and between quantiles of the predictions, (threshold,)."""
    levels = numpy.unique(numpy.quantile(prediction[..., 1], numpy.linspace(0.0, 1.0, _NUM_TRIED + 1)))
    return numpy.unique([EVEN, *((levels[1:] + levels[:-1]) / 2.0).tolist()])


def best_places(metric: Metric, scores: numpy.ndarray, thresholds: numpy.ndarray) -> numpy.ndarray:
    """Place of the best threshold in each row of scores, (resample,); of equal ones that nearest to one half."""
    nearest = numpy.argsort(numpy.abs(thresholds - EVEN), kind="stable")
    sign = 1.0 if metric.direction is Direction.MINIMIZE else -1.0
    losses = numpy.nan_to_num(sign * scores[:, nearest], nan=numpy.inf)
    return numpy.asarray(nearest[losses.argmin(axis=1)])


def at_threshold(prediction: numpy.ndarray, threshold: float) -> numpy.ndarray:
    """Predictions of two classes, (…, row, 2), whose most probable class is the label under a threshold."""
    second = (prediction[..., 1] >= threshold).astype(float)
    return numpy.stack([1.0 - second, second], axis=-1)


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
