from dataclasses import replace

import pytest
from hand_made import make_failed_trial, make_trial

from automl.explanation.evidence import Diagnosis
from automl.tracking.mlflow.notes import Places, experiment_note, first_note, study_note, winner_note
from automl.tracking.tracker import StudyRecord, StudyStatus, StudySummary
from automl.trial import Direction, Objective

PLACES = Places("4", "parent-run", {number: f"run-{number}" for number in range(8)}, "models:/m-1")


@pytest.fixture
def summary() -> StudySummary:
    trials = (*(make_trial(number, 10.0 - number) for number in range(7)), make_failed_trial(7))
    return StudySummary(StudyStatus.FINISHED, trials, trials[6], {"log_loss": 4.25}, seconds=600.0)


def test_the_first_note_asks_the_question_of_the_study_file(record: StudyRecord) -> None:
    note = first_note(record, PLACES)
    assert note.startswith(
        "Does a deep network beat a wide one?\n\nStudy `digits` looks for the lowest `log_loss`"
    )
    assert "Searched: `width`, `learning_rate`." in note
    assert f"automl show {record.folder}" in note


def test_a_study_file_without_a_comment_has_the_plain_question(record: StudyRecord) -> None:
    plain = replace(record, text="name: x\n# not a header\n", objective=Objective("r2", Direction.MAXIMIZE))
    assert first_note(plain, PLACES).startswith("Study `digits` looks for the highest `r2`")


def test_the_winner_is_named_in_the_lines_that_mlflow_does_not_fold(
    record: StudyRecord, summary: StudySummary
) -> None:
    lines = study_note(record, summary, PLACES).split("\n\n")
    assert lines[0] == (
        "**Best: [trial-0006](#/experiments/4/runs/run-6?workflowType=machine_learning)**, "
        "`log_loss` 4 ± 1 (mean over 2 folds ± standard error)."
    )
    assert lines[1] == "On the locked test set, which no choice has seen: `log_loss` 4.25."
    assert lines[2] == 'Model: `mlflow.pyfunc.load_model("models:/m-1")`'


def test_the_five_best_trials_are_listed(record: StudyRecord, summary: StudySummary) -> None:
    note = study_note(record, summary, PLACES)
    table = [line.replace("\u00a0", "") for line in note.splitlines() if line.startswith("|")]
    assert table[0] == "|trial|log_loss|accuracy|width|learning_rate|"
    assert table[2].endswith("|4 ± 1|0.5 ± 0|64|0.001|")
    assert [row.partition("]")[0] for row in table[2:]] == [
        f"|[trial-000{number}" for number in (6, 5, 4, 3, 2)
    ]
    assert "Finished after 8 trials (1 failed) and 10 min." in note


def test_a_trial_that_mlflow_has_not_taken_is_named_without_a_link(
    record: StudyRecord, summary: StudySummary
) -> None:
    note = study_note(record, summary, replace(PLACES, trials={}))
    assert note.startswith("**Best: trial-0006**")


def test_an_interrupted_study_without_a_winner(record: StudyRecord) -> None:
    summary = StudySummary(StudyStatus.KILLED, (make_failed_trial(0),), seconds=5.0)
    note = study_note(record, summary, replace(PLACES, model=""))
    assert note.startswith("No trial completed")
    assert "Interrupted after 1 trial (1 failed) and 5 s." in note
    assert "load_model" not in note


def test_experiment_and_winner_point_to_the_study(record: StudyRecord, summary: StudySummary) -> None:
    link = "(#/experiments/4/runs/parent-run?workflowType=machine_learning)"
    assert link in experiment_note(record, summary, PLACES)
    note = winner_note(record, summary, PLACES)
    assert note.startswith(f"The best of 8 trials in [study {record.identifier}]{link}.")
    assert "`log_loss` 4 ± 1" in note
    limited = replace(
        summary, diagnoses={6: Diagnosis("bias_bound", "Bias dominates.", ("a wider network",))}
    )
    note = winner_note(record, limited, PLACES)
    assert "**Bias bound.** Bias dominates." in note and "- a wider network" in note
