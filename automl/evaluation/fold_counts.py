"""How much each fold counts in a mean over folds."""

import numpy

from automl.evaluation.labels import confusion_of
from automl.evaluation.metrics import METRICS, MetricTable


def fold_counts(
    names: tuple[str, ...],
    target: numpy.ndarray,
    prediction: numpy.ndarray,
    weights: numpy.ndarray,
    metric_table: MetricTable = METRICS,
) -> dict[str, float]:
    """How much a fold counts in the mean over folds, by metric; nothing of metrics for which all folds count alike.

    Folds count by the mean weight of their rows, and nothing where the metric is undefined on them. A ratio of counts,
    such as F1 of the positive of two classes, counts by what it divides by: the mean is then the ratio of the counts of
    all folds.

    Args:
        names: Metrics.
        target: Of the fold's validation rows, (row,).
        prediction: For them, (row, class) or (row,).
        weights: Of them, (row,).
        metric_table: Metrics by name.
    """
    weight = float(weights.mean())
    counts = {} if weight == 1.0 else dict.fromkeys(names, weight)
    for name in names:
        base = metric_table[name].base
        if not metric_table[name].is_defined(target, weights):
            counts[name] = 0.0
        if base is not None and prediction.shape[1] == 2:
            counts[name] = float(base(confusion_of(target, prediction, weights)))
    return counts
