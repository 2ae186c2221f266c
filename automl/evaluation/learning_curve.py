"""Loss against the number of rows to learn from: a power law, how sure it is, and whether more rows would help."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy
from scipy import special

from automl.evaluation.resampling import LEVEL, Estimate

Array = numpy.ndarray

FARTHEST = 4.0
"""Multiple of the most rows up to which a fitted curve is read."""

FEWEST_ANCHORS = 3

FEWEST_TO_CLAIM = 5
"""Networks at each number of rows below which nothing is said: their spread is hardly known."""

_FEWEST_REPLICAS = 2
_EXPONENTS = (0.01, 2.0)
_NUM_EXPONENTS, _NUM_ZOOMS = 41, 5
_NUM_DRAWS = 500

_NEGLIGIBLE = 0.01
"""Share of the loss below which a gain is none: a curve that has leveled off still falls in some late digit, and for a
hundredth nobody doubles a table."""


@dataclass(frozen=True, slots=True)
class LearningCurve:
    """The loss L(n) = a + b n^−c of one configuration that has learned from n rows.

    Attributes:
        rows: Numbers of rows, ascending.
        num_replicas: Networks that were trained on each number of rows.
        losses_mean: Mean loss at each number of rows over the replicas.
        losses_error: Standard error of each mean, over rows and training.
        a: Loss that no number of rows would undercut, 0 or more.
        b: Loss above it that a single row would leave, 0 or more.
        c: How fast it falls, above 0 and up to 2.
        gain: L(n) − L(2n) at the most rows, by which twice as many would lower the loss, with its 95 % interval.
        monotone: Whether the loss never rises from one number of rows to the next by more than chance explains.
        resampled: Of fits to means that could have been seen as well a, b n^−c at the most rows n, and c; of shape
            (resample, 3).
        refused: Why nothing can be said of more rows, as a clause; empty where something can.
    """

    rows: tuple[float, ...]
    num_replicas: int
    losses_mean: tuple[float, ...]
    losses_error: tuple[float, ...]
    a: float
    b: float
    c: float
    gain: Estimate
    monotone: bool
    resampled: Array = field(repr=False, compare=False)
    refused: str = ""

    @property
    def says_more_rows_help(self) -> bool:
        """Whether the curve is monotone and the interval of the gain lies above 0, by a hundredth of the loss."""
        return not self.refused and self.monotone and self.gain.low > _NEGLIGIBLE * self.losses_mean[-1]

    def predicted(self, rows: Sequence[float] | Array) -> tuple[Array, Array, Array]:
        """The fitted loss and the bounds of its 95 % interval, each of the shape of the numbers of rows.

        Raises:
            ValueError: A number of rows is not above 0, or more than four times as large as any that was tried.
        """
        counts, most = numpy.asarray(rows, dtype=float), self.rows[-1]
        if not ((counts > 0.0) & (counts <= FARTHEST * most)).all():
            raise ValueError(f"rows must be above 0 and at most {FARTHEST:g} × {most:g}, got {rows}")
        floors, heights, exponents = self.resampled.T
        curves = floors + heights * (counts[..., None] / most) ** -exponents
        return self.a + self.b * counts**-self.c, *_interval(curves)


def learning_curve(
    rows: Sequence[float],
    losses: Array,
    seed: int,
    repeats: int = 1,
    refused: str = "",
) -> LearningCurve:
    """Fit a power law to the mean losses, and again to means that could have been seen as well.

    These are drawn around the seen ones from the Student distribution that the replicas span, so that an anchor's mean,
    and what follows from several, vary as their differences within replicas say. A bootstrap of five replicas knows 126
    different means and no tails: its interval of 95 % covered 0.90 at five replicas and 0.74 at three, this one 0.95 to
    0.98 (tests/calibration). The law is the `pow3` of Viering, Loog, "The shape of learning curves" (2023), who warn
    that no law fits all curves; hence the flag `monotone` and the bound on how far the curve is read.

    Args:
        rows: Numbers of rows of shape (anchor,), ascending, three or more.
        losses: Of shape (anchor, replica), 0 or more. Two replicas are the fewest, and of fewer than five nothing is
            claimed. A replica is one order of the rows, of which the network gets the first ones.
        seed: Of the draws.
        repeats: Rounds of folds that the replicas come from, those of the first round first.
        refused: Why nothing can be said of more rows in any case, as a clause; empty where there is no reason.

    Raises:
        ValueError: The arguments are not as described.
    """
    anchors, values = numpy.asarray(rows, dtype=float), numpy.asarray(losses, dtype=float)
    _check(anchors, values, repeats)
    num_replicas = values.shape[1]
    covariance = _covariance(values, repeats)
    errors = numpy.sqrt(numpy.diagonal(covariance))
    drawn = _drawn_means(values.mean(axis=1), covariance, num_replicas - 1, numpy.random.default_rng(seed))
    means = numpy.concatenate([values.mean(axis=1)[None], drawn])
    fits = _fits(anchors / anchors[-1], means, _weights(anchors, errors))
    gains = fits[:, 1] * (1.0 - 2.0 ** -fits[:, 2])
    low, high = _interval(gains[1:])
    a, height, c = fits[0].tolist()
    return LearningCurve(
        rows=tuple(anchors.tolist()),
        num_replicas=num_replicas,
        losses_mean=tuple(means[0].tolist()),
        losses_error=tuple(errors.tolist()),
        a=a,
        b=float(height * anchors[-1] ** c),
        c=c,
        gain=Estimate(float(gains[0]), float(low), float(high)),
        monotone=_monotone(values, covariance),
        resampled=fits[1:],
        refused=refused or _too_few(num_replicas),
    )


def _too_few(num_replicas: int) -> str:
    """Why so many replicas allow no claim; empty where they do."""
    if num_replicas >= FEWEST_TO_CLAIM:
        return ""
    return (
        f"it has {num_replicas} networks at each number of rows, but at least {FEWEST_TO_CLAIM} are needed to "
        "estimate the spread; use more `splits.folds`"
    )


def _covariance(values: Array, repeats: int) -> Array:
    """Of the anchors' means, (anchor, anchor), from replicas of shape (anchor, replica).

    Replicas of one round are taken for independent (differences between anchors, which the law rests on, are nearly so;
    measured in tests/calibration). Rounds share their rows: what one round's mean varies by, from its folds, less what
    differs between the rounds is common to all of them and does not average out.
    """
    independent = numpy.cov(values) / values.shape[1]
    if repeats == 1:
        return independent
    rounds = values.reshape(len(values), repeats, -1)
    of_one = numpy.mean([numpy.cov(rounds[:, number]) for number in range(repeats)], axis=0) / rounds.shape[2]
    common = of_one - (1.0 - 1.0 / repeats) * numpy.cov(rounds.mean(axis=2)) - independent
    sizes, axes = numpy.linalg.eigh(common)
    return independent + (axes * numpy.maximum(sizes, 0.0)) @ axes.T


def _drawn_means(means: Array, covariance: Array, degrees: int, generator: numpy.random.Generator) -> Array:
    """Means of the anchors that could have been seen as well, (draw, anchor), none below 0: Student's around them."""
    sizes, axes = numpy.linalg.eigh(covariance)
    parts = axes * numpy.sqrt(numpy.maximum(sizes, 0.0))
    normal = generator.normal(size=(_NUM_DRAWS, len(means)))
    student = normal / numpy.sqrt(generator.chisquare(degrees, size=(_NUM_DRAWS, 1)) / degrees)
    return numpy.maximum(means + student @ parts.T, 0.0)


