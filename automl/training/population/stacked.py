"""Stacked perceptrons: many networks of one structure as arrays with a leading member axis.

The mathematics of `networks/mlp.py` in `keras.ops`. Nothing is shared along the member axis: no statistic, norm,
random stream or stop.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras import ops

from automl.networks.activations import activation
from automl.networks.embeddings import SIZE, Blocks, embed, num_embedded
from automl.training.population.dropout import keep_mask

NORMALIZATION_MOMENTUM, NORMALIZATION_EPSILON = 0.99, 1e-3
"""Keras's defaults."""

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Structure:
    """What the members of one program have in common.

    Attributes:
        num_features: Inputs.
        widths: Units of each hidden layer. A member may have fewer; the rest are inert.
        num_outputs: Outputs.
        activations: What the members choose from, by position.
        batch_normalization: Whether hidden layers are normalized.
        dropout: Whether any member drops units.
        padded: Whether any member has fewer units than `widths`.
        loss: Name in `losses.LOSSES`.
        optimizer: Name in `updates.UPDATES`.
        batch_size: Rows a step.
        schedules: What the members' learning rates follow, by position.
        clipped: Whether any member clips its gradient.
        embedded: Inputs that the first layer sees through an embedding.
    """

    num_features: int
    widths: tuple[int, ...]
    num_outputs: int
    activations: tuple[str, ...]
    batch_normalization: bool
    dropout: bool
    padded: bool
    loss: str
    optimizer: str
    batch_size: int
    schedules: tuple[str, ...] = ("constant",)
    clipped: bool = False
    embedded: Blocks = ()

    @property
    def shapes(self) -> list[tuple[int, int]]:
        """Shapes of a member's trainable weights, layer by layer in Keras's order; vectors are (1, unit)."""
        shapes = [(count, SIZE) for _, count in self.embedded]
        inputs = num_embedded(self.num_features, self.embedded)
        for width in self.widths:
            shapes += [(inputs, width), (1, width)]
            shapes += [(1, width)] if self.batch_normalization else []
            inputs = width
        return [*shapes, (inputs, self.num_outputs), (1, self.num_outputs)]

    @property
    def kernels(self) -> list[bool]:
        """Which of `shapes` are kernels, which the L2 penalty is for."""
        vectors = 2 if self.batch_normalization else 1
        layers = [True, *[False] * vectors] * len(self.widths) + [True, False]
        return [True] * len(self.embedded) + layers

    @property
    def decayed(self) -> list[bool]:
        """Which of `shapes` weight decay is for: kernels, but no embeddings of levels."""
        return [False] * len(self.embedded) + self.kernels[len(self.embedded) :]

    @property
    def moment_shapes(self) -> list[tuple[int, int]]:
        """Shapes of a member's moving means and variances."""
        return [(1, width) for width in self.widths for _ in range(2)] if self.batch_normalization else []

    @property
    def capacity(self) -> int:
        """Number of trainable weights, padding included."""
        return sum(rows * columns for rows, columns in self.shapes)


@dataclass(frozen=True, slots=True)
class Step:
    """What makes a training step differ from a prediction.

    Attributes:
        times: Int32 array of shape (member,): steps taken before this one.
        rows: Array of shape (member, row, 1): 1 where the batch has a row, 0 where it is filled up.
    """

    times: Any
    rows: Any


def forward(
    structure: Structure, network: tuple[list[Any], list[Any]], values: Values, inputs: Any, step: Step | None
) -> tuple[Any, list[Any]]:
    """Logits of stacked networks.

    Args:
        structure: What the members have in common.
        network: Trainable weights, and moving means and variances, in the order of `Structure`, each of shape
            (member, …, …).
        values: By name, per member: `dropout`, `negative_slope` of shape (member, 1, 1); `activation` the same,
            int32; `dropout_seed` (member,); `units_0` … of shape (member, 1, unit) where padded.
        inputs: Array of shape (member, row, feature).
        step: None for a prediction.

    Returns:
        Array of shape (member, row, output), and the moving means and variances after a training step.
    """
    weights, moments = list(network[0]), list(network[1])
    new_moments: list[Any] = []
    tables, weights = weights[: len(structure.embedded)], weights[len(structure.embedded) :]
    hidden = embed(inputs, structure.embedded, lambda number, levels: ops.matmul(levels, tables[number]))
    for layer in range(len(structure.widths)):
        hidden = ops.matmul(hidden, weights.pop(0))
        if structure.batch_normalization:
            affine, moving = (weights.pop(0), weights.pop(0)), (moments.pop(0), moments.pop(0))
            hidden, moved = _normalize(hidden, affine, moving, step)
            new_moments += moved
        else:
            hidden = hidden + weights.pop(0)
        hidden = _activate(structure.activations, values, hidden)
        if structure.padded:
            hidden = ops.where(values[f"units_{layer}"], hidden, 0.0)
        if structure.dropout and step is not None:
            rates = values["dropout"]
            shape = (hidden.shape[1], hidden.shape[2])
            kept = keep_mask(values["dropout_seed"], step.times, layer, shape, rates)
            hidden = ops.where(kept, hidden * (1.0 / (1.0 - rates)), 0.0)
    return ops.matmul(hidden, weights[0]) + weights[1], new_moments


def _normalize(
    hidden: Any, affine: tuple[Any, Any], moving: tuple[Any, Any], step: Step | None
) -> tuple[Any, list[Any]]:
    """Ioffe and Szegedy 2015, with each member's own moments over the rows that the batch has."""
    mean, variance = moving
    if step is not None:
        count = ops.maximum(ops.sum(step.rows, axis=1, keepdims=True), 1.0)
        mean = ops.sum(hidden * step.rows, axis=1, keepdims=True) / count
        variance = ops.sum(ops.square(hidden - mean) * step.rows, axis=1, keepdims=True) / count
    moved = [
        old * NORMALIZATION_MOMENTUM + new * (1.0 - NORMALIZATION_MOMENTUM)
        for old, new in zip(moving, (mean, variance), strict=True)
    ]
    slope = affine[0] * ops.rsqrt(variance + NORMALIZATION_EPSILON)
    return hidden * slope + (affine[1] - mean * slope), moved


def _activate(names: tuple[str, ...], values: Values, hidden: Any) -> Any:
    """Each member's own activation: all of them are computed and one is selected."""
    activated = _leaky(hidden, values) if names[0] == "leaky_relu" else activation(names[0])(hidden)
    for index, name in enumerate(names[1:], start=1):
        other = _leaky(hidden, values) if name == "leaky_relu" else activation(name)(hidden)
        activated = ops.where(values["activation"] == index, other, activated)
    return activated


def _leaky(hidden: Any, values: Values) -> Any:
    return ops.where(hidden > 0.0, hidden, hidden * values["negative_slope"])
