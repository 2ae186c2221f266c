"""Keras's `model.fit` on rows of a view, in the member's own order, and what is recorded after each epoch."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy

from automl.data.columns import TableArrays
from automl.training.deadline import Deadline
from automl.training.network import forward
from automl.training.plain.averages import Averages
from automl.training.plain.compiled import evaluation_loss, mean_loss
from automl.training.rows import row_order
from automl.training.views import View
from automl.trial import Task


class Part:
    """Some rows of a fold, for a model: `rows`, `inputs`, `targets`, `weights` and `sample_weights`."""

    def __init__(self, dataset: TableArrays, view: View, rows: numpy.ndarray, model: keras.Model) -> None:
        positions = view.places(rows)
        self.rows = rows
        self.inputs = view.inputs[positions]
        self.targets = view.targets[positions]
        self.weights = view.row_weights[positions]
        self.sample_weights = view.sample_weights[positions]
        if dataset.task is Task.MULTICLASS and "sparse" in str(loss_of(model)).lower():
            self.targets = dataset.target[rows].astype(numpy.float32)[:, None]


def loss_of(model: keras.Model) -> str:
    """Name of the loss that a model was compiled with."""
    loss = model.loss
    return loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))


class LossRecorder(keras.callbacks.Callback):
    """After each epoch, the loss on the fit, stopping and validation rows: no dropout, no penalties.

    Cheaper than `validation_data`, for which Keras builds a second pipeline, and it serves three sets at once.
    """

    def __init__(self, parts: list[Part], on_epoch: Callable[[int], None], deadline: Deadline) -> None:
        super().__init__()
        self.losses: list[tuple[float, float, float]] = []
        self.diverged = False
        self._on_epoch, self._deadline = on_epoch, deadline
        self._inputs = numpy.concatenate([part.inputs for part in parts])
        self._targets = [(part.targets, part.sample_weights) for part in parts]
        self._bounds = numpy.cumsum([len(part.rows) for part in parts])[:-1]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Record the losses and tell who follows the training."""
        if self._deadline.broken_off:
            if logs is not None:
                logs["stopping_loss"] = math.inf  # no epoch, and not the best one
            return
        outputs = numpy.split(forward(self.model, self._inputs), self._bounds)
        loss = evaluation_loss(self.model)
        losses = [
            mean_loss(loss, target, output, weights)
            for (target, weights), output in zip(self._targets, outputs, strict=True)
        ]
        self.losses.append((losses[0], losses[1], losses[2]))
        if logs is not None:
            logs["stopping_loss"] = losses[1]
        if not all(map(math.isfinite, losses)):
            self.diverged = self.model.stop_training = True
        self._on_epoch(epoch + 1)


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """Which rows come when.

    Attributes:
        seed: `Member.order_seed`.
        batch_size: Rows of a batch; the last one of an epoch holds the rest.
        num_epochs: Epochs, each in an order of its own.
    """

    seed: int
    batch_size: int
    num_epochs: int


def fit(model: keras.Model, part: Part, order: BatchOrder, callbacks: list[Any]) -> None:
    """Train a compiled model on a part.

    Where its optimizer averages weights, callbacks see the average after each epoch, and it is what remains.
    """
    averages = Averages(model)
    model.fit(
        batches(part, order),
        steps_per_epoch=math.ceil(len(part.rows) / order.batch_size),
        epochs=order.num_epochs,
        callbacks=averages.around(callbacks),
        shuffle=False,
        verbose=0,
    )
    if not any(isinstance(callback, keras.callbacks.EarlyStopping) for callback in callbacks):
        averages.enter()


def batches(part: Part, order: BatchOrder) -> Any:
    """Batches of one epoch after another, as a TensorFlow dataset, which Keras takes under any of its backends.

    The order of an epoch is drawn when the epoch comes: of a hundred thousand epochs, most may never come.
    """
    import tensorflow  # populations train where it is not installed

    arrays = [tensorflow.constant(array) for array in (part.inputs, part.targets, part.weights)]
    if (part.weights == 1.0).all():
        arrays = arrays[:2]
    num_rows = len(part.rows)

    def rows_of(epoch: Any) -> Any:
        rows = tensorflow.numpy_function(
            lambda number: row_order(order.seed, num_rows, int(number)), [epoch], tensorflow.int32
        )
        rows.set_shape((num_rows,))
        return tensorflow.data.Dataset.from_tensor_slices(rows).batch(order.batch_size)

    epochs = tensorflow.data.Dataset.range(order.num_epochs)
    rows = epochs.flat_map(rows_of)
    return rows.map(lambda some: tuple(tensorflow.gather(array, some) for array in arrays)).prefetch(2)
