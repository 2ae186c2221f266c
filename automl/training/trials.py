"""One trial: its members in turn, and whatever goes wrong with them as a recorded state."""

import logging
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from automl.data.splits import Fold
from automl.errors import AutoMLError, NetworkError
from automl.training.backend import is_out_of_memory
from automl.training.deadline import Deadline, SecondsLeft, end_of_turn, forever
from automl.training.sequential import OnEpoch, TrainingPlan, TrialFailure, capacity_of, train_member
from automl.trial import FoldResult, Hyperparameters, Member, Trial, TrialState

LOGGER = logging.getLogger(__name__)

OUT_OF_TIME = "the budget ended before all of its folds were trained"
"""Reason of a trial some of whose folds have begun and others not."""


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
            models = plan.models()
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


class WatchError(BaseException):
    """What a study's own callback raised, on its way out of a training; its cause is the error itself."""


@contextmanager
def failures(what: str) -> Iterator[None]:
    """Whatever a network does wrong in the block, and a builder that ends the program, as a failure of its trial.

    Args:
        what: Named in the log.

    Raises:
        TrialFailure: The block raised. An interrupt and an error of the study itself pass as they are.
    """
    try:
        yield
    except (TrialFailure, AutoMLError) as error:
        if isinstance(error, NetworkError):
            raise TrialFailure(str(error)) from error
        raise
    except (Exception, SystemExit) as error:
        LOGGER.debug("%s", what, exc_info=True)
        raise TrialFailure(reason_of(error)) from error


def plan_members(trial: int, hyperparameters: Hyperparameters, num_folds: int, seed: int) -> list[Member]:
    """One member per fold."""
    return [Member(trial, fold, hyperparameters, seed) for fold in range(num_folds)]


def refit_epochs(trial: Trial) -> int:
    """Epochs for a refit on all training rows: the median of the epochs that the folds kept."""
    return max(1, round(statistics.median(fold.best_epoch for fold in trial.folds)))


def reason_of(error: BaseException) -> str:
    """An error in one line, as the reason of a failed trial."""
    if isinstance(error, SystemExit):
        return f"SystemExit: the network's code called exit with status {error.code!s:.100}"
    lines = str(error).strip().splitlines() or ["no message"]
    text = f"{type(error).__name__}: {lines[0][:300]}"
    if is_out_of_memory(error):
        return (
            f"out of memory: the network does not fit into memory; lower `batch_size` or its width ({text})"
        )
    return text
