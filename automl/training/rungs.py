"""How trials are compared at a rung, whichever engine trains them."""

import statistics
from collections.abc import Iterable, Sequence

from automl.training.plan import TrainingPlan
from automl.trial import Member, Rung


def epochs_at(rung: Rung, plan: TrainingPlan, member: Member) -> int:
    """Epochs that a member has trained at a rung: the same share of its epochs for all."""
    return max(1, round(rung.epochs * plan.epochs_of(member) / plan.epochs))


def scale_of(member: Member, loss: str = "") -> str:
    """Within which scale the losses of a member are compared.

    Args:
        member: The member.
        loss: The loss of a network that brings its own.
    """
    transform = str(member.hyperparameters.get("target_transform", "none"))
    return " ".join(part for part in ("" if transform == "none" else transform, loss) if part)


def mean_smallest(stopping_losses: Iterable[Sequence[float]], epochs: int | None = None) -> float:
    """The mean over folds of the smallest loss on the stopping rows within so many epochs; within all when None."""
    return statistics.fmean(min(losses[:epochs]) for losses in stopping_losses)
