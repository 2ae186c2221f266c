"""A trained network with what it was trained under: raw rows in, predictions in the target's units out."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy

from automl.data.columns import Columns
from automl.data.preprocessing import Preprocessing
from automl.data.targets import TargetScaling
from automl.trial import Task

ROWS_A_CALL = 8192
"""Rows predicted at once: bounds the memory of wide layers."""


@dataclass(frozen=True, slots=True)
class Scalings:
    """What a fold's inputs and target are put through, learned on its fit rows."""

    inputs: Preprocessing
    target: TargetScaling


@dataclass(frozen=True, slots=True)
class Network:
    """One trained network.

    Attributes:
        model: The Keras model, from inputs to (scaled) outputs.
        scalings: What it was trained under.
        task: What it predicts.
        epochs: Epochs that it was trained for; a refit, fewer than asked for where the time was over. 0 when unknown.
    """

    model: keras.Model
    scalings: Scalings
    task: Task
    epochs: int = 0

    def predict(self, columns: Columns) -> numpy.ndarray:
        """Predictions for raw rows.

        Returns:
            Float64 array: (row, class) probabilities that sum to 1, or (row,) values in the target's units.
        """
        return self.interpret(forward(self.model, self.scalings.inputs.apply(columns)))

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


def forward(model: keras.Model, inputs: numpy.ndarray) -> numpy.ndarray:
    """Outputs of shape (row, output) in inference mode: no dropout, moving statistics.

    Calls the model directly: `Model.predict` costs a trace and a pipeline for every network.
    """
    parts: list[Any] = [
        keras.ops.convert_to_numpy(model(inputs[start : start + ROWS_A_CALL], training=False))
        for start in range(0, len(inputs), ROWS_A_CALL)
    ]
    return numpy.concatenate(parts)
