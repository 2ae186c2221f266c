"""A table in memory, checked: columns of known kinds in, one target out. Knows no file format and no fold."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

import numpy
import pandas

from automl.config.sections import DataConfig, SplitsConfig
from automl.data.columns import Columns, encode_columns, part_names
from automl.data.features.cells import plain_cells
from automl.data.features.kinds import KINDS
from automl.data.features.numeric import written_numbers
from automl.data.schema import DROP, Schema, Told, inspect_columns
from automl.errors import DataError, explain, one_of
from automl.trial import Scalar, Task

MOST_CLASSES = 20
"""A target of whole numbers with more distinct values than this is taken for a regression."""

Where = Callable[..., str]


MOST_INPUTS = 20_000
"""Columns and levels that a network can reasonably be given."""


@dataclass(frozen=True, slots=True)
class Dataset:
    """A table ready to be split.

    Attributes:
        table: The learned columns as they were read.
        schema: What all columns are, also those that are left out.
        columns: The learned columns as arrays.
        target: Array of shape (row,): int64 codes of `classes`, or float64 values in the units of the file.
        target_name: Column name of the target.
        task: What the target asks for.
        classes: Labels in the order of their codes, as the file has them; empty for a regression.
        digest: SHA-256 of names and values: equal tables have equal digests.
        weights: How much each row counts in losses and scores, float64 of shape (row,).
        by: The column that the splits go by, object array of shape (row,); None when they go by none.
    """

    table: pandas.DataFrame
    schema: Schema
    columns: Columns
    target: numpy.ndarray
    target_name: str
    task: Task
    classes: tuple[Scalar, ...]
    digest: str
    weights: numpy.ndarray
    by: numpy.ndarray | None = None

    @property
    def num_outputs(self) -> int:
        """Number of outputs that a network for this target has."""
        return len(self.classes) if self.task is Task.MULTICLASS else 1

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the learned columns."""
        return tuple(column.name for column in self.schema.learned)

    def frame(self, rows: numpy.ndarray) -> pandas.DataFrame:
        """The raw learned columns of these rows, by name."""
        return self.table.iloc[rows].reset_index(drop=True)


def make_dataset(
    table: pandas.DataFrame,
    target: str,
    config: DataConfig,
    where: Where,
    splits: SplitsConfig | None = None,
) -> Dataset:
    """Check a table and take it apart.

    Args:
        table: The table as it was read.
        target: Name of the column to predict.
        config: The study file's data section.
        where: Gives `file:line` of a key of the study file.
        splits: The study file's splits section, which may go by a column.

    Raises:
        DataError: A column that is not there, nothing to learn from; a target or weights that cannot be used.
    """
    table = table.rename(columns=str).reset_index(drop=True)
    _check_names(table, target, config, where)
    table = pandas.DataFrame({name: plain_cells(table[name]) for name in table.columns})
    values = _target_values(table[target], where)
    task = _task_of(values, config, where)
    by = _split_column(table, target, splits, where)
    weights = _weights(table, config, where)
    names = _feature_names(table, target, config, where)
    used = [config.weights, *([splits.by] if splits and splits.by and splits.kind != "time" else [])]
    features = table[[name for name in names if name not in used]]
    schema = inspect_columns(features, Told(config.columns or {}, config.decimal, config.gaps or {}))
    columns = encode_columns(features, schema)
    _check_columns(schema, columns, where)
    classes: tuple[Scalar, ...] = ()
    if task is Task.REGRESSION:
        codes = values.to_numpy(dtype=numpy.float64)
    else:
        classes = tuple(sorted(values.unique().tolist()))
        codes = pandas.Categorical(values, categories=list(classes)).codes.astype(numpy.int64)
    learned = features[[column.name for column in schema.learned]]
    digest = _digest(learned, target, columns, [values, pandas.Series(weights), pandas.Series(by)])
    return Dataset(learned, schema, columns, codes, target, task, classes, digest, weights, by)


