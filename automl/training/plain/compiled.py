"""One compiled model for the members of a trial, with fresh weights for each.

Keras traces a training step for every model that it compiles, which for a small network costs more than the training
itself. The members of a trial have one structure, so one trace serves them all.
"""

import re
from typing import Any, final

import keras
import numpy

from automl.evaluation.metrics import QUANTILES
from automl.networks.builder import NetworkBuilder
from automl.networks.layers.layer import Role
from automl.networks.network import traits_of
from automl.training.plain.optimizers import make_optimizer
from automl.trial import Member

_SMOOTHED = {
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
}


@final
class Pinball:
    """The loss of a quantile as Keras calls it, `(targets, outputs) -> losses` of shape (row,).

    Args:
        level: Of the quantile.
    """

    def __init__(self, level: float) -> None:
        self._level = level
        self.__name__ = f"pinball_{100 * level:.0f}"

    def __call__(self, targets: Any, outputs: Any) -> Any:
        """What lies above costs the level, what lies below the rest of 1."""
        errors = targets - outputs
        below = keras.ops.cast(errors < 0.0, errors.dtype)
        return keras.ops.mean(errors * (self._level - below), axis=-1)


def evaluation_loss(model: keras.Model) -> Any:
    """The loss that a model was compiled with, without label smoothing: what curves and early stopping see."""
    loss = model.loss
    if getattr(loss, "label_smoothing", 0):
        return type(loss).from_config(loss.get_config() | {"label_smoothing": 0.0})
    return keras.losses.get(loss)


def row_losses(loss: Any) -> Any:
    """`(targets, outputs) -> losses` of a Keras loss, without the mean that its class would take."""
    return loss.call if isinstance(loss, keras.losses.Loss) else loss


def mean_loss(loss: Any, targets: numpy.ndarray, outputs: numpy.ndarray, weights: numpy.ndarray) -> float:
    """Weighted mean of a Keras loss over rows; 0 where no row weighs anything.

    Args:
        loss: A function, or a `keras.losses.Loss`, whose own mean is not used: it divides by the number of rows.
        targets: Of shape (row, output).
        outputs: Of shape (row, output).
        weights: Of shape (row,).
    """
    given = map(keras.ops.convert_to_tensor, (targets, outputs))
    losses = keras.ops.convert_to_numpy(row_losses(loss)(*given)).astype(numpy.float64)
    if losses.ndim == 0:  # a user's own mean over the rows
        return float(losses)
    total = weights.sum()
    return float(losses.reshape(len(weights), -1).mean(axis=1) @ weights / total) if total > 0 else 0.0


@final
class CompiledModels:
    """Gives models that are as good as newly built, compiled with a loss.

    Args:
        builder: Values to a model.
        loss: Of networks that are not compiled, as `loss_name` says it.
    """

    def __init__(self, builder: NetworkBuilder, loss: str) -> None:
        self._builder = builder
        self._loss = loss
        self._model: keras.Model | None = None
        self._num_steps = 0
        self._variables: list[Any] = []
        self._start: list[numpy.ndarray | int] = []

    def fresh(self, member: Member, num_steps: int) -> keras.Model:
        """A model for this member: its own initial weights and random streams, an optimizer without a past.

        The model that was given before is the same object where the two have the same shapes: use it up first.

        Args:
            member: Whose model it is.
            num_steps: Steps of the whole training, for a learning-rate schedule.
        """
        built = self._builder.build(member.hyperparameters, member.seed("weights"))
        if member.hyperparameters.get("schedule", "constant") == "constant":
            num_steps = 0
        if self._model is None or not self._fits(built, num_steps):
            return self._compile(built, member, num_steps)
        for variable, initial in zip(self._variables, built.variables, strict=True):
            variable.assign(keras.ops.convert_to_tensor(initial))
        weights = self._model.trainable_variables
        for variable, start in zip(self._model.optimizer.variables, self._start, strict=True):
            variable.assign(keras.ops.copy(weights[start]) if isinstance(start, int) else start)
        return self._model

    def _fits(self, built: keras.Model, num_steps: int) -> bool:
        """Whether the model at hand can stand in for this one: a user's builder may build another every time."""
        same_shapes = [v.shape for v in self._variables] == [v.shape for v in built.variables]
        return same_shapes and num_steps == self._num_steps

    def _compile(self, built: keras.Model, member: Member, num_steps: int) -> keras.Model:
        values = member.hyperparameters
        self._variables, self._num_steps = list(built.variables), num_steps
        if not built.compiled:
            smoothing = float(values.get("label_smoothing", 0.0))
            smoothed = _SMOOTHED.get(self._loss) if smoothing > 0 else None
            base_loss = Pinball(QUANTILES[self._loss]) if self._loss in QUANTILES else self._loss
            loss = smoothed(label_smoothing=smoothing) if smoothed else base_loss
            optimizer = prepared_optimizer(make_optimizer(values, num_steps), built)
            built.compile(optimizer=optimizer, loss=loss)
        built.optimizer.build(built.trainable_variables)
        self._start = _starts(built)
        self._model = built
        return built


def _starts(model: keras.Model) -> list[numpy.ndarray | int]:
    """How each variable of a fresh optimizer begins: with these values, or as the trainable weight of this number.

    `ScheduleFreeAdamW`, for one, begins with copies of the weights.
    """
    weights = [keras.ops.convert_to_numpy(weight) for weight in model.trainable_variables]
    starts: list[numpy.ndarray | int] = []
    for variable in model.optimizer.variables:
        values = keras.ops.convert_to_numpy(variable)
        copied = (
            number
            for number, weight in enumerate(weights)
            if values.any() and numpy.array_equal(weight, values)
        )
        starts.append(next(copied, values))
    return starts


def prepared_optimizer(optimizer: Any, model: keras.Model) -> Any:
    """An optimizer that decays the weights that decay is for, and takes each at its own rate.

    Biases, scales and offsets of normalizations, and embeddings are not decayed.
    """
    traits, weights = traits_of(model), model.trainable_variables
    roles = [traits[variable.path].role if traits else _role(variable) for variable in weights]
    rates = [traits[variable.path].rate if traits else 1.0 for variable in weights]
    decayed = [role is Role.KERNEL for role in roles]
    scaled = [rate != 1.0 for rate in rates]
    decay = getattr(optimizer, "weight_decay", None) or 0.0
    left_alone = [
        variable
        for variable, has_decay, has_rate in zip(weights, decayed, scaled, strict=True)
        if not has_decay or (has_rate and decay)
    ]
    optimizer.exclude_from_weight_decay(left_alone)
    if isinstance(optimizer, keras.optimizers.Muon):
        last = {variable.path for variable in model.layers[-1].trainable_variables}
        optimizer.exclude_layers = [
            f"^{re.escape(variable.path)}$"
            for variable in weights
            if (not traits[variable.path].is_hidden if traits else variable.path in last)
        ]
    if not any(scaled):
        return optimizer
    update_step = optimizer.update_step

    def step(gradient: Any, variable: Any, learning_rate: Any) -> None:
        number = optimizer._get_variable_index(variable)
        rate = learning_rate * rates[number]
        if decay and scaled[number] and decayed[number]:  # Keras decays by the rate of all
            optimizer.assign(variable, variable - variable * (decay * rate))
        update_step(gradient, variable, rate)

    optimizer.update_step = step
    return optimizer


def _role(variable: Any) -> Role:
    """Of a weight of a user's model."""
    if len(variable.shape) < 2:
        return Role.VECTOR
    return Role.EMBEDDING if variable.name == "embeddings" else Role.KERNEL
