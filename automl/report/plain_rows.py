"""The leaderboard for other programs. Needs no pandas."""

import csv
import io
import math
from typing import Any

from automl.evaluation.ranking import Row, ranked_rows
from automl.records.state import StudyState


def leaderboard_csv(state: StudyState, top: int | None = None) -> str:
    """A line per trial, the best first; what a trial does not have is empty."""
    rows, text = _rows(state, top), io.StringIO()
    if rows:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(rows[0])
        # Whoever reads it back takes an empty cell for no number, as pandas writes it.
        writer.writerows(["" if value != value else value for value in row.values()] for row in rows)
    return text.getvalue()


def leaderboard_rows(state: StudyState, top: int | None = None) -> list[Row]:
    """A row per trial, the best first, as JSON takes them; what a trial does not have is null."""
    return [{name: _finite(value) for name, value in row.items()} for row in _rows(state, top)]


def _rows(state: StudyState, top: int | None) -> list[Row]:
    return ranked_rows(state.trials, state.objective, state.started.searched, top)


def _finite(value: Any) -> Any:
    """JSON has no word for a number that is not finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
