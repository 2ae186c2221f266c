"""What a trial's loss is made of after one epoch, with standard errors that hold all that is random in it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from automl.evaluation.decomposition import kohavi_wolpert, left_out_variances, split_variance
from automl.evaluation.pairing import Blocks, BlockSums, Measured, clustered_error, combine, jackknife_error
from automl.evaluation.predictions import Predictions, Targets

Array = numpy.ndarray

_ROWS_FOR_ERRORS = 500
"""Rows that the choice of resamples is judged by, about; it takes the decomposition once a replica."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A loss in parts.

    Attributes:
        risk: Mean loss over all rows. Its error is that of blocks of rows, or of folds where that is larger.
        variance: Mean variance. Its error has two parts: what other resamples of this table would give (the jackknife
            over replicas), and what another table would. The second one has two sources in turn. Other rows would be
            asked, of which some vary more than others. And the networks would learn from other noise: to first order a
            variance is proportional to the squared residuals of the rows learned from, so that it is off by as much
            as the risk is, in proportion.
        rest: What is left of the risk beside the variance, with the error of a mean over rows of loss − variance, and
            that of the choice of resamples.
        sums: Losses and variances by block.
        left_out: The variance without each resample.
    """

    risk: Measured
    variance: Measured
    rest: Measured
    sums: BlockSums
    left_out: tuple[float, ...]


def take_apart(
    index: int, folds: Sequence[Predictions], replicas: Predictions, targets: Targets, blocks: Blocks
) -> Snapshot:
    """The loss in parts at one snapshot.

    Args:
        index: Of the snapshot.
        folds: One network each, on the rows outside its fold, which it predicts.
        replicas: Networks on resamples.
        targets: Of the whole table.
        blocks: Which rows are one block.
    """
    sums = _sums(index, folds, replicas, targets, blocks)
    risk, of_risk = sums.loss_influence()
    variance, of_variance = sums.variance_influence()
    if not sums.variance_weights.any():
        variance = math.nan
    left_out = _left_out(replicas.values[index], replicas, targets)
    resampling = jackknife_error(left_out), len(left_out) - 1.0
    of_table = of_variance + (variance / risk if risk > 0.0 else 0.0) * of_risk

    def measured(value: float, influence: Array, *others: tuple[float, float]) -> Measured:
        return Measured(value, *combine([clustered_error(influence, blocks.folds), *others]))

    return Snapshot(
        risk=measured(risk, of_risk),
        variance=measured(variance, of_table, resampling),
        rest=measured(risk - variance, of_risk - of_variance, resampling),
        sums=sums,
        left_out=tuple(left_out.tolist()),
    )


def _sums(
    index: int, folds: Sequence[Predictions], replicas: Predictions, targets: Targets, blocks: Blocks
) -> BlockSums:
    rows = numpy.concatenate([fold.rows for fold in folds])
    losses = numpy.concatenate([targets.losses(fold.rows, fold.values[index, 0]) for fold in folds])
    weights = targets.weights[rows].astype(float)
    variances = _variances(replicas.values[index], replicas, targets)
    finite = numpy.isfinite(variances)
    measured, row_weights = replicas.rows[finite], targets.weights[replicas.rows[finite]].astype(float)
    return BlockSums(
        blocks.folds,
        blocks.sums(rows, weights),
        blocks.sums(rows, weights * losses),
        blocks.sums(measured, row_weights),
        blocks.sums(measured, row_weights * variances[finite]),
    )


def _variances(values: Array, replicas: Predictions, targets: Targets) -> Array:
    """Variance by row. Of several seeds, each resample takes another one in turn; turns are averaged."""
    target = targets.values[replicas.rows]
    turns = [_turn(len(replicas.unseen), replicas.num_seeds, shift) for shift in range(replicas.num_seeds)]
    variances = [targets.decompose(values[turn], target, replicas.unseen[turn]).variance for turn in turns]
    return numpy.mean(variances, axis=0)


def _left_out(values: Array, replicas: Predictions, targets: Targets) -> Array:
    """The mean variance without each resample, by some of the rows."""
    turn, target = _turn(len(replicas.unseen), replicas.num_seeds, 0), targets.values[replicas.rows]
    some = slice(None, None, max(1, len(target) // _ROWS_FOR_ERRORS))
    arguments = values[turn][:, some], target[some], replicas.unseen[turn][:, some]
    return left_out_variances(targets.decompose, *arguments, targets.weights[replicas.rows][some])


def _turn(num_networks: int, num_seeds: int, shift: int) -> Array:
    """One network of each resample, the seeds taking turns."""
    resamples = numpy.arange(num_networks // num_seeds)
    return resamples * num_seeds + (resamples + shift) % num_seeds


def seen_loss(values: Array, replicas: Predictions, targets: Targets) -> float:
    """Mean loss of the networks on rows that they have trained on."""
    sums = counts = 0.0
    for predictions, unseen in zip(values, replicas.unseen, strict=True):
        rows, weights = replicas.rows[~unseen], targets.weights[replicas.rows[~unseen]]
        sums += float(targets.losses(rows, predictions[~unseen]) @ weights)
        counts += float(weights.sum())
    return sums / counts if counts else math.nan


def sources(values: Array, replicas: Predictions) -> dict[str, float]:
    """Variance by its source, where there are several seeds."""
    if replicas.num_seeds < 2:
        return {}
    crossed = values.reshape(-1, replicas.num_seeds, *values.shape[1:])
    split = split_variance(crossed.astype(numpy.float64), replicas.unseen[:: replicas.num_seeds])
    return {"data": split.data, "initialization": split.initialization, "interaction": split.interaction}


def error_rate(values: Array, replicas: Predictions, targets: Targets) -> dict[str, float]:
    """Of classes: bias² and variance of the share of wrong labels."""
    if not targets.num_classes:
        return {}
    target, labels = targets.values[replicas.rows], values.argmax(axis=-1)
    parts = kohavi_wolpert(labels, target, targets.num_classes, replicas.unseen)
    weights = targets.weights[replicas.rows]
    return {
        name: float(numpy.nansum(values * weights) / weights[numpy.isfinite(values)].sum())
        for name, values in zip(("bias2", "variance"), parts, strict=True)
    }
