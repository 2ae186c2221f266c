"""Optimizers that average the weights: which point of theirs predicts, in a training by Keras's `model.fit`."""

from collections.abc import Sequence
from typing import Any, final

import keras


def _average_of(optimizer: Any) -> list[Any] | None:
    """The averages that an optimizer keeps of the trainable weights, in their order; None for one that keeps none."""
    if optimizer.use_ema:
        return list(optimizer._model_variables_moving_average)
    if isinstance(optimizer, keras.optimizers.ScheduleFreeAdamW):  # ours too: it names its variables alike
        decay, moving = optimizer.beta_1, optimizer._momentums
        return [
            weight if other is None else (weight - (1.0 - decay) * other) / decay
            for weight, other in zip(optimizer._trainable_variables, moving, strict=True)
        ]
    return None


@final
class ScheduleFree(keras.optimizers.ScheduleFreeAdamW):
    """Schedule-free AdamW as `updates.py` has it.

    Keras's own (3.15) finds the mean from the moving point after a step instead of before it, where variables are read
    when they are used (TensorFlow), and its decay moves the mean, not the moving point (DECISIONS.md).

    Args:
        rate: The learning rate or its schedule.
        decay: Weight decay.
        global_clipnorm: Largest norm of the gradient; None does not clip.
    """

    def __init__(self, rate: Any, decay: float, global_clipnorm: float | None = None) -> None:
        super().__init__(rate, epsilon=1e-7, global_clipnorm=global_clipnorm)
        self._decay = decay

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """One step of one weight."""
        number = self._get_variable_index(variable)
        moving, second = self._momentums[number], self._velocities[number]
        time = keras.ops.cast(self.iterations + 1, variable.dtype)
        mean = (variable - (1.0 - self.beta_1) * moving) / self.beta_1
        self.assign(second, second + (keras.ops.square(gradient) - second) * (1.0 - self.beta_2))
        slope = gradient / (keras.ops.sqrt(second / (1.0 - self.beta_2**time)) + self.epsilon)
        decay = self._decay if self._use_weight_decay(variable) else 0.0
        self.assign(moving, moving - learning_rate * (slope + decay * variable))
        mean = mean + (moving - mean) / time
        self.assign(variable, (1.0 - self.beta_1) * moving + self.beta_1 * mean)


@final
class Averages:
    """Puts the averages of a compiled model's weights in their place, and the weights back.

    Keras leaves the last weights of `ScheduleFreeAdamW` in a model, whose gradients are taken at another point than
    the one that predicts well, and shows callbacks the last weights of an optimizer with `use_ema`.
    """

    def __init__(self, model: keras.Model) -> None:
        self._optimizer = model.optimizer
        self._kept: list[Any] = []

    def around(self, callbacks: Sequence[Any]) -> list[Any]:
        """Callbacks that see the averages at the end of each epoch."""
        if _average_of(self._optimizer) is None:
            return list(callbacks)
        enter, leave = (
            keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: self.enter()),
            keras.callbacks.LambdaCallback(on_epoch_end=lambda *_: self.leave()),
        )
        return [enter, *callbacks, leave]

    def enter(self) -> None:
        """The averages take the place of the weights."""
        averages = _average_of(self._optimizer)
        if averages is None:
            return
        weights = self._optimizer._trainable_variables
        self._kept = [keras.ops.copy(weight.value) for weight in weights]
        for weight, average in zip(weights, [keras.ops.copy(average) for average in averages], strict=True):
            weight.assign(average)

    def leave(self) -> None:
        """The weights take their place again."""
        for weight, kept_value in zip(self._optimizer._trainable_variables, self._kept, strict=True):
            weight.assign(kept_value)
