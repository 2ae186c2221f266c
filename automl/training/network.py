"""A trained network with the scaling it was trained under: raw rows in, predictions in the target's units out."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy

from automl.data.preprocessing import NO_SCALING, Scaling, fit_scaling
from automl.trial import Task

ROWS_A_CALL = 8192
"""Rows predicted at once: bounds the memory of wide layers."""


@dataclass(frozen=True, slots=True)
class Scalings:
    """Input and target scaling of one fold, learned on its fit rows."""

    inputs: Scaling
    target: Scaling


@dataclass(frozen=True, slots=True)
class Network:
    """One trained network.

    Attributes:
        model: The Keras model, from scaled rows to (scaled) outputs.
        scalings: What it was trained under.
        task: What it predicts.
    """

    model: keras.Model
    scalings: Scalings
    task: Task

    def predict(self, features: numpy.ndarray) -> numpy.ndarray:
        """Predictions for raw rows.

        Args:
            features: Array of shape (row, feature), in the units of the table.

        Returns:
            Float64 array: (row, class) probabilities that sum to 1, or (row,) values in the target's units.
        """
        return self.interpret(forward(self.model, self.scalings.inputs.apply(features)))

    def interpret(self, outputs: numpy.ndarray) -> numpy.ndarray:
        """The model's outputs of shape (row, output) as predictions; see `predict`."""
        return interpret(outputs, self.task, self.scalings)


def interpret(outputs: numpy.ndarray, task: Task, scalings: Scalings) -> numpy.ndarray:
    """A network's outputs of shape (row, output) as predictions; see `Network.predict`."""
    if task is Task.REGRESSION:
        return scalings.target.undo(outputs[:, 0])
    outputs = outputs.astype(numpy.float64)
    if task is Task.BINARY:
        return numpy.concatenate([1.0 - outputs, outputs], axis=1)
    return outputs / outputs.sum(axis=1, keepdims=True)


def fit_scalings(features: numpy.ndarray, target: numpy.ndarray, task: Task) -> Scalings:
    """Scalings from the rows given here, which must be fit rows. Class codes stay as they are."""
    return Scalings(fit_scaling(features), fit_scaling(target) if task is Task.REGRESSION else NO_SCALING)


def forward(model: keras.Model, inputs: numpy.ndarray) -> numpy.ndarray:
    """Outputs of shape (row, output) in inference mode: no dropout, moving statistics.

    Calls the model directly: `Model.predict` costs a trace and a pipeline for every network.
    """
    parts: list[Any] = [
        keras.ops.convert_to_numpy(model(inputs[start : start + ROWS_A_CALL], training=False))
        for start in range(0, len(inputs), ROWS_A_CALL)
    ]
    return numpy.concatenate(parts)
