"""What predicted probabilities are worth: calibration, ROC and precision–recall curves."""

from dataclasses import dataclass

import numpy
import pandas

from automl.evaluation.intervals import wilson
from automl.evaluation.out_of_fold import PROBABILITY, WEIGHT
from automl.evaluation.rankings import counts_down

Array = numpy.ndarray

NUM_BINS = 10


@dataclass(frozen=True, slots=True)
class Labeled:
    """Predicted probabilities beside what was true.

    Attributes:
        names: Of the classes.
        codes: True classes, of shape (row,).
        probabilities: Of shape (row, class).
        weights: Of shape (row,).
    """

    names: tuple[str, ...]
    codes: Array
    probabilities: Array
    weights: Array

    @property
    def weighted(self) -> bool:
        """Whether rows count differently."""
        return bool((self.weights != self.weights[0]).any())


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often what was predicted came true, by predicted probability; all of shape (bin,).

    Attributes:
        predicted: Mean probability.
        observed: Share that came true.
        low: Lower bound of its 95 % interval.
        high: Upper bound.
        counts: Rows.
        weights: Their weight.
    """

    predicted: Array
    observed: Array
    low: Array
    high: Array
    counts: Array
    weights: Array

    @property
    def error(self) -> float:
        """Expected calibration error: the mean distance of the two, weighted by rows."""
        return float(numpy.average(numpy.abs(self.predicted - self.observed), weights=self.weights))


def labeled(frame: pandas.DataFrame) -> Labeled | None:
    """Read an out-of-fold table of classes; None for another table, or one whose labels are not its columns'."""
    columns = [column for column in frame.columns[2:] if str(column).startswith(PROBABILITY)]
    names = tuple(str(column).removeprefix(PROBABILITY) for column in columns)
    indices = {name: index for index, name in enumerate(names)}
    codes = frame.iloc[:, 1].map(lambda label: indices.get(str(label), -1))
    if len(names) < 2 or not len(frame) or (codes < 0).any():
        return None
    return Labeled(names, codes.to_numpy(dtype=int), frame[columns].to_numpy(dtype=float), weights_of(frame))


def weights_of(frame: pandas.DataFrame) -> Array:
    """Weights of the rows of an out-of-fold table, (row,); 1 where the table has none."""
    if frame.columns[-1] != WEIGHT:
        return numpy.ones(len(frame))
    return frame[WEIGHT].to_numpy(dtype=float)


def roc_curve(positive: Array, scores: Array, weights: Array | None = None) -> tuple[Array, Array]:
    """False and true positive rates as the threshold falls, both from 0 to 1; equal scores are one step."""
    true, false = counts_down(positive, scores, numpy.ones(len(scores)) if weights is None else weights)
    return numpy.append(0.0, false / (false[-1] or 1.0)), numpy.append(0.0, true / (true[-1] or 1.0))


def area(xs: Array, ys: Array) -> float:
    """Area below a line, by trapezoids."""
    return float((numpy.diff(xs) * (ys[1:] + ys[:-1])).sum() / 2.0)


def precision_recall_curve(
    positive: Array, scores: Array, weights: Array | None = None
) -> tuple[Array, Array]:
    """Recall and precision as the threshold falls, without the point where nothing is found."""
    true, false = counts_down(positive, scores, numpy.ones(len(scores)) if weights is None else weights)
    claimed = true + false
    return true / (true[-1] or 1.0), numpy.divide(true, claimed, out=numpy.ones_like(true), where=claimed > 0)


def average_precision(recall: Array, precision: Array) -> float:
    """Σ (recall step × precision)."""
    return float((numpy.diff(recall, prepend=0.0) * precision).sum())


def calibration(
    positive: Array, probabilities: Array, num_bins: int = NUM_BINS, weights: Array | None = None
) -> Calibration:
    """Bins of as many rows each, with Wilson's interval for a share; equal probabilities share a bin.

    Rows of different weights count for the interval as (Σw)²/Σw² rows that are alike (Kish 1965).
    """
    weights = numpy.ones(len(probabilities)) if weights is None else weights
    positive, probabilities, weights = (part[weights > 0] for part in (positive, probabilities, weights))
    edges = numpy.unique(numpy.quantile(probabilities, numpy.linspace(0.0, 1.0, num_bins + 1)[1:-1]))
    _, bins = numpy.unique(numpy.searchsorted(edges, probabilities, side="left"), return_inverse=True)
    sums = numpy.bincount(bins, weights)
    observed = numpy.bincount(bins, weights * positive) / sums
    low, high = wilson(observed, sums**2 / numpy.bincount(bins, weights**2))
    predicted = numpy.bincount(bins, weights * probabilities) / sums
    return Calibration(predicted, observed, low, high, numpy.bincount(bins), sums)


def thinned(xs: Array, ys: Array, most: int = 400) -> tuple[list[float], list[float]]:
    """Points of a curve, `most` at most, its ends among them."""
    indices = numpy.unique(numpy.linspace(0, len(xs) - 1, min(most, len(xs))).round().astype(int))
    return xs[indices].tolist(), ys[indices].tolist()
