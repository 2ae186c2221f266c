"""The plain twin: one member trained with ordinary Keras layers and `model.fit`.

The reference in tests, the way of user-written builders, and what an exported model is made of.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy
import tensorflow

from automl.config.sections import TrainingConfig
from automl.data.dataset import Dataset
from automl.data.preprocessing import Layout
from automl.data.splits import Fold
from automl.evaluation.metrics import score
from automl.hyperparameters import HYPERPARAMETERS
from automl.networks.builder import NetworkBuilder
from automl.training.compiled import CompiledModels, evaluation_loss, loss_name, mean_loss, row_losses
from automl.training.health import MOST_ROWS, loss_slopes, make_health, output_slopes
from automl.training.network import Network, forward
from automl.training.rows import member_fold, row_order
from automl.training.views import Treatment, View, make_view
from automl.trial import FoldResult, Health, Hyperparameters, Member, Task

MOST_EPOCHS = 100
"""Of a network, where the study file and the size of the table say nothing else."""

OnEpoch = Callable[[int, int], None]
"""Called with the fold and the epoch (from 1) after each epoch."""


class TrialFailure(Exception):
    """A member that cannot go on; its message is the trial's reason. Never leaves `training/`."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What all members of a study share.

    Attributes:
        dataset: The table.
        layout: The places of the inputs.
        builder: Values to a model.
        training: The study file's training section.
        metrics: Names of the metrics to score.
    """

    dataset: Dataset
    layout: Layout
    builder: NetworkBuilder
    training: TrainingConfig
    metrics: tuple[str, ...]

    @property
    def loss(self) -> str:
        """Keras's name of the loss that our own networks are trained by."""
        return loss_name(self.training, self.dataset.task)

    @property
    def batch_size(self) -> int:
        """Rows a step, where the hyperparameters name none."""
        return self.training.batch_size or int(HYPERPARAMETERS["batch_size"].default)

    @property
    def epochs(self) -> int:
        """Epochs of a network at most."""
        return self.training.epochs or MOST_EPOCHS

    def view(self, member: Member, fold: Fold) -> View:
        """What a member sees of a fold."""
        treatment = Treatment(
            self.layout,
            str(member.hyperparameters.get("numeric_encoding", "standard")),
            str(member.hyperparameters.get("target_transform", "none")),
            self.training.class_weights == "balanced",
        )
        return make_view(self.dataset, member_fold(member, fold), treatment)

    def models(self) -> CompiledModels:
        """Models for members of one structure."""
        return CompiledModels(self.builder, self.training, self.dataset.task)


def train_member(
    plan: TrainingPlan, member: Member, fold: Fold, models: CompiledModels, on_epoch: OnEpoch
) -> tuple[FoldResult, Network]:
    """Train one member with early stopping on its stopping rows and score it on its validation rows.

    Args:
        plan: What all members of the study share.
        member: What to train.
        fold: On which rows.
        models: Where the model comes from; its next model uses up the network that is returned.
        on_epoch: Called after each epoch.

    Raises:
        TrialFailure: The loss or a score became infinite or NaN.
    """
    started = time.perf_counter()
    dataset = plan.dataset
    view = plan.view(member, fold)
    model = models.fresh(member, plan.epochs * num_steps(plan, member, view))
    parts = [Part(plan, view, rows, model) for rows in (view.measured, fold.stopping, fold.validation)]
    start = _start(model, parts[0]) if member.fold == 0 else []
    recorder = _LossRecorder(parts, lambda epoch: on_epoch(member.fold, epoch))
    stopper = keras.callbacks.EarlyStopping(
        "stopping_loss", mode="min", patience=plan.training.patience, restore_best_weights=True
    )
    fit(plan, member, model, Part(plan, view, view.fold.fit, model), [recorder, stopper])
    if recorder.diverged:
        raise diverged(member, len(recorder.losses))
    network = Network(model, view.scalings, dataset.task)
    measured, _, validation = parts
    predictions = [network.interpret(forward(model, part.inputs)) for part in (measured, validation)]
    training_scores, scores = (
        score(plan.metrics, dataset.target[part.rows], prediction, part.sample_weights)
        for part, prediction in zip((measured, validation), predictions, strict=True)
    )
    check_scores(member, scores)
    training_loss, stopping_loss, validation_loss = zip(*recorder.losses, strict=True)
    result = FoldResult(
        fold=member.fold,
        training_loss=training_loss,
        stopping_loss=stopping_loss,
        validation_loss=validation_loss,
        best_epoch=int(stopper.best_epoch) + 1,
        scores=scores,
        training_scores=training_scores,
        seconds=time.perf_counter() - started,
        predictions=predictions[1].astype(numpy.float32),
        health=_health(model, start, parts[0]) if member.fold == 0 else None,
    )
    return result, network


def _start(model: keras.Model, part: "Part") -> list[numpy.ndarray]:
    """Gradients of a model that has not been trained."""
    loss = row_losses(evaluation_loss(model))
    return loss_slopes(model, loss, (part.inputs[:MOST_ROWS], part.targets[:MOST_ROWS]))


