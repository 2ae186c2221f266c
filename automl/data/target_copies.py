"""Columns that give the target away: so close to it that they may have been written down after it was known."""

from collections.abc import Iterator, Mapping

import numpy
import pandas
from scipy.stats import rankdata

from automl.data.columns import Columns
from automl.data.dataset import Dataset
from automl.trial import Task, derive_seed

MOST_ROWS = 100_000
"""Of larger tables, this many rows are looked at."""

LEAST_CORRELATION, LEAST_AREA, LEAST_NAMED = 0.999, 0.9995, 0.995
"""Rank correlation with a number, area under the ROC curve, share of rows whose class follows: what is too close."""

_MOST_ERRORS = 0.1
"""Values that name the class must also leave less than this share of the errors that naming the largest class makes."""

_LEAST_ROWS = 10
"""Rows a value, of each class or altogether: with fewer, a column may come close by chance."""

_MOST_NAMED = 5


def copies_of_target(dataset: Dataset, training: numpy.ndarray) -> list[str]:
    """A finding for each way in which columns are too close to the target.

    Args:
        dataset: The table.
        training: The rows that are looked at; test rows are not among them.
    """
    rows = some_rows(training)
    columns, target = dataset.columns.take(rows), dataset.target[rows]
    if dataset.task is Task.REGRESSION:
        close = {name: abs(_rank_correlation(values, target)) for name, values in _numbers(columns)}
        finding = f"columns in the order of the target (rank correlation above {LEAST_CORRELATION})"
        return _findings(finding, _above(close, LEAST_CORRELATION))
    named = _above({name: _share_named(values, target) for name, values in _all(columns)}, LEAST_NAMED)
    finding = f"columns whose values determine the class (in a share of rows of {LEAST_NAMED} or more)"
    findings = _findings(finding, named)
    if dataset.task is Task.BINARY:
        areas = {name: _area(values, target) for name, values in _numbers(columns) if name not in named}
        finding = f"columns with a threshold that separates the classes (AUC of {LEAST_AREA} or more)"
        findings += _findings(finding, _above(areas, LEAST_AREA))
    return findings


def some_rows(rows: numpy.ndarray) -> numpy.ndarray:
    """These rows, or so many of them as can be looked at quickly; always the same ones."""
    if len(rows) <= MOST_ROWS:
        return rows
    return numpy.random.default_rng(derive_seed("audit")).choice(rows, MOST_ROWS, replace=False)


def codes_of(values: numpy.ndarray) -> numpy.ndarray:
    """Whole numbers from 0, one for each distinct value; a gap is a value."""
    return pandas.factorize(values, use_na_sentinel=False)[0]


def _numbers(columns: Columns) -> Iterator[tuple[str, numpy.ndarray]]:
    yield from zip(columns.names, columns.numbers.T, strict=True)


def _all(columns: Columns) -> Iterator[tuple[str, numpy.ndarray]]:
    yield from _numbers(columns)
    yield from zip(columns.categories, columns.codes.T, strict=True)


def _above(scores: Mapping[str, float], least: float) -> dict[str, float]:
    return {name: score for name, score in scores.items() if score >= least}


def _findings(finding: str, scores: Mapping[str, float]) -> list[str]:
    if not scores:
        return []
    named = [f"{name!r} ({score:.4f})" for name, score in list(scores.items())[:_MOST_NAMED]]
    more = [f"{len(scores) - len(named)} more"] if len(scores) > len(named) else []
    cure = "Each may be a copy of the target: check that it is known at prediction time"
    return [f"{finding}: {', '.join(named + more)}. {cure}, or drop it under `data.columns`."]


def _rank_correlation(values: numpy.ndarray, target: numpy.ndarray) -> float:
    """Spearman's, over the rows that have a value; 0 where it is undefined or of too few rows."""
    finite = numpy.isfinite(values)
    ranks = numpy.stack([rankdata(values[finite]), rankdata(target[finite])])
    ranks -= ranks.mean(axis=1, keepdims=True) if finite.any() else 0.0
    spread = numpy.sqrt(numpy.square(ranks).sum(axis=1).prod())
    return float(ranks[0] @ ranks[1] / spread) if finite.sum() >= _LEAST_ROWS and spread > 0.0 else 0.0


def _area(values: numpy.ndarray, target: numpy.ndarray) -> float:
    """Area under the ROC curve of the column or of its opposite, from the ranks (Mann, Whitney 1947)."""
    finite = numpy.isfinite(values)
    positive = target[finite] == 1
    counts = (int(positive.sum()), int((~positive).sum()))
    if min(counts) < _LEAST_ROWS:
        return 0.0
    ranks = rankdata(values[finite])[positive].sum()
    area = float(ranks - counts[0] * (counts[0] + 1) / 2.0) / (counts[0] * counts[1])
    return max(area, 1.0 - area)


def _share_named(values: numpy.ndarray, target: numpy.ndarray) -> float:
    """Share of the rows that have the class of most rows of their value; 0 where that says nothing.

    It says nothing of values with few rows, and where the largest class leaves as few errors. A row that is alone with
    its value is no evidence and counts as an error.
    """
    codes, num_classes = codes_of(values), int(target.max()) + 1
    counts = numpy.bincount(codes)
    if len(counts) * _LEAST_ROWS > len(codes):
        return 0.0
    pairs, together = numpy.unique(codes * num_classes + target, return_counts=True)
    most = numpy.zeros(len(counts), numpy.int64)
    numpy.maximum.at(most, pairs // num_classes, together)
    errors = 1.0 - float(most[counts > 1].sum()) / len(codes)
    by_largest = 1.0 - float(numpy.bincount(target).max()) / len(codes)
    return 1.0 - errors if errors <= _MOST_ERRORS * by_largest and by_largest > 0.0 else 0.0
