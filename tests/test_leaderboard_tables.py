"""The leaderboard as CSV and JSON: written without pandas, and the same as with it."""

import dataclasses
import json
from pathlib import Path

from made_states import STARTED, made_state
from paper_trials import completed, failed

from automl.cli.found import FoundStudy
from automl.cli.tables import as_json
from automl.evaluation.leaderboard import leaderboard
from automl.evaluation.ranking import hyperparameter_columns, ranked_rows
from automl.records.runs import Run
from automl.records.state import StudyState
from automl.report.plain_rows import leaderboard_csv

NAMES = ("width", "rate", "kind", "epochs")
TRIALS = [
    completed(0, 3.0, 5.0, 0.1, width=64, rate=1e-5, kind='with "quotes", and a comma', epochs=3),
    failed(1, "no memory\nat all", width=8, kind="ä"),
    completed(2, 1.0, 2.0, 1 / 3, width=1024, rate=0.1, kind="yes", epochs=4),
    completed(3, float("inf"), 1.0, 1.0, width=16, rate=1, kind=True),
    completed(4, 9.0, width=2),
]


def state_of(folder: Path) -> StudyState:
    return made_state(folder, TRIALS, started=dataclasses.replace(STARTED, searched=NAMES))


def test_csv_is_what_pandas_writes(tmp_path: Path) -> None:
    state = state_of(tmp_path)
    table = leaderboard(state.trials, state.objective, NAMES)
    assert leaderboard_csv(state, None) == table.to_csv(index=False)
    assert leaderboard_csv(state, 2) == table.head(2).to_csv(index=False)
    assert leaderboard_csv(made_state(tmp_path / "empty"), None) == ""


def test_json_has_every_bit_and_nulls_for_what_is_not_finite(tmp_path: Path) -> None:
    state = state_of(tmp_path)
    run = Run(1, "wine", "a", tmp_path, "running", 0.0, 5)
    content = json.loads(as_json(FoundStudy(run, state, 2, "killed", "killed"), 4), parse_constant=float)
    first, second, third, last = content["trials"]
    assert [trial["trial"] for trial in content["trials"]] == [2, 0, 4, 3]
    assert (first["fold_2"], first["rate"], first["width"], first["kind"]) == (1 / 3, 0.1, 1024, "yes")
    assert first["hyperparameters.epochs"] == 4 and first["epochs"] == 2.0
    assert second["kind"] == 'with "quotes", and a comma'
    assert (third["standard_error"], third["fold_1"], third["kind"]) == (None, None, None)
    assert (last["log_loss"], last["fold_0"], last["kind"]) == (None, None, True)


def test_the_first_rows_are_the_first_of_all_rows_and_have_the_same_keys(tmp_path: Path) -> None:
    state = state_of(tmp_path)
    all_rows = ranked_rows(state.trials, state.objective, NAMES)
    assert [row["rank"] for row in all_rows] == [1, 2, 3, 4, None]
    few = ranked_rows(state.trials, state.objective, NAMES, 2)
    assert [list(row.items()) for row in few] == [list(row.items()) for row in all_rows[:2]]
    assert hyperparameter_columns(few, NAMES) == ["width", "rate", "kind", "hyperparameters.epochs"]
    assert hyperparameter_columns([], ("width", "width")) == ["width"]
