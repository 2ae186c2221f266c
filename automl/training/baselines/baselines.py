"""Plain scikit-learn models on the study's own folds: was a network worth it?"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, final

import numpy
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LogisticRegression, QuantileRegressor, Ridge

from automl.data.columns import TableArrays
from automl.data.folds import Fold
from automl.data.preprocessing import Layout
from automl.evaluation.metrics import Metric
from automl.evaluation.predictions import Targets
from automl.training.baselines.boosting import COST, DEFAULT, choose
from automl.training.baselines.fitted import FittedBaseline, fit_baseline
from automl.trial import Task

MOST_SECONDS = 30.0
"""After which a baseline is fitted on no further fold, where time is limited."""

_MOST_TO_TUNE = 200_000
"""Fit rows × columns × classes up to which a setting is chosen where time is not limited. A clock would give another
verdict on a busy machine."""

_MOST_CELLS = 60_000
"""Of the rows that a linear model of a quantile is fitted on, a linear program: of more rows, a sample. Five thousand
rows of a hundred inputs would take a minute."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A plain model, with scikit-learn's defaults unless it is tuned.

    Attributes:
        classifier: Makes a model of classes from a seed.
        regressor: The same of numbers.
        quantile: The same of a quantile of numbers, from its level and a seed.
        raw: Whether it takes numbers with gaps and codes of levels; else, and where there is text, a network's inputs.
        tuned: Whether its setting is chosen on each fold's stopping rows, as `boosting` does it.
    """

    classifier: Callable[[int], Any]
    regressor: Callable[[int], Any]
    quantile: Callable[[float, int], Any]
    raw: bool = False
    tuned: bool = False


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
        tuned=True,
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
        settings: Of each fold the name of the setting that was chosen; empty for a model that has none to choose.
    """

    scores: tuple[float, ...] = ()
    losses: tuple[float, ...] = ()
    predictions: tuple[numpy.ndarray, ...] = ()
    settings: tuple[str, ...] = ()


def run_baseline(
    name: str,
    dataset: TableArrays,
    layout: Layout,
    folds: tuple[Fold, ...],
    metric: Metric,
    seconds: float = math.inf,
) -> BaselineResult:
    """Fit a baseline on all training rows of each fold, those of networks' early stopping too, and score it.

    One that is tuned has the default setting on every fold first; then each fold's stopping rows choose among all
    settings. Where time is limited, one that takes long, as boosted trees of many classes do, is not fitted on the last
    folds, and settings are chosen on as many as the time allows. Where it is not, nothing depends on a clock.

    Args:
        name: Name in `BASELINES`.
        dataset: The table.
        layout: The places of a network's inputs.
        folds: The study's folds.
        metric: What it is scored by; for the loss of a quantile, it is fitted by that loss.
        seconds: After which it is fitted on no further fold; infinite without a limit.
    """
    maker = Maker(name, dataset, layout, metric.level)
    is_limited = math.isfinite(seconds)
    began, limit = time.monotonic(), min(seconds, MOST_SECONDS) if is_limited else math.inf
    predictions: list[numpy.ndarray] = []
    for number, fold in enumerate(folds):
        if predictions and time.monotonic() - began > limit:
            break
        fitted = maker.fit(_training_rows(fold), number)
        predictions.append(fitted.predict(dataset.columns.take(fold.validation)))
    result = replace(
        _scored(predictions, dataset, folds, metric),
        settings=(DEFAULT,) * len(predictions) if BASELINES[name].tuned else (),
    )
    left = limit - (time.monotonic() - began)
    if not BASELINES[name].tuned or len(predictions) < len(folds):
        return result
    if not is_limited and _size(dataset, folds) > _MOST_TO_TUNE:
        return result
    return _tuned(maker, result, folds, metric, left)


def _tuned(
    maker: "Maker", result: BaselineResult, folds: tuple[Fold, ...], metric: Metric, seconds: float
) -> BaselineResult:
    """The same with the setting that each fold's stopping rows choose, on as many folds as the time allows."""
    predictions, settings = list(result.predictions), list(result.settings)
    began = time.monotonic()
    needed = maker.seconds * COST
    for number, fold in enumerate(folds):
        if time.monotonic() - began + needed > seconds:
            break
        start = time.monotonic()
        chosen = maker.chosen(fold, number)
        if chosen is not None:
            settings[number] = chosen[0]
            predictions[number] = chosen[1].predict(maker.dataset.columns.take(fold.validation))
        needed = time.monotonic() - start
    return replace(_scored(predictions, maker.dataset, folds, metric), settings=tuple(settings))


