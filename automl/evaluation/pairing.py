"""Differences between models that predict the same rows: each row, group or stretch of time is its own pair.

Two models' losses on a row have nearly all of their chance in common: the row's noise. What is said of a difference
therefore rests on differences by row. Rows are kept in blocks, within folds: single rows where there are few; whole
groups, whose rows err together; stretches of time; bundles of rows of a large table. Folds are blocks of blocks: the
networks of a fold are the same for all of its rows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy

Array = numpy.ndarray

MOST_BLOCKS = 2000
"""Of a table; a standard error by so many is as good as one by single rows."""

BLOCKS_OF_TIME = 10
"""Stretches of a fold by time: neighbors err together, and how far that reaches is not known."""


@dataclass(frozen=True, slots=True)
class Measured:
    """A value with its standard error.

    Attributes:
        value: The value.
        error: Its standard error; NaN where it is not known.
        degrees: Degrees of freedom that the error was estimated with.
    """

    value: float
    error: float
    degrees: float = math.inf

    def half(self, level: float = 0.95) -> float:
        """Half the width of an interval: Student's t with these degrees of freedom."""
        return half_width(self.error, self.degrees, level)


def half_width(error: float, degrees: float, level: float = 0.95) -> float:
    """Half the width of a two-sided interval, by Student's t."""
    from scipy import special  # a list of trials is shown without it

    if not degrees > 0.0:  # NaN is not
        return math.nan
    return float(special.stdtrit(degrees, 0.5 + level / 2.0)) * error


