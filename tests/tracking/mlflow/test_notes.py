from dataclasses import replace
from pathlib import Path

import pytest
from hand_made import STARTED, VERDICT, make_failed_trial, make_trial
from made_states import made_state

from automl.config.template import TEMPLATE
from automl.explanation.evidence import Diagnosis
from automl.explanation.study import Explanation
from automl.records.events import Finished
from automl.records.outcomes import TestReadingDone
from automl.tracking.mlflow.notes import Locations, experiment_note, first_note, study_note, winner_note
from automl.tracking.mlflow.outcome import Outcome, outcome_of

LOCATIONS = Locations(
    "4", "parent-run", {number: f"run-{number}" for number in range(8)}, Path("runs/x"), "models:/m-1"
)
TEST = TestReadingDone(6, "d", {"log_loss": 4.25})


@pytest.fixture
def outcome(tmp_path: Path) -> Outcome:
    trials = (*(make_trial(number, 10.0 - number) for number in range(7)), make_failed_trial(7))
    state = made_state(tmp_path / "run", trials, TEST, Finished("finished", 600.0), started=STARTED)
    return outcome_of(state, Explanation())


def ended(folder: Path, finished: Finished | None) -> Outcome:
    """A study in which the only trial failed."""
    ends = [] if finished is None else [finished]
    return outcome_of(made_state(folder, [make_failed_trial(0)], *ends, started=STARTED), Explanation())


def test_the_first_note_asks_the_question_of_the_study_file() -> None:
    note = first_note(STARTED, LOCATIONS)
    assert note.startswith(
        "Does a deep network beat a wide one?\n\nStudy `digits` searches for the lowest `log_loss`"
    )
    assert "Searched: `width`, `learning_rate`." in note
    assert "automl show runs/x" in note


def test_a_study_file_without_a_comment_has_the_plain_question() -> None:
    plain = replace(STARTED, text="name: x\n# not a header\n", metric="r2", direction="max")
    assert first_note(plain, LOCATIONS).startswith("Study `digits` searches for the highest `r2`")


def test_the_page_of_a_study_does_not_show_what_init_wrote() -> None:
    text = "\n".join(TEMPLATE.replace("{file}", "wine.yaml").splitlines()[:2]) + "\nname: wine\n"
    note = first_note(replace(STARTED, text=text), LOCATIONS)
    assert note.startswith("Study `digits` searches for the lowest `log_loss`")


def test_a_study_points_to_its_report(outcome: Outcome) -> None:
    locations = replace(LOCATIONS, report="report.html")
    page = "#/experiments/4/runs/parent-run/artifacts/report.html?workflowType=machine_learning"
    for note in (study_note(outcome, locations), experiment_note(outcome, locations)):
        assert f"[Report with charts]({page})" in note
    assert "Report" not in study_note(outcome, LOCATIONS)


def test_the_page_of_all_studies_begins_with_the_latest_result(outcome: Outcome) -> None:
    note = experiment_note(outcome, LOCATIONS)
    assert note.startswith("**Best network: [trial-0006]")
    assert note.index("**Best") < note.index("Does a deep network beat a wide one?")


def test_values_cannot_break_the_table_of_trials(outcome: Outcome) -> None:
    nasty = replace(outcome.top[0], hyperparameters={"width": "a|b\n<img src=x>", "learning_rate": 0.1})
    rows = study_note(replace(outcome, top=(nasty,)), LOCATIONS).splitlines()
    assert [row for row in rows if "&#60;img src=x&#62;" in row and row.count("|") == 6]


def test_the_winner_is_named_in_the_lines_that_mlflow_does_not_fold(outcome: Outcome) -> None:
    lines = study_note(outcome, LOCATIONS).split("\n\n")
    assert lines[0] == (
        "**Best network: [trial-0006](#/experiments/4/runs/run-6?workflowType=machine_learning)**, "
        "`log_loss` 4 ± 1.7 (mean over 2 folds ± standard error)."
    )
    assert lines[1] == "On the locked test set, which was not used for any choice: `log_loss` 4.25."
    assert lines[2] == 'Model: `mlflow.pyfunc.load_model("models:/m-1")`'


def test_the_five_best_trials_are_listed(outcome: Outcome) -> None:
    note = study_note(outcome, LOCATIONS)
    table = [line.replace("\u00a0", "") for line in note.splitlines() if line.startswith("|")]
    assert table[0] == "|trial|log_loss|accuracy|width|learning_rate|"
    assert table[2].endswith("|4 ± 1.7|0.5 ± 0|64|0.001|")
    assert [row.partition("]")[0] for row in table[2:]] == [
        f"|[trial-000{number}" for number in (6, 5, 4, 3, 2)
    ]
    assert "Finished after 8 trials (1 failed) and 10 min." in note


def test_a_trial_that_mlflow_has_not_taken_is_named_without_a_link(outcome: Outcome) -> None:
    note = study_note(outcome, replace(LOCATIONS, trials={}))
    assert note.startswith("**Best network: trial-0006**")


@pytest.mark.parametrize(
    ("finished", "words"),
    [
        (Finished("stopped", 5.0, "interrupted"), "Stopped after 1 trial (1 failed) and 5 s: interrupted."),
        (
            Finished("failed", 5.0, "The disk is full."),
            "Failed after 1 trial (1 failed) and 5 s: The disk is full.",
        ),
        (None, "Killed after 1 trial (1 failed)."),
    ],
)
def test_a_study_that_did_not_finish_has_no_winner_and_says_how_it_ended(
    finished: Finished | None, words: str, tmp_path: Path
) -> None:
    note = study_note(ended(tmp_path / "run", finished), replace(LOCATIONS, model=""))
    assert note.startswith("No trial completed")
    assert note.endswith(words)
    assert "load_model" not in note


def test_the_verdict_and_the_test_set_are_those_of_the_winner(tmp_path: Path) -> None:
    """Trials that came later have changed the winner; what was said of the earlier one is not said of it."""
    read_for_another = TestReadingDone(1, "d", {"log_loss": 2.125})
    trials = [make_trial(0, 3.0), make_trial(1, 2.0)]
    before = made_state(tmp_path / "before", trials, read_for_another, VERDICT, started=STARTED)
    note = study_note(outcome_of(before, Explanation()), LOCATIONS)
    assert "better than linear in every fold" in note and "locked test set" in note
    after = made_state(
        tmp_path / "after", [*trials, make_trial(2, 1.5)], read_for_another, VERDICT, started=STARTED
    )
    note = study_note(outcome_of(after, Explanation()), LOCATIONS)
    assert "better than linear in every fold" not in note and "locked test set" not in note


def test_experiment_and_winner_point_to_the_study(outcome: Outcome) -> None:
    link = "(#/experiments/4/runs/parent-run?workflowType=machine_learning)"
    assert link in experiment_note(outcome, LOCATIONS)
    note = winner_note(outcome, LOCATIONS)
    assert note.startswith(f"The best of 8 trials in [study {STARTED.identifier}]{link}.")
    assert "`log_loss` 4 ± 1" in note
    explanation = Explanation(diagnoses={6: Diagnosis("bias_bound", "Bias dominates.", ("a wider network",))})
    note = winner_note(replace(outcome, explanation=explanation), LOCATIONS)
    assert "**Bias bound.** Bias dominates." in note and "- a wider network" in note
