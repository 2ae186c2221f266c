"""Scores of many sets of predictions on each fold, under weights that count the rows: what resampling asks for.

A metric is computed in whatever way does many resamples at once: from values by row, tables of labels, or sorted rows.
Tests compare each way with the metric's own function.
"""

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import final

import numpy
from scipy import sparse

from automl.evaluation.metrics import Metric
from automl.evaluation.rankings import Levels, positive_codes
from automl.evaluation.resampling import ScoredRows

Array = numpy.ndarray

_CELLS_AT_ONCE, _FEWEST_RESAMPLES = 400_000, 16
"""So few that they stay near a core, and enough resamples to add up several at a time."""


class FoldScores(ABC):
    """Scores of variants (trials, or thresholds of one trial) on each term of their mean.

    A term is a fold; of a ratio of counts, all folds together.

    Attributes:
        counts: How much each term counts in the mean, (term,).
    """

    def __init__(self, metric: Metric, rows: ScoredRows) -> None:
        self._metric, self._rows = metric, rows
        self.counts = numpy.array([rows.weights[places].mean() for _, places in rows.parts])

    @abstractmethod
    def under(self, counts: Array) -> Array:
        """Scores of shape (resample, variant, term) under counts of shape (resample, row); NaN where undefined."""

    def means(self, counts: Array) -> Array:
        """Their means over the terms that are defined, (resample, variant)."""
        return self.mean(self.under(counts))

    def mean(self, scores: Array) -> Array:
        """Mean over the last axis, the terms, of those that are defined; NaN where none is."""
        counts = numpy.where(numpy.isnan(scores), 0.0, self.counts)
        total = counts.sum(axis=-1)
        sums = numpy.where(numpy.isnan(scores), 0.0, scores * self.counts).sum(axis=-1)
        return numpy.divide(sums, total, out=numpy.full(total.shape, numpy.nan), where=total > 0)

    def _undefined(self, weights: Array, places: Array) -> Array:
        """Resamples in which a fold has no row, or rows of one class where the metric needs several."""
        empty = weights.sum(axis=1) <= 0.0
        if not self._metric.varied:
            return empty
        classes = numpy.unique(self._rows.target[places], return_inverse=True)[1]
        present = numpy.stack([weights[:, classes == code].any(axis=1) for code in range(classes.max() + 1)])
        return numpy.asarray(empty | (present.sum(axis=0) < 2))


def fold_scores(metric: Metric, rows: ScoredRows, predictions: Sequence[Array]) -> FoldScores:
    """Scores of several sets of predictions, each of shape (repeat, row) or (repeat, row, class)."""
    if metric.rows is not None:
        return _ByRow(metric, rows, predictions)
    if metric.tables is not None:
        return _ByTable(metric, rows, predictions)
    return (_ByRank if metric.ranks is not None else _Called)(metric, rows, predictions)


@final
class _ByRow(FoldScores):
    """Means of values by row: one matrix product a fold."""

    def __init__(self, metric: Metric, rows: ScoredRows, predictions: Sequence[Array]) -> None:
        super().__init__(metric, rows)
        assert metric.rows is not None
        self._values = [
            numpy.stack([metric.rows(rows.target[places], one[repeat][places]) for one in predictions])
            .astype(float)
            .T
            for repeat, places in rows.parts
        ]

    def under(self, counts: Array) -> Array:
        return numpy.stack([self._term(counts, term) for term in range(len(self._values))], axis=-1)

    def _term(self, counts: Array, term: int) -> Array:
        places = self._rows.parts[term][1]
        weights = counts[:, places] * self._rows.weights[places]
        totals = weights.sum(axis=1, keepdims=True)
        with numpy.errstate(invalid="ignore", divide="ignore"):
            means = weights @ self._values[term] / totals
            if not self._metric.relative:
                return numpy.asarray(self._metric.finish(means))
            target = self._rows.target[places] - self._rows.target[places].mean()
            spread = (weights @ target**2)[:, None] / totals - ((weights @ target)[:, None] / totals) ** 2
            constant = spread <= 1e-12 * numpy.square(target).max(initial=1e-300)
            return numpy.where(constant, numpy.nan, 1.0 - means / spread)


class _Tables(FoldScores):
    """Scores of tables of true and predicted classes."""

    def __init__(self, metric: Metric, rows: ScoredRows, num_classes: int) -> None:
        super().__init__(metric, rows)
        self._num_classes = num_classes
        self._pooled = metric.base is not None and num_classes == 2
        if self._pooled:
            self.counts = numpy.ones(1)

    def under(self, counts: Array) -> Array:
        assert self._metric.tables is not None
        terms = []
        for term, (_, places) in enumerate(self._rows.parts):
            weights = counts[:, places] * self._rows.weights[places]
            tables = self._tables(weights, term)
            tables[weights.sum(axis=1) <= 0.0] = numpy.nan
            terms.append(tables)
        if self._pooled:
            return self._metric.tables(numpy.nansum(terms, axis=0))[..., None]
        scores = [self._metric.tables(numpy.nan_to_num(tables)) for tables in terms]
        undefined = [numpy.isnan(tables[..., 0, 0]) for tables in terms]
        return numpy.where(numpy.stack(undefined, axis=-1), numpy.nan, numpy.stack(scores, axis=-1))

    @abstractmethod
    def _tables(self, weights: Array, term: int) -> Array:
        """Of shape (resample, variant, class, class) under weights of shape (resample, row of the fold)."""


