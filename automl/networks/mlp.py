"""Hyperparameters to a multilayer perceptron in Keras, not yet compiled."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from automl.networks.activations import activation
from automl.trial import Hyperparameters, Task, derive_seed

INITIALIZERS: Mapping[str, Callable[..., Any]] = {
    "glorot_uniform": keras.initializers.GlorotUniform,
    "glorot_normal": keras.initializers.GlorotNormal,
    "he_uniform": keras.initializers.HeUniform,
    "he_normal": keras.initializers.HeNormal,
    "lecun_uniform": keras.initializers.LecunUniform,
    "lecun_normal": keras.initializers.LecunNormal,
}

OUTPUTS: Mapping[Task, str] = {
    Task.BINARY: "sigmoid",
    Task.MULTICLASS: "softmax",
    Task.REGRESSION: "linear",
}


def build_mlp(
    hyperparameters: Hyperparameters, num_features: int, num_outputs: int, task: Task, seed: int
) -> keras.Model:
    """A perceptron of `depth` hidden layers: dense, batch normalization, activation, dropout.

    Args:
        hyperparameters: Active values of `space.HYPERPARAMETERS`.
        num_features: Inputs.
        num_outputs: Classes of a multiclass task, else 1.
        task: Decides the output's activation.
        seed: Every weight and every dropout mask follows from it.

    Returns:
        A model from (row, num_features) to (row, num_outputs). Depth 0 is a linear model.
    """
    inputs = keras.Input((num_features,), name="features")
    values = inputs
    for layer in range(1, int(hyperparameters["depth"]) + 1):
        values = _hidden(values, layer, hyperparameters, seed)
    outputs = keras.layers.Dense(
        num_outputs,
        activation=OUTPUTS[task],
        kernel_initializer=keras.initializers.GlorotUniform(derive_seed(seed, "output")),
        kernel_regularizer=_penalty(hyperparameters),
        name="output",
    )(values)
    return keras.Model(inputs, outputs, name="mlp")


def _hidden(values: Any, layer: int, hyperparameters: Hyperparameters, seed: int) -> Any:
    normalize = bool(hyperparameters["batch_normalization"])
    width = hyperparameters.get(f"width_{layer}", hyperparameters.get("width"))
    initializer = INITIALIZERS[str(hyperparameters["initializer"])]
    values = keras.layers.Dense(
        width,
        use_bias=not normalize,  # the normalization's own offset makes a bias idle
        kernel_initializer=initializer(derive_seed(seed, "kernel", layer)),
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
