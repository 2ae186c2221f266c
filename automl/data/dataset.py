"""A table in memory, checked: columns of known kinds in, one target out. Knows no file format and no fold."""

import hashlib
from dataclasses import dataclass, field, replace

import numpy
import pandas

from automl.config.sections import DataConfig, SplitsConfig
from automl.data.columns import Columns, TableArrays
from automl.data.encoding import encode_columns, part_names
from automl.data.features.cells import is_numeric, plain_cells
from automl.data.features.kinds import KINDS
from automl.data.features.marks import either_mark, usual_mark
from automl.data.features.numeric import number_values, written_numbers
from automl.data.files.formats import FORMATS
from automl.data.odd_rows import find_odd_rows, find_total
from automl.data.schema import DROP, ColumnSettings, Schema, inspect_columns
from automl.data.target_column import read_target
from automl.errors import DataError, Where, explain, one_of
from automl.trial import Scalar, Task

MOST_INPUTS = 20_000
"""Columns and levels that a network can reasonably be given."""


@dataclass(frozen=True, slots=True)
class Dataset(TableArrays):
    """A table ready to be split.

    Attributes:
        table: The learned columns as they were read.
        schema: What all columns are, also those that are left out.
        target_name: Column name of the target.
        digest: SHA-256 of names and values: equal tables have equal digests.
        by: The column that the splits go by, object array of shape (row,); None when they go by none.
        rows: The number of each row in the table as it was read, from 0: rows without a target are left out.
        notes: What a person should know of the target, in sentences.
        date_order: What stands first in dates, day or month, where the study file says it.
        target_digest: SHA-256 of the target's name and cells: the same whatever other columns a study uses.
    """

    table: pandas.DataFrame
    schema: Schema
    target_name: str
    digest: str
    by: numpy.ndarray | None = None
    rows: numpy.ndarray = field(default_factory=lambda: numpy.zeros(0, numpy.int64))
    notes: tuple[str, ...] = ()
    target_digest: str = ""
    date_order: str | None = None

    @property
    def positive(self) -> Scalar | None:
        """The class that precision, recall and curves are of; None unless there are two."""
        return self.classes[1] if self.task is Task.BINARY else None

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
    keep_constant: bool = False,
) -> Dataset:
    """Check a table and take it apart.

    Args:
        table: The table as it was read.
        target: Name of the column to predict.
        config: The study file's data section.
        where: Gives `file:line` of a key of the study file.
        splits: The study file's splits section, which may go by a column.
        keep_constant: Whether columns in which one number stands all over are learned from, too: a network of the
            user's own may count on the places of its inputs.

    Raises:
        DataError: A column that is not there, nothing to learn from; a target or weights that cannot be used.
    """
    table = table.rename(columns=str).reset_index(drop=True)
    _check_names(table, target, config, where)
    table = pandas.DataFrame({name: plain_cells(table[name]) for name in table.columns})
    column = read_target(table[target], config, where, splits, lambda: usual_mark(table))
    odd = find_odd_rows(table)
    odd += either_mark(table) if config.decimal is None and _is_text_file(config) else []
    table = table.iloc[column.rows]
    by = _split_column(table, target, splits, where)
    weights = _weights(table, config, where)
    names = _feature_names(table, target, config, where)
    used = [config.weights, *([splits.by] if splits and splits.by and splits.kind != "time" else [])]
    features = table[[name for name in names if name not in used]]
    settings = ColumnSettings(config.columns or {}, config.decimal, config.gaps or {}, config.date_order)
    schema = inspect_columns(features, settings)
    if keep_constant:
        schema = _with_constant(schema, features)
    columns = encode_columns(features, schema)
    _check_columns(schema, columns, where)
    learned = features[[column.name for column in schema.learned]]
    turned = column.classes if list(column.classes) != sorted(column.classes) else ()  # type: ignore[type-var]
    others = [column.labels, pandas.Series(weights), pandas.Series(by), pandas.Series(turned, dtype=object)]
    digest = _digest(learned, target, columns, others)
    return Dataset(
        table=learned.reset_index(drop=True),
        schema=schema,
        columns=columns,
        target=column.values,
        target_name=target,
        task=column.task,
        classes=column.classes,
        digest=digest,
        weights=weights,
        by=by,
        rows=column.rows,
        notes=(*column.notes, *odd, *find_total(table)),
        target_digest=column.digest,
        date_order=config.date_order,
    )


def _with_constant(schema: Schema, features: pandas.DataFrame) -> Schema:
    """The schema with constant columns of numbers as numeric ones."""
    columns = tuple(
        replace(column, kind="numeric", note="")
        if column.kind == "constant"
        and is_numeric(features[column.name])
        and numpy.isfinite(number_values(features[column.name])).all()
        else column
        for column in schema.columns
    )
    return replace(schema, columns=columns)


def _is_text_file(config: DataConfig) -> bool:
    """Whether the table is a text file, in which a program has looked for numbers."""
    name = str(config.path or config.url or "").partition("?")[0].lower()
    typed = tuple(suffix for suffix, form in FORMATS.items() if form.has_types)
    return bool(name) and not name.endswith(typed)


def _check_names(table: pandas.DataFrame, target: str, config: DataConfig, where: Where) -> None:
    """Refuse names of columns that the table does not have, or has twice."""
    columns = list(table.columns)
    twice = table.columns[table.columns.duplicated()]
    if len(twice):
        raise DataError(f"{where('data')}: the column name {twice[0]!r} occurs twice. Rename one.")
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
        if kind not in (legal := (*KINDS, DROP)):
            at, must = where("data", "columns", name), f"be one of {', '.join(legal)}"
            raise DataError(explain(f"data.columns.{name}", must, kind, one_of(legal, kind), where=at))
    others = [name for name in columns if name != target]
    if config.weights is not None and config.weights not in others:
        at, cure = where("data", "weights"), one_of(others, config.weights)
        raise DataError(
            explain("data.weights", "name a column other than the target", config.weights, cure, where=at)
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
        raise DataError(f"{where('data')}: the table must have a column other than its target {target!r}.")
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
        first = table.index[int(gaps.argmax())] + 1
        requirement = f"have a value in every row, got {gaps.sum()} gaps, the first in data row {first}"
        raise DataError(f"{at}: the column {name!r}, which the splits use, must {requirement}. Fill them.")
    return table[name].to_numpy(object)


def _weights(table: pandas.DataFrame, config: DataConfig, where: Where) -> numpy.ndarray:
    """Weights of the rows, with a mean of 1; equal ones when no column gives them."""
    if config.weights is None:
        return numpy.ones(len(table))
    weights, _ = written_numbers(table[config.weights], config.decimal)
    wrong = ~(weights >= 0.0)
    if wrong.any() or not weights.sum() > 0.0:
        cell = table[config.weights].tolist()[wrong.argmax()]
        row = f", got {'a gap' if pandas.isna(cell) else repr(cell)} in data row {table.index[int(wrong.argmax())] + 1}"
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
    index = 0
    for column in schema.stored("numbers"):
        if numpy.isnan(columns.numbers[:, index]).all():
            reason = f"`data.columns` calls {column.name!r} {column.kind}, but none of its cells can be read as one"
            raise DataError(f"{where('data', 'columns', column.name)}: {reason}. Remove the line.")
        index += len(part_names(column))


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
