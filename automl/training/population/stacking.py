"""A member as rows of stacked arrays, and back: its hyperparameters, its initial weights, its trained weights."""

from collections.abc import Mapping
from typing import Any

import numpy

from automl.networks.activations import DEFAULT_SLOPE
from automl.networks.mlp import initial_weights, layer_widths
from automl.training.plain.optimizers import DEFAULT_LEARNING_RATE, OWN, own_values
from automl.training.population.stacked import Structure
from automl.trial import Member

SCALARS = (
    "learning_rate",
    "dropout",
    "l2",
    "momentum",
    "weight_decay",
    "ema_momentum",
    "negative_slope",
    "clip_norm",
    "label_smoothing",
)


DEFAULTS: Mapping[str, float] = {"learning_rate": DEFAULT_LEARNING_RATE, "negative_slope": DEFAULT_SLOPE}


def member_values(structure: Structure, member: Member) -> dict[str, Any]:
    """A member's hyperparameters as the programs take them; one that is not active gets a value without effect."""
    given = member.hyperparameters
    values: dict[str, Any] = {name: given.get(name, DEFAULTS.get(name, 0.0)) for name in SCALARS}
    values |= {name: 0.0 for own in OWN.values() for name in own}
    values |= own_values(str(given["optimizer"]), given)
    if structure.widths:
        values["activation"] = structure.activations.index(str(given["activation"]))
    values["schedule"] = structure.schedules.index(str(given.get("schedule", "constant")))
    values["dropout_seed"] = member.seed("dropout")
    if structure.padded:
        for layer, width in enumerate(layer_widths(given)):
            values[f"units_{layer}"] = numpy.arange(structure.widths[layer])[None, :] < width
    return values


def stacked_weights(structure: Structure, member: Member) -> tuple[list[numpy.ndarray], list[numpy.ndarray]]:
    """Initial weights and moments of a member, zeros where the structure is wider than the member."""
    weights, moments = _initial_weights(structure, member)
    return (
        [_filled(array, shape) for array, shape in zip(weights, structure.shapes, strict=True)],
        [_filled(array, shape) for array, shape in zip(moments, structure.moment_shapes, strict=True)],
    )


def own_weights(structure: Structure, member: Member, weights: list[numpy.ndarray]) -> list[numpy.ndarray]:
    """The weights of an outcome without padding, as `initial_weights` orders and shapes them."""
    own, moments = _initial_weights(structure, member)
    return [
        array[tuple(slice(size) for size in like.shape)] if like.ndim == 2 else array[0, : len(like)]
        for array, like in zip(weights, [*own, *moments], strict=True)
    ]


def _initial_weights(structure: Structure, member: Member) -> tuple[list[numpy.ndarray], list[numpy.ndarray]]:
    return initial_weights(
        member.hyperparameters,
        structure.num_features,
        structure.num_outputs,
        member.seed("weights"),
        structure.embedded,
    )


def _filled(array: numpy.ndarray, shape: tuple[int, int]) -> numpy.ndarray:
    matrix = array if array.ndim == 2 else array[None, :]
    return numpy.pad(matrix, [(0, size - had) for size, had in zip(shape, matrix.shape, strict=True)])


def no_values(structure: Structure, num_places: int) -> dict[str, numpy.ndarray]:
    """Values of places without a member."""
    scalar = (num_places, 1, 1)
    values: dict[str, numpy.ndarray] = {name: numpy.zeros(scalar, numpy.float32) for name in SCALARS}
    values |= {name: numpy.zeros(scalar, numpy.int32) for name in ("activation", "schedule")}
    values["num_steps"] = numpy.ones(scalar, numpy.float32)
    values["view"] = numpy.zeros(num_places, numpy.int32)
    values["dropout_seed"] = numpy.zeros(num_places, numpy.uint32)
    if structure.padded:
        for layer, width in enumerate(structure.widths):
            values[f"units_{layer}"] = numpy.zeros((num_places, 1, width), bool)
    return values
