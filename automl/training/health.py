"""Whether the signal reaches every layer of a network: gradients by layer, and units that answer nothing."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import keras
import numpy
from keras import ops

from automl.networks.embeddings import num_embedded
from automl.networks.mlp import EMBEDDING, layer_widths
from automl.training.backend import gradient
from automl.training.losses import LOSSES
from automl.training.stacked import Structure, forward
from automl.training.stacking import member_values, no_values, stacked_weights
from automl.trial import Health, Member

MOST_ROWS = 256
"""Fit rows that are looked at."""


def make_health(start: Sequence[numpy.ndarray], end: Sequence[numpy.ndarray]) -> Health:
    """Health from gradients with respect to the kernels, layer by layer.

    Args:
        start: Of the mean loss, at the initial weights; the last axis of each holds the units.
        end: Of the sum of the outputs, at the kept weights. A unit is dead when no weight of its kernel has a slope on
            any row, as with a ReLU below zero everywhere. The outputs are taken, for the loss of a network that is
            right everywhere has no slope either.
    """
    roots = tuple(float(numpy.sqrt(numpy.mean(numpy.square(one, dtype=float)))) for one in start)
    dead = tuple(float((one.reshape(-1, one.shape[-1]) == 0.0).all(axis=0).mean()) for one in end[:-1])
    return Health(roots, dead)


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
            ops.convert_to_numpy(one)[0, :inputs, :units]
            for one, (inputs, units) in zip(layers, pairwise(widths), strict=True)
        ]

    weights, moments = stacked_weights(structure, member)
    loss = LOSSES[structure.loss].training
    start = slopes(weights, moments, lambda logits: ops.mean(loss(logits, targets)))
    count = len(structure.shapes)
    return make_health(start, slopes(kept[:count], kept[count:], ops.sum))


def loss_slopes(
    model: keras.Model, loss: Callable[[Any, Any], Any], rows: tuple[Any, Any]
) -> list[numpy.ndarray]:
    """Gradient of a Keras model's mean loss with respect to its weights that have two axes or more.

    Args:
        model: The model.
        loss: `(targets, outputs) -> losses`.
        rows: Inputs and targets.
    """
    targets = ops.convert_to_tensor(rows[1])
    return _model_slopes(model, rows[0], lambda outputs: ops.mean(loss(targets, outputs)))


def output_slopes(model: keras.Model, inputs: Any) -> list[numpy.ndarray]:
    """The same of the sum of its outputs, before a softmax or a sigmoid: those of a softmax always sum to 1."""
    return _model_slopes(model, inputs, lambda outputs: ops.sum(getattr(outputs, "_keras_logits", outputs)))


def _model_slopes(model: keras.Model, inputs: Any, value: Callable[[Any], Any]) -> list[numpy.ndarray]:
    import tensorflow

    kernels = [
        variable
        for variable in model.trainable_variables
        if len(variable.shape) > 1 and EMBEDDING not in variable.path
    ]
    with tensorflow.GradientTape() as tape:
        result = value(model(ops.convert_to_tensor(inputs), training=False))
    slopes = tape.gradient(result, [variable.value for variable in kernels])
    return [
        numpy.zeros(variable.shape) if slope is None else ops.convert_to_numpy(slope)
        for variable, slope in zip(kernels, slopes, strict=True)
    ]
