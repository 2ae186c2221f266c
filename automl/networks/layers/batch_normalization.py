"""Batch normalization (Ioffe and Szegedy 2015), with each member's own statistics."""

from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
import numpy
from keras import ops

from automl.networks.layers.layer import Given, Layer, Role, Rounding, Shape, Stream, Twin, Weight


@final
@dataclass(frozen=True, slots=True)
class BatchNormalization(Layer):
    """Each unit to mean 0 and variance 1 over the rows of a batch, then a scale and an offset that are learned.

    Attributes:
        name: Of the Keras layer.
        momentum: Of the moving mean and variance, Keras's default.
        epsilon: Added to the variance, Keras's default.
    """

    name: str = ""
    momentum: float = 0.99
    epsilon: float = 1e-3

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        if len(inputs) != 1:
            raise ValueError("batch normalization in a population is for rows of features alone")
        return inputs

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """Scale and offset, moving mean and variance."""
        learned, moving = Weight(inputs, Role.VECTOR), Weight(inputs, Role.MOMENT)
        return learned, learned, moving, moving

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """Ones and zeros."""
        scale, shift = numpy.ones(inputs, numpy.float32), numpy.zeros(inputs, numpy.float32)
        return [scale, shift, shift, scale]

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """The moments of a step are taken over the rows that its batch has."""
        (scale, offset), (mean, variance), inputs = given.weights, given.moments, stream.array
        if given.step is not None:
            rows = given.step.rows
            count = ops.maximum(ops.sum(rows, axis=1, keepdims=True), 1.0)
            mean = ops.sum(inputs * rows, axis=1, keepdims=True) / count
            variance = ops.sum(ops.square(inputs - mean) * rows, axis=1, keepdims=True) / count
        moved = [
            old * self.momentum + new * (1.0 - self.momentum)
            for old, new in zip(given.moments, (mean, variance), strict=True)
        ]
        slope = scale * ops.rsqrt(variance + self.epsilon)
        return Stream(inputs * slope + (offset - mean * slope), stream.units), moved

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        layer = keras.layers.BatchNormalization(
            momentum=self.momentum, epsilon=self.epsilon, name=self.name or None
        )
        return twin.call(layer, inputs)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, name="")
