"""A member as rows of stacked arrays, and back: its hyperparameters, its initial weights, its trained weights."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy

from automl.networks.layers.layer import Shape
from automl.training.plain.optimizers import DEFAULT_LEARNING_RATE, OWN_HYPERPARAMETERS, own_values
from automl.training.population.jobs import Job
from automl.training.population.structure import Structure
from automl.training.population.updates import UPDATES, matrix_scale

SCALARS = (
    "learning_rate",
    "l2",
    "momentum",
    "weight_decay",
    "ema_momentum",
    "clip_norm",
    "label_smoothing",
)

DEFAULTS: Mapping[str, float] = {"learning_rate": DEFAULT_LEARNING_RATE}


def member_values(structure: Structure, job: Job) -> dict[str, Any]:
    """A member's hyperparameters as the programs take them; one that is not active gets a value without effect."""
    given = job.recipe.values
    values: dict[str, Any] = {name: given.get(name, DEFAULTS.get(name, 0.0)) for name in SCALARS}
    values |= {name: 0.0 for names in OWN_HYPERPARAMETERS.values() for name in names}
    values |= own_values(str(given["optimizer"]), given)
    values["schedule"] = structure.schedules.index(str(given.get("schedule", "constant")))
    values["dropout_seed"] = job.member.seed("dropout")
    values["layers"] = structure.network.values(job.recipe.network)
    if UPDATES[structure.optimizer].hidden is not None:
        values["scales"] = [matrix_scale(weight.shape) for weight in job.recipe.network.weights]
    return values


def no_values(structure: Structure, num_places: int) -> dict[str, Any]:
    """Values of places without a member."""
    scalar = (num_places, 1, 1)
    values: dict[str, Any] = {name: numpy.zeros(scalar, numpy.float32) for name in SCALARS}
    values["schedule"] = numpy.zeros(scalar, numpy.int32)
    values["num_steps"] = numpy.ones(scalar, numpy.float32)
    values["view"] = numpy.zeros(num_places, numpy.int32)
    values["dropout_seed"] = numpy.zeros(num_places, numpy.uint32)
    values["layers"] = _empty(structure.network.values(structure.network), num_places)
    if UPDATES[structure.optimizer].hidden is not None:
        values["scales"] = _empty([0.0] * len(structure.network.weights), num_places)
    return values


def _empty(value: Any, num_places: int) -> Any:
    """Zeros for what each member has: a number, an array, or a nest of them."""
    if isinstance(value, dict):
        return {name: _empty(part, num_places) for name, part in value.items()}
    if isinstance(value, list):
        return [_empty(part, num_places) for part in value]
    if isinstance(value, numpy.ndarray):
        return numpy.zeros((num_places, *value.shape), value.dtype)
    return numpy.zeros((num_places, 1, 1), numpy.int32 if isinstance(value, int) else numpy.float32)


def set_values(values: Any, place: int, given: Any) -> None:
    """Write what one member has into its place, in nests of the same form."""
    for key, value in given.items() if isinstance(given, dict) else enumerate(given):
        if isinstance(value, dict | list):
            set_values(values[key], place, value)
        else:
            values[key][place] = value


def stacked_weights(structure: Structure, job: Job) -> tuple[list[numpy.ndarray], list[numpy.ndarray]]:
    """Initial weights and moments of a member, zeros where the structure is wider than the member."""
    arrays = job.recipe.network.initial(job.member.seed("weights"))
    shapes = structure.shapes
    return _filled(arrays[: len(shapes)], shapes), _filled(arrays[len(shapes) :], structure.moment_shapes)


def own_weights(job: Job, arrays: Sequence[numpy.ndarray]) -> list[numpy.ndarray]:
    """The weights and moments of an outcome without padding, as the member's own network shapes them."""
    network = job.recipe.network
    return [
        array[tuple(slice(size) for size in weight.stacked)].reshape(weight.shape)
        for array, weight in zip(arrays, (*network.weights, *network.moments), strict=True)
    ]


def _filled(arrays: Sequence[numpy.ndarray], shapes: Sequence[Shape]) -> list[numpy.ndarray]:
    filled = []
    for array, shape in zip(arrays, shapes, strict=True):
        matrix = array if array.ndim > 1 else array[None, :]
        if matrix.shape != shape:
            whole = numpy.zeros(shape, matrix.dtype)
            whole[tuple(slice(size) for size in matrix.shape)] = matrix
            matrix = whole
        filled.append(matrix)
    return filled
