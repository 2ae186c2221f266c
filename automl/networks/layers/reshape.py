"""The same numbers in another shape."""

from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
from keras import ops

from automl.networks.layers.layer import Given, Layer, Rounding, Shape, Stream, Twin, size_of


@final
@dataclass(frozen=True, slots=True)
class Reshape(Layer):
    """The numbers of a row in their order, in another shape; `(feature,)` flattens them.

    Attributes:
        shape: Of one row.
        name: Of the Keras layer.
    """

    shape: Shape
    name: str = ""

    @property
    def mixes_units(self) -> bool:
        """See `Layer.mixes_units`."""
        return True

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        if size_of(inputs) != size_of(self.shape):
            raise ValueError(f"{inputs} cannot become {self.shape}")
        return self.shape

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        return Stream(ops.reshape(stream.array, (*stream.array.shape[:2], *self.shape))), []

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        return keras.layers.Reshape(self.shape, name=self.name or None)(inputs)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, name="")