def _size(dataset: TableArrays, folds: tuple[Fold, ...]) -> int:
    """What the time of boosted trees is in proportion to: fit rows × columns × trees of a step."""
    num_columns = dataset.columns.numbers.shape[1] + dataset.columns.codes.shape[1]
    num_classes = len(dataset.classes)
    return len(folds[0].fit) * max(1, num_columns) * (num_classes if num_classes > 2 else 1)


def _training_rows(fold: Fold) -> numpy.ndarray:
    return numpy.union1d(fold.fit, numpy.setdiff1d(fold.stopping, fold.validation))


def _scored(
    predictions: list[numpy.ndarray], dataset: TableArrays, folds: tuple[Fold, ...], metric: Metric
) -> BaselineResult:
    """Scores and losses of predictions for the validation rows of the first folds."""
    targets = Targets(dataset.target, dataset.weights, len(dataset.classes))
    scores, losses = list[float](), list[float]()
    for fold, prediction in zip(folds, predictions, strict=False):
        target, weights = dataset.target[fold.validation], dataset.weights[fold.validation]
        scores.append(metric.function(target, prediction, weights))
        losses.append(float(numpy.average(targets.losses(fold.validation, prediction), weights=weights)))
    return BaselineResult(tuple(scores), tuple(losses), tuple(predictions))


def first_fold_seconds(
    name: str, dataset: TableArrays, layout: Layout, folds: tuple[Fold, ...], metric: Metric
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
    fitted = Maker(name, dataset, layout, metric.level).fit(some, 0)
    fitted.predict(dataset.columns.take(folds[0].validation))
    return _PART_TO_TIME * (time.monotonic() - began)


@final
class Maker:
    """Fits a baseline to rows of a table.

    Attributes:
        dataset: The table.
        seconds: What the last fit took.

    Args:
        name: Name in `BASELINES`.
        dataset: The table.
        layout: The places of a network's inputs.
        level: Of the quantile that is predicted; None for means and classes.
    """

    def __init__(self, name: str, dataset: TableArrays, layout: Layout, level: float | None) -> None:
        self.dataset, self.seconds = dataset, 0.0
        self._baseline, self._layout, self._level = BASELINES[name], layout, level
        self._is_program = level is not None and name == "linear"

    def fit(self, rows: numpy.ndarray, seed: int) -> FittedBaseline:
        """Fit it with its default setting.

        Args:
            rows: To learn from.
            seed: Of the model.
        """
        if self._is_program:
            rows = _fewer(rows, self._layout.num_inputs("standard"), seed)
        began = time.monotonic()
        fitted = self._fit(self._model(seed), rows, numpy.empty(0, int))
        self.seconds = time.monotonic() - began
        return fitted

    def chosen(self, fold: Fold, seed: int) -> tuple[str, FittedBaseline] | None:
        """Fit it with the setting that the stopping rows of a fold choose, and the name of that."""
        return choose(partial(self._model, seed), self._fit, self.dataset, fold, seed)

    def _model(self, seed: int) -> Any:
        if self._level is not None:
            return self._baseline.quantile(self._level, seed)
        regression = self.dataset.task is Task.REGRESSION
        return (self._baseline.regressor if regression else self._baseline.classifier)(seed)

    def _fit(self, model: Any, rows: numpy.ndarray, stopping: numpy.ndarray) -> FittedBaseline:
        return fit_baseline(model, self._baseline.raw, self.dataset, self._layout, rows, stopping)


def _fewer(rows: numpy.ndarray, num_inputs: int, seed: int) -> numpy.ndarray:
    """As many rows as a linear program solves in seconds."""
    most = max(1000, _MOST_CELLS // num_inputs)
    if len(rows) <= most:
        return rows
    return numpy.sort(numpy.random.default_rng(seed).choice(rows, most, replace=False))
