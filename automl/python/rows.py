"""Rows as scikit-learn is given them, checked by its own rules, as a table with names."""

from dataclasses import dataclass
from typing import Any

import numpy
import pandas
from sklearn.utils.validation import _check_sample_weight, check_consistent_length, validate_data

FEWEST_ROWS = 2
"""That can be learned from."""


@dataclass(frozen=True, slots=True)
class RowsToFit:
    """What an estimator is to learn from.

    Attributes:
        table: The rows, their columns by name.
        kinds: What columns hold, by name, where that is known without looking.
        weights: How much each row counts, of shape (row,); None where all count the same.
        chosen: Which of the given rows these are: a truth value for each.
    """

    table: pandas.DataFrame
    kinds: dict[str, str]
    weights: numpy.ndarray | None
    chosen: numpy.ndarray

    def select(self, values: numpy.ndarray) -> numpy.ndarray:
        """Of values for all given rows those of the rows that are learned from."""
        return values[self.chosen]

    def only(self, these: numpy.ndarray) -> "RowsToFit":
        """Some of these rows, by a truth value for each of them."""
        weights = None if self.weights is None else self.weights[these]
        return RowsToFit(self.table[these], self.kinds, weights, self.chosen)


def rows_to_fit(estimator: Any, X: Any, y: Any, sample_weight: Any) -> RowsToFit:
    """Check what `fit` is given, and note the columns on the estimator.

    Raises:
        ValueError: It cannot be used.
    """
    if y is None:
        raise ValueError(f"{type(estimator).__name__} requires y to be passed, but the target y is None.")
    table = _table(estimator, X, reset=True)
    check_consistent_length(table, y)
    weights, chosen = None, numpy.ones(len(table), dtype=bool)
    if sample_weight is not None:
        given = _check_sample_weight(sample_weight, table, dtype=numpy.float64, ensure_non_negative=True)
        chosen = given > 0.0
        if chosen.sum() < FEWEST_ROWS:
            count = int(chosen.sum())
            raise ValueError(f"sample_weight must be above 0 for {FEWEST_ROWS} rows or more, got {count}.")
        weights = given[chosen] if (given[chosen] != given[chosen][0]).any() else None
    is_array = not hasattr(X, "columns")
    numbers = [str(name) for name in table.columns if table[name].dtype.kind in "iuf"] if is_array else []
    return RowsToFit(table[chosen], dict.fromkeys(numbers, "numeric"), weights, chosen)


def checked_rows(estimator: Any, X: Any) -> pandas.DataFrame:
    """The rows that a fitted estimator is to predict.

    Raises:
        ValueError: They have other columns.
    """
    return _table(estimator, X, reset=False)


def _table(estimator: Any, X: Any, *, reset: bool) -> pandas.DataFrame:
    if hasattr(X, "columns") and hasattr(X, "to_pandas"):  # a table of another library
        X = X.to_pandas()
    fewest = FEWEST_ROWS if reset else 1
    if not isinstance(X, pandas.DataFrame):
        checks = {"dtype": None, "ensure_all_finite": "allow-nan", "ensure_min_samples": fewest}
        values = validate_data(estimator, X, reset=reset, **checks)
        return pandas.DataFrame(
            values, columns=[f"x{index}" for index in range(values.shape[1])]
        ).infer_objects()
    validate_data(estimator, X, reset=reset, skip_check_array=True)
    for count, noun, least in ((len(X), "sample(s)", fewest), (X.shape[1], "feature(s)", 1)):
        if count < least:
            need = f"while a minimum of {least} is required by {type(estimator).__name__}"
            raise ValueError(f"Found array with {count} {noun} (shape={X.shape}) {need}.")
    return X.reset_index(drop=True).rename(columns=str)
