"""The closed table of learning-rate schedules: name -> factor of the learning rate over the course of the training."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras
from keras import ops


def _constant(progress: Any) -> Any:
    return ops.ones_like(progress)


def _cosine(progress: Any) -> Any:
    return 0.5 * (1.0 + ops.cos(math.pi * progress))


def _linear(progress: Any) -> Any:
    return 1.0 - progress


def _flat_cosine(progress: Any) -> Any:
    return 0.5 * (1.0 + ops.cos(math.pi * ops.maximum(2.0 * progress - 1.0, 0.0)))


def _coslog4(progress: Any) -> Any:
    return 0.5 * (1.0 - ops.cos(2.0 * math.pi * ops.log2(1.0 + 15.0 * progress)))


SCHEDULES: Mapping[str, Callable[[Any], Any]] = {
    "constant": _constant,
    "cosine": _cosine,
    "linear": _linear,
    "flat_cosine": _flat_cosine,
    "coslog4": _coslog4,
}
"""Each takes the share of the training that is over, from 0 to 1. All of the `epochs` count, also those that early
stopping saves. Cosine: Loshchilov and Hutter 2017, without restarts. Flat cosine: 1 for the first half. Coslog4
(Holzmüller et al. 2024): four waves from 0 to 1 and back, each about twice as long as the one before."""


class Scheduled(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule as a Keras optimizer wants it.

    Args:
        rate: The learning rate at the first step.
        schedule: Name in `SCHEDULES`.
        num_steps: Steps of the whole training.
    """

    def __init__(self, rate: float, schedule: str, num_steps: int) -> None:
        self._rate, self._schedule, self._num_steps = rate, schedule, num_steps

    def __call__(self, step: Any) -> Any:
        """The learning rate of one step, from 0."""
        progress = ops.minimum(ops.cast(step, "float32") / self._num_steps, 1.0)
        return self._rate * SCHEDULES[self._schedule](progress)

    def get_config(self) -> dict[str, Any]:
        """Constructor arguments by name."""
        return {"rate": self._rate, "schedule": self._schedule, "num_steps": self._num_steps}
