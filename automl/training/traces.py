"""What members predicted while they trained, for whoever asks how it changed: data of `Member.snapshots`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy

from automl.training.network import interpret
from automl.training.plan import TrainingPlan
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


def make_trace(
    plan: TrainingPlan, member: Member, view: View, outputs: Sequence[numpy.ndarray], failed: str
) -> Trace:
    """A trace from a network's outputs for the validation rows, each of shape (row, output)."""
    rows = view.fold.validation
    predictions = [
        interpret(output, plan.dataset.task, view.scalings).astype(numpy.float32) for output in outputs
    ]
    stacked = numpy.stack(predictions) if predictions else numpy.zeros((0, len(rows)), numpy.float32)
    return Trace(member, rows, numpy.isin(rows, view.fold.fit), stacked, failed)
