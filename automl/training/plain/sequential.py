"""The plain twin: one member trained with ordinary Keras layers and `model.fit`.

The reference in tests, the way of user-written builders, and what an exported model is made of.
"""

import math
import time

import keras
import numpy

from automl.data.folds import Fold
from automl.evaluation.fold_counts import fold_counts
from automl.evaluation.metrics import score
from automl.training.deadline import Deadline, SecondsLeft, forever
from automl.training.health import MOST_ROWS, make_health
from automl.training.network import Network, forward
from automl.training.plain.compiled import CompiledModels, evaluation_loss, row_losses
from automl.training.plain.fitting import BatchOrder, LossRecorder, Part, fit
from automl.training.plain.slopes import loss_slopes, output_slopes
from automl.training.plan import OnEpoch, TrainingPlan, TrialFailure, check_scores, diverged, num_steps
from automl.trial import FoldResult, Health, Hyperparameters, Member


def models_of(plan: TrainingPlan) -> CompiledModels:
    """Models for members of one structure."""
    return CompiledModels(plan.builder, plan.loss)


def order_of(plan: TrainingPlan, member: Member, epochs: int) -> BatchOrder:
    """In which order a member's rows come."""
    return BatchOrder(member.order_seed, plan.batch_size_of(member), epochs)


def train_member(
    plan: TrainingPlan,
    member: Member,
    fold: Fold,
    models: CompiledModels,
    on_epoch: OnEpoch,
    deadline: Deadline | None = None,
) -> tuple[FoldResult, Network]:
    """Train one member with early stopping on its stopping rows and score it on its validation rows.

    Args:
        plan: What all members of the study share.
        member: What to train.
        fold: On which rows.
        models: Where the model comes from; its next model uses up the network that is returned.
        on_epoch: Called after each epoch.
        deadline: Ends the training when time is short; the best epoch so far is kept.

    Raises:
        TrialFailure: The loss or a score became infinite or NaN.
    """
    started = time.perf_counter()
    dataset = plan.dataset
    view = plan.view(member, fold)
    epochs = plan.epochs_of(member)
    model = models.fresh(member, epochs * num_steps(plan, member, view))
    parts = [Part(dataset, view, rows, model) for rows in (view.measured, fold.stopping, fold.validation)]
    start = _start(model, parts[0]) if member.fold == 0 else []
    deadline = deadline or Deadline(forever)
    recorder = LossRecorder(parts, lambda epoch: on_epoch(member.fold, epoch), deadline)
    # It gives back the best weights whoever ends the training (a test holds it).
    stopper = keras.callbacks.EarlyStopping(
        "stopping_loss", mode="min", patience=plan.patience_of(member), restore_best_weights=True
    )
    part = Part(dataset, view, view.fold.fit, model)
    fit(model, part, order_of(plan, member, epochs), [deadline, recorder, stopper])
    if recorder.diverged:
        raise diverged(member, len(recorder.losses))
    network = Network(model, view.scalings, dataset.task)
    measured, _, validation = parts
    predictions = [network.interpret(forward(model, part.inputs)) for part in (measured, validation)]
    trained, scored = (
        (plan.metrics, dataset.target[part.rows], prediction, part.sample_weights, plan.metric_table)
        for part, prediction in zip((measured, validation), predictions, strict=True)
    )
    scores = score(*scored)
    check_scores(member, scores, plan.metric_table, scored[1:4])
    training_loss, stopping_loss, validation_loss = zip(*recorder.losses, strict=True)
    result = FoldResult(
        fold=member.fold,
        training_loss=training_loss,
        stopping_loss=stopping_loss,
        validation_loss=validation_loss,
        best_epoch=int(stopper.best_epoch) + 1,
        scores=scores,
        training_scores=score(*trained),
        seconds=time.perf_counter() - started,
        predictions=predictions[1].astype(numpy.float32),
        health=_health(model, start, parts[0]) if member.fold == 0 else None,
        cut=deadline.broken_off
        or (deadline.is_over and not (deadline.epochs >= epochs or stopper.stopped_epoch > 0)),
        counts=fold_counts(*scored),
    )
    return result, network


def _start(model: keras.Model, part: "Part") -> list[numpy.ndarray]:
    """Gradients of a model that has not been trained."""
    loss = row_losses(evaluation_loss(model))
    return loss_slopes(model, loss, (part.inputs[:MOST_ROWS], part.targets[:MOST_ROWS]))


def _health(model: keras.Model, start: list[numpy.ndarray], part: "Part") -> Health:
    return make_health(start, output_slopes(model, part.inputs[:MOST_ROWS]))


def refit(
    plan: TrainingPlan,
    member: Member,
    rows: numpy.ndarray,
    epochs: int,
    on_epoch: OnEpoch = lambda *_: None,
    seconds_left: SecondsLeft = forever,
) -> Network:
    """Train one member on all of these rows for a fixed number of epochs.

    Args:
        plan: What all members of the study share.
        member: What to train.
        rows: Rows of the table.
        epochs: How many epochs; fewer, but at least one, when the time is over.
        on_epoch: Called after each epoch.
        seconds_left: Seconds until it must end.

    Raises:
        TrialFailure: The weights are not finite afterwards.
    """
    view = plan.view(member, Fold(rows, rows[:0], rows[:0]))
    model = models_of(plan).fresh(member, epochs * num_steps(plan, member, view))
    part = Part(plan.dataset, view, view.fold.fit, model)
    deadline = Deadline(seconds_left, within_epochs=False)
    teller = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: on_epoch(member.fold, epoch + 1))
    fit(model, part, order_of(plan, member, epochs), [teller, deadline])
    if not all(numpy.isfinite(weights).all() for weights in model.get_weights()):
        raise TrialFailure("diverged: the refit on all training rows has weights that are not finite")
    return Network(model, view.scalings, plan.dataset.task, deadline.epochs)


def capacity_of(plan: TrainingPlan, hyperparameters: Hyperparameters) -> int:
    """Number of trainable weights of the network for these values."""
    return int(_count(plan.builder.build(hyperparameters, seed=1)))


def _count(model: keras.Model) -> int:
    return sum(math.prod(weights.shape) for weights in model.trainable_weights)
