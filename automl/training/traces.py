"""What members predicted while they trained, for whoever asks how it changed: data of `Member.snapshots`."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy

from automl.data.splits import Fold
from automl.training.deadline import Deadline, SecondsLeft, forever
from automl.training.fitting import Part, fit
from automl.training.network import forward, interpret
from automl.training.sequential import OnEpoch, TrainingPlan, TrialFailure, num_steps
from automl.training.trials import failures
from automl.training.views import View
from automl.trial import Member


@dataclass(frozen=True, slots=True)
class Trace:
    """A member that has trained to the last of its snapshots, or has broken off.

    Attributes:
        member: The member.
        rows: Row numbers of the table that it predicts: the validation rows of its fold, of shape (row,).
        trained: Which of these it has trained on, of shape (row,).
        predictions: After each snapshot, float32 of shape (snapshot, row), in the target's units, or (snapshot, row,
            class), probabilities.
        failed: Why it broke off; empty when it did not.
    """

    member: Member
    rows: numpy.ndarray
    trained: numpy.ndarray
    predictions: numpy.ndarray
    failed: str = ""


def trace_member(
    plan: TrainingPlan,
    member: Member,
    fold: Fold,
    on_epoch: OnEpoch,
    seconds_left: SecondsLeft = forever,
) -> Trace | None:
    """Train one member with `model.fit` to the last of its snapshots.

    Args:
        plan: What all members of the study share.
        member: What to train.
        fold: On which rows; it predicts the validation rows.
        on_epoch: Called after each epoch.
        seconds_left: Seconds until the training must end.

    Returns:
        None when the time was over before the last snapshot.
    """
    view = plan.view(member, fold)
    outputs: list[numpy.ndarray] = []
    deadline = Deadline(seconds_left)
    try:
        with failures(f"trace of trial {member.trial}"):
            model = plan.models().fresh(member, plan.epochs_of(member) * num_steps(plan, member, view))
            inputs = view.inputs[view.places(fold.validation)]
            recorder = _Snapshots(member, inputs, outputs, on_epoch)
            part = Part(plan.dataset, view, view.fold.fit, model)
            fit(model, part, plan.order(member, member.snapshots[-1]), [deadline, recorder])
    except TrialFailure as failure:
        return make_trace(plan, member, view, outputs, str(failure))
    if deadline.epochs < member.snapshots[-1]:
        return None
    finite = all(numpy.isfinite(one).all() for one in outputs)
    return make_trace(plan, member, view, outputs, "" if finite else "diverged")


def make_trace(
    plan: TrainingPlan, member: Member, view: View, outputs: Sequence[numpy.ndarray], failed: str
) -> Trace:
    """A trace from a network's outputs for the validation rows, each of shape (row, output)."""
    rows = view.fold.validation
    predictions = [interpret(one, plan.dataset.task, view.scalings).astype(numpy.float32) for one in outputs]
    stacked = numpy.stack(predictions) if predictions else numpy.zeros((0, len(rows)), numpy.float32)
    return Trace(member, rows, numpy.isin(rows, view.fold.fit), stacked, failed)


class _Snapshots(keras.callbacks.Callback):
    """A member's outputs for the validation rows after each of its snapshots."""

    def __init__(
        self,
        member: Member,
        inputs: numpy.ndarray,
        outputs: list[numpy.ndarray],
        on_epoch: OnEpoch,
    ) -> None:
        super().__init__()
        self._member, self._inputs, self._outputs, self._on_epoch = member, inputs, outputs, on_epoch

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        del logs
        if epoch + 1 in self._member.snapshots:
            self._outputs.append(forward(self.model, self._inputs))
        self._on_epoch(self._member.fold, epoch + 1)
