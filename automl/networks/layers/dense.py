"""A fully connected layer."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
import numpy
from keras import ops

from automl.networks.initializers import Initializer, initial_array
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
    size_of,
)
from automl.trial import derive_seed


@final
@dataclass(frozen=True, slots=True)
class Dense(Layer):
    """Inputs times a kernel, plus a bias.

    Attributes:
        units: How many outputs.
        name: Of the Keras layer.
        initializer: Name in `INITIALIZERS`, or one of Keras's.
        stream: Name of the random stream of the kernel.
        use_bias: Whether there is a bias.
        bias_initializer: Like `initializer`, or "zeros", or "normal".
        output: Of the last layer of a network the activation of its Keras twin; in a population it gives logits, and
            the loss knows the activation. Empty for a hidden layer, whose width may be filled up.
        rate: Factor of the learning rate of the kernel.
        bias_rate: The same of the bias.
        padded: Of a signature: whether members may have fewer units.
        is_fixed: Of a signature: whether all members must have as many units.
    """

    units: int
    name: str = ""
    initializer: Initializer = "glorot_uniform"
    stream: tuple[str | int, ...] = ("kernel",)
    use_bias: bool = True
    bias_initializer: Initializer = "zeros"
    output: str = ""
    rate: float = 1.0
    bias_rate: float = 1.0
    padded: bool = False
    is_fixed: bool = False

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        return (*inputs[:-1], self.units)

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """A kernel of shape (input, unit) and a bias."""
        kernel = Weight((inputs[-1], self.units), rate=self.rate, is_hidden=not self.output)
        return (kernel, Weight((self.units,), Role.VECTOR, self.bias_rate)) if self.use_bias else (kernel,)

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """The kernel and the bias from their initializers."""
        kernel = initial_array(self.initializer, (inputs[-1], self.units), derive_seed(seed, *self.stream))
        if not self.use_bias:
            return [kernel]
        bias = initial_array(self.bias_initializer, (self.units,), derive_seed(seed, *self.stream, "bias"))
        return [kernel, bias]

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        shape = stream.array.shape
        inputs = stream.array if len(shape) == 3 else ops.reshape(stream.array, (shape[0], -1, shape[-1]))
        outputs = ops.matmul(inputs, given.weights[0])
        if self.use_bias:
            outputs = outputs + given.weights[1]
        if len(shape) > 3:
            outputs = ops.reshape(outputs, (*shape[:-1], self.units))
        return Stream(outputs, given.values["units"] if self.padded else None), []

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        layer = keras.layers.Dense(
            self.units,
            activation=self.output or None,
            use_bias=self.use_bias,
            kernel_initializer="zeros",
            kernel_regularizer=penalty(twin),
            name=self.name or None,
        )
        return twin.call(layer, inputs)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        bare = replace(self, name="", initializer="", stream=(), bias_initializer="")
        if self.output or rounding is None:
            return replace(bare, is_fixed=True)
        units = rounding(self.units)
        return replace(bare, units=units, padded=units != self.units)

    def kind(self) -> Hashable:
        """See `Layer.kind`."""
        rates = self.rate, self.bias_rate
        return "dense", self.use_bias, self.output, self.is_fixed and self.units, rates

    def joined(self, other: Self) -> Self:
        """See `Layer.joined`."""
        padded = self.padded or other.padded or self.units != other.units
        return replace(self, units=max(self.units, other.units), padded=padded)

    def values(self, layer: Self) -> dict[str, Any]:
        """`units`: which units a member has, where that is not all."""
        return {"units": numpy.arange(self.units)[None, :] < layer.units} if self.padded else {}

    def cost(self, inputs: Shape) -> Cost:
        """A multiplication for each weight, as often as there are axes before the last."""
        return Cost(size_of(inputs[:-1]) * (inputs[-1] + self.use_bias) * self.units)


def penalty(twin: Twin) -> keras.Regularizer | None:
    """The penalty on a twin's kernels; None for none."""
    return keras.regularizers.L2(twin.l2) if twin.l2 > 0 else None
