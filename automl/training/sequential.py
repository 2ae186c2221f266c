"""The plain twin: one member trained with ordinary Keras layers and `model.fit`.

The reference in tests, the way of user-written builders, and what an exported model is made of.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy
import tensorflow

from automl.config import TrainingConfig
from automl.data.dataset import Dataset
from automl.data.splits import Fold
from automl.evaluation.metrics import score
from automl.networks.builder import NetworkBuilder
from automl.training.compiled import CompiledModels
from automl.training.network import Network, Scalings, fit_scalings, forward
from automl.trial import FoldResult, Hyperparameters, Member, Task

OnEpoch = Callable[[int, int], None]
"""Called with the fold and the epoch (from 1) after each epoch."""


class TrialFailure(Exception):
    """A member that cannot go on; its message is the trial's reason. Never leaves `training/`."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What all members of a study share.

    Attributes:
        dataset: The table.
        builder: Values to a model.
        training: The study file's training section.
        metrics: Names of the metrics to score.
    """

    dataset: Dataset
    builder: NetworkBuilder
    training: TrainingConfig
    metrics: tuple[str, ...]

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
    scalings = fit_scalings(dataset.features[fold.fit], dataset.target[fold.fit], dataset.task)
    model = models.fresh(member)
    parts = [_Part(plan, rows, scalings, model) for rows in (fold.fit, fold.stopping, fold.validation)]
    recorder = _LossRecorder(parts, lambda epoch: on_epoch(member.fold, epoch))
    stopper = keras.callbacks.EarlyStopping(
        "stopping_loss", mode="min", patience=plan.training.patience, restore_best_weights=True
    )
    _fit(plan, member, model, parts[0], [recorder, stopper])
    if recorder.diverged:
        where = f"fold {member.fold}, epoch {len(recorder.losses)}"
        raise TrialFailure(f"diverged: the loss is not finite ({where}); lower `learning_rate`")
    network = Network(model, scalings, dataset.task)
    fit, _, validation = parts
    training_scores, scores = (
        score(plan.metrics, dataset.target[part.rows], network.interpret(forward(model, part.inputs)))
        for part in (fit, validation)
    )
    wrong = [name for name, value in scores.items() if not math.isfinite(value)]
    if wrong:
        raise TrialFailure(f"diverged: {wrong[0]} is {scores[wrong[0]]} (fold {member.fold})")
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
    )
    return result, network


def refit(plan: TrainingPlan, member: Member, rows: numpy.ndarray, epochs: int) -> Network:
    """Train one member on all of these rows for a fixed number of epochs.

    Raises:
        TrialFailure: The weights are not finite afterwards.
    """
    dataset = plan.dataset
    scalings = fit_scalings(dataset.features[rows], dataset.target[rows], dataset.task)
    model = plan.models().fresh(member)
    part = _Part(plan, rows, scalings, model)
    _fit(plan, member, model, part, [], epochs)
    if not all(numpy.isfinite(weights).all() for weights in model.get_weights()):
        raise TrialFailure("diverged: the refit on all training rows has weights that are not finite")
    return Network(model, scalings, dataset.task)


def capacity_of(plan: TrainingPlan, hyperparameters: Hyperparameters) -> int:
    """Number of trainable weights of the network for these values."""
    return int(_count(plan.builder.build(hyperparameters, seed=1)))


def _count(model: keras.Model) -> int:
    return sum(math.prod(weights.shape) for weights in model.trainable_weights)


class _Part:
    """Some rows of a fold, scaled for a model: `rows`, `inputs` and `targets`."""

    def __init__(
        self, plan: TrainingPlan, rows: numpy.ndarray, scalings: Scalings, model: keras.Model
    ) -> None:
        dataset = plan.dataset
        self.rows = rows
        self.inputs = scalings.inputs.apply(dataset.features[rows])
        self.targets = _encode(dataset, rows, scalings, model)


def _encode(dataset: Dataset, rows: numpy.ndarray, scalings: Scalings, model: keras.Model) -> numpy.ndarray:
    """Targets in the shape that the model's loss wants: (row, class), or (row, 1)."""
    target = dataset.target[rows]
    if dataset.task is Task.REGRESSION:
        return scalings.target.apply(target)[:, None]
    if dataset.task is Task.MULTICLASS and "sparse" not in str(_loss_name(model)).lower():
        return numpy.eye(len(dataset.classes), dtype=numpy.float32)[target]
    return target.astype(numpy.float32)[:, None]


def _loss_name(model: keras.Model) -> str:
    loss = model.loss
    return loss if isinstance(loss, str) else getattr(loss, "name", getattr(loss, "__name__", ""))


class _LossRecorder(keras.callbacks.Callback):
    """After each epoch, the loss on the fit, stopping and validation rows: no dropout, no penalties.

    Cheaper than `validation_data`, for which Keras builds a second pipeline, and it serves three sets at once.
    """

    def __init__(self, parts: list[_Part], on_epoch: Callable[[int], None]) -> None:
        super().__init__()
        self.losses: list[tuple[float, float, float]] = []
        self.diverged = False
        self._on_epoch = on_epoch
        self._inputs = numpy.concatenate([part.inputs for part in parts])
        self._targets = [part.targets for part in parts]
        self._bounds = numpy.cumsum([len(part.rows) for part in parts])[:-1]

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        outputs = numpy.split(forward(self.model, self._inputs), self._bounds)
        loss = keras.losses.get(self.model.loss)
        losses = [
            float(numpy.mean(loss(target, output)))
            for target, output in zip(self._targets, outputs, strict=True)
        ]
        self.losses.append((losses[0], losses[1], losses[2]))
        if logs is not None:
            logs["stopping_loss"] = losses[1]
        if not all(map(math.isfinite, losses)):
            self.diverged = self.model.stop_training = True
        self._on_epoch(epoch + 1)


def _fit(
    plan: TrainingPlan,
    member: Member,
    model: keras.Model,
    part: _Part,
    callbacks: list[Any],
    epochs: int | None = None,
) -> None:
    size = int(member.hyperparameters.get("batch_size", plan.training.batch_size))
    model.fit(
        _batches(part, size, member.seed("rows")),
        steps_per_epoch=math.ceil(len(part.rows) / size),
        epochs=epochs or plan.training.epochs,
        callbacks=callbacks,
        shuffle=False,
        verbose=0,
    )


def _batches(part: _Part, size: int, seed: int) -> tensorflow.data.Dataset:
    """Endless batches; the row order of an epoch is a function of (seed, epoch) and of nothing else.

    The last batch of an epoch holds what is left.
    """
    inputs, targets = tensorflow.constant(part.inputs), tensorflow.constant(part.targets)
    rows = tensorflow.range(len(part.rows))

    def epoch_batches(epoch: tensorflow.Tensor) -> tensorflow.data.Dataset:
        order = tensorflow.random.experimental.stateless_shuffle(rows, seed=[seed, epoch])
        return tensorflow.data.Dataset.from_tensor_slices(order).batch(size)

    epochs = tensorflow.data.Dataset.counter(dtype=tensorflow.int32)
    orders = epochs.flat_map(epoch_batches)
    return orders.map(
        lambda order: (tensorflow.gather(inputs, order), tensorflow.gather(targets, order))
    ).prefetch(2)
