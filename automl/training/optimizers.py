"""The closed table of optimizers: name -> Keras optimizer from a trial's hyperparameters."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from automl.training.schedules import Scheduled
from automl.trial import Hyperparameters

DEFAULT_LEARNING_RATE = 0.001

OWN: Mapping[str, tuple[str, float]] = {"momentum": ("momentum", 0.9), "adamw": ("weight_decay", 0.004)}
"""Hyperparameter that an optimizer has for itself, and its default."""


def _own(optimizer: str, values: Hyperparameters) -> float:
    name, default = OWN[optimizer]
    return float(values.get(name, default))


OPTIMIZERS: Mapping[str, Callable[..., Any]] = {
    "sgd": lambda rate, _, **clip: keras.optimizers.SGD(rate, **clip),
    "momentum": lambda rate, values, **clip: keras.optimizers.SGD(rate, _own("momentum", values), **clip),
    "adam": lambda rate, _, **clip: keras.optimizers.Adam(rate, **clip),
    "adamw": lambda rate, values, **clip: keras.optimizers.AdamW(
        rate, weight_decay=_own("adamw", values), **clip
    ),
    "rmsprop": lambda rate, _, **clip: keras.optimizers.RMSprop(rate, **clip),
}
"""Each takes the learning rate or its schedule, the hyperparameters, and Keras's clipping argument."""


def make_optimizer(hyperparameters: Hyperparameters, num_steps: int) -> Any:
    """A fresh optimizer; Adam where the values name none.

    Args:
        hyperparameters: Active values by name.
        num_steps: Steps of the whole training, for a schedule.
    """
    rate: Any = float(hyperparameters.get("learning_rate", DEFAULT_LEARNING_RATE))
    schedule = str(hyperparameters.get("schedule", "constant"))
    if schedule != "constant":
        rate = Scheduled(rate, schedule, num_steps)
    norm = float(hyperparameters.get("clip_norm", 0.0))
    make = OPTIMIZERS[str(hyperparameters.get("optimizer", "adam"))]
    return make(rate, hyperparameters, **({"global_clipnorm": norm} if norm > 0 else {}))
