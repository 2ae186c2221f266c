"""What every layer is: a frozen value that knows its weights, its stacked arithmetic and its Keras twin.

A member of a population has layers with its own sizes and rates. The program that trains it has the *signatures* of
these layers: what its members share. What members have each for themselves reaches the arithmetic as arrays with a
leading member axis.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Self

import numpy
from keras import ops

Shape = tuple[int, ...]
"""Of one row: `(feature,)`, or more axes."""

Rounding = Callable[[int], int]
"""The width that a program has for layers of a given width."""


class Role(Enum):
    """What an array of weights is, which decides how it is trained."""

    KERNEL = auto()
    """Decayed, and penalized by L2."""

    EMBEDDING = auto()
    """Penalized by L2, not decayed."""

    VECTOR = auto()
    """A bias, a scale, an offset, or numbers and factors of single inputs: neither."""

    MOMENT = auto()
    """A moving statistic: not trained."""


@dataclass(frozen=True, slots=True)
class Weight:
    """One array of a layer's weights.

    Attributes:
        shape: As Keras has it.
        role: What it is.
        rate: Factor of the learning rate.
        is_hidden: Whether it is the kernel between hidden units or inputs, which optimizers of matrices are for.
    """

    shape: Shape
    role: Role = Role.KERNEL
    rate: float = 1.0
    is_hidden: bool = False

    @property
    def stacked(self) -> Shape:
        """The shape of one member's array in a population, where vectors are rows: (1, unit)."""
        return self.shape if len(self.shape) > 1 else (1, *self.shape)


@dataclass(frozen=True, slots=True)
class Step:
    """What makes a training step differ from a prediction.

    Attributes:
        times: Int32 array of shape (member,): steps taken before this one.
        rows: Array of shape (member, row, 1): 1 where the batch has a row, 0 where it is filled up.
        dropout_seed: Uint32 array of shape (member,).
    """

    times: Any
    rows: Any
    dropout_seed: Any


@dataclass(frozen=True, slots=True)
class Given:
    """What one layer of a stack of networks works with.

    Attributes:
        weights: Its trained weights, each of shape (member, …).
        moments: Its moving statistics, each of shape (member, …).
        values: What members have each for themselves, by name; see `Layer.values`.
        step: None for a prediction.
    """

    weights: list[Any]
    moments: list[Any]
    values: Mapping[str, Any]
    step: Step | None


@dataclass(frozen=True, slots=True)
class Stream:
    """What flows from layer to layer.

    Attributes:
        array: Of shape (member, row, …).
        units: Which units of the last axis a member has, boolean (member, 1, unit); None where all members have all.
            The others are 0.
    """

    array: Any
    units: Any = None


@dataclass(frozen=True, slots=True)
class Twin:
    """What the Keras layers of one network have in common.

    Attributes:
        l2: Strength of the penalty on kernels and embeddings.
        seed: Of the network.
        layers: The Keras layers with weights, in the order of the network's; twins add to it.
    """

    l2: float
    seed: int
    layers: list[Any] = field(default_factory=list)

    def call(self, layer: Any, inputs: Any) -> Any:
        """What a Keras layer makes of its inputs; its weights are the network's next ones."""
        self.layers.append(layer)
        return layer(inputs)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a layer costs for each row.

    Attributes:
        products: Multiplications.
        activations: Numbers put through an activation.
    """

    products: int
    activations: int = 0

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.products + other.products, self.activations + other.activations)


class Layer(ABC):
    """One layer. Its weights follow from its fields and the shape of its inputs alone."""

    @property
    def mixes_units(self) -> bool:
        """Whether units that are filled up would move the others; then a network's widths are as they are."""
        return False

    @abstractmethod
    def outputs(self, inputs: Shape) -> Shape:
        """The shape of what it gives.

        Raises:
            ValueError: It cannot take such inputs.
        """

    @abstractmethod
    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """What a stack of such layers gives, and its moving statistics after a training step.

        Nothing is shared along the member axis. Units that a member does not have stay 0.
        """

    @abstractmethod
    def twin(self, inputs: Any, twin: Twin) -> Any:
        """The same by ordinary Keras layers: tensors of shape (row, …)."""

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """Its arrays, in the order in which its Keras layer has them."""
        return ()

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """The values that they begin with, float32: for each of `weights` one array of its shape."""
        return []

    def signature(self, rounding: Rounding | None) -> Self:
        """What all members of a program share: without rates and streams of random numbers, with rounded widths.

        Without a rounding, widths are as they are, and members of other widths have another signature.
        """
        return self

    def kind(self) -> Hashable:
        """Signatures of equal kind can be joined."""
        return self

    def joined(self, other: Self) -> Self:
        """The signature that members of both fit; they are of one kind."""
        return self

    def values(self, layer: Self) -> dict[str, Any]:
        """What a member with the layer `layer` has for itself in a program with this signature, by name.

        Without the member axis: a number, or an array whose shape does not depend on the member.
        """
        return {}

    def cost(self, inputs: Shape) -> Cost:
        """What it costs for each row: by default a multiplication for each weight."""
        return Cost(
            sum(size_of(weight.shape) for weight in self.weights(inputs) if weight.role is not Role.MOMENT)
        )


def size_of(shape: Shape) -> int:
    """How many numbers an array of some shape holds."""
    size = 1
    for count in shape:
        size *= count
    return size


def own_units(stream: Stream) -> Any:
    """Which units a member has, as it goes with the array; None where all members have all."""
    return None if stream.units is None else like_units(stream.units, stream.array)


def like_units(weight: Any, inputs: Any) -> Any:
    """A vector of each member, of shape (member, 1, unit), as it goes with arrays of more axes."""
    missing = len(inputs.shape) - len(weight.shape)
    return (
        ops.reshape(weight, (weight.shape[0], *[1] * (missing + 1), weight.shape[-1])) if missing else weight
    )
