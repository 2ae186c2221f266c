"""Trials as a table, the best first."""

from collections.abc import Sequence

import pandas

from automl.evaluation.ranking import hyperparameter_columns, ranked_rows
from automl.trial import Objective, Trial


def leaderboard(trials: Sequence[Trial], objective: Objective, names: Sequence[str]) -> pandas.DataFrame:
    """`evaluation.ranking.ranked_rows` as a table, its columns in their order.

    Args:
        trials: Ended trials.
        objective: Metric and direction that rank them.
        names: Hyperparameters to show, in order.
    """
    rows = ranked_rows(trials, objective, names)
    if not rows:
        return pandas.DataFrame()
    # As objects, whole numbers stay whole beside a trial that has none.
    columns = hyperparameter_columns(rows, names)
    exact = {column: pandas.Series([row[column] for row in rows], dtype=object) for column in columns}
    return pandas.DataFrame(rows).assign(**exact).astype({"rank": "Int64", "capacity": "Int64"})
