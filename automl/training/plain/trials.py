"""One trial: its members in turn, and whatever goes wrong with them as a recorded state."""

import time

from automl.data.folds import Fold
from automl.training.deadline import Deadline, SecondsLeft, end_of_turn, forever
from automl.training.failures import OUT_OF_TIME, failures
from automl.training.plain.sequential import capacity_of, models_of, train_member
from automl.training.plan import OnEpoch, TrainingPlan, TrialFailure
from automl.trial import FoldResult, Member, Trial, TrialState


def train_trial(
    plan: TrainingPlan,
    members: list[Member],
    folds: tuple[Fold, ...],
    on_epoch: OnEpoch,
    seconds_left: SecondsLeft = forever,
    until: int = 0,
) -> Trial:
    """Train every fold of one trial.

    A member that diverges or raises ends the trial as FAILED with the reason; the folds before it are kept. So does
    the end of the time, where a fold has not begun; the others end early then, and keep their best epoch.

    Args:
        plan: What all members of the study share.
        members: One per fold, of one trial.
        folds: The study's folds.
        on_epoch: Called after each epoch. What it raises is no failure of the trial where it is a `WatchError`.
        seconds_left: Seconds until the training must end. Each fold gets an equal share of what the earlier ones left.
        until: Epochs after which each member ends in any case; 0 for none.
    """
    started = time.perf_counter()
    hyperparameters = members[0].hyperparameters
    results: list[FoldResult] = []
    capacity, reason = None, ""
    try:
        with failures(f"trial {members[0].trial}"):
            capacity = capacity_of(plan, hyperparameters)
            models = models_of(plan)
            for begun, member in enumerate(members):
                left = seconds_left()
                if begun and left <= 0.0:
                    raise TrialFailure(OUT_OF_TIME)
                deadline = Deadline(seconds_left, end_of_turn(left, len(members) - begun), until=until)
                fold = folds[member.fold]
                results.append(train_member(plan, member, fold, models, on_epoch, deadline)[0])
    except TrialFailure as failure:
        reason = str(failure)
    return Trial(
        number=members[0].trial,
        hyperparameters=hyperparameters,
        state=TrialState.FAILED if reason else TrialState.COMPLETE,
        folds=tuple(results),
        capacity=capacity,
        seconds=time.perf_counter() - started,
        reason=reason,
    )