def _health(model: keras.Model, start: list[numpy.ndarray], part: "Part") -> Health:
    return make_health(start, output_slopes(model, part.inputs[:MOST_ROWS]))


def diverged(member: Member, epoch: int) -> TrialFailure:
    """What to raise when a loss is infinite or NaN."""
    where = f"fold {member.fold}, epoch {epoch}"
    return TrialFailure(f"diverged: the loss is not finite ({where}); lower `learning_rate`")


def check_scores(member: Member, scores: Mapping[str, float]) -> None:
    """Refuse scores that are infinite or NaN.

    Raises:
        TrialFailure: One of them is.
    """
    wrong = [name for name, value in scores.items() if not math.isfinite(value)]
    if wrong:
        raise TrialFailure(f"diverged: {wrong[0]} is {scores[wrong[0]]} (fold {member.fold})")


def refit(plan: TrainingPlan, member: Member, rows: numpy.ndarray, epochs: int) -> Network:
    """Train one member on all of these rows for a fixed number of epochs.

    Raises:
        TrialFailure: The weights are not finite afterwards.
    """
    view = plan.view(member, Fold(rows, rows[:0], rows[:0]))
    model = plan.models().fresh(member, epochs * num_steps(plan, member, view))
    part = Part(plan, view, view.fold.fit, model)
    fit(plan, member, model, part, [], epochs)
    if not all(numpy.isfinite(weights).all() for weights in model.get_weights()):
        raise TrialFailure("diverged: the refit on all training rows has weights that are not finite")
    return Network(model, view.scalings, plan.dataset.task)


def capacity_of(plan: TrainingPlan, hyperparameters: Hyperparameters) -> int:
    """Number of trainable weights of the network for these values."""
    return int(_count(plan.builder.build(hyperparameters, seed=1)))


def _count(model: keras.Model) -> int:
    return sum(math.prod(weights.shape) for weights in model.trainable_weights)


class Part:
    """Some rows of a fold, for a model: `rows`, `inputs`, `targets`, `weights` and `sample_weights`."""

    def __init__(self, plan: TrainingPlan, view: View, rows: numpy.ndarray, model: keras.Model) -> None:
        places = view.places(rows)
        self.rows = rows
        self.inputs = view.inputs[places]
        self.targets = view.targets[places]
        self.weights = view.row_weights[places]
        self.sample_weights = view.sample_weights[places]
        if plan.dataset.task is Task.MULTICLASS and "sparse" in str(_loss_name(model)).lower():
            self.targets = plan.dataset.target[rows].astype(numpy.float32)[:, None]


def _loss_name(model: keras.Model) -> str:
    loss = model.loss
    return loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))


class _LossRecorder(keras.callbacks.Callback):
    """After each epoch, the loss on the fit, stopping and validation rows: no dropout, no penalties.

    Cheaper than `validation_data`, for which Keras builds a second pipeline, and it serves three sets at once.
    """

    def __init__(self, parts: list[Part], on_epoch: Callable[[int], None]) -> None:
        super().__init__()
        self.losses: list[tuple[float, float, float]] = []
        self.diverged = False
        self._on_epoch = on_epoch
        self._inputs = numpy.concatenate([part.inputs for part in parts])
        self._targets = [(part.targets, part.sample_weights) for part in parts]
        self._bounds = numpy.cumsum([len(part.rows) for part in parts])[:-1]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
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


def fit(
    plan: TrainingPlan,
    member: Member,
    model: keras.Model,
    part: Part,
    callbacks: list[Any],
    epochs: int | None = None,
) -> None:
    """Train a compiled model on a part, its rows in the member's own order; for all epochs of the plan by default."""
    epochs = epochs or plan.epochs
    size = _batch_size(plan, member)
    orders = numpy.stack([row_order(member.order_seed, len(part.rows), epoch) for epoch in range(epochs)])
    model.fit(
        _batches(part, size, orders),
        steps_per_epoch=math.ceil(len(part.rows) / size),
        epochs=epochs,
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )


def _batch_size(plan: TrainingPlan, member: Member) -> int:
    return int(member.hyperparameters.get("batch_size") or plan.batch_size)


def num_steps(plan: TrainingPlan, member: Member, view: View) -> int:
    """Steps of one epoch."""
    return math.ceil(len(view.fit) / _batch_size(plan, member))


def _batches(part: Part, size: int, orders: numpy.ndarray) -> tensorflow.data.Dataset:
    """Batches of one epoch after another, the rows of each in its own order, of shape (epoch, row).

    The last batch of an epoch holds what is left.
    """
    arrays = [tensorflow.constant(array) for array in (part.inputs, part.targets, part.weights)]
    if (part.weights == 1.0).all():
        arrays = arrays[:2]
    epochs = tensorflow.data.Dataset.from_tensor_slices(orders)
    batches = epochs.flat_map(lambda order: tensorflow.data.Dataset.from_tensor_slices(order).batch(size))
    return batches.map(lambda order: tuple(tensorflow.gather(array, order) for array in arrays)).prefetch(2)
