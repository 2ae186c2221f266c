"""What predicted probabilities are worth: calibration, ROC and precision–recall curves."""

from dataclasses import dataclass

import numpy
import pandas
from scipy import stats

from automl.evaluation.metrics import counts_down
from automl.report.content import PROBABILITY

Array = numpy.ndarray

NUM_BINS = 10


@dataclass(frozen=True, slots=True)
class Labeled:
    """Predicted probabilities beside what was true.

    Attributes:
        names: Of the classes.
        codes: True classes, of shape (row,).
        probabilities: Of shape (row, class).
    """

    names: tuple[str, ...]
    codes: Array
    probabilities: Array


@dataclass(frozen=True, slots=True)
class Calibration:
    """How often what was predicted came true, by predicted probability; all of shape (bin,).

    Attributes:
        predicted: Mean probability.
        observed: Share that came true.
        low: Lower bound of its 95 % interval.
        high: Upper bound.
        counts: Rows.
    """

    predicted: Array
    observed: Array
    low: Array
    high: Array
    counts: Array

    @property
    def error(self) -> float:
        """Expected calibration error: the mean distance of the two, weighted by rows."""
        return float(numpy.average(numpy.abs(self.predicted - self.observed), weights=self.counts))


def labeled(frame: pandas.DataFrame) -> Labeled | None:
    """Read an out-of-fold table of classes; None for another table, or one whose labels are not its columns'."""
    columns = [column for column in frame.columns[2:] if str(column).startswith(PROBABILITY)]
    names = tuple(str(column).removeprefix(PROBABILITY) for column in columns)
    places = {name: place for place, name in enumerate(names)}
    codes = frame.iloc[:, 1].map(lambda label: places.get(str(label), -1))
    if len(names) < 2 or not len(frame) or (codes < 0).any():
        return None
    return Labeled(names, codes.to_numpy(dtype=int), frame[columns].to_numpy(dtype=float))


def roc_curve(positive: Array, scores: Array) -> tuple[Array, Array]:
    """False and true positive rates as the threshold falls, both from 0 to 1; equal scores are one step."""
    true, false = counts_down(positive, scores, numpy.ones(len(scores)))
    return numpy.append(0.0, false / max(1, false[-1])), numpy.append(0.0, true / max(1, true[-1]))


def area(xs: Array, ys: Array) -> float:
    """Area below a line, by trapezoids."""
    return float((numpy.diff(xs) * (ys[1:] + ys[:-1])).sum() / 2.0)


def precision_recall_curve(positive: Array, scores: Array) -> tuple[Array, Array]:
    """Recall and precision as the threshold falls, without the point where nothing is found."""
    true, false = counts_down(positive, scores, numpy.ones(len(scores)))
    return true / max(1, true[-1]), true / (true + false)


def average_precision(recall: Array, precision: Array) -> float:
    """Σ (recall step × precision)."""
    return float((numpy.diff(recall, prepend=0.0) * precision).sum())


def calibration(positive: Array, probabilities: Array, num_bins: int = NUM_BINS) -> Calibration:
    """Bins of as many rows each, with Wilson's interval for a share; equal probabilities share a bin."""
    edges = numpy.unique(numpy.quantile(probabilities, numpy.linspace(0.0, 1.0, num_bins + 1)[1:-1]))
    _, bins = numpy.unique(numpy.searchsorted(edges, probabilities, side="left"), return_inverse=True)
    counts = numpy.bincount(bins)
    observed = numpy.bincount(bins, positive) / counts
    low, high = wilson(observed, counts)
    return Calibration(numpy.bincount(bins, probabilities) / counts, observed, low, high, counts)


def wilson(shares: Array, counts: Array) -> tuple[Array, Array]:
    """Bounds of the 95 % interval of shares. Source: Wilson, "Probable inference" (1927)."""
    z = stats.norm.ppf(0.975)
    center = (shares + z**2 / (2.0 * counts)) / (1.0 + z**2 / counts)
    half = z / (1.0 + z**2 / counts) * numpy.sqrt(shares * (1.0 - shares) / counts + z**2 / (4.0 * counts**2))
    return center - half, center + half


def thinned(xs: Array, ys: Array, most: int = 400) -> tuple[list[float], list[float]]:
    """Points of a curve, `most` at most, its ends among them."""
    places = numpy.unique(numpy.linspace(0, len(xs) - 1, min(most, len(xs))).round().astype(int))
    return xs[places].tolist(), ys[places].tolist()
