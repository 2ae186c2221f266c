"""The closed table of optimizers: name -> Keras optimizer from a trial's hyperparameters."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from automl.training.plain.averages import ScheduleFree
from automl.training.schedules import Scheduled
from automl.trial import Hyperparameters

DEFAULT_LEARNING_RATE = 0.001

_DECAY = {"weight_decay": 0.004}

OWN_HYPERPARAMETERS: Mapping[str, Mapping[str, float]] = {
    "momentum": {"momentum": 0.9},
    "adamw": _DECAY,
    "adamw_ema": {**_DECAY, "ema_momentum": 0.99},
    "schedule_free": _DECAY,
    "muon": _DECAY,
}
"""Hyperparameters that an optimizer has for itself, and their defaults."""


def own_values(optimizer: str, values: Hyperparameters) -> dict[str, float]:
    """Those of an optimizer, by name: what is given, or the default."""
    return {
        name: float(values.get(name, default))
        for name, default in OWN_HYPERPARAMETERS.get(optimizer, {}).items()
    }


OPTIMIZERS: Mapping[str, Callable[..., Any]] = {
    "sgd": lambda rate, _, **clip: keras.optimizers.SGD(rate, **clip),
    "momentum": lambda rate, values, **clip: keras.optimizers.SGD(rate, values["momentum"], **clip),
    "adam": lambda rate, _, **clip: keras.optimizers.Adam(rate, **clip),
    "adamw": lambda rate, values, **clip: keras.optimizers.AdamW(
        rate, weight_decay=values["weight_decay"], **clip
    ),
    "adamw_ema": lambda rate, values, **clip: keras.optimizers.AdamW(
        rate, weight_decay=values["weight_decay"], use_ema=True, ema_momentum=values["ema_momentum"], **clip
    ),
    "schedule_free": lambda rate, values, **clip: ScheduleFree(rate, values["weight_decay"], **clip),
    "muon": lambda rate, values, **clip: keras.optimizers.Muon(
        rate, weight_decay=values["weight_decay"], adam_weight_decay=values["weight_decay"], **clip
    ),
    "rmsprop": lambda rate, _, **clip: keras.optimizers.RMSprop(rate, **clip),
}
"""Each takes the learning rate or its schedule, its own hyperparameters, and Keras's clipping argument."""


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
    name = str(hyperparameters.get("optimizer", "adam"))
    return OPTIMIZERS[name](
        rate, own_values(name, hyperparameters), **({"global_clipnorm": norm} if norm > 0 else {})
    )
