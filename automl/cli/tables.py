"""The leaderboard for other programs, as CSV and JSON. Needs no pandas."""

import csv
import dataclasses
import io
import json
import math
from typing import Any

from automl.cli.found import FoundStudy
from automl.evaluation.ranking import Row, ranked_rows
from automl.records.state import StudyState
from automl.report.readings import readings_of


def as_csv(state: StudyState, top: int | None) -> str:
    """A line per trial, the best first; what a trial does not have is empty."""
    rows, text = _rows(state, top), io.StringIO()
    if rows:
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(rows[0])
        # Whoever reads it back takes an empty cell for no number, as pandas writes it.
        writer.writerows(["" if value != value else value for value in row.values()] for row in rows)
    return text.getvalue()


def as_json(found: FoundStudy, top: int | None) -> str:
    """The same with what is known of the study; what a trial does not have is null."""
    state = found.state
    content: dict[str, Any] = {
        "study": state.started.name,
        "run": found.run.identifier,
        "num_runs": found.num_runs,
        "state": found.status,
        "standing": found.standing,
        "num_trials": state.num_trials,
        "num_planned": state.started.num_trials,
        "metric": state.started.metric,
        "direction": state.started.direction,
        "tests": [dataclasses.asdict(test) | {"rows": num_rows} for test, num_rows in readings_of(state)],
        "trials": [{name: _finite(value) for name, value in row.items()} for row in _rows(state, top)],
    }
    return json.dumps(content, indent=2)


def _rows(state: StudyState, top: int | None) -> list[Row]:
    return ranked_rows(state.trials, state.objective, state.started.searched, top)


def _finite(value: Any) -> Any:
    """JSON has no word for a number that is not finite."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
