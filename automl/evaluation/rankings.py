"""Scores of the order in which probabilities put the rows, under one weight a row or under many at once.

Only the scores that positive rows have divide the others: between two of them no true positive comes, so a curve is
flat there, and the negative rows between them count together. That makes a resample cheap.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy
from scipy import sparse

Array = numpy.ndarray


@dataclass(frozen=True, slots=True)
class Levels:
    """Rows divided by the scores that positive rows have, the highest first; the last level is below all of them.

    Attributes:
        num: How many.
        of_row: The level whose score each row has, or that it lies above, (row,).
        positive: Whether a row is positive, (row,).
        tied: Whether a row is negative and has the score of its level, (row,).
    """

    num: int
    of_row: Array
    positive: Array
    tied: Array

    @classmethod
    def of(cls, positive: Array, scores: Array) -> "Levels":
        """Those of some rows, by whether they are positive and by their scores."""
        steps = numpy.unique(-scores[positive])
        of_row = numpy.searchsorted(steps, -scores)
        has_score = numpy.append(steps, numpy.nan)[of_row] == -scores
        return cls(len(steps) + 1, of_row, positive, has_score & ~positive)

    def sums(self, rows: Array, weights: Array) -> Array:
        """Weight of some of the rows at each level, of shape (level, …).

        Args:
            rows: Whether each row counts, (row,).
            weights: Of shape (row,), or (row, resample).
        """
        levels = self.of_row[rows]
        if weights.ndim == 1:
            return numpy.bincount(levels, weights[rows], self.num).astype(
                float
            )  # of no row they are whole numbers
        # A column for each row, with a 1 at its level if it counts: row after row is added to its level.
        ends = numpy.concatenate([[0], numpy.cumsum(rows)])
        at_levels = sparse.csc_array((numpy.ones(len(levels)), levels, ends), (self.num, len(rows)))
        return numpy.asarray(at_levels @ weights)


Ranks = Callable[[Levels, Array], Array]
"""`(levels, weights) -> scores`: weights of shape (row,) or (row, resample), scores without the first axis of them."""


def one_against_rest(ranks: Ranks, target: Array, prediction: Array, weights: Array) -> float:
    """A score of the order of the rows; of more than two classes, its mean over those that the rows have."""
    codes = positive_codes(target[weights > 0], prediction.shape[1])
    return float(
        numpy.mean([ranks(Levels.of(target == code, prediction[:, code]), weights) for code in codes])
    )


def positive_codes(target: Array, num_classes: int) -> list[int]:
    """Classes that take their turn as the positive one: of two the second, of more all that the rows have."""
    return [1] if num_classes == 2 else numpy.unique(target).tolist()


def area(levels: Levels, weights: Array) -> Array:
    """Area under the ROC curve: of two rows of different classes, how often they stand in the right order.

    0.5 where one class is all.
    """
    positives = levels.sums(levels.positive, weights)
    above = numpy.cumsum(positives, axis=0)
    negatives = levels.sums(~levels.positive, weights)
    # A negative row stands below the positive ones of higher levels, and beside half of those that it is tied with.
    right = numpy.einsum("i...,i...->...", negatives, above - positives)
    if levels.tied.any():
        right = right + numpy.einsum("i...,i...->...", levels.sums(levels.tied, weights), positives) / 2.0
    pairs = above[-1] * negatives.sum(axis=0)
    return _share(right, pairs, 0.5)


def precision_sum(levels: Levels, weights: Array) -> Array:
    """Average precision, Σ (recall step × precision). 0 without a positive row."""
    positives = levels.sums(levels.positive, weights)
    true = numpy.cumsum(positives, axis=0)
    claimed = true + numpy.cumsum(levels.sums(~levels.positive, weights), axis=0)
    precision = numpy.divide(true, claimed, out=numpy.zeros_like(true), where=claimed > 0)
    return _share(numpy.einsum("i...,i...->...", positives, precision), true[-1], 0.0)


def _share(part: Array, whole: Array, otherwise: float) -> Array:
    """Part / whole, and something else where the whole is 0."""
    defined = whole > 0.0
    return numpy.where(defined, part / numpy.where(defined, whole, 1.0), otherwise)


def counts_down(
    positive: numpy.ndarray, prediction: numpy.ndarray, weights: numpy.ndarray
) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Weights of true and of false positives above each threshold that a prediction gives, highest first."""
    order = numpy.argsort(-prediction, kind="stable")
    last = numpy.flatnonzero(numpy.diff(prediction[order], append=-numpy.inf))
    true = numpy.cumsum(weights[order] * positive[order])[last]
    return true, numpy.cumsum(weights[order] * ~positive[order])[last]
