"""Gradients of a Keras model with respect to its kernels, for its health."""

from collections.abc import Callable
from typing import Any

import keras
import numpy
from keras import ops

from automl.networks.layers.level_embedding import EMBEDDING


def loss_slopes(
    model: keras.Model, loss: Callable[[Any, Any], Any], rows: tuple[Any, Any]
) -> list[numpy.ndarray]:
    """Gradient of a Keras model's mean loss with respect to its weights that have two axes or more.

    Args:
        model: The model.
        loss: `(targets, outputs) -> losses`.
        rows: Inputs and targets.
    """
    targets = ops.convert_to_tensor(rows[1])
    return _model_slopes(model, rows[0], lambda outputs: ops.mean(loss(targets, outputs)))


def output_slopes(model: keras.Model, inputs: Any) -> list[numpy.ndarray]:
    """The same of the sum of its outputs, before a softmax or a sigmoid: those of a softmax always sum to 1."""
    return _model_slopes(model, inputs, lambda outputs: ops.sum(getattr(outputs, "_keras_logits", outputs)))


def _model_slopes(model: keras.Model, inputs: Any, value: Callable[[Any], Any]) -> list[numpy.ndarray]:
    import tensorflow

    kernels = [
        variable
        for variable in model.trainable_variables
        if len(variable.shape) > 1 and EMBEDDING not in variable.path
    ]
    with tensorflow.GradientTape() as tape:
        result = value(model(ops.convert_to_tensor(inputs), training=False))
    slopes = tape.gradient(result, [variable.value for variable in kernels])
    return [
        numpy.zeros(variable.shape) if slope is None else ops.convert_to_numpy(slope)
        for variable, slope in zip(kernels, slopes, strict=True)
    ]
