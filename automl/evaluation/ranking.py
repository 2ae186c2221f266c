"""Trials as rows of plain values, the best first."""

import itertools
from collections.abc import Sequence
from typing import Any

from automl.trial import Objective, Trial, TrialState

Row = dict[str, Any]
"""Values by name of the column; None where a trial has none."""


def ranked_rows(
    trials: Sequence[Trial], objective: Objective, names: Sequence[str], top: int | None = None
) -> list[Row]:
    """A row per trial, ranked by the objective; failed trials last with their reason. All rows have the same keys.

    Args:
        trials: Ended trials.
        objective: Metric and direction that rank them.
        names: Hyperparameters to show, in order.
        top: Rows at most; all of them when None.

    Returns:
        rank, trial, state, the mean score, its standard_error, fold_0 …, epochs (mean over the folds of the epoch
        kept), seconds, capacity, the hyperparameters, reason. A hyperparameter that has the name of another column is
        called `hyperparameters.NAME`.
    """
    folds = [f"fold_{index}" for index in range(max((len(trial.folds) for trial in trials), default=0))]
    fixed = (
        "rank",
        "trial",
        "state",
        objective.metric,
        "standard_error",
        *folds,
        "epochs",
        "seconds",
        "capacity",
    )
    taken = {*fixed, "reason"}
    columns = {name: f"hyperparameters.{name}" if name in taken else name for name in names}
    shown = itertools.islice(enumerate(objective.rank(list(trials)), start=1), top)
    return [
        dict(zip(fixed, _numbers(rank, trial, objective.metric, len(folds)), strict=True))
        | {column: trial.hyperparameters.get(name) for name, column in columns.items()}
        | {"reason": trial.reason}
        for rank, trial in shown
    ]


def hyperparameter_columns(rows: Sequence[Row], names: Sequence[str]) -> list[str]:
    """Keys of the hyperparameters in rows that were made of them; the names themselves where there are no rows."""
    unique = list(dict.fromkeys(names))
    return list(rows[0])[-1 - len(unique) : -1] if rows else unique


def _numbers(rank: int, trial: Trial, metric: str, num_folds: int) -> list[Any]:
    complete = trial.state is TrialState.COMPLETE
    scores = trial.fold_scores(metric)
    return [
        rank if complete else None,
        trial.number,
        trial.state.value,
        trial.mean(metric) if complete else None,
        trial.standard_error(metric) if complete else None,
        *scores,
        *[None] * (num_folds - len(scores)),
        trial.best_epoch if complete else None,
        round(trial.seconds, 3),
        trial.capacity,
    ]
