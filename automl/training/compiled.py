"""One compiled model for the members of a trial, with fresh weights for each.

Keras traces a training step for every model that it compiles, which for a small network costs more than the training
itself. The members of a trial have one structure, so one trace serves them all.
"""

from typing import Any, final

import keras
import numpy

from automl.config import TrainingConfig
from automl.networks.builder import NetworkBuilder
from automl.training.optimizers import make_optimizer
from automl.trial import Member, Task

CROSS_ENTROPY = {Task.BINARY: "binary_crossentropy", Task.MULTICLASS: "categorical_crossentropy"}
REGRESSION_LOSSES = {"auto": "mse", "mse": "mse", "mae": "mae", "huber": "huber"}


@final
class CompiledModels:
    """Gives models that are as good as newly built, compiled with the loss of the task.

    Args:
        builder: Values to a model.
        training: The study file's training section.
        task: Decides the loss.
    """

    def __init__(self, builder: NetworkBuilder, training: TrainingConfig, task: Task) -> None:
        self._builder = builder
        self._loss = REGRESSION_LOSSES[training.loss] if task is Task.REGRESSION else CROSS_ENTROPY[task]
        self._model: keras.Model | None = None
        self._variables: list[Any] = []
        self._start: list[numpy.ndarray] = []

    def fresh(self, member: Member) -> keras.Model:
        """A model for this member: its own initial weights and random streams, an optimizer without a past.

        The model that was given before is the same object where the two have the same shapes: use it up first.
        """
        built = self._builder.build(member.hyperparameters, member.seed("weights"))
        if self._model is None or not self._fits(built):
            return self._compile(built, member)
        for variable, initial in zip(self._variables, built.variables, strict=True):
            variable.assign(keras.ops.convert_to_tensor(initial))
        for variable, start in zip(self._model.optimizer.variables, self._start, strict=True):
            variable.assign(start)
        return self._model

    def _fits(self, built: keras.Model) -> bool:
        """Whether the model at hand can stand in for this one: a user's builder may build another every time."""
        return [v.shape for v in self._variables] == [v.shape for v in built.variables]

    def _compile(self, built: keras.Model, member: Member) -> keras.Model:
        self._variables = list(built.variables)
        if not built.compiled:
            built.compile(optimizer=make_optimizer(member.hyperparameters), loss=self._loss)
        built.optimizer.build(built.trainable_variables)
        self._start = [keras.ops.convert_to_numpy(variable) for variable in built.optimizer.variables]
        self._model = built
        return built
