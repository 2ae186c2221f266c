"""What a user's compiled model says of its training, as hyperparameters of a population."""

from collections.abc import Mapping
from typing import Any

import keras

from automl.hyperparameters import TRAINING_HYPERPARAMETERS
from automl.networks.families.inputs import OUTPUTS
from automl.networks.recipe import Recipe
from automl.networks.translation import translate
from automl.networks.twins import Obstacle
from automl.trial import Hyperparameters, Scalar, Task

_LOSSES: Mapping[Task, Mapping[str, str]] = {
    Task.BINARY: {"binary_crossentropy": "binary_crossentropy"},
    Task.MULTICLASS: {
        "categorical_crossentropy": "categorical_crossentropy",
        "sparse_categorical_crossentropy": "categorical_crossentropy",
    },
    Task.REGRESSION: {
        "mse": "mse",
        "mean_squared_error": "mse",
        "mae": "mae",
        "mean_absolute_error": "mae",
        "huber": "huber",
        "huber_loss": "huber",
    },
}
"""Names of Keras's losses, and of ours for the same."""

_NOT_COMPILED = ("batch_size", "epochs", "patience", "numeric_encoding", "target_transform")
"""Hyperparameters of the training that a compiled model does not fix."""

_USUAL: Mapping[type, Mapping[str, Any]] = {
    keras.optimizers.SGD: {"nesterov": False},
    keras.optimizers.Adam: {
        "beta_1": 0.9,
        "beta_2": 0.999,
        "epsilon": 1e-7,
        "amsgrad": False,
        "weight_decay": None,
    },
    keras.optimizers.RMSprop: {
        "rho": 0.9,
        "momentum": 0.0,
        "epsilon": 1e-7,
        "centered": False,
        "weight_decay": None,
    },
}
"""Optimizers that a population has, and the settings that it has them with."""

_NEVER = {
    "clipnorm": None,
    "clipvalue": None,
    "use_ema": False,
    "loss_scale_factor": None,
    "gradient_accumulation_steps": None,
}


def training_of(model: keras.Model) -> dict[str, Scalar]:
    """Hyperparameters of the optimizer that a model is compiled with.

    Raises:
        Obstacle: A population has no such optimizer.
    """
    optimizer, config = model.optimizer, model.optimizer.get_config()
    name = type(optimizer).__name__
    usual = _USUAL.get(type(optimizer))
    if usual is None:
        raise Obstacle(f"its optimizer is {name}, which has no stacked twin")
    for key, expected in {**usual, **_NEVER}.items():
        if key in config and config[key] != expected:
            raise Obstacle(f"its optimizer {name} has `{key}={config[key]}`")
    rate = config["learning_rate"]
    if not isinstance(rate, int | float):
        raise Obstacle("its learning rate follows a custom schedule; choose one of `space: schedule`")
    values: dict[str, Scalar] = {
        "learning_rate": float(rate),
        "clip_norm": float(config["global_clipnorm"] or 0.0),
    }
    if isinstance(optimizer, keras.optimizers.SGD):
        momentum = float(config["momentum"])
        return values | (
            {"optimizer": "momentum", "momentum": momentum} if momentum else {"optimizer": "sgd"}
        )
    return values | {"optimizer": "adam" if isinstance(optimizer, keras.optimizers.Adam) else "rmsprop"}


def loss_of_model(model: keras.Model, task: Task) -> tuple[str, float]:
    """Name of the loss that a model is compiled with, and its label smoothing.

    Raises:
        Obstacle: A population has no such loss.
    """
    given = model.loss
    name = given if isinstance(given, str) else getattr(given, "name", getattr(given, "__name__", "its own"))
    loss = _LOSSES[task].get(name)
    if loss is None:
        raise Obstacle(f"its loss is {name!r}, which has no stacked twin")
    is_instance = isinstance(given, keras.losses.Loss)
    module = "keras." if isinstance(given, str) else (type(given) if is_instance else given).__module__
    if not module.startswith("keras."):
        raise Obstacle(f"its loss {name!r} is not one of Keras's")
    # Keras's configuration of a Huber loss leaves out its delta
    config = (given.get_config() | getattr(given, "_fn_kwargs", {})) if is_instance else {}
    if config.get("from_logits") or config.get("delta", 1.0) != 1.0 or config.get("axis", -1) != -1:
        raise Obstacle(f"its loss {name!r} has settings that have no stacked twin")
    return loss, float(config.get("label_smoothing") or 0.0)


def recipe_of(model: keras.Model, hyperparameters: Hyperparameters, task: Task) -> Recipe:
    """What a population needs to train a user's model: its layers, and its own optimizer and loss if it is compiled.

    Args:
        model: From the user's builder.
        hyperparameters: Of the trial; those of the training are for models that are not compiled.
        task: What the outputs mean.

    Raises:
        Obstacle: Only Keras can train it.
    """
    translation, loss = translate(model), ""
    values = {"optimizer": "adam"} | {
        name: value
        for name, value in hyperparameters.items()
        if name in (*TRAINING_HYPERPARAMETERS, "label_smoothing")
    }
    if model.compiled:
        loss, smoothing = loss_of_model(model, task)
        not_compiled = {name: value for name, value in values.items() if name in _NOT_COMPILED}
        values = not_compiled | training_of(model) | {"label_smoothing": smoothing}
    activation = translation.network.output
    if activation != OUTPUTS[task]:
        raise Obstacle(f"its output has the activation {activation!r}; {task.value} needs {OUTPUTS[task]!r}")
    return Recipe(translation.network, values | {"l2": translation.l2}, loss)
