"""Cells to arrays: the learned columns of a table, as their kinds read them. Nothing here is learned."""

from dataclasses import replace
from typing import Any

import numpy
import pandas

from automl.data.columns import Columns
from automl.data.features.cells import without_gaps
from automl.data.schema import Column, Schema

UNKNOWN = -1
"""The code of a level that the table did not have, as `pandas.Index.get_indexer` gives it."""


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
        pandas.Index(names, dtype=object).get_indexer(pandas.Index(text)).astype(numpy.int32)
        for text, names in zip(texts, levels, strict=True)
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


def shuffled(columns: Columns, column: Column, order: numpy.ndarray) -> Columns:
    """The rows with the cells of one column taken from other rows: those of `order`."""
    numbers, codes, others = columns.numbers.copy(), columns.codes.copy(), dict(columns.others)
    if column.name in columns.categories:
        index = columns.categories.index(column.name)
        codes[:, index] = columns.codes[order][:, index]
    elif column.name in others:
        others[column.name] = others[column.name][order]
    else:
        indices = [columns.names.index(part) for part in part_names(column)]
        numbers[:, indices] = columns.numbers[order][:, indices]
    return replace(columns, numbers=numbers, codes=codes, others=others)
