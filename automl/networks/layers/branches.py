"""Branches that are added or concatenated: layers that hold layers."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
import numpy
from keras import ops

from automl.networks.layers.chain import (
    Layers,
    apply_layers,
    cost_of,
    divided,
    initial_of,
    joined_layers,
    kinds_of,
    output_shape,
    signatures_of,
    twin_layers,
    values_of,
    weights_of,
)
from automl.networks.layers.layer import Cost, Given, Layer, Rounding, Shape, Stream, Twin, Weight

ADD, CONCATENATE = "add", "concatenate"


@final
@dataclass(frozen=True, slots=True)
class Branches(Layer):
    """All branches read the same inputs; an empty one passes them on. What they give is added or concatenated.

    A residual block is two branches that are added, one of them empty (He et al. 2016).

    Attributes:
        branches: The layers of each.
        merge: `ADD`, for branches of equal shape, or `CONCATENATE`, along the last axis.
    """

    branches: tuple[Layers, ...]
    merge: str = ADD

    @property
    def mixes_units(self) -> bool:
        """See `Layer.mixes_units`."""
        return self.merge == CONCATENATE or any(
            layer.mixes_units for branch in self.branches for layer in branch
        )

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        shapes = [output_shape(branch, inputs) for branch in self.branches]
        if self.merge == CONCATENATE:
            return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))
        if len(set(shapes)) > 1:
            raise ValueError(f"branches that are added must have one shape, got {shapes}")
        return shapes[0]

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """Branch by branch."""
        return tuple(weight for branch in self.branches for weight in weights_of(branch, inputs))

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """Branch by branch."""
        return [array for branch in self.branches for array in initial_of(branch, inputs, seed)]

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        streams, moved, inputs = list[Stream](), list[Any](), tuple(stream.array.shape[2:])
        parts = divided(given, [weights_of(branch, inputs) for branch in self.branches])
        for branch, part, values in zip(self.branches, parts, given.values["branches"], strict=True):
            given_stream, changed = apply_layers(branch, inputs, part, values, stream)
            streams.append(given_stream)
            moved += changed
        arrays = [branch.array for branch in streams]
        merged = ops.concatenate(arrays, axis=-1) if self.merge == CONCATENATE else sum(arrays[1:], arrays[0])
        return Stream(merged, streams[0].units), moved

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        tensors = [twin_layers(branch, inputs, twin) for branch in self.branches]
        layer = keras.layers.Concatenate() if self.merge == CONCATENATE else keras.layers.Add()
        return layer(tensors)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, branches=tuple(signatures_of(branch, rounding) for branch in self.branches))

    def kind(self) -> Hashable:
        """See `Layer.kind`."""
        return self.merge, tuple(kinds_of(branch) for branch in self.branches)

    def joined(self, other: Self) -> Self:
        """See `Layer.joined`."""
        pairs = zip(self.branches, other.branches, strict=True)
        return replace(self, branches=tuple(joined_layers(*pair) for pair in pairs))

    def values(self, layer: Self) -> dict[str, Any]:
        """`branches`: for each branch those of its layers."""
        pairs = zip(self.branches, layer.branches, strict=True)
        return {"branches": [values_of(*pair) for pair in pairs]}

    def cost(self, inputs: Shape) -> Cost:
        """See `Layer.cost`."""
        return sum((cost_of(branch, inputs) for branch in self.branches), Cost(0))


def residual(*layers: Layer) -> Branches:
    """Layers whose outputs are added to their inputs."""
    return Branches((layers, ()))
