"""Bias and variance of a trial over its epochs: the risk by cross-validation, the variance by bootstrap resamples.

A person has one table. Replicas on resamples of it center on what they agree on, not on the truth, so that their own
bias would hold part of the variance. Here the risk comes from folds instead, and what is left of it beside the variance
is bias and noise: bias² + noise = risk − variance. One target a row does not tell bias from noise.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

import numpy

from automl.evaluation.decomposition import (
    SMALLEST_PROBABILITY,
    Decompose,
    Parts,
    cross_entropy_parts,
    kohavi_wolpert,
    split_variance,
    squared_parts,
    variance_error,
)

Array = numpy.ndarray

LOG_LOSS, SQUARED_ERROR = "log_loss", "squared_error"

_ROWS_FOR_ERRORS = 500
"""Rows that the standard error of the variance is measured on, about; it takes the decomposition once a replica."""

_FIRST_EPOCHS = (1, 2, 3, 5, 8)
_GROWTH = 1.5
BEYOND = 1.25
"""How far beyond the epochs of the refit a trial is followed, to see where it was going."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Values and their standard errors, one an epoch."""

    values: tuple[float, ...]
    errors: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class BiasVariance:
    """What a trial's loss is made of, over epochs. All values are in nats, or in squared units of the target.

    Attributes:
        trial: Number of the trial.
        loss: `log_loss` or `squared_error`.
        epochs: Epochs of the curves, ascending.
        epoch: The one that the trial is judged by: for how many epochs its refit trains.
        risk: Loss on rows that a network has not seen, by folds.
        variance: How much of it comes from the training rows and the seed; may be negative by sampling error.
        rest: What is left: bias and noise. May be negative by sampling error.
        training: Loss on rows that the networks have trained on, of the resamples.
        parts: Variance by its source, `data`, `initialization` and `interaction`, at `epoch`; empty for one seed.
        error_rate: Of classes, at `epoch` and for display: `bias2` and `variance` of the share of wrong labels
            (Kohavi and Wolpert 1996, corrected), `bias2` holding the noise. Empty for numbers.
        constant: Risk of a constant predictor.
        num_resamples: Bootstrap resamples.
        num_seeds: Seeds a resample.
        num_folds: Folds behind the risk.
        num_rows: Rows that resamples are drawn from.
    """

    trial: int
    loss: str
    epochs: tuple[int, ...]
    epoch: int
    risk: Curve
    variance: Curve
    rest: Curve
    training: tuple[float, ...]
    parts: dict[str, float]
    error_rate: dict[str, float]
    constant: float
    num_resamples: int
    num_seeds: int
    num_folds: int
    num_rows: int

    @property
    def rest_name(self) -> str:
        """What is left beside the variance: only a squared error has a bias that is squared."""
        return "bias + noise" if self.loss == LOG_LOSS else "bias² + noise"

    def at(self, curve: Curve) -> tuple[float, float]:
        """A curve's value and standard error at `epoch`."""
        place = self.epochs.index(self.epoch)
        return curve.values[place], curve.errors[place]


def from_content(content: Mapping[str, Any]) -> BiasVariance:
    """A decomposition from plain values, as `dataclasses.asdict` gives them and JSON keeps them."""
    values = {field.name: content[field.name] for field in fields(BiasVariance)}
    for name in ("risk", "variance", "rest"):
        values[name] = Curve(tuple(values[name]["values"]), tuple(values[name]["errors"]))
    return BiasVariance(**values | {name: tuple(values[name]) for name in ("epochs", "training")})


@dataclass(frozen=True, slots=True)
class Predictions:
    """What several networks of one design say of the same rows.

    Attributes:
        rows: Row numbers of the table, of shape (row,).
        values: Of shape (snapshot, network, row), in the target's units, or (snapshot, network, row, class).
        unseen: Which networks have not trained on which rows, bool of shape (network, row).
        num_seeds: Networks that trained on the same rows stand beside each other, so many of them.
    """

    rows: Array
    values: Array
    unseen: Array
    num_seeds: int = 1


