"""The preprocessing as a TensorFlow graph, from cells to inputs: what an exported model begins with."""

from collections.abc import Mapping

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
    import tensorflow

    def read(store: str) -> list[Tensor]:
        return [_read(cells[column.name], column) for column in schema.stored(store)]

    numbers = read("numbers")
    parts = [preprocessing.numbers.graph(tensorflow.concat(numbers, axis=1))] if numbers else []
    others = zip(preprocessing.others.values(), read("others"), strict=True)
    levels = zip(preprocessing.levels, read("codes"), strict=True)
    parts += [fitted.graph(own) for fitted, own in (*others, *levels)]
    return tensorflow.cast(tensorflow.concat(parts, axis=1), tensorflow.float32)


def _read(cells: Tensor, column: Column) -> Tensor:
    if column.feature.input_type == "string":
        cells = texts_without_gaps(cells, column.reading.get("gaps", ()))
    return column.feature.graph(cells, column.reading)
