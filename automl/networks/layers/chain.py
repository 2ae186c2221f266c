"""Layers one after another: what networks and layers that hold layers do with them."""

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy

from automl.networks.layers.layer import Cost, Given, Layer, Role, Rounding, Shape, Stream, Twin, Weight

Layers = tuple[Layer, ...]


def shapes(layers: Layers, inputs: Shape) -> Iterator[tuple[Layer, Shape]]:
    """Each layer with the shape of its inputs."""
    for layer in layers:
        yield layer, inputs
        inputs = layer.outputs(inputs)


def output_shape(layers: Layers, inputs: Shape) -> Shape:
    """The shape of what the last layer gives."""
    for layer in layers:
        inputs = layer.outputs(inputs)
    return inputs


def weights_of(layers: Layers, inputs: Shape) -> tuple[Weight, ...]:
    """All arrays, layer by layer."""
    return tuple(weight for layer, shape in shapes(layers, inputs) for weight in layer.weights(shape))


def initial_of(layers: Layers, inputs: Shape, seed: int) -> list[numpy.ndarray]:
    """What they begin with, in the same order."""
    return [array for layer, shape in shapes(layers, inputs) for array in layer.initial(shape, seed)]


def cost_of(layers: Layers, inputs: Shape) -> Cost:
    """What all layers cost for each row."""
    return sum((layer.cost(shape) for layer, shape in shapes(layers, inputs)), Cost(0))


def signatures_of(layers: Layers, rounding: Rounding | None) -> Layers:
    """What all members of a program share."""
    return tuple(layer.signature(rounding) for layer in layers)


def kinds_of(layers: Layers) -> Hashable:
    """Signatures of equal kinds can be joined."""
    return tuple((type(layer), layer.kind()) for layer in layers)


def values_of(layers: Layers, member_layers: Layers) -> list[dict[str, Any]]:
    """What a member with the layers `member_layers` has for itself, for each layer of a program; see `Layer.values`."""
    return [layer.values(other) for layer, other in zip(layers, member_layers, strict=True)]


def joined_layers(layers: Layers, other: Layers) -> Layers:
    """Signatures that members of both fit; equal ones, which most are, are not made again."""
    pairs = zip(layers, other, strict=True)
    return tuple(layer if layer == another else layer.joined(another) for layer, another in pairs)


def apply_layers(
    layers: Layers, inputs: Shape, given: Given, values: Sequence[dict[str, Any]], stream: Stream
) -> tuple[Stream, list[Any]]:
    """What a stack of networks gives, and its moving statistics after a training step.

    Args:
        layers: Signatures.
        inputs: The shape of the first one's inputs, without member and row.
        given: Weights and moments of all layers in their order, and the step; its own values are not looked at.
        values: For each layer what members have for themselves.
        stream: The inputs.
    """
    parts = divided(given, [layer.weights(shape) for layer, shape in shapes(layers, inputs)])
    moved = list[Any]()
    for layer, part, layer_values in zip(layers, parts, values, strict=True):
        stream, changed = layer.apply(replace(part, values=layer_values), stream)
        moved += changed
    return stream, moved


def divided(given: Given, groups: Sequence[Sequence[Weight]]) -> Iterator[Given]:
    """Weights and moments, group by group, without values.

    Args:
        given: Those of all groups, in their order.
        groups: What each has.
    """
    weights, moments = iter(given.weights), iter(given.moments)
    for group in groups:
        num_moments = sum(weight.role is Role.MOMENT for weight in group)
        group_weights = list(islice(weights, len(group) - num_moments))
        yield Given(group_weights, list(islice(moments, num_moments)), {}, given.step)


def twin_layers(layers: Layers, inputs: Any, twin: Twin) -> Any:
    """The same by Keras layers."""
    for layer in layers:
        inputs = layer.twin(inputs, twin)
    return inputs
