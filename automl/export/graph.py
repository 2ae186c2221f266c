"""The SavedModel itself: preprocessing, network and answers as one TensorFlow graph. Keras must run on TensorFlow."""

from pathlib import Path

import keras
import tensorflow

from automl.data.preprocessing_graph import inputs_graph
from automl.export.served import Served, argument_names
from automl.trial import Task


def write_graph(served: Served, model: keras.Model, folder: Path) -> None:
    """Write a network as a SavedModel whose signature takes a tensor for each column.

    Raises:
        OSError: It cannot be written.
    """
    learned = served.schema.learned
    names = argument_names(tuple(column.name for column in learned))

    def serve(arguments: dict[str, tensorflow.Tensor]) -> dict[str, tensorflow.Tensor]:
        cells = {column: arguments[name] for column, name in names.items()}
        inputs = inputs_graph(served.scalings.inputs, cells, served.schema)
        return _answers(served, model(inputs, training=False))

    archive = keras.export.ExportArchive()
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


def _answers(served: Served, outputs: tensorflow.Tensor) -> dict[str, tensorflow.Tensor]:
    """What a reader gets: values in the target's units, or probabilities and a label."""
    target = served.scalings.target
    if served.task is Task.REGRESSION:
        value = tensorflow.cast(outputs[:, 0], tensorflow.float64) * target.scale + target.mean
        value = tensorflow.exp(tensorflow.minimum(value, 700.0)) if target.log else value
        return {"prediction": tensorflow.clip_by_value(value, target.low, target.high)}
    places = tensorflow.argmax(outputs, axis=1)
    if served.task is Task.BINARY:
        places = tensorflow.cast(outputs[:, 0] >= served.threshold, tensorflow.int64)
        outputs = tensorflow.concat([1.0 - outputs, outputs], axis=1)
    labels = tensorflow.constant([str(label) for label in served.classes])
    return {"probabilities": outputs, "label": tensorflow.gather(labels, places)}
