"""Trials as a table, the best first."""

from collections.abc import Sequence
from typing import Any

import pandas

from automl.trial import Objective, Trial, TrialState


def leaderboard(trials: Sequence[Trial], objective: Objective, names: Sequence[str]) -> pandas.DataFrame:
    """One row a trial, ranked by the objective; failed trials last with their reason.

    Args:
        trials: Ended trials.
        objective: Metric and direction that rank them.
        names: Hyperparameters to show, in order.

    Returns:
        Columns: rank, trial, state, the mean score, its standard_error, fold_0 …, epochs (mean over the folds of
        the epoch kept), seconds, capacity, the hyperparameters, reason. A hyperparameter that bears the name of
        another column is called `hyperparameters.NAME`.
    """
    metric = objective.metric
    num_folds = max((len(trial.folds) for trial in trials), default=0)
    rows = []
    for rank, trial in enumerate(objective.rank(list(trials)), start=1):
        complete = trial.state is TrialState.COMPLETE
        scores = trial.fold_scores(metric)
        row: dict[str, Any] = {
            "rank": rank if complete else None,
            "trial": trial.number,
            "state": trial.state.value,
            metric: trial.mean(metric) if complete else None,
            "standard_error": trial.standard_error(metric) if complete else None,
        }
        row |= {f"fold_{i}": scores[i] if i < len(scores) else None for i in range(num_folds)}
        row |= {
            "epochs": trial.best_epoch if complete else None,
            "seconds": round(trial.seconds, 3),
            "capacity": trial.capacity,
        }
        own = {*row, "reason"}
        columns = [f"hyperparameters.{name}" if name in own else name for name in names]
        row |= {column: trial.hyperparameters.get(name) for column, name in zip(columns, names, strict=True)}
        row["reason"] = trial.reason
        rows.append(row)
    if not rows:
        return pandas.DataFrame()
    # As objects, whole numbers stay whole beside a trial that has none.
    exact = {column: pandas.Series([row[column] for row in rows], dtype=object) for column in columns}
    return pandas.DataFrame(rows).assign(**exact).astype({"rank": "Int64", "capacity": "Int64"})