def combine(errors: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The error of a sum of independent parts and its degrees of freedom, from those of the parts.

    Source: Satterthwaite, "An approximate distribution of estimates of variance components" (1946).
    """
    square = sum(error**2 for error, _ in errors)
    if not square > 0.0:
        return math.sqrt(square) if square == 0.0 else math.nan, math.inf
    spread = sum(error**4 / degrees for error, degrees in errors if error > 0.0)
    return math.sqrt(square), square**2 / spread if spread > 0.0 else math.inf


@dataclass(frozen=True, slots=True)
class Blocks:
    """Which rows are one block.

    Attributes:
        rows: Row numbers of the table, ascending, of shape (row,).
        block: The block of each, of shape (row,).
        folds: The fold of each block, of shape (block,).
    """

    rows: Array
    block: Array
    folds: Array

    def sums(self, rows: Array, values: Array) -> Array:
        """Sums of values of rows, by block. Rows that belong to none count for nothing."""
        indices = numpy.minimum(numpy.searchsorted(self.rows, rows), len(self.rows) - 1)
        in_blocks = self.rows[indices] == rows
        return numpy.bincount(self.block[indices[in_blocks]], values[in_blocks], len(self.folds))


def make_blocks(
    folds: Sequence[Array], groups: Array | None = None, times: Array | None = None, most: int = MOST_BLOCKS
) -> Blocks:
    """The blocks of a table.

    Args:
        folds: Validation rows of each fold.
        groups: Codes of groups by row of the table; the rows of a group are one block.
        times: Times by row of the table; neighbors in time are one block.
        most: Blocks at most, about.
    """
    room = max(2, most // max(1, len(folds)))
    rows, blocks, owners = [], [], list[int]()
    for number, fold_rows in enumerate(folds):
        if groups is not None:
            own_blocks = numpy.unique(groups[fold_rows], return_inverse=True)[1] % room
        elif times is not None:
            rank = numpy.argsort(numpy.argsort(times[fold_rows], kind="stable"), kind="stable")
            own_blocks = rank * min(BLOCKS_OF_TIME, len(fold_rows)) // max(1, len(fold_rows))
        else:
            own_blocks = numpy.arange(len(fold_rows)) % room
        rows.append(fold_rows)
        blocks.append(len(owners) + own_blocks)
        owners += [number] * (int(own_blocks.max()) + 1 if len(fold_rows) else 0)
    together = numpy.concatenate(rows)
    order = numpy.argsort(together, kind="stable")
    return Blocks(together[order], numpy.concatenate(blocks)[order], numpy.array(owners, dtype=int))


@dataclass(frozen=True, slots=True)
class BlockSums:
    """Losses and variances of a model, summed by block.

    Attributes:
        folds: Fold of each block; all have shape (block,).
        weights: Weights of the rows that have a loss.
        losses: Sums of weight × loss.
        variance_weights: Weights of the rows that have a variance, which may be a sample.
        variances: Sums of weight × variance.
    """

    folds: Array
    weights: Array
    losses: Array
    variance_weights: Array
    variances: Array

    def array(self) -> Array:
        """As one array, for a file."""
        parts = (self.folds, self.weights, self.losses, self.variance_weights, self.variances)
        return numpy.stack([numpy.asarray(part, numpy.float32) for part in parts])

    def loss_influence(self, weights: Array | None = None) -> tuple[float, Array]:
        """The mean loss, and how far each block moves it; of the blocks that have a weight."""
        return _influence(self.weights if weights is None else weights, self.weights, self.losses)

    def variance_influence(self) -> tuple[float, Array]:
        """The same of the variance."""
        return _influence(self.variance_weights, self.variance_weights, self.variances)


def block_sums_from(values: Array) -> BlockSums:
    """From the array of a file."""
    folds, *others = numpy.asarray(values, numpy.float64)
    return BlockSums(folds.astype(int), *others)


def _influence(used: Array, weights: Array, sums: Array) -> tuple[float, Array]:
    """A weighted mean over blocks, and each block's part in what it is off."""
    mask = numpy.where(used > 0.0, 1.0, 0.0)
    total = float((mask * weights).sum())
    if not total > 0.0:
        return 0.0, numpy.zeros(len(weights))
    mean = float((mask * sums).sum()) / total
    return mean, mask * (sums - mean * weights) / total


def clustered_error(influence: Array, folds: Array) -> tuple[float, float]:
    """The standard error of a mean from what its blocks are off, by blocks, or by folds where that is larger.

    The networks of a fold are the same for all of its rows; the fold's part of the error is estimated by what folds
    spread beyond their rows, with as many degrees of freedom as there are folds less one, and 0 where they spread less.
    Source: the cluster-robust variance of Liang, Zeger, "Longitudinal data analysis using generalized linear models"
    (1986).

    Args:
        influence: By block.
        folds: The fold of each block.

    Returns:
        The error and its degrees of freedom.
    """
    by_fold = numpy.bincount(folds, influence)
    rows, degrees = _spread(influence)
    of_folds, others = _spread(by_fold[numpy.bincount(folds) > 0])
    if not degrees > 0.0:
        return math.nan, math.nan
    if not of_folds > rows:
        return rows, degrees
    return combine([(rows, degrees), (math.sqrt(of_folds**2 - rows**2), others)])


def _spread(influence: Array) -> tuple[float, float]:
    counted = influence[influence != 0.0]
    count = len(counted)
    if count < 2:
        return 0.0, float(len(influence) - 1)
    return math.sqrt(float((counted**2).sum()) * count / (count - 1.0)), count - 1.0


@dataclass(frozen=True, slots=True)
class Loss:
    """What is known of a model's loss.

    Attributes:
        risk: The mean loss on rows that were not trained on.
        variance: Its variance; 0 with no error of a model that is compared as it is.
        sums: Both by block; None in a record of an earlier version.
        left_out: The variance without each resample.
        resamples: Their numbers: those of two models hold the same rows.
    """

    risk: Measured
    variance: Measured = Measured(0.0, 0.0)
    sums: BlockSums | None = None
    left_out: tuple[float, ...] = ()
    resamples: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Term:
    """A model in a contrast: so many times its risk, so many times its variance."""

    loss: Loss
    risk: float
    variance: float


def contrast(terms: Sequence[Term]) -> Measured:
    """A sum of risks and variances of models on the same rows, paired by row and by resample.

    Where a model has not predicted all rows, the risks are those of the rows that all have predicted.
    """
    sums = [term.loss.sums for term in terms if term.loss.sums is not None]
    same_folds = all(numpy.array_equal(entry.folds, sums[0].folds) for entry in sums)
    if len(sums) < len(terms) or not same_folds:
        return _unpaired(terms)
    common = numpy.minimum.reduce([entry.weights for entry in sums])
    if not (common > 0.0).any():
        return _unpaired(terms)
    value, influence = 0.0, numpy.zeros(len(common))
    for term, entry in zip(terms, sums, strict=True):
        risk, of_risk = entry.loss_influence(common)
        variance, of_variance = entry.variance_influence()
        value += term.risk * risk + term.variance * (variance if term.variance else 0.0)
        influence += term.risk * of_risk + term.variance * of_variance
    errors = [clustered_error(influence, sums[0].folds), *_of_resamples(terms)]
    return Measured(value, *combine(errors))


def _of_resamples(terms: Sequence[Term]) -> list[tuple[float, float]]:
    """Errors that the choice of resamples makes, by the jackknife: of models on the same resamples together."""
    sharing: dict[tuple[int, ...], list[Term]] = {}
    for term in terms:
        if term.variance and term.loss.left_out:
            sharing.setdefault(term.loss.resamples, []).append(term)
    errors = []
    for resamples, shared in sharing.items():
        together = sum(term.variance * numpy.array(term.loss.left_out) for term in shared)
        errors.append((jackknife_error(numpy.asarray(together)), len(resamples) - 1.0))
    return errors


def jackknife_error(left_out: Array) -> float:
    """Standard error of a statistic from its values without each replica.

    Source: Efron, Stein, "The jackknife estimate of variance" (1981).
    """
    return float(numpy.sqrt((len(left_out) - 1.0) * numpy.var(left_out)))


def _unpaired(terms: Sequence[Term]) -> Measured:
    """The same from what a record of an earlier version holds: errors of single models, as if they were independent."""
    value, errors = 0.0, list[tuple[float, float]]()
    for term in terms:
        for factor, measured in ((term.risk, term.loss.risk), (term.variance, term.loss.variance)):
            value += factor * measured.value
            errors.append((abs(factor) * measured.error, measured.degrees))
    return Measured(value, *combine(errors))
