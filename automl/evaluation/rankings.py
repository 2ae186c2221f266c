"""Scores of the order in which probabilities put the rows, from true and false positives above each threshold."""

from collections.abc import Callable

import numpy

Ranks = Callable[[numpy.ndarray, numpy.ndarray], numpy.ndarray]
"""`(true, false) -> scores`: weights above each threshold, highest first, of shape (…, threshold)."""


def one_against_rest(
    ranks: Ranks,
    target: numpy.ndarray,
    prediction: numpy.ndarray,
    weights: numpy.ndarray,
) -> float:
    """A function of true and false positives; of more than two classes, its mean over those that the rows have."""
    codes = positive_codes(target[weights > 0], prediction.shape[1])
    down = (counts_down(target == code, prediction[:, code], weights) for code in codes)
    return float(numpy.mean([ranks(*counts) for counts in down]))


def positive_codes(target: numpy.ndarray, num_classes: int) -> list[int]:
    """Classes that take their turn as the positive one: of two the second, of more all that the rows have."""
    return [1] if num_classes == 2 else numpy.unique(target).tolist()


def area(true: numpy.ndarray, false: numpy.ndarray) -> numpy.ndarray:
    """Area under the ROC curve: of two rows of different classes, how often they stand in the right order.

    0.5 where one class is all.
    """
    steps, heights = false[..., 1:] - false[..., :-1], true[..., 1:] + true[..., :-1]
    total = (numpy.einsum("...i,...i->...", steps, heights) + false[..., 0] * true[..., 0]) / 2.0
    pairs = true[..., -1] * false[..., -1]
    defined = pairs > 0.0
    return numpy.where(defined, total / numpy.where(defined, pairs, 1.0), 0.5)


def precision_sum(true: numpy.ndarray, false: numpy.ndarray) -> numpy.ndarray:
    """Average precision, Σ (recall step × precision). 0 without a positive row."""
    claimed = true + false
    precision = numpy.divide(true, claimed, out=numpy.zeros_like(true), where=claimed > 0)
    steps = true[..., 1:] - true[..., :-1]
    total = numpy.einsum("...i,...i->...", steps, precision[..., 1:]) + true[..., 0] * precision[..., 0]
    positives = true[..., -1]
    return numpy.where(positives > 0.0, total / numpy.where(positives > 0.0, positives, 1.0), 0.0)


def counts_down(
    positive: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Weights of true and of false positives above each threshold that a prediction gives, highest first."""
    order = numpy.argsort(-prediction, kind="stable")
    last = numpy.flatnonzero(numpy.diff(prediction[order], append=-numpy.inf))
    true = numpy.cumsum(weights[order] * positive[order])[last]
    return true, numpy.cumsum(weights[order] * ~positive[order])[last]
