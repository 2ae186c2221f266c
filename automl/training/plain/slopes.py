"""Gradients of a Keras model with respect to its kernels, for its health."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy
from keras import ops

from automl.networks.layers.level_embedding import EMBEDDING
from automl.training.backend import backend_name, gradient


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
    with _without_last_activation(model):
        return _model_slopes(
            model, inputs, lambda outputs: ops.sum(getattr(outputs, "_keras_logits", outputs))
        )


@contextmanager
def _without_last_activation(model: keras.Model) -> Iterator[None]:
    """A model whose outputs are logits, where the arrays of a softmax or a sigmoid do not know them: those of JAX."""
    layer = model.layers[-1]
    function = getattr(layer, "activation", None)
    if backend_name() != "jax" or function not in (keras.activations.softmax, keras.activations.sigmoid):
        yield
        return
    layer.activation = keras.activations.linear
    try:
        yield
    finally:
        layer.activation = function


def _model_slopes(model: keras.Model, inputs: Any, value: Callable[[Any], Any]) -> list[numpy.ndarray]:
    kernels = [
        variable
        for variable in model.trainable_variables
        if len(variable.shape) > 1 and EMBEDDING not in variable.path
    ]
    if backend_name() == "jax":
        return _stateless_slopes(model, kernels, ops.convert_to_tensor(inputs), value)
    import tensorflow

    with tensorflow.GradientTape() as tape:
        result = value(model(ops.convert_to_tensor(inputs), training=False))
    slopes = tape.gradient(result, [variable.value for variable in kernels])
    return [
        numpy.zeros(variable.shape) if slope is None else ops.convert_to_numpy(slope)
        for variable, slope in zip(kernels, slopes, strict=True)
    ]


def _stateless_slopes(
    model: keras.Model, kernels: list[keras.Variable], inputs: Any, value: Callable[[Any], Any]
) -> list[numpy.ndarray]:
    """The same where gradients are those of functions of arrays, as in JAX."""
    weights = [variable.value for variable in model.trainable_variables]
    indices = [[other is kernel for other in model.trainable_variables].index(True) for kernel in kernels]
    state = [variable.value for variable in model.non_trainable_variables]

    def result(arrays: list[Any]) -> tuple[Any, None]:
        given = list(weights)
        for index, array in zip(indices, arrays, strict=True):
            given[index] = array
        outputs, _ = model.stateless_call(given, state, inputs, training=False)
        return value(outputs), None

    slopes, _ = gradient(result, [kernel.value for kernel in kernels])
    return [ops.convert_to_numpy(slope) for slope in slopes]
