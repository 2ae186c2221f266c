"""The plain twin: one member trained with ordinary Keras layers and `model.fit`.

The reference in tests, the way of user-written builders, and what an exported model is made of.
"""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import keras
import numpy

from automl.config.sections import TrainingConfig
from automl.data.dataset import Dataset
from automl.data.preprocessing import Layout
from automl.data.splits import Fold
from automl.evaluation.metrics import METRICS, MetricTable, fold_counts, score
from automl.hyperparameters import HYPERPARAMETERS
from automl.networks.builder import NetworkBuilder
from automl.training.compiled import CompiledModels, evaluation_loss, loss_name, row_losses
from automl.training.deadline import Deadline, SecondsLeft, forever
from automl.training.fitting import BatchOrder, LossRecorder, Part, fit
from automl.training.health import MOST_ROWS, loss_slopes, make_health, output_slopes
from automl.training.network import Network, forward
from automl.training.rows import member_fold
from automl.training.views import Treatment, View, ViewRows, make_view, view_rows, weights_by_code
from automl.trial import FoldResult, Health, Hyperparameters, Member

MOST_EPOCHS = 100
"""Of a network, where the study file and the size of the table say nothing else."""

OnEpoch = Callable[[int, int], None]
"""Called with the fold and the epoch (from 1) after each epoch."""


class TrialFailure(Exception):
    """A member that cannot go on; its message is the trial's reason. Leaves `training/` only from a refit."""


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What all members of a study share.

    Attributes:
        dataset: The table.
        layout: The places of the inputs.
        builder: Values to a model.
        training: The study file's training section.
        metrics: Names of the metrics to score, the objective's first.
        known: Metrics by name.
        encoding: Of numbers, where the hyperparameters name none.
    """

    dataset: Dataset
    layout: Layout
    builder: NetworkBuilder
    training: TrainingConfig
    metrics: tuple[str, ...]
    known: MetricTable = field(default_factory=lambda: METRICS)
    encoding: str = "standard"

    @property
    def loss(self) -> str:
        """Name of the loss that our own networks are trained by."""
        return loss_name(self.training, self.dataset.task, self.metrics[0] if self.metrics else "")

    @property
    def batch_size(self) -> int:
        """Rows a step, where the hyperparameters name none."""
        return self.training.batch_size or int(HYPERPARAMETERS["batch_size"].default)

    @property
    def epochs(self) -> int:
        """Epochs of a network at most."""
        return self.training.epochs or MOST_EPOCHS

    @property
    def patience(self) -> int:
        """Epochs without a better stopping loss before a network stops; as many as it has where it never does."""
        return self.training.patience or self.epochs

    def epochs_of(self, member: Member) -> int:
        """Epochs of a member at most."""
        return member.epochs or int(member.hyperparameters.get("epochs") or self.epochs)

    def patience_of(self, member: Member) -> int:
        """Epochs without a better stopping loss before a member stops; as many as it has where it never does."""
        given = member.patience or int(member.hyperparameters.get("patience") or self.training.patience or 0)
        return given or self.epochs_of(member)

    def num_inputs(self, member: Member) -> int:
        """Inputs of a member's view."""
        return self.layout.num_inputs(self._encoding_of(member))

    def _encoding_of(self, member: Member) -> str:
        return str(member.hyperparameters.get("numeric_encoding", self.encoding))

    def rows(self, member: Member, fold: Fold) -> ViewRows:
        """Which rows a member sees of a fold."""
        return view_rows(member_fold(member, fold))

    def view(self, member: Member, fold: Fold, rows: ViewRows | None = None) -> View:
        """What a member sees of a fold; `rows` are `self.rows(member, fold)` where they are known."""
        treatment = Treatment(
            self.layout,
            self._encoding_of(member),
            str(member.hyperparameters.get("target_transform", "none")),
            weights_by_code(self.training.class_weights, self.dataset.classes),
        )
        return make_view(self.dataset, rows or self.rows(member, fold), treatment)

    def order(self, member: Member, epochs: int) -> BatchOrder:
        """In which order a member's rows come."""
        return BatchOrder(member.order_seed, self.batch_size_of(member), epochs)

    def batch_size_of(self, member: Member) -> int:
        """Rows a step of a member."""
        return int(member.hyperparameters.get("batch_size") or self.batch_size)

    def models(self) -> CompiledModels:
        """Models for members of one structure."""
        return CompiledModels(self.builder, self.loss)


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
    fit(model, part, plan.order(member, epochs), [deadline, recorder, stopper])
    if recorder.diverged:
        raise diverged(member, len(recorder.losses))
    network = Network(model, view.scalings, dataset.task)
    measured, _, validation = parts
    predictions = [network.interpret(forward(model, part.inputs)) for part in (measured, validation)]
    trained, scored = (
        (plan.metrics, dataset.target[part.rows], prediction, part.sample_weights, plan.known)
        for part, prediction in zip((measured, validation), predictions, strict=True)
    )
    scores = score(*scored)
    check_scores(member, scores, plan.known, scored[1:4])
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


def diverged(member: Member, epoch: int) -> TrialFailure:
    """What to raise when a loss is infinite or NaN."""
    where = f"fold {member.fold}, epoch {epoch}"
    return TrialFailure(f"diverged: the loss is not finite ({where}); lower `learning_rate`")


def check_scores(
    member: Member,
    scores: Mapping[str, float],
    known: MetricTable,
    scored: tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray],
) -> None:
    """Refuse scores that are infinite or NaN.

    Args:
        member: Whose they are.
        scores: By metric.
        known: All metrics.
        scored: Target, predictions and weights of the rows that were scored.

    Raises:
        TrialFailure: One of them is; with what a metric of the study's own raises.
    """
    wrong = [name for name, value in scores.items() if not math.isfinite(value)]
    if wrong:
        explain = known[wrong[0]].fault
        if explain is not None and (fault := explain(*scored)):
            raise TrialFailure(f"the metric {wrong[0]!r} raises {fault} (fold {member.fold})")
        raise TrialFailure(f"diverged: {wrong[0]} is {scores[wrong[0]]} (fold {member.fold})")


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
    model = plan.models().fresh(member, epochs * num_steps(plan, member, view))
    part = Part(plan.dataset, view, view.fold.fit, model)
    deadline = Deadline(seconds_left, within_epochs=False)
    teller = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, _: on_epoch(member.fold, epoch + 1))
    fit(model, part, plan.order(member, epochs), [teller, deadline])
    if not all(numpy.isfinite(weights).all() for weights in model.get_weights()):
        raise TrialFailure("diverged: the refit on all training rows has weights that are not finite")
    return Network(model, view.scalings, plan.dataset.task, deadline.epochs)


def capacity_of(plan: TrainingPlan, hyperparameters: Hyperparameters) -> int:
    """Number of trainable weights of the network for these values."""
    return int(_count(plan.builder.build(hyperparameters, seed=1)))


def _count(model: keras.Model) -> int:
    return sum(math.prod(weights.shape) for weights in model.trainable_weights)


def num_steps(plan: TrainingPlan, member: Member, view: View) -> int:
    """Steps of one epoch."""
    return math.ceil(len(view.fit) / plan.batch_size_of(member))
