"""Plain scikit-learn models on the study's own folds: was a network worth it?"""

import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy
import threadpoolctl
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, QuantileRegressor, Ridge

from automl.data.columns import Columns
from automl.data.dataset import Dataset
from automl.data.preprocessing import Layout, fit_preprocessing
from automl.data.splits import Fold
from automl.evaluation.metrics import Metric
from automl.evaluation.predictions import Targets
from automl.trial import Task

MOST_SECONDS = 30.0
"""After which a baseline is fitted on no further fold."""

_ROWS_FOR_THREADS = 10_000

_MOST_CELLS = 60_000
"""Of the rows that a linear model of a quantile is fitted on, a linear program: of more rows, a sample. Five thousand
rows of a hundred inputs would take a minute."""

_MOST_LEVELS = 255
"""Levels that scikit-learn's gradient boosting takes as categories; columns with more are ordered by their names."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A plain model, with scikit-learn's defaults.

    Attributes:
        classifier: Makes a model of classes from a seed.
        regressor: The same of numbers.
        quantile: The same of a quantile of numbers, from its level and a seed.
        raw: Whether it takes numbers with gaps and codes of levels; else, and where there is text, a network's inputs.
    """

    classifier: Callable[[int], Any]
    regressor: Callable[[int], Any]
    quantile: Callable[[float, int], Any]
    raw: bool = False


BASELINES: Mapping[str, Baseline] = {
    "constant": Baseline(
        lambda _: DummyClassifier(),
        lambda _: DummyRegressor(),
        lambda level, _: DummyRegressor(strategy="quantile", quantile=level),
    ),
    "linear": Baseline(
        lambda _: LogisticRegression(max_iter=300),
        lambda _: Ridge(),
        lambda level, _: QuantileRegressor(quantile=level, alpha=1e-3),
    ),
    "gradient boosting": Baseline(
        lambda seed: HistGradientBoostingClassifier(random_state=seed, categorical_features="from_dtype"),
        lambda seed: HistGradientBoostingRegressor(random_state=seed, categorical_features="from_dtype"),
        lambda level, seed: HistGradientBoostingRegressor(
            loss="quantile", quantile=level, random_state=seed, categorical_features="from_dtype"
        ),
        raw=True,
    ),
}


_FEWEST_TO_TIME, _PART_TO_TIME = 4000, 16
"""Rows of a fold from which on a baseline is timed on a sixteenth of them."""


@dataclass(frozen=True, slots=True)
class BaselineResult:
    """What a baseline has done on the folds, or on the first of them.

    Attributes:
        scores: By the objective's metric, one per fold.
        losses: Log loss or mean squared error, one per fold, whatever the objective is.
        predictions: For the validation rows of each fold, in the order of the fold: in the target's units, of shape
            (row,), or probabilities of shape (row, class).
    """

    scores: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()
    predictions: tuple[numpy.ndarray, ...] = ()


def run_baseline(
    name: str,
    dataset: Dataset,
    layout: Layout,
    folds: tuple[Fold, ...],
    metric: Metric,
    seconds: float = MOST_SECONDS,
) -> BaselineResult:
    """Fit a baseline on all training rows of each fold, those of networks' early stopping too, and score it.

    One that takes long, as boosted trees of many classes do, is not fitted on the last folds.

    Args:
        name: Name in `BASELINES`.
        dataset: The table.
        layout: The places of a network's inputs.
        folds: The study's folds.
        metric: What it is scored by; for the loss of a quantile, it is fitted by that loss.
        seconds: After which it is fitted on no further fold.
    """
    targets = Targets(dataset.target, dataset.weights, len(dataset.classes))
    scores, losses, predictions = list[float](), list[float](), list[numpy.ndarray]()
    began = time.monotonic()
    for number, fold in enumerate(folds):
        if scores and time.monotonic() - began > min(seconds, MOST_SECONDS):
            break
        rows = numpy.union1d(fold.fit, numpy.setdiff1d(fold.stopping, fold.validation))
        prediction = _predictions(
            BASELINES[name], dataset, layout, (rows, fold.validation), number, metric.level
        )
        target, weights = dataset.target[fold.validation], dataset.weights[fold.validation]
        scores.append(metric.function(target, prediction, weights))
        losses.append(float(numpy.average(targets.losses(fold.validation, prediction), weights=weights)))
        predictions.append(prediction)
    return BaselineResult(tuple(scores), tuple(losses), tuple(predictions))


