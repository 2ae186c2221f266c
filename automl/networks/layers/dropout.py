"""Dropout (Srivastava et al. 2014), with masks from a counter."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
from keras import ops

from automl.networks.layers.layer import Given, Layer, Rounding, Shape, Stream, Twin, size_of
from automl.networks.layers.masks import keep_mask
from automl.trial import derive_seed


@final
@dataclass(frozen=True, slots=True)
class Dropout(Layer):
    """In a training step each unit is 0 with a probability, and the others are scaled up.

    Attributes:
        number: Of the layer among a network's dropouts, from 0: its masks differ from those of the others.
        rate: The probability.
        name: Of the Keras layer.
        is_active: Of a signature: whether any member drops units.
    """

    number: int
    rate: float = 0.0
    name: str = ""
    is_active: bool = False

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        return inputs

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        if not self.is_active or given.step is None:
            return stream, []
        rates, step, shape = given.values["rate"], given.step, stream.array.shape
        units = size_of(shape[2:])
        mask = keep_mask(step.dropout_seed, step.times, self.number, (shape[1], units), rates)
        if len(shape) == 4:  # the number of a unit does not depend on how many units are filled up
            mask = ops.swapaxes(ops.reshape(mask, (-1, shape[1], shape[3], shape[2])), 2, 3)
            rates = rates[..., None]
        return replace(stream, array=ops.where(mask, stream.array * (1.0 / (1.0 - rates)), 0.0)), []

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        if self.rate <= 0.0:
            return inputs
        seed = derive_seed(twin.seed, "dropout", self.number + 1)
        return keras.layers.Dropout(self.rate, seed=seed, name=self.name or None)(inputs)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, rate=0.0, name="", is_active=self.rate > 0.0)

    def kind(self) -> Hashable:
        """See `Layer.kind`."""
        return "dropout", self.number

    def joined(self, other: Self) -> Self:
        """See `Layer.joined`."""
        return replace(self, is_active=self.is_active or other.is_active)

    def values(self, layer: Self) -> dict[str, Any]:
        """`rate`: the share that is dropped."""
        return {"rate": layer.rate} if self.is_active else {}
