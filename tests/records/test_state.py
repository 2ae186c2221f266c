"""What is known of a run follows from its events alone: however they arrive, it is the same."""

import dataclasses
import math
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_states import decomposed, made_state
from paper_trials import completed, failed
from record_samples import SAMPLES, bits, ended, started

from automl.errors import RecordError
from automl.evaluation.bias_variance import BiasVariance, Curve
from automl.records.encoding import from_json, kind_of, to_json
from automl.records.events import (
    CohortAsked,
    Event,
    Finished,
    PhaseBegun,
    PhaseEnded,
    Recorded,
    StudyContinued,
    TrialEnded,
)
from automl.records.files import ended_event, light_trial
from automl.records.outcomes import Analyzed, Exported, VerdictReached
from automl.records.state import StudyState, state_of
from automl.trial import Direction, Objective

NOWHERE = Path("/nowhere")


def in_order(*events: Event) -> list[Recorded]:
    return [Recorded(seq, 10.0 * seq, event) for seq, event in enumerate(events, start=1)]


def known(state: StudyState) -> dict[str, Any]:
    """All that a state holds, comparable bit by bit."""
    of_events = {
        name: bits(list(value.items()) if isinstance(value, dict) else value)
        for name, value in vars(state).items()
        if name not in ("_by_number", "_trials")  # made when they are asked for
    }
    return of_events | {"trials": bits(state.trials)}


@st.composite
def histories(draw: st.DrawFn) -> list[Recorded]:
    """The events of a run: trials of cohorts, between them all that may happen."""
    events: list[Event] = [started(direction=draw(st.sampled_from(["min", "max"])))]
    scores = st.lists(st.floats(-1e100, 1e100), min_size=1, max_size=3)
    num_trials = 0
    for cohort in range(draw(st.integers(0, 4))):
        values = draw(st.lists(st.fixed_dictionaries({"width": st.integers()}), min_size=1, max_size=3))
        events.append(CohortAsked(cohort, num_trials, tuple(values)))
        for number in draw(st.permutations(range(num_trials, num_trials + len(values)))):
            events.append(ended(number, *draw(scores), state=draw(st.sampled_from(["complete", "failed"]))))
            events += draw(st.lists(st.sampled_from(SAMPLES[1:2] + SAMPLES[5:]), max_size=2))
        num_trials += len(values)
    return in_order(*events)


