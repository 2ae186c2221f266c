"""One plain model of scikit-learn on some rows of a table: fitted, and asked about others."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy
import threadpoolctl

from automl.data.columns import Columns, TableArrays
from automl.data.preprocessing import Layout, Preprocessing, fit_preprocessing
from automl.trial import Task

_ROWS_FOR_THREADS = 10_000

_MOST_LEVELS = 255
"""Levels that scikit-learn's gradient boosting takes as categories; columns with more are ordered by their names."""


@dataclass(frozen=True, slots=True)
class FittedBaseline:
    """A fitted model.

    Attributes:
        model: Of scikit-learn.
        preprocessing: What its inputs are put through; None of a model that takes gaps and codes of levels.
        task: What it predicts.
        num_classes: Of the table; 0 for a regression.
    """

    model: Any
    preprocessing: Preprocessing | None
    task: Task
    num_classes: int = 0

    def inputs(self, columns: Columns) -> Any:
        """What the model takes of rows."""
        return _raw(columns) if self.preprocessing is None else self.preprocessing.apply(columns)

    def predict(self, columns: Columns) -> numpy.ndarray:
        """Predictions for rows: float64 of shape (row,) in the target's units, or (row, class) probabilities."""
        if self.task is Task.REGRESSION:
            return numpy.asarray(self.model.predict(self.inputs(columns)), numpy.float64)
        prediction = numpy.zeros((len(columns), self.num_classes))
        prediction[:, self.model.classes_] = self.model.predict_proba(self.inputs(columns))
        return prediction


def fit_baseline(
    model: Any, raw: bool, dataset: TableArrays, layout: Layout, rows: numpy.ndarray, stopping: numpy.ndarray
) -> FittedBaseline:
    """Fit a model.

    Args:
        model: Of scikit-learn, not fitted.
        raw: Whether it takes numbers with gaps and codes of levels; else, and where there is text, a network's inputs.
        dataset: The table.
        layout: The places of a network's inputs.
        rows: To learn from.
        stopping: Rows by which the model stops early; empty for one that does not.
    """
    training = dataset.columns.take(rows)
    preprocessing = None if raw and not training.others else fit_preprocessing(training, layout, "standard")
    fitted = FittedBaseline(model, preprocessing, dataset.task, len(dataset.classes))
    is_weighted = not raw or _takes_weights(model, dataset)
    given: dict[str, Any] = {"sample_weight": dataset.weights[rows]} if is_weighted else {}
    if len(stopping):
        given |= {"X_val": fitted.inputs(dataset.columns.take(stopping)), "y_val": dataset.target[stopping]}
        given |= {"sample_weight_val": dataset.weights[stopping]} if is_weighted else {}
    # On few rows, threads that wait for each other cost more than they bring, and on busy cores many times more.
    threads = 1 if len(rows) < _ROWS_FOR_THREADS else None
    with warnings.catch_warnings(), threadpoolctl.threadpool_limits(threads, user_api="openmp"):
        warnings.simplefilter("ignore")  # a linear model that has not converged is still a baseline
        model.fit(fitted.inputs(training), dataset.target[rows], **given)
    return fitted


def _takes_weights(model: Any, dataset: TableArrays) -> bool:
    """Whether boosted trees need the weights of rows: these differ, or a leaf would have another quantile without.

    With weights, scikit-learn takes a weighted percentile for each of 255 edges of each column, in Python: of 455 rows
    and 30 columns 1.5 s a fit, of which the trees take 0.1.
    """
    return bool((dataset.weights != 1.0).any()) or model.get_params().get("loss") == "quantile"


Fit = Callable[[Any, numpy.ndarray, numpy.ndarray], FittedBaseline]
"""Fits a model to rows, with rows by which it stops."""


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
