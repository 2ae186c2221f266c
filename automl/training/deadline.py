"""When training must end because time is short."""

import math
from collections.abc import Callable
from typing import Any

import keras

SecondsLeft = Callable[[], float]
"""Seconds until training must end; infinite without a limit, 0 or less when the time is over."""


def forever() -> float:
    """No limit."""
    return math.inf


def end_of_turn(seconds_left: float, num_turns: int) -> float:
    """How many seconds must be left when the first of several equal turns ends; 0 without a limit, and for the last."""
    if math.isinf(seconds_left) or num_turns <= 1:
        return 0.0
    return max(0.0, seconds_left * (1.0 - 1.0 / num_turns))


class Deadline(keras.callbacks.Callback):
    """Ends a Keras training when its time is over, but not before its first epoch has ended.

    Put it first: other callbacks see in `broken_off` whether the epoch that ends was broken off in the middle.

    Args:
        seconds_left: Seconds until the study must end.
        end: How many of them must be left when this training ends.
        within_epochs: Whether an epoch may be broken off.
        until: Epochs after which the training ends in any case; 0 for none.

    Attributes:
        epochs: Epochs that were trained to their end.
        is_over: Whether the time was over.
        broken_off: Whether the last epoch was broken off.
    """

    def __init__(
        self, seconds_left: SecondsLeft, end: float = 0.0, within_epochs: bool = True, until: int = 0
    ) -> None:
        super().__init__()
        self.epochs, self.is_over, self.broken_off = 0, False, False
        self._seconds_left, self._end, self._within_epochs = seconds_left, end, within_epochs
        self._until = until

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Break off a later epoch than the first."""
        del batch, logs
        if self._within_epochs and self.epochs and self._seconds_left() <= self._end:
            self.is_over = self.broken_off = self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Count the epoch; end where the time is over."""
        del logs
        if self.broken_off:
            return
        self.epochs = epoch + 1
        if self.epochs == self._until:
            self.model.stop_training = True
        if self._seconds_left() <= self._end:
            self.is_over = self.model.stop_training = True
