"""Layer normalization (Ba, Kiros, Hinton 2016), over the units that a member has."""

from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
import numpy
from keras import ops

from automl.networks.layers.layer import (
    Given,
    Layer,
    Role,
    Rounding,
    Shape,
    Stream,
    Twin,
    Weight,
    like_units,
    own_units,
)


@final
@dataclass(frozen=True, slots=True)
class LayerNormalization(Layer):
    """The units of each row to mean 0 and variance 1, then a scale and an offset that are learned.

    Attributes:
        name: Of the Keras layer.
        epsilon: Added to the variance, Keras's default.
    """

    name: str = ""
    epsilon: float = 1e-3

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        return inputs

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """Scale and offset."""
        learned = Weight(inputs[-1:], Role.VECTOR)
        return learned, learned

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """Ones and zeros."""
        return [numpy.ones(inputs[-1:], numpy.float32), numpy.zeros(inputs[-1:], numpy.float32)]

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        inputs, units = stream.array, own_units(stream)
        scale, offset = (like_units(weight, inputs) for weight in given.weights)
        if units is None:
            mean = ops.mean(inputs, axis=-1, keepdims=True)
            variance = ops.mean(ops.square(inputs - mean), axis=-1, keepdims=True)
        else:
            count = ops.sum(ops.cast(units, "float32"), axis=-1, keepdims=True)
            # units that are filled up give the mean no slope, which would move their weights
            mean = ops.sum(ops.where(units, inputs, 0.0), axis=-1, keepdims=True) / count
            distances = ops.where(units, inputs - mean, 0.0)
            variance = ops.sum(ops.square(distances), axis=-1, keepdims=True) / count
        outputs = (inputs - mean) * ops.rsqrt(variance + self.epsilon) * scale + offset
        return Stream(outputs if units is None else ops.where(units, outputs, 0.0), stream.units), []

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        return twin.call(
            keras.layers.LayerNormalization(epsilon=self.epsilon, name=self.name or None), inputs
        )

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, name="")
