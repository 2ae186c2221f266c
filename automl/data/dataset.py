"""A table in memory, checked: numbers in, one target out. Knows no file format and no fold."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy
import pandas

from automl.config import DataConfig
from automl.errors import DataError, explain, one_of
from automl.trial import Scalar, Task

MOST_CLASSES = 20
"""A target of whole numbers with more distinct values than this is taken for a regression."""

Where = Callable[..., str]


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table ready to be split.

    Attributes:
        features: Float64 array of shape (row, feature), finite, in the units of the file.
        target: Array of shape (row,): int64 codes of `classes`, or float64 values in the units of the file.
        feature_names: Column names, one a feature.
        target_name: Column name of the target.
        task: What the target asks for.
        classes: Labels in the order of their codes, as the file has them; empty for a regression.
        digest: SHA-256 of names and values: equal tables have equal digests.
    """

    features: numpy.ndarray
    target: numpy.ndarray
    feature_names: tuple[str, ...]
    target_name: str
    task: Task
    classes: tuple[Scalar, ...]
    digest: str

    @property
    def num_outputs(self) -> int:
        """Number of outputs that a network for this target has."""
        return len(self.classes) if self.task is Task.MULTICLASS else 1

    def frame(self, rows: numpy.ndarray) -> pandas.DataFrame:
        """The raw features of these rows, by column name."""
        return pandas.DataFrame(self.features[rows], columns=list(self.feature_names))


def make_dataset(table: pandas.DataFrame, target: str, config: DataConfig, where: Where) -> Dataset:
    """Check a table and take it apart.

    Args:
        table: The table as it was read.
        target: Name of the column to predict.
        config: The study file's data section.
        where: Gives `file:line` of a key of the study file.

    Raises:
        DataError: A column that is not there, not numeric, or has gaps; a target that cannot be learned.
    """
    names = _feature_names(table, target, config, where)
    values = _target_values(table[target], where)
    task = _task_of(values, config, where)
    features = _numeric(table[names], where)
    classes: tuple[Scalar, ...] = ()
    if task is Task.REGRESSION:
        codes = values.to_numpy(dtype=numpy.float64)
    else:
        labels = sorted(values.unique().tolist())
        classes = tuple(labels)
        codes = pandas.Categorical(values, categories=labels).codes.astype(numpy.int64)
    digest = _digest(names, target, features, values)
    return Dataset(features, codes, tuple(names), target, task, classes, digest)


def _feature_names(table: pandas.DataFrame, target: str, config: DataConfig, where: Where) -> list[str]:
    columns = [str(column) for column in table.columns]
    if target not in columns:
        at = where("data", "target")
        raise DataError(f"{at}: `data.target` must name a column, got {target!r}. {one_of(columns, target)}")
    if config.features is None:
        names = [column for column in columns if column != target]
    else:
        for index, name in enumerate(config.features):
            if name not in columns:
                at = where("data", "features", index)
                raise DataError(
                    f"{at}: `data.features` must name columns, got {name!r}. {one_of(columns, name)}"
                )
        names = list(dict.fromkeys(config.features))
    if target in names:
        at = where("data", "features")
        raise DataError(f"{at}: `data.features` must not hold the target {target!r}. Remove it.")
    if not names:
        raise DataError(f"{where('data')}: the table must have a column besides its target {target!r}.")
    return names


def _target_values(target: pandas.Series, where: Where) -> pandas.Series:
    gaps = int(target.isna().sum())
    if gaps:
        row = int(numpy.argmax(target.isna().to_numpy()))
        raise DataError(
            f"{where('data', 'target')}: the target {target.name!r} must have a value in every row, "
            f"got {gaps} gaps, the first in data row {row + 1}. Remove those rows."
        )
    if target.map(type).nunique() > 1:
        target = target.map(str)
    return target


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


def _numeric(table: pandas.DataFrame, where: Where) -> numpy.ndarray:
    text = [name for name in table.columns if not pandas.api.types.is_numeric_dtype(table[name])]
    if text:
        raise DataError(
            f"{where('data')}: every feature must be a number, got text in {_some(text)}. "
            "Encode it as numbers, or list only the numeric columns under `data.features`."
        )
    values = table.to_numpy(dtype=numpy.float64)
    bad = ~numpy.isfinite(values)
    if bad.any():
        names = [name for name, wrong in zip(table.columns, bad.any(axis=0), strict=True) if wrong]
        row = int(numpy.argmax(bad.any(axis=1)))
        raise DataError(
            f"{where('data')}: every feature must be a finite number in every row, got gaps or infinite "
            f"values in {_some(names)}, the first in data row {row + 1}. Fill them, or leave the columns out of "
            "`data.features`."
        )
    return values


def _some(names: list[str], most: int = 5) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more columns"


def _digest(names: list[str], target: str, features: numpy.ndarray, values: pandas.Series) -> str:
    digest = hashlib.sha256("\n".join([*names, target]).encode())
    digest.update(numpy.ascontiguousarray(features).tobytes())
    digest.update("\n".join(map(str, values.tolist())).encode())
    return digest.hexdigest()