@dataclass(frozen=True, slots=True)
class Targets:
    """What is to be predicted.

    Attributes:
        values: Class codes or numbers, of shape (row,), for all rows of the table.
        weights: How much each row counts, of the same shape.
        num_classes: 0 for numbers.
    """

    values: Array
    weights: Array
    num_classes: int

    @property
    def decompose(self) -> Decompose:
        """How the loss of these targets falls into parts."""
        return cross_entropy_parts if self.num_classes else squared_parts

    def losses(self, rows: Array, predictions: Array) -> Array:
        """Loss of each row, of shape (row,); predictions have shape (row,) or (row, class)."""
        if not self.num_classes:
            return numpy.asarray((self.values[rows] - predictions) ** 2, numpy.float64)
        likelihood = predictions[numpy.arange(len(rows)), self.values[rows]].astype(numpy.float64)
        return -numpy.log(numpy.maximum(likelihood, SMALLEST_PROBABILITY))

    def constant(self, rows: Array) -> float:
        """Loss of the best constant: the entropy of the classes, or the variance of the numbers."""
        values, weights = self.values[rows], self.weights[rows]
        if not self.num_classes:
            center = numpy.average(values, weights=weights)
            return float(numpy.average((values - center) ** 2, weights=weights))
        shares = numpy.bincount(values, weights, self.num_classes) / weights.sum()
        return float(-(shares[shares > 0] * numpy.log(shares[shares > 0])).sum())


def snapshots(epoch: int, most: int, beyond: float = BEYOND) -> tuple[int, ...]:
    """Epochs to look at, ever farther apart: the one that the refit takes among them, and a few beyond, up to `most`.

    >>> snapshots(20, 100)
    (1, 2, 3, 5, 8, 12, 18, 20, 25)
    """
    last = min(most, math.ceil(beyond * epoch))
    found = [*_FIRST_EPOCHS]
    while found[-1] < last:
        found.append(math.ceil(_GROWTH * found[-1]))
    kept = sorted({one for one in found if one <= last} | {epoch, last})
    close = {one for one, after in pairwise(kept) if after < 1.1 * one and one != epoch}
    return tuple(one for one in kept if one not in close or one == last)


def summarize(
    trial: int,
    epochs: tuple[int, ...],
    epoch: int,
    folds: Sequence[Predictions],
    replicas: Predictions,
    targets: Targets,
) -> BiasVariance:
    """The decomposition of a trial.

    Args:
        trial: Number of the trial.
        epochs: Of the snapshots.
        epoch: The one that the trial is judged by.
        folds: One network each, on the rows outside its fold, which it predicts.
        replicas: Networks on resamples.
        targets: Of the whole table.
    """
    risk, variance = _risk(folds, targets), _variance(replicas, targets)
    rest = Curve(
        tuple(one - other for one, other in zip(risk.values, variance.values, strict=True)),
        tuple(math.hypot(one, other) for one, other in zip(risk.errors, variance.errors, strict=True)),
    )
    place = epochs.index(epoch)
    rows = numpy.unique(numpy.concatenate([fold.rows for fold in folds]))
    return BiasVariance(
        trial=trial,
        loss=LOG_LOSS if targets.num_classes else SQUARED_ERROR,
        epochs=epochs,
        epoch=epoch,
        risk=risk,
        variance=variance,
        rest=rest,
        training=tuple(_seen_loss(values, replicas, targets) for values in replicas.values),
        parts=_parts(replicas.values[place], replicas),
        error_rate=_error_rate(replicas.values[place], replicas, targets),
        constant=targets.constant(rows),
        num_resamples=len(replicas.unseen) // replicas.num_seeds,
        num_seeds=replicas.num_seeds,
        num_folds=len(folds),
        num_rows=len(rows),
    )


