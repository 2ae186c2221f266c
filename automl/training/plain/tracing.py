"""Traces by `model.fit`: what one member predicts at its snapshots."""

from typing import Any

import keras
import numpy

from automl.data.folds import Fold
from automl.training.deadline import Deadline, SecondsLeft, forever
from automl.training.failures import failures
from automl.training.network import forward
from automl.training.plain.fitting import Part, fit
from automl.training.plain.sequential import models_of, order_of
from automl.training.plan import OnEpoch, TrainingPlan, TrialFailure, num_steps
from automl.training.traces import Trace, make_trace
from automl.trial import Member


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
            model = models_of(plan).fresh(member, plan.epochs_of(member) * num_steps(plan, member, view))
            inputs = view.inputs[view.places(fold.validation)]
            recorder = _Snapshots(member, inputs, outputs, on_epoch)
            part = Part(plan.dataset, view, view.fold.fit, model)
            fit(model, part, order_of(plan, member, member.snapshots[-1]), [deadline, recorder])
    except TrialFailure as failure:
        return make_trace(plan, member, view, outputs, str(failure))
    if deadline.epochs < member.snapshots[-1]:
        return None
    finite = all(numpy.isfinite(output).all() for output in outputs)
    return make_trace(plan, member, view, outputs, "" if finite else "diverged")


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
