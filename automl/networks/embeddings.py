"""Embeddings of categories: the inputs of a column of many levels become a few, which are learned.

A row has a 1 at its level and zeros elsewhere, so that a product with a kernel looks up the level's own row of it. A
level without an input looks up zeros. Source: Guo, Berkhahn, "Entity Embeddings of Categorical Variables" (2016).
"""

from collections.abc import Callable
from typing import Any, TypeAlias

from keras import ops

from automl.trial import Hyperparameters

SIZE = 8
"""Inputs that a column becomes, as in RealMLP (Holzmüller et al. 2024)."""

Blocks: TypeAlias = tuple[tuple[int, int], ...]
"""Columns that are embedded, in order: how many places before the last input theirs begin, and how many they are."""


def blocks_of(hyperparameters: Hyperparameters, blocks: Blocks) -> Blocks:
    """What a network embeds: a linear model has a weight for each level as it is."""
    return blocks if int(hyperparameters["depth"]) else ()


def num_embedded(num_features: int, blocks: Blocks) -> int:
    """Inputs of the first layer behind the embeddings."""
    return num_features + sum(SIZE - count for _, count in blocks)


def embed(inputs: Any, blocks: Blocks, look_up: Callable[[int, Any], Any]) -> Any:
    """Inputs with each block replaced by what is looked up of it, in the same order.

    Args:
        inputs: Of shape (…, input).
        blocks: What is embedded.
        look_up: `(number of the block, its inputs) -> array of shape (…, SIZE)`.
    """
    if not blocks:
        return inputs
    parts, end = [], 0
    for number, (back, count) in enumerate(blocks):
        begin = inputs.shape[-1] - back
        parts += [inputs[..., end:begin], look_up(number, inputs[..., begin : begin + count])]
        end = begin + count
    parts.append(inputs[..., end:])
    return ops.concatenate([part for part in parts if part.shape[-1]], axis=-1)
