"""The target column: its task, its classes in the order of their codes, and what a network is to learn from it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy
import pandas

from automl.config.sections import DataConfig
from automl.errors import DataError, explain
from automl.trial import Scalar, Task

MOST_CLASSES = 20
"""A target of whole numbers with more distinct values than this is taken for a regression."""

Where = Callable[..., str]


@dataclass(frozen=True, slots=True)
class TargetColumn:
    """A target that can be learned.

    Attributes:
        labels: Its cells, as they are written in the file.
        values: Array of shape (row,): int64 codes of `classes`, or float64 values in the units of the file.
        task: What it asks for.
        classes: Labels in the order of their codes; empty for a regression.
    """

    labels: pandas.Series
    values: numpy.ndarray
    task: Task
    classes: tuple[Scalar, ...]


def read_target(cells: pandas.Series, config: DataConfig, where: Where) -> TargetColumn:
    """Find out what a target asks for.

    Args:
        cells: The column, of plain cells (`scoring.plain_cells`).
        config: The study file's data section.
        where: Gives `file:line` of a key of the study file.

    Raises:
        DataError: It has gaps, one value only, or cannot be what the study file says.
    """
    labels = _plain_labels(cells, where)
    task = _task_of(labels, config, where)
    if task is Task.REGRESSION:
        return TargetColumn(labels, labels.to_numpy(dtype=numpy.float64), task, ())
    classes: tuple[Scalar, ...] = tuple(sorted(labels.unique().tolist()))
    codes = pandas.Categorical(labels, categories=list(classes)).codes.astype(numpy.int64)
    return TargetColumn(labels, codes, task, classes)


def _plain_labels(target: pandas.Series, where: Where) -> pandas.Series:
    gaps = int(target.isna().sum())
    if gaps:
        row = int(numpy.argmax(target.isna().to_numpy()))
        raise DataError(
            f"{where('data', 'target')}: the target {target.name!r} must have a value in every row, "
            f"got {gaps} gaps, the first in data row {row + 1}. Remove those rows."
        )
    mixed = target.dtype == object and target.map(type).nunique() > 1
    return target.map(str) if mixed or pandas.api.types.is_datetime64_any_dtype(target) else target


def _task_of(values: pandas.Series, config: DataConfig, where: Where) -> Task:
    distinct = values.nunique()
    numeric = pandas.api.types.is_numeric_dtype(values) and not pandas.api.types.is_bool_dtype(values)
    if distinct < 2:
        raise DataError(
            f"{where('data', 'target')}: the target {values.name!r} must have two different values or more, "
            f"got only {values.tolist()[0]!r}. Choose another column."
            if len(values)
            else f"{where('data')}: the table must have rows, got none."
        )
    if config.task == "regression":
        if not numeric:
            must, at = "fit the target, which does not hold numbers", where("data", "task")
            raise DataError(explain("data.task", must, "regression", "Use `task: auto`.", where=at))
        return _finite_regression(values, where)
    by_count = Task.BINARY if distinct == 2 else Task.MULTICLASS
    if config.task != "auto":
        if config.task != by_count.value:
            must = f"fit the target, which has {distinct} different values"
            raise DataError(
                explain("data.task", must, config.task, "Use `task: auto`.", where=where("data", "task"))
            )
        return by_count
    whole = numeric and bool((values.astype(float) % 1 == 0).all())
    if not numeric or (whole and distinct <= MOST_CLASSES):
        return by_count
    return _finite_regression(values, where)


def _finite_regression(values: pandas.Series, where: Where) -> Task:
    if not numpy.isfinite(values.to_numpy(dtype=float)).all():
        raise DataError(
            f"{where('data', 'target')}: the target {values.name!r} must be finite, got an infinite value. "
            "Remove those rows."
        )
    return Task.REGRESSION
