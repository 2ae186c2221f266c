"""What a loss is made of: how much of it comes from the training rows and the seed, and how much would stay.

Every row is judged by the replicas (trainings on bootstrap samples) that have not seen it, as `out_of_bag` says. What
is left beside the variance is bias and noise together: with one target per row they cannot be told apart. A replica
that is not finite where it is out of bag makes the rows not finite; drop it first.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy

Array = numpy.ndarray
Decompose = Callable[[Array, Array, Array], "Parts"]
"""`squared_parts` or `cross_entropy_parts`."""

SMALLEST_PROBABILITY = 1e-7
"""Probabilities below count as this one, as in training; a single zero would make the variance infinite."""

_FEWEST = 2
"""Replicas that a spread needs."""


@dataclass(frozen=True, slots=True)
class Parts:
    """A loss by row, `loss == rest + variance`. All are float64 of shape (row,), NaN below two replicas out of bag.

    Attributes:
        loss: Mean over the row's replicas, in units of the loss (squared target units, or nats).
        variance: What the replicas' disagreement costs.
        rest: Bias and noise; for squared loss bias² and noise. Single rows may be negative, as what is unbiased may.
    """

    loss: Array
    variance: Array
    rest: Array


def squared_parts(predictions: Array, target: Array, out_of_bag: Array) -> Parts:
    """Squared loss as (bias² + noise) + variance.

    Source: Geman, Bienenstock, Doursat, "Neural networks and the bias/variance dilemma" (1992). The mean of k replicas
    varies itself, by variance / k, which is taken off the bias.

    Args:
        predictions: Of shape (replica, row).
        target: Of shape (row,).
        out_of_bag: Which replicas have not seen which rows, bool of shape (replica, row).
    """
    counts = _counts(out_of_bag)
    values = numpy.where(out_of_bag, predictions, 0.0)
    center = values.sum(axis=0) / counts
    variance = _squares(values - center, out_of_bag) / (counts - 1.0)
    rest = (target - center) ** 2 - variance / counts
    return Parts(_squares(values - target, out_of_bag) / counts, variance, rest)


def cross_entropy_parts(probabilities: Array, target: Array, out_of_bag: Array) -> Parts:
    """Cross-entropy as (bias + noise) + variance, in nats.

    The central prediction is softmax(mean of log p), and the variance the mean Kullback-Leibler divergence from it.
    Sources: Heskes, "Bias/variance decompositions for likelihood-based estimators" (1998); Gruber, Buettner,
    "Uncertainty estimates of predictions via a general bias-variance decomposition" (2023). With few replicas that
    value is too low; the jackknife, leaving each replica out in turn, corrects it as `ddof=1` does for squared loss.
    What is left of that falls with the square of their number: some 2 % at three, under 1 % at five.

    Args:
        probabilities: Of shape (replica, row, class). Below 1e-7 they are clipped, and then scaled to sum to one.
        target: Class codes, int of shape (row,).
        out_of_bag: Which replicas have not seen which rows, bool of shape (replica, row).
    """
    counts = _counts(out_of_bag)
    logs = _log_probabilities(probabilities, out_of_bag)
    loss = -logs[:, numpy.arange(len(target)), target].sum(axis=0) / counts
    total = logs.sum(axis=0)
    left_out = numpy.zeros(len(counts))
    for replica_logs, outside in zip(logs, out_of_bag, strict=True):
        rows = numpy.flatnonzero(outside & (counts >= _FEWEST))
        left_out[rows] += _divergence((total[rows] - replica_logs[rows]) / (counts[rows, None] - 1.0))
    variance = counts * _divergence(total / counts[:, None]) - (counts - 1.0) * left_out / counts
    return Parts(loss, variance, loss - variance)


def left_out_variances(
    decompose: Decompose, predictions: Array, target: Array, out_of_bag: Array, weights: Array | None = None
) -> Array:
    """The variance's mean over rows without each of the replicas, for a jackknife: the rows of a replica err together.

    NaN where no row has two replicas left.

    Args:
        decompose: `squared_parts` or `cross_entropy_parts`.
        predictions: As that function takes them, replicas first.
        target: Of shape (row,).
        out_of_bag: Bool of shape (replica, row).
        weights: How much each row counts; all the same when None.
    """
    means = numpy.full(len(out_of_bag), numpy.nan)
    counted = numpy.ones(len(target)) if weights is None else weights
    for replica in range(len(out_of_bag)):
        remaining = out_of_bag.copy()
        remaining[replica] = False
        rows = (remaining.sum(axis=0) >= _FEWEST) & (counted > 0.0)
        if rows.any():
            variances = decompose(predictions, target, remaining).variance[rows]
            means[replica] = numpy.average(variances, weights=counted[rows])
    return means


def kohavi_wolpert(labels: Array, target: Array, num_classes: int, out_of_bag: Array) -> tuple[Array, Array]:
    """0/1 loss as (bias², variance), for display: half the squared distances of label frequencies, by row.

    Source: Kohavi, Wolpert, "Bias plus variance decomposition for zero-one loss functions" (1996), both corrected for
    the number of replicas. Their sum is the share of replicas that are wrong. NaN below two replicas out of bag.

    Args:
        labels: Predicted class codes, int of shape (replica, row).
        target: Class codes, int of shape (row,).
        num_classes: Codes are below.
        out_of_bag: Which replicas have not seen which rows, bool of shape (replica, row).
    """
    counts = _counts(out_of_bag)
    shares = _label_shares(labels, num_classes, out_of_bag)
    spread = 0.5 * (shares * (1.0 - shares)).sum(axis=1)
    distance = 0.5 * ((numpy.eye(num_classes)[target] - shares) ** 2).sum(axis=1)
    return distance - spread / (counts - 1.0), spread * counts / (counts - 1.0)


@dataclass(frozen=True, slots=True)
class VarianceSplit:
    """Where the variance of predictions comes from: means over rows, unbiased and therefore possibly negative.

    Attributes:
        data: From the training rows.
        initialization: From the seed: initial weights, order of rows, dropout.
        interaction: From the seed's meaning something else on other rows; averaging over either removes it.
    """

    data: float
    initialization: float
    interaction: float

    @property
    def total(self) -> float:
        """The variance of one training on one sample with one seed."""
        return self.data + self.initialization + self.interaction


def split_variance(predictions: Array, out_of_bag: Array) -> VarianceSplit:
    """Splits the variance of every data set × every seed; analysis of variance with two crossed random effects.

    For classes the three are in units of the Brier score (squared probability, summed over classes), of which only the
    shares say something about cross-entropy. NaN where no row has two data sets out of bag. Source: the expected mean
    squares of the two-way layout, Searle, Casella, McCulloch, "Variance components" (1992), chapter 4.

    Args:
        predictions: Of shape (data, seed, row) or (data, seed, row, class); two seeds at least.
        out_of_bag: Which data sets do not hold which rows, bool of shape (data, row).
    """
    num_seeds = predictions.shape[1]
    if num_seeds < _FEWEST:
        raise ValueError(f"`predictions` must have two seeds or more, got {num_seeds}.")
    rows = out_of_bag.sum(axis=0) >= _FEWEST
    if not rows.any():
        return VarianceSplit(numpy.nan, numpy.nan, numpy.nan)
    outside, counts = out_of_bag[:, rows], out_of_bag[:, rows].sum(axis=0).astype(float)
    by_class = predictions.reshape(*predictions.shape[:3], -1)[:, :, rows]
    parts = sum(_row_splits(by_class[..., label], outside, counts) for label in range(by_class.shape[3]))
    data, initialization, interaction = numpy.mean(parts, axis=1)
    return VarianceSplit(float(data), float(initialization), float(interaction))


def _row_splits(predictions: Array, out_of_bag: Array, counts: Array) -> Array:
    """Variance from data, seed and both, of shape (3, row), for predictions of shape (data, seed, row)."""
    num_seeds = predictions.shape[1]
    values = numpy.where(out_of_bag[:, None], predictions, 0.0)
    by_data, by_seed = values.mean(axis=1), values.sum(axis=0) / counts
    center = by_seed.mean(axis=0)
    square_data = num_seeds * _squares(by_data - center, out_of_bag) / (counts - 1.0)
    square_seed = counts * ((by_seed - center) ** 2).sum(axis=0) / (num_seeds - 1.0)
    residual = values - by_data[:, None] - by_seed + center
    square_both = _squares(residual, out_of_bag[:, None]).sum(axis=0) / ((counts - 1.0) * (num_seeds - 1.0))
    return numpy.stack(
        [(square_data - square_both) / num_seeds, (square_seed - square_both) / counts, square_both]
    )


def _counts(out_of_bag: Array) -> Array:
    """Replicas by row, float64 of shape (row,); NaN below two, which makes everything computed from it NaN."""
    counts = out_of_bag.sum(axis=0)
    return numpy.where(counts >= _FEWEST, counts, numpy.nan)


def _squares(differences: Array, mask: Array) -> Array:
    """Sum of squares over the first axis, where the mask is true."""
    return numpy.asarray(numpy.where(mask, differences**2, 0.0).sum(axis=0))


def _log_probabilities(probabilities: Array, out_of_bag: Array) -> Array:
    """Clipped, scaled to sum to one, and 0 where not out of bag; float64 of shape (replica, row, class)."""
    logs = numpy.clip(probabilities, SMALLEST_PROBABILITY, None, dtype=float)
    # clipping adds up to the classes × 1e-7, and float32 sums are off by as much: replicas that agree must not vary
    logs /= logs.sum(axis=2, keepdims=True)
    numpy.log(logs, out=logs)
    logs[~out_of_bag] = 0.0
    return logs


def _divergence(mean_logs: Array) -> Array:
    """Mean divergence of predictions from their central one, from their mean log p of shape (row, class)."""
    return numpy.asarray(-numpy.log(numpy.exp(mean_logs).sum(axis=1)))


def _label_shares(labels: Array, num_classes: int, out_of_bag: Array) -> Array:
    """Share of the row's replicas that predict each class, of shape (row, class)."""
    votes = [(out_of_bag & (labels == code)).sum(axis=0) for code in range(num_classes)]
    return numpy.stack(votes, axis=1) / _counts(out_of_bag)[:, None]
