"""Embeddings of categories: the inputs of a column of many levels become a few, which are learned.

A row has a 1 at its level and zeros elsewhere, so that a product with a kernel looks up the level's own row of it. A
level without an input looks up zeros. Source: Guo, Berkhahn, "Entity Embeddings of Categorical Variables" (2016).
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Self, TypeAlias, final

import keras
import numpy
from keras import ops

from automl.networks.initializers import initial_kernel
from automl.networks.layers.dense import penalty
from automl.networks.layers.layer import Given, Layer, Role, Rounding, Shape, Stream, Twin, Weight
from automl.trial import derive_seed

SIZE = 8
"""Inputs that a column becomes, as in RealMLP (Holzmüller et al. 2024)."""

EMBEDDING = "embedding_of_levels_"
"""Begins the name of an embedding's Keras layer."""

Blocks: TypeAlias = tuple[tuple[int, int], ...]
"""Columns that are embedded, in order: how many places before the last input theirs begin, and how many they are."""


@final
@dataclass(frozen=True, slots=True)
class LevelEmbedding(Layer):
    """Each block of inputs becomes `size` numbers that are looked up.

    Attributes:
        blocks: Which inputs.
        size: Numbers for each block.
        initializer: Name in `INITIALIZERS`.
    """

    blocks: Blocks
    size: int = SIZE
    initializer: str = "glorot_uniform"

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        return (inputs[0] + sum(self.size - count for _, count in self.blocks),)

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """For each block an array of shape (level, size)."""
        return tuple(Weight((count, self.size), Role.EMBEDDING) for _, count in self.blocks)

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """Each from a stream of its own."""
        return [
            initial_kernel(self.initializer, count, self.size, derive_seed(seed, "embedding", number))
            for number, (_, count) in enumerate(self.blocks)
        ]

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        return Stream(
            embed(stream.array, self.blocks, lambda number, levels: ops.matmul(levels, given.weights[number]))
        ), []

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""

        def look_up(number: int, levels: Any) -> Any:
            layer = keras.layers.Dense(
                self.size,
                use_bias=False,
                kernel_initializer="zeros",
                kernel_regularizer=penalty(twin),
                name=f"{EMBEDDING}{number + 1}",
            )
            return twin.call(layer, levels)

        return embed(inputs, self.blocks, look_up)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, initializer="")


def embed(inputs: Any, blocks: Blocks, look_up: Callable[[int, Any], Any]) -> Any:
    """Inputs with each block replaced by what is looked up of it, in the same order.

    Args:
        inputs: Of shape (…, input).
        blocks: What is embedded.
        look_up: `(number of the block, its inputs) -> array of shape (…, size)`.
    """
    parts, end = [], 0
    for number, (back, count) in enumerate(blocks):
        begin = inputs.shape[-1] - back
        parts += [inputs[..., end:begin], look_up(number, inputs[..., begin : begin + count])]
        end = begin + count
    parts.append(inputs[..., end:])
    return ops.concatenate([part for part in parts if part.shape[-1]], axis=-1)
