"""An activation function; members of one program may have different ones."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
from keras import ops

from automl.networks.activations import DEFAULT_SLOPE, activation
from automl.networks.layers.layer import (
    Cost,
    Given,
    Layer,
    Rounding,
    Shape,
    Stream,
    Twin,
    like_units,
    own_units,
    size_of,
)

_SLOPED = "leaky_relu"


@final
@dataclass(frozen=True, slots=True)
class Activation(Layer):
    """A function of each number.

    Attributes:
        names: In `ACTIVATIONS`. A member has one; a signature those that its members choose from.
        name: Of the Keras layer.
        slope: Of `leaky_relu` below zero.
    """

    names: tuple[str, ...]
    name: str = ""
    slope: float = DEFAULT_SLOPE

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        return inputs

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """All of the activations are computed, and each member's own is selected."""
        activated = self._activated(self.names[0], given, stream.array)
        for index, name in enumerate(self.names[1:], start=1):
            other = self._activated(name, given, stream.array)
            choice = like_units(given.values["choice"], stream.array)
            activated = ops.where(choice == index, other, activated)
        units = own_units(stream)
        if units is not None:  # some activations of 0 are not 0
            activated = ops.where(units, activated, 0.0)
        return Stream(activated, stream.units), []

    @staticmethod
    def _activated(name: str, given: Given, inputs: Any) -> Any:
        if name == _SLOPED:
            return ops.where(inputs > 0.0, inputs, inputs * like_units(given.values["slope"], inputs))
        return activation(name)(inputs)

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        return keras.layers.Activation(activation(self.names[0], self.slope), name=self.name or None)(inputs)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, name="", slope=0.0)

    def kind(self) -> Hashable:
        """See `Layer.kind`."""
        return "activation"

    def joined(self, other: Self) -> Self:
        """See `Layer.joined`."""
        if self.names == other.names:
            return self
        return replace(self, names=tuple(sorted({*self.names, *other.names})))

    def values(self, layer: Self) -> dict[str, Any]:
        """`choice`: the place of a member's activation; `slope`: of its `leaky_relu`."""
        choice = {"choice": self.names.index(layer.names[0])} if len(self.names) > 1 else {}
        return choice | ({"slope": layer.slope} if _SLOPED in self.names else {})

    def cost(self, inputs: Shape) -> Cost:
        """See `Layer.cost`."""
        return Cost(0, size_of(inputs) * len(self.names))
