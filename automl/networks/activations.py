"""The closed table of activations: a name here is a name in the study file."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

ACTIVATIONS: Mapping[str, Callable[..., Any]] = {
    "linear": keras.activations.linear,
    "sigmoid": keras.activations.sigmoid,
    "tanh": keras.activations.tanh,
    "relu": keras.activations.relu,
    "leaky_relu": keras.activations.leaky_relu,
    "elu": keras.activations.elu,
    "selu": keras.activations.selu,
    "gelu": keras.activations.gelu,
    "silu": keras.activations.silu,
    "swish": keras.activations.silu,
    "softplus": keras.activations.softplus,
    "softsign": keras.activations.softsign,
    "mish": keras.activations.mish,
}

DEFAULT_SLOPE = 0.2
"""Keras's slope of `leaky_relu` below zero."""

_STEP = "its gradient is zero everywhere, so no weight below it can be trained; use `sigmoid` or `tanh`"

REFUSED: Mapping[str, str] = {"step": _STEP, "binary_step": _STEP, "heaviside": _STEP, "sign": _STEP}
"""Names that people ask for and that cannot be trained, with the reason."""


def activation(name: str, negative_slope: float | None = None) -> Callable[[Any], Any]:
    """The function under a name; `leaky_relu` with its slope below zero.

    >>> float(activation("leaky_relu", 0.5)(-2.0))
    -1.0
    """
    function = ACTIVATIONS[name]
    if name != "leaky_relu" or negative_slope is None:
        return function
    return lambda values: function(values, negative_slope=negative_slope)
