"""The SavedModel itself: preprocessing, network and answers as one TensorFlow graph. Keras must run on TensorFlow."""

from collections.abc import Sequence
from pathlib import Path

import keras
import tensorflow

from automl.data.preprocessing_graph import ReadCells, encoded_graph, read_graph
from automl.data.targets import TargetScaling
from automl.ensembles.temperature import SMALLEST_PROBABILITY
from automl.export.served import Served, argument_names
from automl.trial import Task


def write_graph(served: Served, models: Sequence[keras.Model], folder: Path) -> None:
    """Write networks as one SavedModel whose signature takes a tensor for each column.

    Args:
        served: What the graph needs beside the networks.
        models: The network of each part.
        folder: Where it goes.

    Raises:
        OSError: It cannot be written.
    """
    learned = served.schema.learned
    names = argument_names(tuple(column.name for column in learned))

    def serve(arguments: dict[str, tensorflow.Tensor]) -> dict[str, tensorflow.Tensor]:
        cells = {column: arguments[name] for column, name in names.items()}
        return _answers(served, _predictions(served, models, read_graph(cells, served.schema)))

    archive = keras.export.ExportArchive()
    for model in models:
        archive.track(model)
    signature = {
        names[column.name]: tensorflow.TensorSpec((None,), column.feature.input_type, name=names[column.name])
        for column in learned
    }
    archive.add_endpoint("serving_default", serve, input_signature=[signature])
    try:
        archive.write_out(str(folder), verbose=False)
    except tensorflow.errors.OpError as error:
        raise OSError(str(error).splitlines()[0]) from error


def _predictions(served: Served, models: Sequence[keras.Model], read: ReadCells) -> tensorflow.Tensor:
    """The mean of what the networks predict: probabilities, or values in the target's units, as a column.

    Cells are read once, and encoded once for all networks of one preprocessing.
    """
    encoded: dict[int, tensorflow.Tensor] = {}
    total = None
    for part, model in zip(served.parts, models, strict=True):
        inputs = part.scalings.inputs
        if id(inputs) not in encoded:
            encoded[id(inputs)] = encoded_graph(inputs, read)
        outputs = model(encoded[id(inputs)], training=False)
        if served.task is Task.REGRESSION:
            outputs = _in_units(outputs, part.scalings.target)
        if len(models) > 1:
            outputs *= part.weight
        total = outputs if total is None else total + outputs
    return _at_temperature(total, served.temperature, served.task)


def _at_temperature(outputs: tensorflow.Tensor, temperature: float, task: Task) -> tensorflow.Tensor:
    """Probabilities as `ensembles/temperature.py` has them; of two classes the column of the second."""
    if temperature == 1.0:
        return outputs
    whole = tensorflow.concat([1.0 - outputs, outputs], axis=1) if task is Task.BINARY else outputs
    logs = tensorflow.math.log(tensorflow.maximum(whole, SMALLEST_PROBABILITY)) / temperature
    scaled = tensorflow.nn.softmax(logs, axis=1)
    return scaled[:, 1:] if task is Task.BINARY else scaled


def _in_units(outputs: tensorflow.Tensor, target: TargetScaling) -> tensorflow.Tensor:
    """Outputs in the target's units, float64."""
    values = tensorflow.cast(outputs, tensorflow.float64) * target.scale + target.mean
    values = tensorflow.exp(tensorflow.minimum(values, 700.0)) if target.log else values
    return tensorflow.clip_by_value(values, target.low, target.high)


def _answers(served: Served, outputs: tensorflow.Tensor) -> dict[str, tensorflow.Tensor]:
    """What a reader gets: values in the target's units, or probabilities and a label."""
    if served.task is Task.REGRESSION:
        return {"prediction": outputs[:, 0]}
    indices = tensorflow.argmax(outputs, axis=1)
    if served.task is Task.BINARY:
        indices = tensorflow.cast(outputs[:, 0] >= served.threshold, tensorflow.int64)
        outputs = tensorflow.concat([1.0 - outputs, outputs], axis=1)
    labels = tensorflow.constant([str(label) for label in served.classes])
    return {"probabilities": outputs, "label": tensorflow.gather(labels, indices)}
