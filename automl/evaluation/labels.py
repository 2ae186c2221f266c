"""Scores of labels: what the most probable class of each row says, by tables of true and predicted classes.

A table has shape (…, class, class): the weight of the rows by true class and by label. A score has the shape that is
left. Many tables at once are what resampling needs.
"""

import numpy

Array = numpy.ndarray


def balanced_accuracy(confusions: Array) -> Array:
    """Mean recall over the classes that the rows have."""
    hits, counts, _ = _margins(confusions)
    return _mean_where(_ratio(hits, counts), counts > 0)


def f1_macro(confusions: Array) -> Array:
    """Mean F1 over the classes among labels or predictions."""
    hits, counts, claimed = _margins(confusions)
    return _mean_where(_ratio(2.0 * hits, counts + claimed), counts + claimed > 0)


def f1_weighted(confusions: Array) -> Array:
    """Mean F1 over the classes, each weighted by its rows."""
    hits, counts, claimed = _margins(confusions)
    scores = _ratio(2.0 * hits, counts + claimed)
    return _ratio((scores * counts).sum(axis=-1), counts.sum(axis=-1))


def f_beta(beta: float, confusions: Array) -> Array:
    """Of two classes the F-beta of the positive one; of more, the mean over the classes among labels or predictions.

    A weighted harmonic mean in which recall counts `beta` times as much as precision (van Rijsbergen 1979). With 0 it
    is the precision, with infinity the recall; 0 where there is no row to divide by.
    """
    hits, counts, claimed = _margins(confusions)
    if confusions.shape[-1] == 2:
        return _ratio(hits[..., 1], f_beta_base(beta, confusions))
    share = _share_of_recall(beta)
    scores = _ratio(hits, share * counts + (1.0 - share) * claimed)
    return _mean_where(scores, counts + claimed > 0)


def f_beta_base(beta: float, confusions: Array) -> Array:
    """What the hits of the positive of two classes are divided by for its F-beta.

    Weighted by it, the mean over folds is the F-beta of the folds' counts taken together, the least biased way to
    average it. Source: Forman, Scholz, "Apples-to-apples in cross-validation studies" (2010).
    """
    _, counts, claimed = _margins(confusions)
    share = _share_of_recall(beta)
    return share * counts[..., 1] + (1.0 - share) * claimed[..., 1]


def mcc(confusions: Array) -> Array:
    """Matthews correlation for any number of classes (Gorodkin 2004); 0 where labels or predictions are of one."""
    hits, counts, claimed = _margins(confusions)
    total = counts.sum(axis=-1)
    covariance = total * hits.sum(axis=-1) - (counts * claimed).sum(axis=-1)
    spread = (total**2 - (counts**2).sum(axis=-1)) * (total**2 - (claimed**2).sum(axis=-1))
    # of one class the spread is 0, and only rounding makes it anything else
    fewest = numpy.minimum(numpy.count_nonzero(counts, axis=-1), numpy.count_nonzero(claimed, axis=-1))
    defined = (fewest > 1) & (spread > 0)
    return numpy.where(defined, covariance / numpy.sqrt(numpy.where(defined, spread, 1.0)), 0.0)


def confusion(target: Array, labels: Array, num_classes: int, weights: Array | None = None) -> Array:
    """Rows, or their weights, by true class and by label, of shape (class, class)."""
    flat = numpy.bincount(target * num_classes + labels, weights, num_classes**2)
    return flat.reshape(num_classes, num_classes)


def confusion_of(target: Array, prediction: Array, weights: Array) -> Array:
    """The table of the most probable classes.

    Args:
        target: Codes of shape (row,).
        prediction: Of shape (row, class).
        weights: Of shape (row,).
    """
    return confusion(target, prediction.argmax(axis=1), prediction.shape[1], weights)


def _margins(confusions: Array) -> tuple[Array, Array, Array]:
    """Hits, rows and labels of each class, (…, class)."""
    hits = numpy.diagonal(confusions, axis1=-2, axis2=-1)
    return hits, confusions.sum(axis=-1), confusions.sum(axis=-2)


def _share_of_recall(beta: float) -> float:
    return beta**2 / (1.0 + beta**2) if numpy.isfinite(beta) else 1.0


def _ratio(part: Array, whole: Array) -> Array:
    """Part / whole; 0 where the whole is 0."""
    return numpy.divide(part, whole, out=numpy.zeros(numpy.shape(whole)), where=numpy.asarray(whole) > 0)


def _mean_where(values: Array, present: Array) -> Array:
    """Mean over the last axis of those that are present."""
    return _ratio(numpy.where(present, values, 0.0).sum(axis=-1), present.sum(axis=-1).astype(float))
