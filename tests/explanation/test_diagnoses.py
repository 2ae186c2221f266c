"""Diagnoses are made when they are asked for: of many trials, the files of few are read."""

import dataclasses
from pathlib import Path

import numpy
import pytest
from made_states import STARTED, decomposed, made_state
from paper_trials import completed, failed

from automl.errors import RecordError
from automl.evaluation.bias_variance import LOG_LOSS, BiasVariance, Curve
from automl.evaluation.importance import Importance
from automl.explanation import diagnoses
from automl.explanation.diagnoses import Diagnoses
from automl.explanation.diagnosis import diagnose
from automl.explanation.evidence import Diagnosis, Evidence
from automl.explanation.floors import LARGER
from automl.explanation.study import _shares, explain_study, explain_trial
from automl.records.events import CohortAsked, Event, Recorded
from automl.records.files import ended_event, write_trial
from automl.records.state import StudyState, state_of
from automl.trial import Trial

TRIALS = [
    completed(0, 0.5, 0.6),
    failed(1, "ValueError: no"),
    completed(2, 0.9, 1.0),
    failed(3, "diverged: so"),
]


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of the trials whose files are read, in order."""
    numbers: list[int] = []
    whole = StudyState.whole

    def counted(state: StudyState, number: int) -> Trial:
        numbers.append(number)
        return whole(state, number)

    monkeypatch.setattr(StudyState, "whole", counted)
    return numbers


def many(folder: Path, count: int) -> StudyState:
    """A study of many trials, of which the best alone has its files."""
    generator = numpy.random.default_rng(0)
    events: list[Event] = [dataclasses.replace(STARTED, num_trials=count, constant=1.0)]
    for number in range(count):
        trial = completed(number, *(1.0 + number + generator.random(3)), width=8 * (1 + number % 5))
        if number == 0:
            write_trial(folder, trial)
        events += [CohortAsked(number, number, (trial.hyperparameters,)), ended_event(trial, "log_loss")]
    return state_of(folder, [Recorded(seq, 0.0, event) for seq, event in enumerate(events, start=1)])


def test_a_diagnosis_is_the_one_of_the_whole_trial_and_is_made_once(tmp_path: Path, read: list[int]) -> None:
    state = made_state(tmp_path, TRIALS)
    diagnoses = Diagnoses(state)
    assert read == []
    assert (list(diagnoses), len(diagnoses), 2 in diagnoses, 4 in diagnoses) == ([0, 1, 2, 3], 4, True, False)
    read.clear()
    expected = {trial.number: diagnose(Evidence(trial, 2, larger=False)) for trial in TRIALS}
    assert dict(diagnoses) == expected
    assert dict(diagnoses) == expected
    assert read == [0, 2], "failed trials need no file"
    with pytest.raises(KeyError):
        diagnoses[4]


def test_files_that_cannot_be_read_cost_one_diagnosis_and_no_more(tmp_path: Path) -> None:
    state = made_state(tmp_path, TRIALS)
    for path in (tmp_path / "trials").glob("000002*"):
        path.unlink()
    explanation = explain_study(state)
    assert explanation.diagnoses[2].name == "not_readable"
    assert "000002" in explanation.diagnoses[2].sentence
    assert explanation.diagnoses[0].name != "not_readable"
    with pytest.raises(RecordError, match="000002"):
        explain_trial(state, 2)


def test_whether_a_larger_network_was_tried_is_as_a_search_of_all_pairs_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = [100, 149, 150, 151, 40, 226]
    trials = [completed(number, 1.0 + number, 2.0, capacity=size) for number, size in enumerate(sizes)]
    larger_by_trial: dict[int, bool | None] = {}

    def keep(evidence: Evidence) -> Diagnosis:
        larger_by_trial[evidence.trial.number] = evidence.larger
        return Diagnosis("undecided", "")

    monkeypatch.setattr(diagnoses, "diagnose", keep)
    state = made_state(tmp_path, [*trials, failed(len(sizes))])
    dict(Diagnoses(state))
    pairs = {
        place: any(other_size >= LARGER * size for other_size in sizes) for place, size in enumerate(sizes)
    }
    assert larger_by_trial == pairs | {len(sizes): None}
    assert set(pairs.values()) == {True, False}


def test_what_an_explanation_rests_on_is_what_was_recorded_when_it_was_made(tmp_path: Path) -> None:
    started = dataclasses.replace(STARTED, constant=1.0, num_epochs=100)
    state = made_state(tmp_path, [completed(0, 0.3, 0.31), completed(1, 0.5, 0.51)], started=started)
    diagnoses = Diagnoses(state)
    curves = (Curve((0.4,), (0.001,)), Curve((0.3,), (0.001,)), Curve((0.1,), (0.001,)))
    parts = BiasVariance(0, LOG_LOSS, (2,), 2, *curves, (0.1,), {}, {}, 1.0, 8, 1, 2, 100)
    state.apply(Recorded(state.seq + 1, 0.0, decomposed(tmp_path, parts)))
    assert diagnoses[0].name == "not_analyzed"
    assert Diagnoses(state)[0].name == "variance_bound"


def test_an_explanation_of_many_trials_reads_the_files_of_the_best_alone(
    tmp_path: Path, read: list[int]
) -> None:
    explanation = explain_study(many(tmp_path, 3000))
    assert read == [0]
    assert explanation.answer[1].startswith("The best of 3,000 trials is trial 0: ")
    assert len(explanation.diagnoses) == 3000
    assert read == [0]


def test_the_importance_of_many_trials_says_how_many_it_rests_on(tmp_path: Path) -> None:
    of_many = explain_study(many(tmp_path / "many", 1200))
    assert of_many.importance_trials == 1000
    few = explain_study(many(tmp_path / "few", 40))
    assert few.importance_trials == 40
    known = Importance(("width",), {"width": 0.9}, (), {}, r2=0.9)
    text = "What matters most for the score, by its share of the variance"
    for explanation, note in ((of_many, ", by 1,000 of 1,200 trials drawn at random"), (few, "")):
        shares = _shares(dataclasses.replace(explanation, importance=known), len(explanation.diagnoses))
        assert shares == [f"{text}{note}: `width` 90%."]
