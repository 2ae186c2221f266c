"""Gradient boosting with early stopping and four settings, chosen on rows that score nothing."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy

from automl.data.columns import TableArrays
from automl.data.folds import Fold
from automl.training.baselines.fitted import Fit, FittedBaseline
from automl.trial import Task, derive_seed

DEFAULT = "default"

SETTINGS: Mapping[str, Mapping[str, Any]] = {
    DEFAULT: {},
    "slow": {"learning_rate": 0.03, "max_iter": 500},
    "small trees": {"max_leaf_nodes": 6, "max_iter": 300, "l2_regularization": 1.0},
    "small leaves": {"learning_rate": 0.05, "max_iter": 300, "min_samples_leaf": 5, "l2_regularization": 5.0},
}
"""What differs from scikit-learn's defaults, which come first."""

COST = 15.0
"""What choosing among the settings takes at most, in fits of the default."""

_PATIENCE = 20
_HELD_OUT = 0.2
"""Share of the fit rows that choose where a fold's stopping rows score too, as under `stop_on: validation`."""

_FEWEST = 10


def choose(
    make: Callable[[], Any], fit: Fit, dataset: TableArrays, fold: Fold, seed: int
) -> tuple[str, FittedBaseline] | None:
    """The setting of the least loss on stopping rows, fitted to them too with as many trees as were best there.

    None where there are too few rows to choose by.

    Args:
        make: Makes a model with the default settings.
        fit: Fits one.
        dataset: The table.
        fold: The fold; its validation rows are not looked at.
        seed: Of the rows that are held out where a fold has none that only stop.
    """
    rows, stopping = _stopping_rows(dataset, fold, seed)
    if len(stopping) < _FEWEST:
        return None
    least, chosen, num_trees = math.inf, "", 0
    for name, values in SETTINGS.items():
        model = make().set_params(early_stopping=True, n_iter_no_change=_PATIENCE, **values)
        losses = -fit(model, rows, stopping).model.validation_score_
        index = int(losses.argmin())
        if losses[index] < least:
            least, chosen, num_trees = float(losses[index]), name, index
    if not chosen:  # no loss was a number
        return None
    best = make().set_params(**{**SETTINGS[chosen], "early_stopping": False, "max_iter": max(1, num_trees)})
    return chosen, fit(best, numpy.union1d(rows, stopping), numpy.empty(0, int))


def _stopping_rows(dataset: TableArrays, fold: Fold, seed: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Rows to learn from and rows to stop by, which have no class that the others lack."""
    rows, stopping = fold.fit, numpy.setdiff1d(fold.stopping, fold.validation)
    if not len(stopping):
        generator = numpy.random.default_rng(derive_seed(seed, "boosting"))
        stopping = numpy.sort(generator.choice(rows, int(_HELD_OUT * len(rows)), replace=False))
        rows = numpy.setdiff1d(rows, stopping)
    if dataset.task is not Task.REGRESSION:
        stopping = stopping[numpy.isin(dataset.target[stopping], dataset.target[rows])]
    return rows, stopping
