"""The preprocessing as a TensorFlow graph, from cells to inputs: what an exported model begins with."""

from collections.abc import Mapping
from dataclasses import dataclass

from automl.data.features.cells import texts_without_gaps
from automl.data.features.feature import Tensor
from automl.data.preprocessing import Preprocessing
from automl.data.schema import Column, Schema


def inputs_graph(preprocessing: Preprocessing, cells: Mapping[str, Tensor], schema: Schema) -> Tensor:
    """What `Preprocessing.apply` gives, as TensorFlow operations: float32 of shape (row, input).

    Args:
        preprocessing: What was learned.
        cells: A tensor of shape (row,) for each learned column, of its kind's `input_type`.
        schema: What the columns are.
    """
    return encoded_graph(preprocessing, read_graph(cells, schema))


@dataclass(frozen=True, slots=True)
class ReadCells:
    """What cells hold, before anything that is learned is done to it.

    Attributes:
        numbers: All numbers, (row, number); None where there are none.
        others: Of each column with a block of its own.
        codes: Levels of each category.
    """

    numbers: Tensor | None
    others: tuple[Tensor, ...]
    codes: tuple[Tensor, ...]


def read_graph(cells: Mapping[str, Tensor], schema: Schema) -> ReadCells:
    """Cells as they are read; for several preprocessings once. The arguments are those of `inputs_graph`."""
    import tensorflow

    def read(store: str) -> tuple[Tensor, ...]:
        return tuple(_read(cells[column.name], column) for column in schema.stored(store))

    numbers = read("numbers")
    return ReadCells(tensorflow.concat(numbers, axis=1) if numbers else None, read("others"), read("codes"))


def encoded_graph(preprocessing: Preprocessing, read: ReadCells) -> Tensor:
    """Cells that have been read as inputs, float32 of shape (row, input)."""
    import tensorflow

    parts = [] if read.numbers is None else [preprocessing.numbers.graph(read.numbers)]
    others = zip(preprocessing.others.values(), read.others, strict=True)
    levels = zip(preprocessing.levels, read.codes, strict=True)
    parts += [fitted.graph(block) for fitted, block in (*others, *levels)]
    return tensorflow.cast(tensorflow.concat(parts, axis=1), tensorflow.float32)


def _read(cells: Tensor, column: Column) -> Tensor:
    if column.feature.input_type == "string":
        cells = texts_without_gaps(cells, column.reading.get("gaps", ()))
    return column.feature.graph(cells, column.reading)
