"""The closed table of Keras layers that have a twin, and what prevents one from having it."""

import itertools
import json
from collections.abc import Callable, Mapping
from typing import Any, final

import keras

from automl.networks.activations import ACTIVATIONS
from automl.networks.initializers import Initializer, KerasInitializer
from automl.networks.layers.activation import Activation
from automl.networks.layers.batch_normalization import BatchNormalization
from automl.networks.layers.dense import Dense
from automl.networks.layers.dropout import Dropout
from automl.networks.layers.layer import Layer
from automl.networks.layers.layer_normalization import LayerNormalization
from automl.networks.layers.reshape import Reshape


class Obstacle(Exception):
    """What prevents a population from training a network; its message is a clause: "layer 'a' (Conv2D) has …"."""


def name_of(layer: Any) -> str:
    """How a layer is named in messages."""
    return f"layer {layer.name!r} ({type(layer).__name__})"


@final
class Numbers:
    """Numbers of a network's random streams."""

    def __init__(self) -> None:
        self.dropouts, self.kernels = itertools.count(), itertools.count(1)


def _dense(layer: Any, numbers: Numbers) -> list[Layer]:
    for name in (
        "bias_regularizer",
        "activity_regularizer",
        "kernel_constraint",
        "bias_constraint",
        "lora_rank",
    ):
        if getattr(layer, name, None) is not None:
            raise Obstacle(f"{name_of(layer)} has a `{name}`")
    dense = Dense(
        layer.units,
        initializer=_initializer(layer, layer.kernel_initializer),
        stream=("kernel", next(numbers.kernels)),
        use_bias=layer.use_bias,
        bias_initializer=_initializer(layer, layer.bias_initializer) if layer.use_bias else "zeros",
    )
    return [dense, *_function(layer, layer.activation)]


def _function(layer: Any, function: Any) -> list[Layer]:
    """An activation by Keras's function of it."""
    if function is None or function is keras.activations.linear:
        return []
    if function is keras.activations.softmax:
        return [Activation(("softmax",))]
    names = [name for name, candidate in ACTIVATIONS.items() if candidate is function]
    if not names:
        name = getattr(function, "__name__", function)
        raise Obstacle(f"{name_of(layer)} has the activation {name!r}, which has no stacked twin")
    return [Activation((names[0],))]


def _initializer(layer: Any, initializer: Any) -> Initializer:
    if not type(initializer).__module__.startswith("keras."):
        raise Obstacle(f"{name_of(layer)} has a custom initializer")
    config = {key: value for key, value in initializer.get_config().items() if key != "seed"}
    try:
        return KerasInitializer(type(initializer).__name__, json.dumps(config, sort_keys=True))
    except TypeError as error:
        raise Obstacle(f"{name_of(layer)} has an initializer that cannot be written down") from error


def _dropout(layer: Any, numbers: Numbers) -> list[Layer]:
    if layer.noise_shape:
        raise Obstacle(f"{name_of(layer)} has a `noise_shape`")
    return [Dropout(next(numbers.dropouts), float(layer.rate))]


def _normalization(layer: Any, _: Numbers) -> list[Layer]:
    if not (layer.center and layer.scale) or _axis(layer) != -1:
        raise Obstacle(f"{name_of(layer)} normalizes without a scale or an offset, or along another axis")
    for name in ("beta_initializer", "gamma_initializer"):
        expected = keras.initializers.Zeros if name.startswith("beta") else keras.initializers.Ones
        if not isinstance(getattr(layer, name), expected):
            raise Obstacle(f"{name_of(layer)} has a custom `{name}`")
    if isinstance(layer, keras.layers.BatchNormalization):
        return [BatchNormalization(momentum=layer.momentum, epsilon=layer.epsilon)]
    return [LayerNormalization(epsilon=layer.epsilon)]


def _axis(layer: Any) -> int:
    axis = layer.axis[0] if isinstance(layer.axis, list | tuple) else layer.axis
    return -1 if axis in (-1, len(layer.input.shape) - 1) else int(axis)


def _activation(layer: Any, _: Numbers) -> list[Layer]:
    return _function(layer, layer.activation)


def _relu(layer: Any, _: Numbers) -> list[Layer]:
    if layer.max_value is not None or layer.threshold:
        raise Obstacle(f"{name_of(layer)} has a largest value or a threshold")
    slope = float(layer.negative_slope)
    return [Activation(("leaky_relu",), slope=slope) if slope else Activation(("relu",))]


def _leaky_relu(layer: Any, _: Numbers) -> list[Layer]:
    return [Activation(("leaky_relu",), slope=float(layer.negative_slope))]


def _elu(layer: Any, _: Numbers) -> list[Layer]:
    if layer.alpha != 1.0:
        raise Obstacle(f"{name_of(layer)} has an `alpha` other than 1")
    return [Activation(("elu",))]


def _reshape(layer: Any, _: Numbers) -> list[Layer]:
    return [Reshape(tuple(int(size) for size in layer.output.shape[1:]))]


TWINS: Mapping[type, Callable[[Any, Numbers], list[Layer]]] = {
    keras.layers.Dense: _dense,
    keras.layers.Activation: _activation,
    keras.layers.ReLU: _relu,
    keras.layers.LeakyReLU: _leaky_relu,
    keras.layers.ELU: _elu,
    keras.layers.Softmax: lambda *_: [Activation(("softmax",))],
    keras.layers.BatchNormalization: _normalization,
    keras.layers.LayerNormalization: _normalization,
    keras.layers.Dropout: _dropout,
    keras.layers.Reshape: _reshape,
    keras.layers.Flatten: _reshape,
    keras.layers.Identity: lambda *_: [],
}
"""Layers of Keras that have a twin, beside Add and Concatenate. A subclass is another layer."""
