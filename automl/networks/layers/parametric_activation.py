"""An activation function that each unit mixes with its input, as RealMLP has it (Holzmüller et al. 2024)."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
import numpy

from automl.networks.activations import activation
from automl.networks.layers.activation import Activation
from automl.networks.layers.layer import (
    Cost,
    Given,
    Layer,
    Role,
    Rounding,
    Shape,
    Stream,
    Twin,
    Weight,
    like_units,
)


@final
@dataclass(frozen=True, slots=True)
class ParametricActivation(Layer):
    """`x + a (f(x) - x)` with a learned `a` for each unit, which begins at 1.

    Attributes:
        function: The activation f.
        rate: Factor of the learning rate of `a`.
    """

    function: Activation
    rate: float = 1.0

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        return inputs

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """How much of the activation each unit has."""
        return (Weight(inputs[-1:], Role.VECTOR, self.rate),)

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """Ones."""
        return [numpy.ones(inputs[-1:], numpy.float32)]

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        activated, _ = self.function.apply(given, stream)
        share = like_units(given.weights[0], stream.array)
        return replace(stream, array=stream.array + share * (activated.array - stream.array)), []

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        function = activation(self.function.names[0], self.function.slope)
        return twin.call(MixedActivation(function, name=self.function.name or None), inputs)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, function=self.function.signature(rounding))

    def kind(self) -> Hashable:
        """See `Layer.kind`."""
        return "parametric", self.rate

    def joined(self, other: Self) -> Self:
        """See `Layer.joined`."""
        return replace(self, function=self.function.joined(other.function))

    def values(self, layer: Self) -> dict[str, Any]:
        """See `Activation.values`."""
        return self.function.values(layer.function)

    def cost(self, inputs: Shape) -> Cost:
        """See `Layer.cost`."""
        return self.function.cost(inputs)


@final
class MixedActivation(keras.layers.Layer):
    """The Keras layer of `ParametricActivation`.

    Args:
        function: The activation.
        name: Of the layer.
    """

    def __init__(self, function: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self._function = function

    def build(self, input_shape: Any) -> None:
        """Make the shares."""
        self.shares = self.add_weight(shape=(input_shape[-1],), initializer="ones", name="shares")

    def call(self, inputs: Any) -> Any:
        """Inputs mixed with their activation."""
        return inputs + self.shares * (self._function(inputs) - inputs)