@settings(max_examples=40)
@given(histories(), st.data())
def test_a_state_is_the_same_however_the_events_arrive(history: list[Recorded], data: st.DataObject) -> None:
    at_once = state_of(NOWHERE, history)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(history)), max_size=3)))
    in_parts = StudyState(NOWHERE)
    for end in [*cuts, len(history)]:
        for recorded in history[in_parts.seq : end]:
            in_parts.apply(recorded)
            _ = in_parts.trials, in_parts.best, in_parts.running_cohorts
    twice = StudyState(NOWHERE)
    for recorded in (*history[: len(history) // 2], *history, *history):
        twice.apply(recorded)
    read_back = [
        dataclasses.replace(recorded, event=from_json(kind_of(recorded.event), to_json(recorded.event)))
        for recorded in history
    ]
    assert known(in_parts) == known(at_once)
    assert known(twice) == known(at_once)
    assert known(state_of(NOWHERE, read_back)) == known(at_once)


@settings(max_examples=40)
@given(histories())
def test_the_best_trial_is_that_of_the_objective(history: list[Recorded]) -> None:
    state = StudyState(NOWHERE)
    for recorded in history:
        state.apply(recorded)
        assert state.best == state.objective.best(list(state.trials))


def test_of_equal_trials_the_earlier_one_is_best_whichever_ended_first() -> None:
    state = state_of(NOWHERE, in_order(started(), ended(2, 0.5), ended(0, 0.5), ended(1, 0.5)))
    assert state.best is not None
    assert state.best.number == 0
    assert [trial.number for trial in state.trials] == [0, 1, 2]


@pytest.mark.parametrize("direction", ["min", "max"])
@pytest.mark.parametrize("scores", [(math.nan,), (math.inf, -math.inf), (), (1e308, 1e308, math.nan)])
def test_a_score_that_is_not_a_number_is_never_best(direction: str, scores: tuple[float, ...]) -> None:
    for events in ((ended(0, *scores), ended(1, 0.5)), (ended(0, 0.5), ended(1, *scores))):
        state = state_of(NOWHERE, in_order(started(direction=direction), *events))
        assert state.best is not None
        assert state.best.fold_scores("log_loss") == (0.5,)


def test_scores_beyond_the_largest_number_stop_nothing() -> None:
    state = state_of(NOWHERE, in_order(started(), ended(0, 1.7e308, 1.7e308), ended(1, 0.5)))
    assert state.best == state.trial(1)


def test_what_is_applied_already_changes_nothing() -> None:
    state = state_of(NOWHERE, in_order(started(), ended(0, 0.5)))
    before = known(state)
    state.apply(Recorded(2, 999.0, ended(7, 0.1)))
    state.apply(Recorded(1, 999.0, started("other")))
    assert known(state) == before


def test_a_number_that_is_left_out_stops_nothing() -> None:
    """A broken row is ignored when it is read."""
    state = state_of(NOWHERE, [in_order(started())[0], Recorded(5, 1.0, ended(3, 0.5))])
    assert (state.seq, state.num_trials) == (5, 1)


def test_the_first_record_of_a_trial_counts() -> None:
    state = state_of(NOWHERE, in_order(started(), ended(0, 0.5), ended(0, 0.1), ended(1, 0.4)))
    assert [trial.fold_scores("log_loss") for trial in state.trials] == [(0.5,), (0.4,)]
    assert state.best == state.objective.best(list(state.trials))


def test_a_run_in_the_middle_of_a_cohort() -> None:
    cohorts = CohortAsked(0, 0, ({"width": 8},)), CohortAsked(1, 1, ({"width": 16}, {"width": 32}))
    state = state_of(NOWHERE, in_order(started(), cohorts[0], ended(0, 0.5), cohorts[1], ended(2, 0.5)))
    assert state.running_cohorts == [cohorts[1]]
    assert (state.num_asked, state.num_trials) == (3, 2)
    assert [state.has_ended(number) for number in range(4)] == [True, False, True, False]
    assert dict(state.configurations) == {0: {"width": 8}, 1: {"width": 16}, 2: {"width": 32}}
    assert state.trial(2).hyperparameters == {"width": 32}
    state.apply(Recorded(6, 1.0, ended(1, 0.5)))
    assert state.running_cohorts == []


def test_a_trial_that_is_not_there_is_named_with_those_that_are() -> None:
    state = state_of(NOWHERE, in_order(started(), ended(0, 2.0), ended(1, 3.0)))
    with pytest.raises(RecordError, match=r"^/nowhere: there is no trial 2\. Trials 0 to 1 are recorded\.$"):
        state.trial(2)
    with pytest.raises(RecordError, match=r"there is no trial 0\. No trial has ended\.$"):
        state_of(NOWHERE, in_order(started())).trial(0)


def test_a_record_without_its_beginning_is_refused() -> None:
    with pytest.raises(RecordError, match=r"^/nowhere: the record does not begin with a study\."):
        _ = StudyState(NOWHERE).started
    with pytest.raises(RecordError, match="does not begin with a study"):
        state_of(NOWHERE, [Recorded(2, 1.0, ended(0, 0.5))])


def test_going_on_changes_what_may_change_and_undoes_the_end() -> None:
    first = started(
        bounds={"width": [8, 64, False]}, space={"width": {"int": [8, 64]}}, text="a", time_limit=9.0
    )
    end = Finished("stopped", 3.0, "interrupted")
    state = state_of(NOWHERE, in_order(first, PhaseBegun("search"), end))
    assert (state.finished, state.phase) == (end, "")
    wider = StudyContinued(
        "b", 9, None, ("x",), {"width": [8, 128, False]}, {"width": {"int": [8, 128]}}, "search"
    )
    state.apply(Recorded(4, 1.0, wider))
    assert (state.finished, state.continued) == (None, [wider])
    assert (state.started.num_trials, state.first_num_trials) == (9, 3)
    assert (state.started.text, state.started.time_limit) == ("b", None)
    assert state.started.space == {"width": {"int": [8, 128]}}
    state.apply(Recorded(5, 1.0, StudyContinued("", 10)))
    assert (state.started.text, state.started.bounds) == ("b", {"width": [8, 128, False]})


def test_phases_begin_and_end() -> None:
    state = state_of(
        NOWHERE, in_order(started(), PhaseBegun("search"), PhaseEnded("search"), PhaseBegun("refit"))
    )
    assert state.phase == "refit"


def test_the_last_verdict_export_and_readings_are_known() -> None:
    verdicts = VerdictReached(0), VerdictReached(1, sentences=("Good.",))
    state = state_of(
        NOWHERE, in_order(started(), verdicts[0], Exported(0, 3), *SAMPLES[7:9], verdicts[1], Exported(1, 4))
    )
    assert (state.verdict, state.exported) == (verdicts[1], Exported(1, 4))
    assert (state.intended, state.tests) == ([SAMPLES[7]], [SAMPLES[8]])


def decomposition(trial: int, risk: float) -> BiasVariance:
    curve = Curve((risk,), (0.1,))
    return BiasVariance(
        trial, "log_loss", (1,), 1, curve, curve, curve, (0.5,), {"data": 0.1}, {}, 1.0, 8, 2, 5, 100
    )


def test_answers_are_read_from_their_files_and_the_last_one_counts(tmp_path: Path) -> None:
    state = made_state(
        tmp_path, [completed(0, 0.5), completed(1, 0.4)], decomposed(tmp_path, decomposition(0, 2.0))
    )
    assert dict(state.bias_variance) == {0: decomposition(0, 2.0)}
    state.apply(Recorded(100, 1.0, decomposed(tmp_path, decomposition(1, 3.0))))
    state.apply(Recorded(101, 1.0, decomposed(tmp_path, decomposition(0, 1.0))))
    assert dict(state.bias_variance) == {0: decomposition(0, 1.0), 1: decomposition(1, 3.0)}
    assert state.answer("bias_variance", 0)["risk"]["values"] == [1.0]
    assert (dict(state.learning_curve), dict(state.columns), dict(state.answer("columns", 0))) == ({}, {}, {})


@pytest.mark.parametrize("content", [b"", b"{", b'{"trial": 0}', b"[]", b'{"trial":0,"risk":3}'])
def test_an_answer_that_is_broken_is_named(tmp_path: Path, content: bytes) -> None:
    state = made_state(tmp_path, [completed(0, 0.5)], decomposed(tmp_path, decomposition(0, 2.0)))
    file = tmp_path / "analyses/bias_variance-000000.json"
    file.write_bytes(content)
    with pytest.raises(RecordError) as caught:
        _ = state.bias_variance
    assert str(caught.value).startswith(f"{file} is broken: ")
    assert str(caught.value).endswith("Restore it, or delete the run.")


def test_an_answer_that_is_gone_is_named(tmp_path: Path) -> None:
    state = made_state(tmp_path, [], Analyzed("columns", 3, "analyses/columns-000003.json"))
    with pytest.raises(
        RecordError, match=r"columns-000003\.json cannot be read: No such file or directory\.$"
    ):
        _ = state.columns


def test_a_whole_trial_has_what_its_event_leaves_out(tmp_path: Path) -> None:
    trials = [completed(0, 0.5, 0.25, width=8), failed(1, width=16)]
    state = made_state(tmp_path, trials)
    assert [state.whole(number) for number in range(2)] == trials
    assert state.trial(0).folds[0].training_loss == ()
    assert state.trial(0).mean("log_loss") == trials[0].mean("log_loss")
    assert state.completed == [state.trial(0)]


def test_a_trial_is_light_with_the_numbers_of_its_folds() -> None:
    event = TrialEnded(4, "failed", (0.5, 0.25), (3, 9), folds=(1, 4))
    light = light_trial(event, {"width": 8}, "log_loss")
    assert [(fold.fold, fold.scores, fold.best_epoch) for fold in light.folds] == [
        (1, {"log_loss": 0.5}, 3),
        (4, {"log_loss": 0.25}, 9),
    ]


def test_the_event_of_a_trial_says_what_is_needed_of_it() -> None:
    whole = completed(3, 0.5, 0.25, width=8)
    event = ended_event(whole, "log_loss")
    assert event == TrialEnded(3, "complete", (0.5, 0.25), (2, 2), 1234, 2.0)
    part = dataclasses.replace(whole, folds=whole.folds[1:])
    assert ended_event(part, "log_loss").folds == (1,)
    assert ended_event(whole, "unknown").scores == ()
    long = ended_event(failed(0, "x" * 5000), "log_loss").reason
    assert (len(long), long[-1]) == (300, "…")


def test_means_of_light_trials_are_those_of_whole_ones() -> None:
    scores = tuple(numpy.random.default_rng(0).normal(size=7).tolist())
    whole = completed(0, *scores)
    light = light_trial(ended_event(whole, "log_loss"), {}, "log_loss")
    assert light.mean("log_loss") == whole.mean("log_loss") == math.fsum(scores) / 7
    assert light.standard_error("log_loss") == whole.standard_error("log_loss")
    assert Objective("log_loss", Direction.MINIMIZE).best([light]) == light


@pytest.mark.parametrize("direction", ["min", "max"])
def test_the_best_trials_are_those_that_the_objective_ranks_first(direction: str) -> None:
    scores = [0.5, 0.25, math.nan, 0.5, math.inf, 0.75, 0.25]
    trials = [completed(number, score, score) for number, score in enumerate(scores)]
    trials = [*trials, failed(len(trials)), failed(len(trials) + 1)]
    begun = started(metric="log_loss", direction=direction)
    state = state_of(
        NOWHERE, in_order(begun, *(ended_event(trial, "log_loss") for trial in reversed(trials)))
    )
    ranked = Objective("log_loss", Direction(direction)).rank(list(state.trials))
    assert [trial.number for trial in state.ranked()] == [trial.number for trial in ranked]
    assert state.ranked(3) == ranked[:3]
    assert state.training_seconds == pytest.approx(sum(trial.seconds for trial in trials))