def first_fold_seconds(
    name: str, dataset: Dataset, layout: Layout, folds: tuple[Fold, ...], metric: Metric
) -> float:
    """How long a baseline is likely to take on the first fold, which it takes whole: by a sixteenth of its rows.

    0 for a table so small that it does not matter.

    Args:
        name: Name in `BASELINES`.
        dataset: The table.
        layout: The places of a network's inputs.
        folds: The study's folds.
        metric: See `run_baseline`.
    """
    rows = folds[0].fit
    if len(rows) < _FEWEST_TO_TIME:
        return 0.0
    some = numpy.sort(numpy.random.default_rng(0).choice(rows, len(rows) // _PART_TO_TIME, replace=False))
    began = time.monotonic()
    _predictions(BASELINES[name], dataset, layout, (some, folds[0].validation), 0, metric.level)
    return _PART_TO_TIME * (time.monotonic() - began)


def _predictions(
    baseline: Baseline,
    dataset: Dataset,
    layout: Layout,
    rows: tuple[numpy.ndarray, numpy.ndarray],
    seed: int,
    level: float | None,
) -> numpy.ndarray:
    """Predictions for the second rows by a model of the first ones, of their means or of a quantile."""
    if level is not None and baseline is BASELINES["linear"]:
        rows = _fewer(rows[0], layout.num_inputs("standard"), seed), rows[1]
    training, others = (dataset.columns.take(some) for some in rows)
    inputs: list[Any]
    if baseline.raw and not training.others:
        inputs = [_raw(training), _raw(others)]
    else:
        preprocessing = fit_preprocessing(training, layout, "standard")
        inputs = [preprocessing.apply(training), preprocessing.apply(others)]
    regression = dataset.task is Task.REGRESSION
    model = (baseline.regressor if regression else baseline.classifier)(seed)
    if level is not None:
        model = baseline.quantile(level, seed)
    # On few rows, threads that wait for each other cost more than they bring, and on busy cores many times more.
    threads = 1 if len(rows[0]) < _ROWS_FOR_THREADS else None
    with warnings.catch_warnings(), threadpoolctl.threadpool_limits(threads, user_api="openmp"):
        warnings.simplefilter("ignore")  # a linear model that has not converged is still a baseline
        model.fit(inputs[0], dataset.target[rows[0]], sample_weight=dataset.weights[rows[0]])
    if regression:
        return numpy.asarray(model.predict(inputs[1]), numpy.float64)
    prediction = numpy.zeros((len(rows[1]), len(dataset.classes)))
    prediction[:, model.classes_] = model.predict_proba(inputs[1])
    return prediction


def _fewer(rows: numpy.ndarray, num_inputs: int, seed: int) -> numpy.ndarray:
    """As many rows as a linear program solves in seconds."""
    most = max(1000, _MOST_CELLS // num_inputs)
    if len(rows) <= most:
        return rows
    return numpy.sort(numpy.random.default_rng(seed).choice(rows, most, replace=False))


def _raw(columns: Columns) -> Any:
    """A data frame of the numbers, and of the levels as categories."""
    import pandas

    inputs: list[Any] = list(columns.numbers.T)
    for codes, levels in zip(columns.codes.T, columns.levels, strict=True):
        few = len(levels) <= _MOST_LEVELS
        inputs.append(
            pandas.Categorical(codes, categories=list(range(len(levels)))) if few else codes.astype(float)
        )
    return pandas.DataFrame(dict(enumerate(inputs))).rename(columns=str)
