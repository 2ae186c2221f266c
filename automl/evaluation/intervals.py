"""How sure a score is on rows like these: an interval for one set of predictions, by the kind of its metric.

What varies is the rows. The network is fixed: another training would give other scores.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy
from scipy import special, stats

from automl.evaluation.fold_scores import FoldScores, fold_scores
from automl.evaluation.metrics import Metric
from automl.evaluation.rankings import area, positive_codes
from automl.evaluation.resampling import LEVEL, Estimate, ScoredRows

Array = numpy.ndarray

_TAIL = (1.0 - LEVEL) / 2.0
_MOST_JACKKNIFED = 200
_MOST_CELLS = 200_000_000
"""Rows × resamples that a metric without values by row may cost: some seconds."""


def wilson(
    shares: Array | float, counts: Array | float, z: float = stats.norm.ppf(1.0 - _TAIL)
) -> tuple[Any, Any]:
    """Bounds of the 95 % interval of shares. Source: Wilson, "Probable inference" (1927).

    Args:
        shares: From 0 to 1.
        counts: Of the independent rows that each is a share of.
        z: Quantile of the standard error.
    """
    center = (shares + z**2 / (2.0 * counts)) / (1.0 + z**2 / counts)
    half = z / (1.0 + z**2 / counts) * numpy.sqrt(shares * (1.0 - shares) / counts + z**2 / (4.0 * counts**2))
    return center - half, center + half


def score_interval(metric: Metric, rows: ScoredRows, prediction: Array, seed: int) -> Estimate:
    """The score of one set of predictions with its 95 % interval over rows like these.

    Wilson's interval for shares of right rows, bootstrap-t for other means over rows, DeLong's on the logit scale for
    the area under the ROC curve, and BCa for the rest. Rows of a group or a block of time count as one draw.

    Args:
        metric: The metric.
        rows: The rows, scored together: one fold.
        prediction: For them, (row, class) or (row,).
        seed: Of the resamples.

    Returns:
        Without bounds where there are too few groups or blocks, or where the scores of resamples say nothing.
    """
    value = float(metric.function(rows.target, prediction, rows.weights))
    counted = rows.weights > 0.0
    rows, prediction = rows.of(counted), prediction[counted]
    if not rows.has_interval or not math.isfinite(value):
        return Estimate(value, math.nan, math.nan)
    if metric.rows is not None and not metric.relative:
        values = numpy.asarray(metric.rows(rows.target, prediction))
        low, high = (
            _share_interval(rows, values)
            if metric.is_share
            else _mean_interval(rows, values.astype(float), seed, metric.finish)
        )
    elif metric.ranks is area:
        low, high = _area_interval(rows, prediction, value)
    else:
        low, high = _general_interval(fold_scores(metric, rows, [prediction[None]]), rows, value, seed)
    return Estimate(value, low, high)


def _share_interval(rows: ScoredRows, right: Array) -> tuple[float, float]:
    """Wilson's, with as many rows as independent ones would have the same standard error.

    Source for rows that are not independent: Korn, Graubard, "Confidence intervals for proportions with small expected
    number of positive counts" (1998). Where all rows agree, as many as there are units.
    """
    share, error = _mean_and_error(rows, right.astype(float))
    effective = rows.weights.sum() ** 2 / numpy.square(rows.weights).sum()
    if rows.num_units < len(rows.target):
        effective = min(effective, share * (1.0 - share) / error**2 if error > 0.0 else rows.num_units)
        low, high = wilson(share, effective, _quantile(rows))
    else:
        low, high = wilson(share, effective)
    return float(low), float(high)


def _mean_interval(
    rows: ScoredRows, values: Array, seed: int, finish: Callable[[float], float]
) -> tuple[float, float]:
    """Bootstrap-t: each resample is measured in its own standard errors, so that a skewed loss has skewed bounds.

    Source: Efron, Tibshirani, "An introduction to the bootstrap" (1993), chapter 12; Hesterberg (2015).
    """
    mean, error = _mean_and_error(rows, values)
    if error <= 0.0:
        return _nowhere()
    weight = numpy.bincount(rows.units, rows.weights)
    total = numpy.bincount(rows.units, rows.weights * values)
    _, first = numpy.unique(rows.units, return_index=True)
    ratios = []
    for counts in rows.resamples(rows.num_resamples, seed):
        drawn = counts[:, first]
        weights = drawn @ weight
        means = drawn @ total / weights
        squares = drawn @ total**2 - 2.0 * means * (drawn @ (total * weight)) + means**2 * (drawn @ weight**2)
        spread = numpy.sqrt(numpy.maximum(squares, 0.0) * _few(rows)) / weights
        ratios.append((means - mean)[spread > 0.0] / spread[spread > 0.0])
    low, high = numpy.quantile(numpy.concatenate(ratios), [_TAIL, 1.0 - _TAIL])
    # A loss is never below 0, however far the bound would be.
    bounds = (max(mean - high * error, float(min(values.min(), 0.0))), mean - low * error)
    return float(finish(bounds[0])), float(finish(bounds[1]))


def _mean_and_error(rows: ScoredRows, values: Array) -> tuple[float, float]:
    """Weighted mean and its standard error over units, each of which counts as one draw."""
    total = rows.weights.sum()
    mean = float((rows.weights * values).sum() / total)
    deviations = numpy.bincount(rows.units, rows.weights * (values - mean))
    return mean, float(numpy.sqrt(numpy.square(deviations).sum() * _few(rows)) / total)


def _few(rows: ScoredRows) -> float:
    return rows.num_units / (rows.num_units - 1) if rows.num_units > 1 else 1.0


def _quantile(rows: ScoredRows) -> float:
    """Half the width of an interval in standard errors, for so many units."""
    return float(stats.t.ppf(1.0 - _TAIL, max(1, rows.num_units - 1)))


def _area_interval(rows: ScoredRows, prediction: Array, value: float) -> tuple[float, float]:
    """DeLong's on the logit scale, by unit.

    Sources: DeLong, DeLong, Clarke-Pearson, "Comparing the areas under two or more correlated receiver operating
    characteristic curves" (1988); of groups, Obuchowski, "Nonparametric analysis of clustered ROC curve data" (1997).
    The few rows of a rare class tell little of their spread: hence Student's t with the degrees of freedom of Welch.
    An area of 0 or 1 has no standard error; then the bound is Wilson's of as many rows as the rarest class has.
    """
    codes = positive_codes(rows.target[rows.weights > 0], prediction.shape[1])
    influences = [_area_influences(rows, rows.target == code, prediction[:, code]) for code in codes]
    error, quantile = _spread_of(rows, numpy.mean(influences, axis=0))
    if min(value, 1.0 - value) <= 0.0 or error <= 0.0:
        rarest = min(min((rows.target == code).sum(), (rows.target != code).sum()) for code in codes)
        low, high = wilson(value, max(1, rarest))
        return float(low), float(high)
    reach = quantile * error / (value * (1.0 - value))
    center = special.logit(value)
    return float(special.expit(center - reach)), float(special.expit(center + reach))


def _spread_of(rows: ScoredRows, influences: Array) -> tuple[float, float]:
    """Standard error of a sum of influences, and how many of it an interval reaches to each side.

    Of independent rows, those of each class vary by themselves.
    """
    if rows.num_units < len(rows.target):
        deviations = numpy.bincount(rows.units, influences)
        return float(numpy.sqrt(numpy.square(deviations).sum() * _few(rows))), _quantile(rows)
    counts = numpy.bincount(rows.target)
    sums = numpy.bincount(rows.target, numpy.square(influences))
    several = counts > 1
    variances = sums[several] * counts[several] / (counts[several] - 1)
    total = float(variances.sum())
    if total <= 0.0 or not several[counts > 0].all():
        return 0.0, math.nan
    freedom = total**2 / float((variances**2 / (counts[several] - 1)).sum())
    return math.sqrt(total), float(stats.t.ppf(1.0 - _TAIL, freedom))


def _area_influences(rows: ScoredRows, positive: Array, scores: Array) -> Array:
    """How far each row moves the area, (row,): its share of its class times how far it is from the mean row of it."""
    weights = rows.weights
    shares = numpy.where(positive, weights / weights[positive].sum(), weights / weights[~positive].sum())
    below, level = (_weight_below(scores, scores[part], weights[part]) for part in (positive, ~positive))
    right = numpy.where(positive, level, 1.0 - below)
    mean = float((shares * right)[positive].sum())
    return numpy.asarray(shares * (right - mean))


def _weight_below(scores: Array, others: Array, weights: Array) -> Array:
    """Share of the weight of the others whose score is lower than each score, half of those that are equal."""
    order = numpy.argsort(others, kind="stable")
    sums = numpy.concatenate([[0.0], numpy.cumsum(weights[order])])
    left, right = (numpy.searchsorted(others[order], scores, side) for side in ("left", "right"))  # type: ignore[call-overload]
    return numpy.asarray((sums[left] + sums[right]) / (2.0 * sums[-1]))


def _general_interval(scores: FoldScores, rows: ScoredRows, value: float, seed: int) -> tuple[float, float]:
    """BCa: percentiles that are moved for bias and skewness. Source: Efron, "Better bootstrap confidence intervals"
    (1987), the acceleration by a jackknife over parts of the units.
    """
    affordable = int(_MOST_CELLS // len(rows.target))
    num_resamples = int(numpy.clip(affordable, 200, 2 * rows.num_resamples))
    drawn = [scores.means(counts)[:, 0] for counts in rows.resamples(num_resamples, seed)]
    values = numpy.concatenate(drawn)
    values = values[numpy.isfinite(values)]
    if len(values) < num_resamples / 2 or numpy.ptp(values) == 0.0:
        return _nowhere()
    below = ((values < value).mean() + (values <= value).mean()) / 2.0
    bias = stats.norm.ppf(numpy.clip(below, 1.0 / len(values), 1.0 - 1.0 / len(values)))
    reaches = numpy.array([-1.0, 1.0]) * _quantile(rows) * math.sqrt(_few(rows))
    moved = bias + (bias + reaches) / (1.0 - _acceleration(scores, rows) * (bias + reaches))
    low, high = numpy.quantile(values, stats.norm.cdf(moved))
    return float(low), float(high)


def _acceleration(scores: FoldScores, rows: ScoredRows) -> float:
    """Skewness of what parts of the units contribute, over 6."""
    parts = numpy.arange(rows.num_units) * min(rows.num_units, _MOST_JACKKNIFED) // rows.num_units
    parts = numpy.random.default_rng(0).permutation(parts)[rows.units]
    without = numpy.concatenate(
        [scores.means((parts != part)[None].astype(float))[:, 0] for part in range(parts.max() + 1)]
    )
    deviations = numpy.nanmean(without) - without[numpy.isfinite(without)]
    spread = float(numpy.square(deviations).sum()) ** 1.5
    return float((deviations**3).sum()) / (6.0 * spread) if spread > 0.0 else 0.0


def _nowhere() -> tuple[float, float]:
    """No spread is no certainty."""
    return math.nan, math.nan
