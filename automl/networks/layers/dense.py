"""A fully connected layer."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
import numpy
from keras import ops

from automl.networks.initializers import initial_kernel
from automl.networks.layers.layer import Given, Layer, Role, Rounding, Shape, Stream, Twin, Weight
from automl.trial import derive_seed


@final
@dataclass(frozen=True, slots=True)
class Dense(Layer):
    """Inputs times a kernel, plus a bias.

    Attributes:
        units: How many outputs.
        name: Of the Keras layer.
        initializer: Name in `INITIALIZERS`.
        stream: Name of the random stream of the kernel.
        use_bias: Whether there is a bias.
        output: Of the last layer of a network the activation of its Keras twin; in a population it gives logits, and
            the loss knows the activation. Empty for a hidden layer, whose width may be filled up.
        padded: Of a signature: whether members may have fewer units.
    """

    units: int
    name: str = ""
    initializer: str = "glorot_uniform"
    stream: tuple[str | int, ...] = ("kernel",)
    use_bias: bool = True
    output: str = ""
    padded: bool = False

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        return (*inputs[:-1], self.units)

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """A kernel of shape (input, unit) and a bias."""
        kernel = Weight((inputs[-1], self.units))
        return (kernel, Weight((self.units,), Role.VECTOR)) if self.use_bias else (kernel,)

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """The kernel from its initializer, a bias of zeros."""
        kernel = initial_kernel(self.initializer, inputs[-1], self.units, derive_seed(seed, *self.stream))
        return [kernel, numpy.zeros(self.units, numpy.float32)] if self.use_bias else [kernel]

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        outputs = ops.matmul(stream.array, given.weights[0])
        if self.use_bias:
            outputs = outputs + given.weights[1]
        return Stream(outputs, given.values["units"] if self.padded else None), []

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        layer = keras.layers.Dense(
            self.units,
            activation=self.output or None,
            use_bias=self.use_bias,
            kernel_initializer="zeros",
            kernel_regularizer=penalty(twin),
            name=self.name,
        )
        return twin.call(layer, inputs)

    def signature(self, rounding: Rounding) -> Self:
        """See `Layer.signature`."""
        units = self.units if self.output else rounding(self.units)
        return replace(self, units=units, padded=units != self.units, name="", initializer="", stream=())

    def kind(self) -> Hashable:
        """See `Layer.kind`."""
        return "dense", self.use_bias, self.output, self.output and self.units

    def joined(self, other: Self) -> Self:
        """See `Layer.joined`."""
        padded = self.padded or other.padded or self.units != other.units
        return replace(self, units=max(self.units, other.units), padded=padded)

    def values(self, own: Self) -> dict[str, Any]:
        """`units`: which units a member has, where that is not all."""
        return {"units": numpy.arange(self.units)[None, :] < own.units} if self.padded else {}


def penalty(twin: Twin) -> keras.Regularizer | None:
    """The penalty on a twin's kernels; None for none."""
    return keras.regularizers.L2(twin.l2) if twin.l2 > 0 else None
