"""Bias and variance of a trial over its epochs: the risk by cross-validation, the variance by bootstrap resamples.

A person has one table. Replicas on resamples of it center on what they agree on, not on the truth, so that their own
bias would hold part of the variance. Here the risk comes from folds instead, and what is left of it beside the variance
is bias and noise: bias² + noise = risk − variance. One target a row does not tell bias from noise.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from itertools import pairwise
from typing import Any

import numpy

from automl.evaluation.pairing import BlockSums, Loss, Measured, half_width, make_blocks
from automl.evaluation.parts import error_rate, seen_loss, sources, take_apart
from automl.evaluation.predictions import Predictions, Targets

LOG_LOSS, SQUARED_ERROR = "log_loss", "squared_error"

_NEW = ("left_out", "resamples")
"""What records of earlier versions do not hold."""

_MANY = 1e9
"""Degrees of freedom of an error that is known: JSON has no infinity."""

_FIRST_EPOCHS = (1, 2, 3, 5, 8)
_GROWTH = 1.5
BEYOND = 1.25
"""How far beyond the epochs of the refit a trial is followed, to see where it was going."""


@dataclass(frozen=True, slots=True)
class Curve:
    """Values, their standard errors and the degrees of freedom of these, one an epoch."""

    values: tuple[float, ...]
    errors: tuple[float, ...]
    degrees: tuple[float, ...] = ()

    @property
    def halves(self) -> tuple[float, ...]:
        """Half the widths of 95 % intervals."""
        degrees = self.degrees or (math.inf,) * len(self.errors)
        return tuple(half_width(error, count) for error, count in zip(self.errors, degrees, strict=True))


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
        left_out: The variance at `epoch` without each resample; empty in a record of an earlier version.
        resamples: Numbers of the resamples; those of two trials hold the same rows.
        sums: Losses and variances at `epoch` by block of rows, for comparisons; they have a file of their own.
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
    left_out: tuple[float, ...] = ()
    resamples: tuple[int, ...] = ()
    sums: BlockSums | None = field(default=None, compare=False, repr=False)

    @property
    def rest_name(self) -> str:
        """What is left beside the variance: only a squared error has a bias that is squared."""
        return "bias + noise" if self.loss == LOG_LOSS else "bias² + noise"

    def at(self, curve: Curve) -> tuple[float, float]:
        """A curve's value and standard error at `epoch`."""
        index = self.epochs.index(self.epoch)
        return curve.values[index], curve.errors[index]

    def measured(self, curve: Curve) -> Measured:
        """The same with the degrees of freedom of the error."""
        index = self.epochs.index(self.epoch)
        degrees = curve.degrees[index] if curve.degrees else math.inf
        return Measured(curve.values[index], curve.errors[index], degrees)

    def loss_parts(self, sums: BlockSums | None) -> Loss:
        """What comparisons with other models rest on."""
        risk, variance = self.measured(self.risk), self.measured(self.variance)
        return Loss(risk, variance, sums, self.left_out, self.resamples)


def content_of(analysis: BiasVariance) -> dict[str, Any]:
    """A decomposition in plain values, without what has a file of its own."""
    content = asdict(replace(analysis, sums=None))
    del content["sums"]
    return content


def from_content(content: Mapping[str, Any]) -> BiasVariance:
    """A decomposition from plain values, as `content_of` gives them and JSON keeps them."""
    names = [field.name for field in fields(BiasVariance) if field.name != "sums"]
    values = {name: content[name] for name in names if name not in _NEW}
    values |= {name: tuple(content.get(name, ())) for name in _NEW}
    for name in ("risk", "variance", "rest"):
        curve = values[name]
        values[name] = Curve(*(tuple(curve.get(part, ())) for part in ("values", "errors", "degrees")))
    return BiasVariance(**values | {name: tuple(values[name]) for name in ("epochs", "training")})


def snapshots(epoch: int, most: int, beyond: float = BEYOND) -> tuple[int, ...]:
    """Epochs to look at, ever farther apart: the one that the refit takes among them, and a few beyond, up to `most`.

    >>> snapshots(20, 100)
    (1, 2, 3, 5, 8, 12, 18, 20, 25)
    """
    last = min(most, math.ceil(beyond * epoch))
    epochs = [*_FIRST_EPOCHS]
    while epochs[-1] < last:
        epochs.append(math.ceil(_GROWTH * epochs[-1]))
    chosen = sorted({candidate for candidate in epochs if candidate <= last} | {epoch, last})
    close = {
        candidate for candidate, after in pairwise(chosen) if after < 1.1 * candidate and candidate != epoch
    }
    return tuple(candidate for candidate in chosen if candidate not in close or candidate == last)


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
    blocks = targets.blocks or make_blocks([fold.rows for fold in folds])
    parts = [take_apart(index, folds, replicas, targets, blocks) for index in range(len(epochs))]
    index = epochs.index(epoch)
    values, rows = replicas.values[index], numpy.unique(numpy.concatenate([fold.rows for fold in folds]))
    count = len(replicas.unseen) // replicas.num_seeds
    return BiasVariance(
        trial=trial,
        loss=LOG_LOSS if targets.num_classes else SQUARED_ERROR,
        epochs=epochs,
        epoch=epoch,
        risk=_curve([part.risk for part in parts]),
        variance=_curve([part.variance for part in parts]),
        rest=_curve([part.rest for part in parts]),
        training=tuple(seen_loss(values, replicas, targets) for values in replicas.values),
        parts=sources(values, replicas),
        error_rate=error_rate(values, replicas, targets),
        constant=targets.constant(rows),
        num_resamples=count,
        num_seeds=replicas.num_seeds,
        num_folds=len(folds),
        num_rows=len(rows),
        left_out=parts[index].left_out,
        resamples=replicas.resamples or tuple(range(1, count + 1)),
        sums=parts[index].sums,
    )


def _curve(points: Sequence[Measured]) -> Curve:
    return Curve(
        tuple(point.value for point in points),
        tuple(point.error for point in points),
        tuple(min(point.degrees, _MANY) for point in points),
    )