def _check(anchors: Array, losses: Array, repeats: int) -> None:
    if (
        anchors.ndim != 1
        or len(anchors) < FEWEST_ANCHORS
        or not (numpy.diff(anchors, prepend=0.0) > 0.0).all()
    ):
        raise ValueError(
            f"rows must be {FEWEST_ANCHORS} or more ascending numbers above 0, got {anchors.tolist()}"
        )
    if losses.ndim != 2 or len(losses) != len(anchors) or losses.shape[1] < _FEWEST_REPLICAS:
        raise ValueError(f"losses must be of shape ({len(anchors)}, 2 or more), got {losses.shape}")
    if repeats < 1 or losses.shape[1] % repeats or losses.shape[1] < 2 * repeats:
        raise ValueError(
            f"repeats must be 1 or more, each of two of {losses.shape[1]} replicas, got {repeats}"
        )
    if not (numpy.isfinite(losses) & (losses >= 0.0)).all():
        raise ValueError(f"losses must be finite and 0 or more, got {losses.min()} to {losses.max()}")


def _weights(anchors: Array, errors: Array) -> Array:
    """One over the variance of each mean, (anchor,), from a power law through the variances.

    The spread of a few replicas says little of one anchor; together with that of the others it says enough.
    """
    if (errors <= 0.0).any():
        return numpy.ones(len(anchors))
    slope, _ = numpy.polyfit(numpy.log(anchors), 2.0 * numpy.log(errors), 1)
    return (anchors / anchors[-1]) ** -slope


