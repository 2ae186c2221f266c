"""What is left of the best of many trials when it is judged on other rows than those that chose it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import numpy
from scipy import stats

from automl.evaluation.fold_scores import FoldScores, ThresholdScores, fold_scores
from automl.evaluation.intervals import wilson
from automl.evaluation.metrics import Metric
from automl.evaluation.resampling import FEWEST_RESAMPLES, LEVEL, Draw, Estimate, ScoredRows
from automl.evaluation.thresholds import at_threshold, best_places, candidates, tuned_threshold
from automl.trial import Direction

Array = numpy.ndarray

_FIRST, _FAR = 50, 6.0
"""A trial whose lead in the first resamples is so many of its standard deviations below 0 is chosen in no other."""

_CELLS_OF_TRIALS = 20_000_000
_MOST_SCORED = 200_000_000
"""Rows × trials × resamples that a metric without values by row may cost: some seconds."""

_LEFT_OUT = math.e - 1.0
"""Variance of the mean of the rows that a resample leaves out, over that of the rows that it draws: of n rows, n/e are
left out, and the mean of a sample of so many without repetition has the variance (e − 1) s²/n."""


@dataclass(frozen=True, slots=True)
class Corrected:
    """The score to expect of the trial that was chosen.

    Attributes:
        estimate: The score with its interval.
        differences: By how much it is above that of each rival, in units of the metric, with intervals.
        rivals: The scores of the rivals, each with its interval.
        between: By how much the score of a rival is above that of another, by both names, of each pair once.
        dropped: Share of the scores of a fold that were undefined in a resample.
    """

    estimate: Estimate
    differences: Mapping[str, Estimate] = field(default_factory=dict)
    rivals: Mapping[str, Estimate] = field(default_factory=dict)
    between: Mapping[str, Mapping[str, Estimate]] = field(default_factory=dict)
    dropped: float = 0.0


def corrected_score(
    metric: Metric,
    rows: ScoredRows,
    predictions: Sequence[Array],
    seed: int,
    rivals: Mapping[str, Array] | None = None,
    tuned: bool = False,
) -> Corrected:
    """The score to expect of the trial that is chosen as the best of these.

    In each resample the best trial is chosen by its mean over folds on the rows that were drawn, and scored fold by
    fold on those that were not. What choosing has gained by chance does not come along. Source: Tsamardinos,
    Greasidou, Borboudakis, "Bootstrapping the out-of-sample predictions for efficient and accurate cross-validation"
    (2018), algorithm 2.

    The rows that are left out are few, and a score that is no mean over rows differs on few rows for that reason alone.
    So a trial's score there is taken relative to its mean over all resamples, whether or not it is chosen, and added to
    its score on all rows. For means over rows that changes nothing but noise; and of a single trial the corrected score
    is its score.

    The interval is the spread of the chosen trial's scores on rows left out, narrowed to what as many rows as there are
    would have. The rows vary in it; the training does not.

    Args:
        metric: The metric.
        rows: The rows, with the folds that scored them.
        predictions: Out-of-fold predictions of every trial, each of shape (repeat, row) or (repeat, row, class).
        seed: Of the resamples.
        rivals: Out-of-fold predictions of models that were not chosen, by name: compared on the same resamples.
        tuned: Whether thresholds are tuned too, those of rivals as well: on the rows drawn, for scores on the others.

    Returns:
        Without bounds where there are too few groups or blocks.
    """
    num_resamples = _num_resamples(metric, rows, len(predictions))
    draw = Draw(rows, num_resamples, seed)
    chosen = _choices(metric, draw, predictions)
    names = numpy.unique(chosen)
    models = [*(predictions[number] for number in names), *(rivals or {}).values()]
    left_out = _LeftOut(metric, draw, models, tuned)
    winner = left_out.scores(numpy.searchsorted(names, chosen))
    scores = {
        name: left_out.scores(numpy.full(num_resamples, len(names) + place))
        for place, name in enumerate(rivals or {})
    }
    others = list(scores)
    return Corrected(
        left_out.estimate(winner),
        {name: left_out.difference(winner, scores[name]) for name in others},
        {name: left_out.estimate(scores[name]) for name in others},
        {
            name: {other: left_out.difference(scores[name], scores[other]) for other in others[:place]}
            for place, name in enumerate(others)
        },
        left_out.dropped,
    )


def corrected_difference(
    metric: Metric,
    rows: ScoredRows,
    ones: Sequence[Array],
    others: Sequence[Array],
    seed: int,
    tuned: bool = False,
) -> Estimate:
    """The score to expect of the trial chosen as the best of some minus that of the one chosen among others.

    In each resample both are chosen on the rows drawn and scored on the others, as `corrected_score` does with one.

    Args:
        metric: The metric.
        rows: The rows that trials of both have predicted, with the folds that scored them.
        ones: Out-of-fold predictions of every trial of the one search.
        others: Those of the other search.
        seed: Of the resamples.
        tuned: Whether thresholds are tuned too.
    """
    draw = Draw(rows, _num_resamples(metric, rows, len(ones) + len(others)), seed)
    choices = [_choices(metric, draw, of) for of in (ones, others)]
    names = [numpy.unique(chosen) for chosen in choices]
    models = [of[number] for of, own in zip((ones, others), names, strict=True) for number in own]
    left_out = _LeftOut(metric, draw, models, tuned)
    mine = left_out.scores(numpy.searchsorted(names[0], choices[0]))
    its = left_out.scores(len(names[0]) + numpy.searchsorted(names[1], choices[1]))
    return left_out.difference(mine, its)


def corrected_models(
    metric: Metric, draw: Draw, models: Sequence[Array], chosen: Array, tuned: bool = False
) -> Estimate:
    """The score to expect of a model that is made anew in every resample; see `corrected_score`.

    Args:
        metric: The metric.
        draw: The resamples.
        models: Out-of-fold predictions of every model that was made on any of them.
        chosen: Which of them was made on each resample, (resample,).
        tuned: Whether thresholds are tuned too.
    """
    left_out = _LeftOut(metric, draw, models, tuned)
    return left_out.estimate(left_out.scores(chosen))


def _num_resamples(metric: Metric, rows: ScoredRows, num_trials: int) -> int:
    """As many as a metric can be computed for."""
    if metric.rows is not None:
        return rows.num_resamples
    affordable = _MOST_SCORED // (len(rows.target) * num_trials)
    return int(numpy.clip(affordable, FEWEST_RESAMPLES, rows.num_resamples))


@final
class _LeftOut:
    """Scores of models on the rows that resamples leave out.

    Attributes:
        dropped: Share of the scores of a fold that were undefined in a resample.
    """

    def __init__(self, metric: Metric, draw: Draw, models: Sequence[Array], tuned: bool) -> None:
        self._metric, self._draw, self._models, self._tuned = metric, draw, models, tuned
        rows = draw.rows
        self._labeled = (
            [at_threshold(model, tuned_threshold(metric, rows, model)) for model in models]
            if tuned
            else models
        )
        self._even = fold_scores(metric, rows, self._labeled)
        left_out = _left_out(self._even, draw)
        self.dropped = float(numpy.isnan(left_out).mean())
        self._centered = _centered(self._even.under(numpy.ones((1, len(draw.rows.target))))[0], left_out)

    def scores(self, places: Array) -> Array:
        """Scores of one model for each resample, (resample, term)."""
        values = self._centered[numpy.arange(self._draw.num_resamples), places]
        if not self._tuned:
            return numpy.asarray(values)
        return values + self._lost(places)

    def _lost(self, picked: Array) -> Array:
        """By how much a threshold tuned on the rows drawn changes a model's score on the others, (resample, term).

        Beside that of all rows, which the others have helped to choose: both on the same few rows.

        Args:
            picked: The model of each resample.
        """
        lost, start = numpy.zeros((self._draw.num_resamples, len(self._even.counts))), 0
        for counts in self._draw.counts():
            own = picked[start : start + len(counts)]
            for variant in numpy.unique(own):
                mine, model = numpy.flatnonzero(own == variant), self._models[variant]
                thresholds = candidates(model)
                tuned = ThresholdScores(self._metric, self._draw.rows, model, thresholds)
                best = best_places(self._metric, tuned.means(counts[mine]), thresholds)
                others = (counts[mine] == 0).astype(float)
                at_best = tuned.under(others)[numpy.arange(len(mine)), best]
                of_all = fold_scores(self._metric, self._draw.rows, [self._labeled[variant]])
                lost[start + mine] = at_best - of_all.under(others)[:, 0]
            start += len(counts)
        return lost

    def estimate(self, values: Array) -> Estimate:
        """The mean of scores with its interval."""
        rows, (mean, spread) = self._draw.rows, _summary(self._even, values)
        estimate = _estimate(rows, mean, spread)
        # All rows are right in every resample.
        if self._metric.is_share and numpy.ptp(spread) == 0.0 and rows.has_interval:
            return Estimate(mean, *map(float, wilson(mean, rows.num_units)))
        return estimate

    def difference(self, ones: Array, others: Array) -> Estimate:
        """The mean of the differences of scores with its interval."""
        return _estimate(self._draw.rows, *_summary(self._even, ones - others))


def _choices(metric: Metric, draw: Draw, predictions: Sequence[Array]) -> Array:
    """Number of the trial that is best on the rows drawn, (resample,)."""
    sign = 1.0 if metric.direction is Direction.MINIMIZE else -1.0
    everyone = numpy.arange(len(predictions))
    if len(predictions) == 1:
        return numpy.zeros(draw.num_resamples, int)
    first = sign * _drawn(metric, draw, predictions, everyone, (0, _FIRST))
    totals = numpy.nan_to_num(numpy.nanmean(first, axis=0), nan=numpy.inf)
    leads = first[:, [int(totals.argmin())]] - first
    possible = numpy.nanmean(leads, axis=0) > -_FAR * numpy.nanstd(leads, axis=0)
    possible[totals.argmin()] = True
    kept = everyone[possible]
    rest = sign * _drawn(metric, draw, predictions, kept, (_FIRST, None))
    losses = numpy.concatenate([first[:, possible], rest])
    return numpy.asarray(kept[numpy.nan_to_num(losses, nan=numpy.inf).argmin(axis=1)])


def _drawn(
    metric: Metric,
    draw: Draw,
    predictions: Sequence[Array],
    numbers: Array,
    part: tuple[int, int | None],
) -> Array:
    """Mean scores on the rows drawn, (resample, trial), some trials at a time."""
    at_once = max(1, _CELLS_OF_TRIALS // draw.rows.folds.size)
    parts = []
    for start in range(0, len(numbers), at_once):
        some = [predictions[number] for number in numbers[start : start + at_once]]
        scores = fold_scores(metric, draw.rows, some)
        parts.append(numpy.concatenate([scores.means(counts) for counts in draw.counts(*part)]))
    return numpy.concatenate(parts, axis=1)


def _left_out(scores: FoldScores, draw: Draw) -> Array:
    """Scores on the rows that were not drawn, (resample, variant, term)."""
    return numpy.concatenate([scores.under((counts == 0).astype(float)) for counts in draw.counts()])


def _centered(whole: Array, left_out: Array) -> Array:
    """Scores on all rows, (model, term), plus how far those on rows left out are from their mean over resamples."""
    defined = ~numpy.isnan(left_out)
    total = defined.sum(axis=0)
    sums = numpy.where(defined, left_out, 0.0).sum(axis=0)
    means = numpy.divide(sums, total, out=numpy.array(whole, dtype=float), where=total > 0)
    return numpy.asarray(whole + left_out - means)


def _summary(scores: FoldScores, values: Array) -> tuple[float, Array]:
    """Mean over resamples, fold by fold, then over the folds; and the means of each resample, (resample,)."""
    defined = ~numpy.isnan(values)
    total = defined.sum(axis=0)
    by_term = numpy.where(defined, values, 0.0).sum(axis=0) / numpy.where(total > 0, total, numpy.nan)
    of_resamples = scores.mean(numpy.where(defined, values, by_term))
    return float(scores.mean(by_term)), of_resamples[numpy.isfinite(of_resamples)]


def _estimate(rows: ScoredRows, mean: float, spread: Array) -> Estimate:
    """The interval by percentiles of scores on rows left out, narrowed, and widened for few units."""
    if not rows.has_interval or len(spread) < FEWEST_RESAMPLES / 2 or numpy.ptp(spread) == 0.0:
        return Estimate(mean, math.nan, math.nan)
    tail = (1.0 - LEVEL) / 2.0
    few = stats.t.ppf(1.0 - tail, max(1, rows.num_units - 1)) / stats.norm.ppf(1.0 - tail)
    narrowed = few * (numpy.quantile(spread, [tail, 1.0 - tail]) - spread.mean()) / math.sqrt(_LEFT_OUT)
    return Estimate(mean, float(mean + narrowed[0]), float(mean + narrowed[1]))
