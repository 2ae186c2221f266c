"""The columns that are learned from, as arrays: numbers with gaps, and codes of levels. Nothing here is learned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy
import pandas

from automl.data.features.cells import without_gaps
from automl.data.features.feature import Block
from automl.data.schema import Column, Schema

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
        others: Blocks of all other columns, by name.
    """

    numbers: numpy.ndarray
    codes: numpy.ndarray
    names: tuple[str, ...]
    categories: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    others: Mapping[str, Block] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: numpy.ndarray | slice) -> "Columns":
        """Some of the rows."""
        others = {name: block[rows] for name, block in self.others.items()}
        return replace(self, numbers=self.numbers[rows], codes=self.codes[rows], others=others)

    def shuffled(self, column: Column, order: numpy.ndarray) -> "Columns":
        """The rows with the cells of one column taken from other rows: those of `order`."""
        numbers, codes, others = self.numbers.copy(), self.codes.copy(), dict(self.others)
        if column.name in self.categories:
            place = self.categories.index(column.name)
            codes[:, place] = self.codes[order][:, place]
        elif column.name in others:
            others[column.name] = others[column.name][order]
        else:
            places = [self.names.index(part) for part in part_names(column)]
            numbers[:, places] = self.numbers[order][:, places]
        return replace(self, numbers=numbers, codes=codes, others=others)


def numeric_columns(values: numpy.ndarray, names: Sequence[str]) -> Columns:
    """Columns that are all numbers, from an array of shape (row, number)."""
    return Columns(values, numpy.zeros((len(values), 0), numpy.int32), tuple(names), (), ())


def encode_columns(
    table: pandas.DataFrame, schema: Schema, levels: tuple[tuple[str, ...], ...] | None = None
) -> Columns:
    """The learned columns of a table as arrays.

    Args:
        table: Holds them by name, of plain cells (`cells.plain_cells`).
        schema: What they are.
        levels: Of each categorical column where they are known; others are coded `UNKNOWN`. Found when left out.
    """

    def read(column: Column) -> Any:
        values = without_gaps(table[column.name], column.reading.get("gaps", ()))
        return column.feature.read(values, column.reading)

    numeric, categorical = schema.stored("numbers"), schema.stored("codes")
    texts = [read(column) for column in categorical]
    if levels is None:
        levels = tuple(tuple(sorted(text.unique())) for text in texts)
    codes = [
        pandas.Index(own, dtype=object).get_indexer(pandas.Index(text)).astype(numpy.int32)
        for text, own in zip(texts, levels, strict=True)
    ]
    none = numpy.zeros((len(table), 0))
    return Columns(
        numbers=numpy.concatenate([none, *map(read, numeric)], axis=1),
        codes=numpy.stack(codes, axis=1) if codes else none.astype(numpy.int32),
        names=tuple(name for column in numeric for name in part_names(column)),
        categories=tuple(column.name for column in categorical),
        levels=levels,
        others={column.name: read(column) for column in schema.stored("others")},
    )


def part_names(column: Column) -> list[str]:
    """Names of the numbers that a column becomes, where it becomes numbers."""
    return column.feature.parts(column.name, column.reading)
