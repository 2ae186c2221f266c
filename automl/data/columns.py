"""The columns that are learned from, as arrays: numbers with gaps, and codes of levels. Nothing here is learned."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy
import pandas

from automl.data.dates import PARTS, date_parts, seconds_of
from automl.data.schema import Column, ColumnKind, Schema
from automl.serving.scoring import level_texts, number_values

UNKNOWN = -1
"""The code of a level that the table did not have, as `pandas.Index.get_indexer` gives it."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows as arrays.

    Attributes:
        numbers: Float64 array of shape (row, number), NaN for gaps: the numeric columns, then the parts of the dates.
        codes: Int32 array of shape (row, category): places in `levels`.
        names: Of the numbers.
        categories: Of the columns with levels.
        levels: The levels of each category, as text.
    """

    numbers: numpy.ndarray
    codes: numpy.ndarray
    names: tuple[str, ...]
    categories: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: numpy.ndarray | slice) -> "Columns":
        """Some of the rows."""
        return Columns(self.numbers[rows], self.codes[rows], self.names, self.categories, self.levels)

    def shuffled(self, numbers: Sequence[int], codes: Sequence[int], order: numpy.ndarray) -> "Columns":
        """The rows with some numbers and some codes, by their places, taken from other rows: those of `order`."""
        new_numbers, new_codes = self.numbers.copy(), self.codes.copy()
        new_numbers[:, numbers] = self.numbers[order][:, numbers]
        new_codes[:, codes] = self.codes[order][:, codes]
        return replace(self, numbers=new_numbers, codes=new_codes)


def numeric_columns(values: numpy.ndarray, names: Sequence[str]) -> Columns:
    """Columns that are all numbers, from an array of shape (row, number)."""
    return Columns(values, numpy.zeros((len(values), 0), numpy.int32), tuple(names), (), ())


def encode_columns(
    table: pandas.DataFrame, schema: Schema, levels: tuple[tuple[str, ...], ...] | None = None
) -> Columns:
    """The learned columns of a table as arrays.

    Args:
        table: Holds them by name, of plain cells (`scoring.plain_cells`).
        schema: What they are.
        levels: Of each categorical column where they are known; others are coded `UNKNOWN`. Found when left out.
    """
    numeric = schema.of_kind(ColumnKind.NUMERIC)
    numbers = [number_values(table[column.name])[:, None] for column in numeric]
    names = [column.name for column in numeric]
    for column in schema.of_kind(ColumnKind.DATE):
        numbers.append(date_parts(seconds_of(table[column.name], column.form)))
        names += part_names(column)
    categorical = schema.of_kind(ColumnKind.CATEGORICAL)
    texts = [level_texts(table[column.name]) for column in categorical]
    if levels is None:
        levels = tuple(tuple(sorted(text.unique())) for text in texts)
    codes = [
        pandas.Index(own, dtype=object).get_indexer(pandas.Index(text)).astype(numpy.int32)
        for text, own in zip(texts, levels, strict=True)
    ]
    none = numpy.zeros((len(table), 0))
    return Columns(
        numbers=numpy.concatenate([none, *numbers], axis=1),
        codes=numpy.stack(codes, axis=1) if codes else none.astype(numpy.int32),
        names=tuple(names),
        categories=tuple(column.name for column in categorical),
        levels=levels,
    )


def part_names(column: Column) -> list[str]:
    """Names of the numbers that a date becomes."""
    return [f"{column.name}.{part}" for part in PARTS]
