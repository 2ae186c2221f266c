"""Scores of labels: what the most probable class of each row says, by the table of true and predicted classes."""

import numpy


def balanced_accuracy(target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
    """Mean recall over the classes that the rows have."""
    table = _confusion(target, prediction, weights)
    counts = table.sum(axis=1)
    present = counts > 0
    return float((table.diagonal()[present] / counts[present]).mean())


def f1(average: str, target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
    """Mean F1 over the classes among labels or predictions; "weighted" by the rows of each class."""
    table = _confusion(target, prediction, weights)
    counts, claimed = table.sum(axis=1), table.sum(axis=0)
    present = counts + claimed > 0
    scores = 2.0 * table.diagonal()[present] / (counts + claimed)[present]
    return float(numpy.average(scores, weights=counts[present] if average == "weighted" else None))


def f_beta(beta: float, target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
    """Of two classes the F-beta of the positive one; of more, the mean over the classes among labels or predictions.

    A weighted harmonic mean in which recall counts `beta` times as much as precision (van Rijsbergen 1979). With 0 it
    is the precision, with infinity the recall; 0 where there is no row to divide by.
    """
    table = _confusion(target, prediction, weights)
    counts, claimed, hits = table.sum(axis=1), table.sum(axis=0), table.diagonal()
    present = counts + claimed > 0 if len(table) > 2 else numpy.array([False, True])
    share = beta**2 / (1.0 + beta**2) if numpy.isfinite(beta) else 1.0
    base = (share * counts + (1.0 - share) * claimed)[present]
    return float(numpy.divide(hits[present], base, out=numpy.zeros(len(base)), where=base > 0).mean())


def mcc(target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> float:
    """Matthews correlation for any number of classes (Gorodkin 2004); 0 where labels or predictions are of one."""
    table = _confusion(target, prediction, weights)
    total, counts, claimed = table.sum(), table.sum(axis=1), table.sum(axis=0)
    covariance = total * table.trace() - counts @ claimed
    spread = (total**2 - counts @ counts) * (total**2 - claimed @ claimed)
    # of one class the spread is 0, and only rounding makes it anything else
    several = min(numpy.count_nonzero(counts), numpy.count_nonzero(claimed)) > 1
    return float(covariance / numpy.sqrt(spread)) if several and spread > 0 else 0.0


def _confusion(target: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray) -> numpy.ndarray:
    return confusion(target, prediction.argmax(axis=1), prediction.shape[1], weights)


def confusion(
    target: numpy.ndarray, labels: numpy.ndarray, num_classes: int, weights: numpy.ndarray | None = None
) -> numpy.ndarray:
    """Rows, or their weights, by true class and by label, of shape (class, class)."""
    flat = numpy.bincount(target * num_classes + labels, weights, num_classes**2)
    return flat.reshape(num_classes, num_classes)
