"""Hyperparameters to a multilayer perceptron in Keras, not yet compiled."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy

from automl.networks.activations import activation
from automl.networks.embeddings import SIZE, Blocks, blocks_of, embed, num_embedded
from automl.networks.initializers import initial_kernel
from automl.trial import Hyperparameters, Task, derive_seed

OUTPUTS: Mapping[Task, str] = {
    Task.BINARY: "sigmoid",
    Task.MULTICLASS: "softmax",
    Task.REGRESSION: "linear",
}

EMBEDDING = "embedding_of_levels_"
"""Begins the name of an embedding's layer."""


def build_mlp(
    hyperparameters: Hyperparameters,
    num_features: int,
    num_outputs: int,
    task: Task,
    seed: int,
    embedded: Blocks = (),
) -> keras.Model:
    """A perceptron of `depth` hidden layers: dense, batch normalization, activation, dropout.

    Args:
        hyperparameters: Active values of `hyperparameters.HYPERPARAMETERS`.
        num_features: Inputs.
        num_outputs: Classes of a multiclass task, else 1.
        task: Decides the output's activation.
        seed: Every weight and every dropout mask follows from it.
        embedded: Inputs that hidden layers see through an embedding.

    Returns:
        A model from (row, num_features) to (row, num_outputs). Depth 0 is a linear model.
    """
    inputs = keras.Input((num_features,), name="features")
    penalty = _penalty(hyperparameters)
    values = embed(
        inputs,
        blocks_of(hyperparameters, embedded),
        lambda number, levels: _embedding(number, penalty)(levels),
    )
    for layer, width in enumerate(layer_widths(hyperparameters), start=1):
        values = _hidden(values, layer, width, hyperparameters, seed)
    outputs = keras.layers.Dense(
        num_outputs,
        activation=OUTPUTS[task],
        kernel_initializer="zeros",
        kernel_regularizer=penalty,
        name="output",
    )(values)
    model = keras.Model(inputs, outputs, name="mlp")
    weights, moments = initial_weights(hyperparameters, num_features, num_outputs, seed, embedded)
    set_weights(model, [*weights, *moments])
    return model


def layer_widths(hyperparameters: Hyperparameters) -> list[int]:
    """Units of each hidden layer: `width_1` … where each has its own, else `width`."""
    widths = [
        hyperparameters.get(f"width_{layer}", hyperparameters.get("width", 0))
        for layer in range(1, int(hyperparameters["depth"]) + 1)
    ]
    return [int(width) for width in widths]


def initial_weights(
    hyperparameters: Hyperparameters, num_features: int, num_outputs: int, seed: int, embedded: Blocks = ()
) -> tuple[list[numpy.ndarray], list[numpy.ndarray]]:
    """The weights that a network begins with.

    Returns:
        Trainable weights, in Keras's order, and moving means and variances of the normalizations. Kernels have shape
        (input, unit), all others (unit,).
    """
    weights: list[numpy.ndarray] = []
    moments: list[numpy.ndarray] = []
    blocks, name = blocks_of(hyperparameters, embedded), str(hyperparameters.get("initializer"))
    weights += [
        initial_kernel(name, count, SIZE, derive_seed(seed, "embedding", number))
        for number, (_, count) in enumerate(blocks)
    ]
    num_inputs = num_embedded(num_features, blocks)
    for layer, width in enumerate(layer_widths(hyperparameters), start=1):
        zeros, ones = numpy.zeros(width, numpy.float32), numpy.ones(width, numpy.float32)
        weights.append(initial_kernel(name, num_inputs, width, derive_seed(seed, "kernel", layer)))
        if hyperparameters["batch_normalization"]:
            weights += [ones, zeros]
            moments += [zeros, ones]
        else:
            weights.append(zeros)
        num_inputs = width
    weights.append(initial_kernel("glorot_uniform", num_inputs, num_outputs, derive_seed(seed, "output")))
    return [*weights, numpy.zeros(num_outputs, numpy.float32)], moments


def set_weights(model: keras.Model, weights: Sequence[numpy.ndarray]) -> None:
    """Give a perceptron its weights: trainable ones first, then moving means and variances."""
    for variable, value in zip(
        [*model.trainable_weights, *model.non_trainable_weights], weights, strict=True
    ):
        variable.assign(value)


def _embedding(number: int, penalty: keras.Regularizer | None) -> keras.layers.Layer:
    return keras.layers.Dense(
        SIZE,
        use_bias=False,
        kernel_initializer="zeros",
        kernel_regularizer=penalty,
        name=f"{EMBEDDING}{number + 1}",
    )


def _hidden(values: Any, layer: int, width: int, hyperparameters: Hyperparameters, seed: int) -> Any:
    normalize = bool(hyperparameters["batch_normalization"])
    values = keras.layers.Dense(
        width,
        use_bias=not normalize,  # the normalization's own offset makes a bias idle
        kernel_initializer="zeros",
        kernel_regularizer=_penalty(hyperparameters),
        name=f"hidden_{layer}",
    )(values)
    if normalize:
        values = keras.layers.BatchNormalization(name=f"normalization_{layer}")(values)
    slope = hyperparameters.get("negative_slope")
    function = activation(str(hyperparameters["activation"]), None if slope is None else float(slope))
    values = keras.layers.Activation(function, name=f"activation_{layer}")(values)
    rate = float(hyperparameters["dropout"])
    if rate > 0:
        values = keras.layers.Dropout(
            rate, seed=derive_seed(seed, "dropout", layer), name=f"dropout_{layer}"
        )(values)
    return values


def _penalty(hyperparameters: Hyperparameters) -> keras.Regularizer | None:
    strength = float(hyperparameters["l2"])
    return keras.regularizers.L2(strength) if strength > 0 else None
