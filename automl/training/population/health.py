"""Health of a member of a population, from the gradients of its own weights."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy
from keras import ops

from automl.networks.embeddings import num_embedded
from automl.networks.mlp import layer_widths
from automl.training.backend import gradient
from automl.training.health import make_health
from automl.training.population.losses import LOSSES
from automl.training.population.stacked import Structure, forward
from automl.training.population.stacking import member_values, no_values, stacked_weights
from automl.trial import Health, Member


def perceptron_health(
    structure: Structure, member: Member, kept: Sequence[numpy.ndarray], rows: tuple[Any, Any]
) -> Health:
    """Health of one member of a population.

    Args:
        structure: What it was trained as.
        member: The member.
        kept: Its kept weights and moments, in the order of `Structure`.
        rows: Inputs of shape (row, feature) and targets of shape (row, output).
    """
    values = no_values(structure, 1)
    for name, value in member_values(structure, member).items():
        values[name][0] = value
    tensors = {name: ops.convert_to_tensor(value) for name, value in values.items()}
    inputs, targets = (ops.convert_to_tensor(array)[None] for array in rows)

    def slopes(
        weights: Sequence[Any], moments: Sequence[Any], value: Callable[[Any], Any]
    ) -> list[numpy.ndarray]:
        fixed = [ops.convert_to_tensor(array[None]) for array in moments]

        def outcome(arrays: list[Any]) -> tuple[Any, Any]:
            return value(forward(structure, (arrays, fixed), tensors, inputs, None)[0]), []

        found, _ = gradient(outcome, [ops.convert_to_tensor(array[None]) for array in weights])
        kernels = [one for one, is_kernel in zip(found, structure.kernels, strict=True) if is_kernel]
        layers = kernels[len(structure.embedded) :]

        num_inputs = num_embedded(structure.num_features, structure.embedded)
        widths = [num_inputs, *layer_widths(member.hyperparameters), structure.num_outputs]
        # units beyond the member's own widths have no slope by design
        return [
            ops.convert_to_numpy(one)[
                0, :fan_in, :units
            ]  # not `inputs`: Python 3.12 takes it for the one above
            for one, (fan_in, units) in zip(layers, pairwise(widths), strict=True)
        ]

    weights, moments = stacked_weights(structure, member)
    loss = LOSSES[structure.loss].training
    start = slopes(weights, moments, lambda logits: ops.mean(loss(logits, targets)))
    count = len(structure.shapes)
    return make_health(start, slopes(kept[:count], kept[count:], ops.sum))
