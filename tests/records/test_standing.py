"""How far a run has come, for each way in which one can end."""

import dataclasses
from pathlib import Path

import pytest
from made_states import STARTED, made_state
from paper_trials import completed

from automl.records.events import Event, Finished, PhaseBegun, StudyContinued
from automl.records.outcomes import Exported
from automl.records.runs import Run
from automl.records.standing import ended, standing, status_of

TRIALS = [completed(number, 1.0, 2.0) for number in range(3)]
NO_MODEL = "; no model was exported"


def run(held: bool) -> Run:
    return Run(1, "wine", "20260101-000000-aaaa", Path("runs"), "running", 0.0, 3, held=held)


@pytest.mark.parametrize(
    ("events", "held", "status", "words"),
    [
        ((), True, "running", "still running: 3 of 24 trials so far"),
        (
            (PhaseBegun("refit"),),
            True,
            "running",
            "still running: 3 of 24 trials so far, in the phase 'refit'",
        ),
        ((), False, "killed", f"killed after 3 of 24 trials{NO_MODEL}"),
        ((PhaseBegun("search"),), True, "running", "still running: 3 of 24 trials so far"),
        ((PhaseBegun("search"),), False, "killed", f"killed after 3 of 24 trials{NO_MODEL}"),
        (
            (PhaseBegun("refit"),),
            False,
            "killed",
            f"killed after 3 of 24 trials, in the phase 'refit'{NO_MODEL}",
        ),
        ((Exported(2),), False, "killed", "killed after 3 of 24 trials; the model of trial 2 was exported"),
        (
            (Finished("stopped", 1.0, "interrupted"),),
            False,
            "stopped",
            f"stopped after 3 of 24 trials{NO_MODEL}",
        ),
        ((Finished("stopped"),), True, "stopped", f"stopped after 3 of 24 trials{NO_MODEL}"),
        (
            (Finished("failed", 1.0, "No disk."),),
            False,
            "failed",
            f"failed after 3 of 24 trials (No disk){NO_MODEL}",
        ),
        ((Finished("finished"),), False, "finished", ""),
        ((Finished("finished"),), True, "finished", ""),
        (
            (Finished("finished"), StudyContinued("", 30)),
            False,
            "killed",
            f"killed after 3 of 30 trials{NO_MODEL}",
        ),
        (
            (Finished("stopped"), StudyContinued("", 24)),
            True,
            "running",
            "still running: 3 of 24 trials so far",
        ),
    ],
)
def test_a_run_is_told_by_what_it_recorded_and_whether_its_process_lives(
    tmp_path: Path, events: tuple[Event, ...], held: bool, status: str, words: str
) -> None:
    state = made_state(tmp_path, TRIALS, *events, started=dataclasses.replace(STARTED, num_trials=24))
    assert status_of(run(held), state) == status
    assert standing(run(held), state) == words


def test_a_record_that_does_not_say_how_many_trials_were_planned_counts_those_that_ended(
    tmp_path: Path,
) -> None:
    state = made_state(tmp_path, TRIALS, started=dataclasses.replace(STARTED, num_trials=0))
    assert standing(run(False), state) == f"killed after 3 trials{NO_MODEL}"


def test_a_process_can_tell_its_end_before_it_is_recorded(tmp_path: Path) -> None:
    state = made_state(tmp_path, TRIALS)
    assert ended(state, "stopped", "interrupted") == f"stopped after 3 of 3 trials{NO_MODEL}"
    assert ended(state, "finished") == ""