def _fits(ratios: Array, means: Array, weights: Array) -> Array:
    """Least squares of a + h r^−c to each row of means, (row, 3): every c of a grid, then of ever finer ones.

    For a given c, the best a and h have a closed form, so that only c is searched: no start can be a bad one, and all
    resamples are fitted at once. Source: Golub, Pereyra, "The differentiation of pseudo-inverses and nonlinear least
    squares problems whose variables separate" (1973).

    Args:
        ratios: Numbers of rows over the most of them, (anchor,).
        means: Losses to fit, (row, anchor).
        weights: Of the anchors, (anchor,).
    """
    center, width = numpy.full(len(means), sum(_EXPONENTS) / 2.0), (_EXPONENTS[1] - _EXPONENTS[0]) / 2.0
    steps = numpy.linspace(-1.0, 1.0, _NUM_EXPONENTS)
    shares = weights / weights.sum()
    everyone = numpy.arange(len(means))
    for _ in range(_NUM_ZOOMS):
        exponents = numpy.clip(center[:, None] + width * steps, *_EXPONENTS)
        shapes = ratios ** -exponents[..., None]
        floors, heights = _nonnegative(shapes, means[:, None], shares)
        misses = means[:, None] - floors[..., None] - heights[..., None] * shapes
        best = (misses**2 @ shares).argmin(axis=1)
        center, width = exponents[everyone, best], 2.0 * width / (_NUM_EXPONENTS - 1)
    return numpy.stack([floors[everyone, best], heights[everyone, best], center], axis=1)


def _nonnegative(shapes: Array, means: Array, shares: Array) -> tuple[Array, Array]:
    """The a ≥ 0 and h ≥ 0 of the least weighted squares of a + h · shape, each of shape (row, exponent)."""
    shape_mean, loss_mean = shapes @ shares, means @ shares
    products, squares = (shapes * means) @ shares, shapes**2 @ shares
    slopes = (products - shape_mean * loss_mean) / (squares - shape_mean**2)
    # The problem is convex and its data are positive: at most one of the two bounds can hold.
    heights = numpy.where(slopes * shape_mean > loss_mean, products / squares, numpy.maximum(slopes, 0.0))
    return numpy.maximum(loss_mean - heights * shape_mean, 0.0), heights


def _monotone(losses: Array, covariance: Array) -> bool:
    """Whether no step from one number of rows to the next rises, by a one-sided paired t test at 2.5 % each."""
    steps = numpy.diff(numpy.eye(len(losses)), axis=0)
    errors = numpy.sqrt(numpy.maximum(numpy.einsum("si,ij,sj->s", steps, covariance, steps), 0.0))
    bound = special.stdtrit(losses.shape[1] - 1, (1.0 + LEVEL) / 2.0)
    # a step that every replica takes alike has no error, but for rounding
    return bool((steps @ losses.mean(axis=1) <= bound * errors + 1e-12 * losses.max()).all())


def _interval(resampled: Array) -> tuple[Array, Array]:
    """Bounds over the last axis."""
    low, high = numpy.quantile(resampled, [(1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0], axis=-1)
    return low, high