@final
class _ByTable(_Tables):
    """Tables of the most probable classes of several sets of predictions."""

    def __init__(self, metric: Metric, rows: ScoredRows, predictions: Sequence[Array]) -> None:
        num_classes = predictions[0].shape[-1]
        super().__init__(metric, rows, num_classes)
        self._cells = [
            [
                _indicator(
                    rows.target[places] * num_classes + one[repeat][places].argmax(axis=1), num_classes**2
                )
                for one in predictions
            ]
            for repeat, places in rows.parts
        ]

    def _tables(self, weights: Array, term: int) -> Array:
        flat = numpy.stack([(cells @ weights.T).T for cells in self._cells[term]], axis=1)
        return flat.reshape(*flat.shape[:2], self._num_classes, self._num_classes)


@final
class ThresholdScores(_Tables):
    """One set of predictions of two classes under many thresholds.

    Args:
        metric: One of tables.
        rows: The rows.
        prediction: Of shape (repeat, row, 2).
        thresholds: Ascending; from which probability on the second class is the label.
    """

    def __init__(self, metric: Metric, rows: ScoredRows, prediction: Array, thresholds: Array) -> None:
        super().__init__(metric, rows, 2)
        # How many thresholds a row reaches: it is labeled by those, and by none of the higher ones.
        self._reached = [
            _indicator(
                numpy.searchsorted(thresholds, prediction[repeat][places, 1], side="right"),
                len(thresholds) + 1,
            )
            for repeat, places in rows.parts
        ]
        self._targets = [rows.target[places] for _, places in rows.parts]

    def _tables(self, weights: Array, term: int) -> Array:
        true = weights * self._targets[term]
        missed, hits = self._below_and_above(true, term)
        rest, alarms = self._below_and_above(weights - true, term)
        return numpy.stack([rest, alarms, missed, hits], axis=-1).reshape(*hits.shape, 2, 2)

    def _below_and_above(self, weights: Array, term: int) -> tuple[Array, Array]:
        """Weight of the rows below each threshold, and of the others, (resample, threshold)."""
        reached = numpy.cumsum((self._reached[term] @ weights.T).T, axis=1)
        return reached[:, :-1], reached[:, -1:] - reached[:, :-1]


@final
class _ByRank(FoldScores):
    """Rows divided into levels once for all resamples."""

    def __init__(self, metric: Metric, rows: ScoredRows, predictions: Sequence[Array]) -> None:
        super().__init__(metric, rows)
        self._predictions = predictions

    def under(self, counts: Array) -> Array:
        scores = numpy.empty((len(counts), len(self._predictions), len(self._rows.parts)))
        for term, (repeat, places) in enumerate(self._rows.parts):
            weights = counts[:, places] * self._rows.weights[places]
            at_once = max(_FEWEST_RESAMPLES, _CELLS_AT_ONCE // len(places))
            parts = [
                numpy.ascontiguousarray(weights[start : start + at_once].T)
                for start in range(0, len(weights), at_once)
            ]
            target = self._rows.target[places]
            present = _present(weights, target, self._predictions[0].shape[-1])
            score = partial(self._of_fold, parts, target, present)
            with ThreadPoolExecutor(os.cpu_count()) as pool:  # NumPy and SciPy add up beside the interpreter
                own = (prediction[repeat][places] for prediction in self._predictions)
                scores[:, :, term] = numpy.stack(list(pool.map(score, own)), axis=1)
            scores[self._undefined(weights, places), :, term] = numpy.nan
        return scores

    def _of_fold(self, parts: Sequence[Array], target: Array, present: Array, prediction: Array) -> Array:
        """Mean over the classes that take their turn as the positive one, (resample,).

        Args:
            parts: Weights of some resamples at a time, each of shape (row, resample).
            target: Class codes, (row,).
            present: Whether each such class counts in each resample, (class, resample).
            prediction: Of shape (row, class).
        """
        assert self._metric.ranks is not None
        scores = []
        for code in positive_codes(target, prediction.shape[1]):
            levels = Levels.of(target == code, prediction[:, code])
            scores.append(numpy.concatenate([self._metric.ranks(levels, weights) for weights in parts]))
        total = present.sum(axis=0)
        sums = numpy.where(present, numpy.stack(scores), 0.0).sum(axis=0)
        return numpy.divide(sums, total, out=numpy.full(len(total), numpy.nan), where=total > 0)


def _present(weights: Array, target: Array, num_classes: int) -> Array:
    """Whether each class that takes its turn as the positive one counts, (class, resample): of many, those drawn."""
    codes = positive_codes(target, num_classes)
    if num_classes == 2:
        return numpy.ones((len(codes), len(weights)), bool)
    return numpy.stack([weights[:, target == code].any(axis=1) for code in codes])


@final
class _Called(FoldScores):
    """A metric of which nothing is known but its function."""

    def __init__(self, metric: Metric, rows: ScoredRows, predictions: Sequence[Array]) -> None:
        super().__init__(metric, rows)
        self._predictions = predictions

    def under(self, counts: Array) -> Array:
        scores = numpy.full((len(counts), len(self._predictions), len(self._rows.parts)), numpy.nan)
        for term, (repeat, places) in enumerate(self._rows.parts):
            target = self._rows.target[places]
            for number, weights in enumerate(counts[:, places] * self._rows.weights[places]):
                if not weights.any():
                    continue
                for variant, prediction in enumerate(self._predictions):
                    scores[number, variant, term] = self._metric.function(
                        target, prediction[repeat][places], weights
                    )
        return scores


def _indicator(cells: Array, num_cells: int) -> sparse.csr_array:
    """Of shape (cell, row): 1 where the row is in the cell."""
    ones = numpy.ones(len(cells))
    return sparse.csr_array((ones, (cells, numpy.arange(len(cells)))), shape=(num_cells, len(cells)))
