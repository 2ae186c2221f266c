"""The closed table of optimizers: name -> Keras optimizer from a trial's hyperparameters."""

from collections.abc import Callable, Mapping
from typing import Any

import keras

from automl.trial import Hyperparameters

DEFAULT_LEARNING_RATE = 0.001


def _rate(hyperparameters: Hyperparameters) -> float:
    return float(hyperparameters.get("learning_rate", DEFAULT_LEARNING_RATE))


OPTIMIZERS: Mapping[str, Callable[[Hyperparameters], Any]] = {
    "sgd": lambda values: keras.optimizers.SGD(_rate(values)),
    "momentum": lambda values: keras.optimizers.SGD(_rate(values), float(values.get("momentum", 0.9))),
    "adam": lambda values: keras.optimizers.Adam(_rate(values)),
    "adamw": lambda values: keras.optimizers.AdamW(
        _rate(values), weight_decay=float(values.get("weight_decay", 0.004))
    ),
    "rmsprop": lambda values: keras.optimizers.RMSprop(_rate(values)),
}


def make_optimizer(hyperparameters: Hyperparameters) -> Any:
    """A fresh optimizer; Adam where the values name none."""
    return OPTIMIZERS[str(hyperparameters.get("optimizer", "adam"))](hyperparameters)
