"""One trial: its members in turn, and whatever goes wrong with them as a recorded state."""

import logging
import statistics
import time

from automl.data.splits import Fold
from automl.errors import AutoMLError
from automl.training.sequential import OnEpoch, TrainingPlan, TrialFailure, capacity_of, train_member
from automl.trial import FoldResult, Hyperparameters, Member, Trial, TrialState

LOGGER = logging.getLogger(__name__)


def train_trial(
    plan: TrainingPlan, members: list[Member], folds: tuple[Fold, ...], on_epoch: OnEpoch
) -> Trial:
    """Train every fold of one trial.

    A member that diverges or raises ends the trial as FAILED with the reason; the folds before it are kept.

    Args:
        plan: What all members of the study share.
        members: One a fold, of one trial.
        folds: The study's folds.
        on_epoch: Called after each epoch.
    """
    started = time.perf_counter()
    hyperparameters = members[0].hyperparameters
    results: list[FoldResult] = []
    capacity, reason = None, ""
    try:
        capacity = capacity_of(plan, hyperparameters)
        models = plan.models()
        for member in members:
            results.append(train_member(plan, member, folds[member.fold], models, on_epoch)[0])
    except TrialFailure as failure:
        reason = str(failure)
    except AutoMLError:
        raise
    except Exception as error:  # whatever a network does wrong is its trial's state, not the study's end
        LOGGER.debug("trial %d", members[0].trial, exc_info=True)
        reason = reason_of(error)
    return Trial(
        number=members[0].trial,
        hyperparameters=hyperparameters,
        state=TrialState.FAILED if reason else TrialState.COMPLETE,
        folds=tuple(results),
        capacity=capacity,
        seconds=time.perf_counter() - started,
        reason=reason,
    )


def plan_members(trial: int, hyperparameters: Hyperparameters, num_folds: int, seed: int) -> list[Member]:
    """One member a fold."""
    return [Member(trial, fold, hyperparameters, seed) for fold in range(num_folds)]


def refit_epochs(trial: Trial) -> int:
    """Epochs for a refit on all training rows: the median of the epochs that the folds kept."""
    return max(1, round(statistics.median(fold.best_epoch for fold in trial.folds)))


def reason_of(error: Exception) -> str:
    """An error in one line, as the reason of a failed trial."""
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {lines[0][:300]}"
