"""Bootstrap over rows: how sure a score is, and what is left of the best of many when it is judged on other rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy

from automl.evaluation.metrics import METRICS, Metric, MetricTable
from automl.trial import Direction

Array = numpy.ndarray

LEVEL = 0.95
"""Probability that an interval covers."""

_MOST_RESAMPLES, _FEWEST_RESAMPLES = 500, 40
_MOST_ROWS_SCORED = 20_000_000
"""Rows × trials × resamples that a metric without values by row may cost: some seconds."""

_CELLS_AT_ONCE = 4_000_000


@dataclass(frozen=True, slots=True)
class Estimate:
    """A score with its 95 % interval.

    Attributes:
        value: The score.
        low: Lower bound.
        high: Upper bound.
    """

    value: float
    low: float
    high: float


def score_interval(
    metric: str, target: Array, prediction: Array, weights: Array, seed: int, known: MetricTable = METRICS
) -> Estimate:
    """The score of one set of predictions with its percentile interval over bootstrap resamples of the rows.

    Args:
        metric: Name in `known`.
        target: Of shape (row,).
        prediction: Of shape (row, class) or (row,).
        weights: Of shape (row,).
        seed: Of the resamples.
        known: Metrics by name.
    """
    table = _Scores(known[metric], target, [prediction], weights)
    scores = [table.under(counts)[:, 0] for counts in _resamples(len(target), table.num_resamples, seed)]
    value = known[metric].function(target, prediction, weights)
    return Estimate(value, *_percentiles(numpy.concatenate(scores)))


def corrected_score(
    metric: str,
    target: Array,
    predictions: Sequence[Array],
    weights: Array,
    seed: int,
    known: MetricTable = METRICS,
) -> Estimate:
    """The score to expect of the trial that is chosen as the best of these: bootstrap bias-corrected cross-validation.

    In each resample the best trial is chosen on the rows that were drawn and scored on those that were not. What
    choosing has gained by chance does not come along. Source: Tsamardinos, Greasidou, Borboudakis, "Bootstrapping the
    out-of-sample predictions for efficient and accurate cross-validation" (2018), algorithm 2.

    Args:
        metric: Name in `known`.
        target: Of shape (row,).
        predictions: Out-of-fold predictions of every trial, each of shape (row, class) or (row,).
        weights: Of shape (row,).
        seed: Of the resamples.
        known: Metrics by name.
    """
    table = _Scores(known[metric], target, predictions, weights)
    sign = 1.0 if known[metric].direction is Direction.MINIMIZE else -1.0
    parts = []
    for counts in _resamples(len(target), table.num_resamples, seed):
        drawn, left_out = table.under(counts), table.under((counts == 0).astype(float))
        chosen = numpy.nanargmin(sign * drawn, axis=1)
        parts.append(left_out[numpy.arange(len(chosen)), chosen])
    scores = numpy.concatenate(parts)
    return Estimate(float(numpy.nanmean(scores)), *_percentiles(scores))


class _Scores:
    """Scores of several sets of predictions under weights that count the rows."""

    def __init__(self, metric: Metric, target: Array, predictions: Sequence[Array], weights: Array) -> None:
        self._metric, self._target, self._predictions, self._weights = metric, target, predictions, weights
        self.num_resamples = _MOST_RESAMPLES
        self._rows: Array | None = None
        if metric.rows is not None:
            self._rows = numpy.stack([metric.rows(target, one) for one in predictions]).astype(float)
        else:
            affordable = _MOST_ROWS_SCORED // (len(target) * len(predictions))
            self.num_resamples = int(numpy.clip(affordable, _FEWEST_RESAMPLES, _MOST_RESAMPLES))

    def under(self, counts: Array) -> Array:
        """Scores of shape (resample, predictions) under counts of shape (resample, row); NaN without any row."""
        weights = counts * self._weights
        if self._rows is not None:
            totals = weights.sum(axis=1, keepdims=True)
            with numpy.errstate(invalid="ignore", divide="ignore"):
                return numpy.asarray(self._metric.finish(weights @ self._rows.T / totals))
        scores = [
            [
                self._metric.function(self._target, one, own) if own.any() else numpy.nan
                for one in self._predictions
            ]
            for own in weights
        ]
        return numpy.array(scores)


def _resamples(num_rows: int, num_resamples: int, seed: int) -> Iterator[Array]:
    """How often each row is drawn, float64 of shape (resample, row), some resamples at a time."""
    generator = numpy.random.default_rng(seed)
    even = numpy.full(num_rows, 1.0 / num_rows)
    at_once = max(1, _CELLS_AT_ONCE // num_rows)
    for start in range(0, num_resamples, at_once):
        yield generator.multinomial(num_rows, even, min(at_once, num_resamples - start)).astype(float)


def _percentiles(scores: Array) -> tuple[float, float]:
    tail = (1.0 - LEVEL) / 2.0
    low, high = numpy.nanquantile(scores, [tail, 1.0 - tail])
    return float(low), float(high)
