"""The closed table of initializers: a name here is a name in the study file.

Kernels are drawn with NumPy, so that a member of a population and its plain twin start from the same weights whatever
backend trains them, and at a tenth of the time that Keras takes for a small kernel.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass

import keras
import numpy

_FANS = {"glorot": (0.5, 0.5), "he": (0.5, 0.0), "lecun": (1.0, 0.0)}
"""Name: shares of the inputs and the outputs in the reciprocal of the variance."""

INITIALIZERS: Mapping[str, tuple[str, str]] = {
    f"{family}_{shape}": (family, shape) for family in _FANS for shape in ("uniform", "normal")
}

_TRUNCATED = 0.87962566103423978
"""Standard deviation of a normal distribution that is cut at ±2."""


def initial_kernel(name: str, num_inputs: int, num_outputs: int, seed: int) -> numpy.ndarray:
    """A kernel as Keras's initializer of that name draws it, from a stream of its own.

    Glorot and Bengio 2010 (variance 2 / (inputs + outputs)), He et al. 2015 (2 / inputs), LeCun et al. 1998
    (1 / inputs); normal kernels are cut at two deviations and widened to keep the variance.

    Returns:
        Float32 array of shape (num_inputs, num_outputs).
    """
    family, shape = INITIALIZERS[name]
    of_inputs, of_outputs = _FANS[family]
    deviation = 1.0 / math.sqrt(of_inputs * num_inputs + of_outputs * num_outputs)
    generator = numpy.random.default_rng(seed)
    size = (num_inputs, num_outputs)
    if shape == "uniform":
        limit = math.sqrt(3.0) * deviation
        return generator.uniform(-limit, limit, size).astype(numpy.float32)
    values = generator.standard_normal(size)
    while (outside := numpy.abs(values) > 2.0).any():
        values[outside] = generator.standard_normal(int(outside.sum()))
    return (values * (deviation / _TRUNCATED)).astype(numpy.float32)


@dataclass(frozen=True, slots=True)
class KerasInitializer:
    """An initializer of Keras, by value.

    Attributes:
        name: Of its class.
        config: Its configuration as JSON, without a seed.
    """

    name: str
    config: str


Initializer = str | KerasInitializer
"""A name in `INITIALIZERS`, "zeros", "normal" (mean 0, deviation 1), or one of Keras's own."""


def initial_array(initializer: Initializer, shape: tuple[int, ...], seed: int) -> numpy.ndarray:
    """What an initializer draws from a stream of its own, as a float32 array."""
    if initializer == "zeros":
        return numpy.zeros(shape, numpy.float32)
    if initializer == "normal":
        return numpy.random.default_rng(seed).standard_normal(shape).astype(numpy.float32)
    if isinstance(initializer, str):
        return initial_kernel(initializer, shape[0], shape[1], seed)
    made = keras.initializers.get({"class_name": initializer.name, "config": json.loads(initializer.config)})
    if hasattr(made, "seed"):
        made = type(made).from_config(made.get_config() | {"seed": seed % (1 << 31)})
    return numpy.array(keras.ops.convert_to_numpy(made(shape, "float32")))
