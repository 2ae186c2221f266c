"""Health of members of a population, from the gradients of their own weights."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, final

import numpy
from keras import ops

from automl.networks.layers.layer import Role
from automl.training.backend import Arrays, Function, backend_name, compiled, gradient
from automl.training.health import make_health
from automl.training.population.jobs import Job
from automl.training.population.losses import training_losses
from automl.training.population.nests import map_nest
from automl.training.population.stacking import member_values, no_values, set_values, stacked_weights
from automl.training.population.structure import Structure
from automl.trial import Health

Rows = tuple[numpy.ndarray, numpy.ndarray]
"""Inputs of shape (row, feature) and targets of shape (row, output)."""


@final
class HealthPrograms:
    """Finds the health of members one by one, so that it does not depend on their company."""

    def __init__(self) -> None:
        self._programs: dict[Structure, Function] = {}

    def health(
        self, structure: Structure, job: Job, kept_weights: Sequence[numpy.ndarray], rows: Rows
    ) -> Health:
        """Health of one member of a population.

        Args:
            structure: What it was trained as.
            job: The member.
            kept_weights: Its kept weights and moments, in the order of `Structure`.
            rows: What its gradients are taken on.
        """
        values, count = no_values(structure, 1), len(structure.shapes)
        set_values(values, 0, member_values(structure, job))
        stacked = [
            [[array[None] for array in arrays] for arrays in parts]
            for parts in (stacked_weights(structure, job), (kept_weights[:count], kept_weights[count:]))
        ]
        slopes = self._program(structure)(*stacked, values["layers"], [array[None] for array in rows])
        start, end = ([ops.convert_to_numpy(slope)[0] for slope in part] for part in slopes)
        return make_health(_member_slopes(job, start), _member_slopes(job, end))

    def _program(self, structure: Structure) -> Function:
        """JAX compiles whatever it is given: all of it once, or for each member every operation of its gradients.

        TensorFlow's operations are ready: to trace or to compile them pays only for dozens of members of a structure.
        """
        if structure not in self._programs:
            function = partial(_slopes, structure)
            self._programs[structure] = compiled(function) if backend_name() == "jax" else function
        return self._programs[structure]


def _slopes(
    structure: Structure, start: Arrays, end: Arrays, layers: Arrays, rows: Arrays
) -> tuple[list[Any], list[Any]]:
    """Slopes of the kernels: at the start of the mean loss, in the end of the sum of the outputs.

    Args:
        structure: Of the arrays.
        start: Weights and moments, all with a leading axis of length 1.
        end: The same.
        layers: What the member has for itself.
        rows: Inputs and targets.
    """
    start, end, layers, rows = (map_nest(nest, ops.convert_to_tensor) for nest in (start, end, layers, rows))
    inputs, targets = rows
    loss = structure.loss

    def slopes(point: Arrays, value: Callable[[Any], Any]) -> list[Any]:
        weights, moments = point

        def outcome(arrays: Arrays) -> tuple[Any, Any]:
            return value(structure.network.logits(arrays, moments, layers, inputs, None)[0]), []

        by_weight, _ = gradient(outcome, weights)
        pairs = zip(by_weight, structure.network.weights, strict=True)
        return [slope for slope, weight in pairs if weight.role is Role.KERNEL]

    return slopes(start, lambda logits: ops.mean(training_losses(loss, logits, targets))), slopes(
        end, ops.sum
    )


def _member_slopes(job: Job, slopes: Sequence[numpy.ndarray]) -> list[numpy.ndarray]:
    """Slopes of a member without what lies beyond its own sizes, which has none by design."""
    kernels = [weight for weight in job.recipe.network.weights if weight.role is Role.KERNEL]
    pairs = zip(slopes, kernels, strict=True)
    return [slope[tuple(slice(size) for size in weight.shape)] for slope, weight in pairs]
