"""Early stopping as a value: arrays over members, and a pure step."""

from dataclasses import dataclass

import numpy
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Stopping:
    """Where members stand. Every array has shape (member,).

    Attributes:
        best_loss: The smallest loss so far; infinity before the first epoch.
        best_epoch: Number of epochs after which it was met; 0 before the first.
        epoch: Number of epochs so far.
        improved: Whether the last epoch was the best so far.
        diverged: Whether a loss was infinite or NaN.
    """

    best_loss: NDArray[numpy.float64]
    best_epoch: NDArray[numpy.int64]
    epoch: NDArray[numpy.int64]
    improved: NDArray[numpy.bool_]
    diverged: NDArray[numpy.bool_]

    def finished(
        self, num_epochs: NDArray[numpy.int64], patience: NDArray[numpy.int64]
    ) -> NDArray[numpy.bool_]:
        """Which members end: diverged, out of epochs, or `patience` epochs past their best.

        Both arguments have shape (member,).
        """
        return self.diverged | (self.epoch >= num_epochs) | (self.epoch - self.best_epoch >= patience)


def begin(num_members: int) -> Stopping:
    """Members that have not been trained. No two arrays share their memory: populations write into them."""
    return Stopping(
        best_loss=numpy.full(num_members, numpy.inf),
        best_epoch=numpy.zeros(num_members, numpy.int64),
        epoch=numpy.zeros(num_members, numpy.int64),
        improved=numpy.zeros(num_members, bool),
        diverged=numpy.zeros(num_members, bool),
    )


def update(state: Stopping, losses: NDArray[numpy.float64], finite: NDArray[numpy.bool_]) -> Stopping:
    """After one more epoch, as Keras's `EarlyStopping` with `restore_best_weights` counts.

    Args:
        state: Before the epoch.
        losses: Losses on the stopping rows after the epoch, of shape (member,).
        finite: Whether all losses of a member were finite, of shape (member,).
    """
    epoch = state.epoch + 1
    improved = finite & (losses < state.best_loss)
    return Stopping(
        best_loss=numpy.where(improved, losses, state.best_loss),
        best_epoch=numpy.where(improved, epoch, state.best_epoch),
        epoch=epoch,
        improved=improved,
        diverged=state.diverged | ~finite,
    )
