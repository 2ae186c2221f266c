"""Health of a member of a population, from the gradients of its own weights."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy
from keras import ops

from automl.networks.layers.layer import Role
from automl.training.backend import gradient
from automl.training.health import make_health
from automl.training.population.jobs import Job
from automl.training.population.losses import training_losses
from automl.training.population.nests import to_tensors
from automl.training.population.stacking import member_values, no_values, set_values, stacked_weights
from automl.training.population.structure import Structure
from automl.trial import Health


def member_health(
    structure: Structure, job: Job, kept: Sequence[numpy.ndarray], rows: tuple[Any, Any]
) -> Health:
    """Health of one member of a population.

    Args:
        structure: What it was trained as.
        job: The member.
        kept: Its kept weights and moments, in the order of `Structure`.
        rows: Inputs of shape (row, feature) and targets of shape (row, output).
    """
    values = no_values(structure, 1)
    set_values(values, 0, member_values(structure, job))
    layers = to_tensors(values["layers"])
    inputs, targets = (ops.convert_to_tensor(array)[None] for array in rows)

    def slopes(
        weights: Sequence[Any], moments: Sequence[Any], value: Callable[[Any], Any]
    ) -> list[numpy.ndarray]:
        fixed = [ops.convert_to_tensor(array[None]) for array in moments]

        def outcome(arrays: list[Any]) -> tuple[Any, Any]:
            return value(structure.network.logits(arrays, fixed, layers, inputs, None)[0]), []

        found, _ = gradient(outcome, [ops.convert_to_tensor(array[None]) for array in weights])
        # what lies beyond the member's own sizes has no slope by design
        return [
            ops.convert_to_numpy(slope)[0][tuple(slice(size) for size in weight.shape)]
            for slope, weight in zip(found, job.recipe.network.weights, strict=True)
            if weight.role is Role.KERNEL
        ]

    weights, moments = stacked_weights(structure, job)
    loss = structure.loss
    start = slopes(weights, moments, lambda logits: ops.mean(training_losses(loss, logits, targets)))
    count = len(structure.shapes)
    return make_health(start, slopes(kept[:count], kept[count:], ops.sum))