def _check_names(table: pandas.DataFrame, target: str, config: DataConfig, where: Where) -> None:
    """Refuse names of columns that the table does not have, or has twice."""
    columns = list(table.columns)
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise DataError(f"{where('data')}: the column name {twice[0]!r} stands twice. Rename one.")
    if target not in columns:
        at = where("data", "target")
        raise DataError(f"{at}: `data.target` must name a column, got {target!r}. {one_of(columns, target)}")
    named = {"features": config.features, "columns": config.columns, "gaps": config.gaps}
    for key, names in ((key, list(names or ())) for key, names in named.items()):
        for index, name in enumerate(names):
            if name not in columns:
                at = where("data", key, index if key == "features" else name)
                raise DataError(
                    f"{at}: `data.{key}` must name columns, got {name!r}. {one_of(columns, name)}"
                )
    for name, kind in (config.columns or {}).items():
        if kind not in (known := (*KINDS, DROP)):
            at, must = where("data", "columns", name), f"be one of {', '.join(known)}"
            raise DataError(explain(f"data.columns.{name}", must, kind, one_of(known, kind), where=at))
    others = [name for name in columns if name != target]
    if config.weights is not None and config.weights not in others:
        at, cure = where("data", "weights"), one_of(others, config.weights)
        raise DataError(
            explain("data.weights", "name a column beside the target", config.weights, cure, where=at)
        )


def _feature_names(table: pandas.DataFrame, target: str, config: DataConfig, where: Where) -> list[str]:
    if config.features is None:
        names = [column for column in table.columns if column != target]
    else:
        names = list(dict.fromkeys(config.features))
    if target in names:
        at = where("data", "features")
        raise DataError(f"{at}: `data.features` must not hold the target {target!r}. Remove it.")
    if not names:
        raise DataError(f"{where('data')}: the table must have a column besides its target {target!r}.")
    return names


def _split_column(
    table: pandas.DataFrame, target: str, splits: SplitsConfig | None, where: Where
) -> numpy.ndarray | None:
    """The column that the splits go by, without gaps."""
    if splits is None or splits.by is None:
        return None
    at, name = where("splits", "by"), splits.by
    others = [column for column in table.columns if column != target]
    if name not in others:
        raise DataError(explain("splits.by", "name a column", name, one_of(others, name), where=at))
    gaps = table[name].isna().to_numpy()
    if gaps.any():
        what = f"have a value in every row, got {gaps.sum()} gaps, the first in data row {gaps.argmax() + 1}"
        raise DataError(f"{at}: the column {name!r}, which the splits go by, must {what}. Fill them.")
    return table[name].to_numpy(object)


def _weights(table: pandas.DataFrame, config: DataConfig, where: Where) -> numpy.ndarray:
    """Weights of the rows, with a mean of 1; equal ones when no column gives them."""
    if config.weights is None:
        return numpy.ones(len(table))
    weights, _ = written_numbers(table[config.weights], config.decimal)
    wrong = ~(weights >= 0.0)
    if wrong.any() or not weights.sum() > 0.0:
        cell = table[config.weights].tolist()[wrong.argmax()]
        row = f", got {'a gap' if pandas.isna(cell) else repr(cell)} in data row {wrong.argmax() + 1}"
        must = f"hold a number of 0 or more in every row, and not zeros only{row if wrong.any() else ''}"
        raise DataError(f"{where('data', 'weights')}: the column {config.weights!r} must {must}.")
    return weights / weights.mean()


def _check_columns(schema: Schema, columns: Columns, where: Where) -> None:
    """Refuse a table with nothing to learn from, or with more than networks can be given."""
    if not schema.learned:
        notes = "; ".join(schema.notes[:5])
        cure = "Add columns, or name their kind under `data.columns`."
        raise DataError(f"{where('data')}: no column is left to learn from ({notes}). {cure}")
    count = columns.numbers.shape[1] + columns.codes.shape[1]
    if count > MOST_INPUTS:
        cure = "List the ones that matter under `data.features`."
        raise DataError(f"{where('data')}: the table has {count} columns, more than {MOST_INPUTS}. {cure}")
    place = 0
    for column in schema.stored("numbers"):
        if numpy.isnan(columns.numbers[:, place]).all():
            what = f"`data.columns` calls {column.name!r} {column.kind}, and none of its cells can be read as one"
            raise DataError(f"{where('data', 'columns', column.name)}: {what}. Remove the line.")
        place += len(part_names(column))


def _target_values(target: pandas.Series, where: Where) -> pandas.Series:
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


def _digest(table: pandas.DataFrame, target: str, columns: Columns, others: list[pandas.Series]) -> str:
    digest = hashlib.sha256("\n".join([*map(str, table.columns), target]).encode())
    digest.update(numpy.ascontiguousarray(columns.numbers).tobytes())
    for category, levels in enumerate(columns.levels):
        digest.update("\n".join(levels).encode())
        digest.update(numpy.ascontiguousarray(columns.codes[:, category]).tobytes())
    for name, block in columns.others.items():
        digest.update(name.encode() + numpy.ascontiguousarray(block.hashes()).tobytes())
    for values in others:
        digest.update("\n".join(map(str, values.tolist())).encode())
    return digest.hexdigest()