def _risk(folds: Sequence[Predictions], targets: Targets) -> Curve:
    """Mean loss over all rows; its standard error from the rows, or from the folds where that is larger."""
    weights = numpy.concatenate([targets.weights[fold.rows] for fold in folds])
    means, errors = [], []
    for snapshot in range(len(folds[0].values)):
        by_fold = [targets.losses(fold.rows, fold.values[snapshot, 0]) for fold in folds]
        losses = numpy.concatenate(by_fold)
        mean = float(numpy.average(losses, weights=weights))
        spread = numpy.average((losses - mean) ** 2, weights=weights)
        by_rows = math.sqrt(spread * (weights**2).sum()) / weights.sum()
        fold_means = [
            numpy.average(own, weights=targets.weights[fold.rows])
            for own, fold in zip(by_fold, folds, strict=True)
        ]
        by_folds = numpy.std(fold_means, ddof=1) / math.sqrt(len(folds)) if len(folds) > 1 else 0.0
        means.append(mean)
        errors.append(float(max(by_rows, by_folds)))
    return Curve(tuple(means), tuple(errors))


def _variance(replicas: Predictions, targets: Targets) -> Curve:
    """Mean variance over the rows. Of several seeds, each resample takes another one in turn; turns are averaged."""
    target, weights = targets.values[replicas.rows], targets.weights[replicas.rows]
    turns = [_turn(len(replicas.unseen), replicas.num_seeds, shift) for shift in range(replicas.num_seeds)]
    means, errors = [], []
    for values in replicas.values:
        each = [
            _mean(targets.decompose(values[turn], target, replicas.unseen[turn]), weights) for turn in turns
        ]
        means.append(float(numpy.mean(each)))
        turn, some = turns[0], slice(None, None, max(1, len(target) // _ROWS_FOR_ERRORS))
        own = values[turn][:, some], target[some], replicas.unseen[turn][:, some]
        errors.append(variance_error(targets.decompose, *own))
    return Curve(tuple(means), tuple(errors))


def _turn(num_networks: int, num_seeds: int, shift: int) -> Array:
    """One network of each resample, the seeds taking turns."""
    resamples = numpy.arange(num_networks // num_seeds)
    return resamples * num_seeds + (resamples + shift) % num_seeds


def _mean(parts: Parts, weights: Array) -> float:
    known = numpy.isfinite(parts.variance)
    return float(numpy.average(parts.variance[known], weights=weights[known])) if known.any() else math.nan


def _seen_loss(values: Array, replicas: Predictions, targets: Targets) -> float:
    """Mean loss of the networks on rows that they have trained on."""
    sums = counts = 0.0
    for own, unseen in zip(values, replicas.unseen, strict=True):
        rows, weights = replicas.rows[~unseen], targets.weights[replicas.rows[~unseen]]
        sums += float(targets.losses(rows, own[~unseen]) @ weights)
        counts += float(weights.sum())
    return sums / counts if counts else math.nan


def _parts(values: Array, replicas: Predictions) -> dict[str, float]:
    """Variance by its source, where there are several seeds."""
    if replicas.num_seeds < 2:
        return {}
    crossed = values.reshape(-1, replicas.num_seeds, *values.shape[1:])
    split = split_variance(crossed.astype(numpy.float64), replicas.unseen[:: replicas.num_seeds])
    return {"data": split.data, "initialization": split.initialization, "interaction": split.interaction}


def _error_rate(values: Array, replicas: Predictions, targets: Targets) -> dict[str, float]:
    if not targets.num_classes:
        return {}
    target, labels = targets.values[replicas.rows], values.argmax(axis=-1)
    found = kohavi_wolpert(labels, target, targets.num_classes, replicas.unseen)
    weights = targets.weights[replicas.rows]
    return {
        name: float(numpy.nansum(own * weights) / weights[numpy.isfinite(own)].sum())
        for name, own in zip(("bias2", "variance"), found, strict=True)
    }
