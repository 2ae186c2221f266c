"""The leaderboard for other programs, as JSON. Needs no pandas."""

import dataclasses
import json
from typing import Any

from automl.cli.found import FoundStudy
from automl.report.plain_rows import leaderboard_rows
from automl.report.readings import readings_of


def as_json(study: FoundStudy, top: int | None) -> str:
    """The same with what is known of the study; what a trial does not have is null."""
    state = study.state
    content: dict[str, Any] = {
        "study": state.started.name,
        "run": study.run.identifier,
        "num_runs": study.num_runs,
        "state": study.status,
        "standing": study.standing,
        "num_trials": state.num_trials,
        "num_planned": state.started.num_trials,
        "metric": state.started.metric,
        "direction": state.started.direction,
        "tests": [dataclasses.asdict(test) | {"rows": num_rows} for test, num_rows in readings_of(state)],
        "trials": leaderboard_rows(state, top),
    }
    return json.dumps(content, indent=2)
