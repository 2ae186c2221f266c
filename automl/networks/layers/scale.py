"""A learned factor of each input, as in front of RealMLP (Holzmüller et al. 2024)."""

from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
import numpy

from automl.networks.layers.layer import Given, Layer, Role, Rounding, Shape, Stream, Twin, Weight, like_units


@final
@dataclass(frozen=True, slots=True)
class Scale(Layer):
    """Each input times a factor that begins at 1.

    Attributes:
        name: Of the Keras layer.
        rate: Factor of the learning rate.
    """

    name: str = ""
    rate: float = 1.0

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        return inputs

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """The factors."""
        return (Weight(inputs[-1:], Role.VECTOR, self.rate),)

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """Ones."""
        return [numpy.ones(inputs[-1:], numpy.float32)]

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        return replace(stream, array=stream.array * like_units(given.weights[0], stream.array)), []

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        return twin.call(Factors(name=self.name or None), inputs)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, name="")


@final
class Factors(keras.layers.Layer):
    """The Keras layer of `Scale`."""

    def build(self, input_shape: Any) -> None:
        """Make the factors."""
        self.factors = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="factors")

    def call(self, inputs: Any) -> Any:
        """Inputs times factors."""
        return inputs * self.factors
