"""The closed table of initializers: a name here is a name in the study file.

Kernels are drawn with NumPy, so that a member of a population and its plain twin start from the same weights whatever
backend trains them, and at a tenth of the time that Keras takes for a small kernel.
"""

import math
from collections.abc import Mapping

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
