"""What ends a search before its trials are used up."""

import dataclasses
import types

import pytest
from paper_trials import completed, failed

from automl.config.reading import make_study
from automl.errors import StudyFailedError
from automl.search.sampler import EndedEarly
from automl.study.search import _result
from automl.study.stopping import Stopping
from automl.trial import Direction, Objective, TrialState

LOSS, ACCURACY = Objective("log_loss", Direction.MINIMIZE), Objective("accuracy", Direction.MAXIMIZE)


def stopping(objective=LOSS, **budget):
    config = make_study({"name": "s", "data": {"sklearn": "wine"}, "budget": budget})
    return Stopping(types.SimpleNamespace(prepared=types.SimpleNamespace(config=config, objective=objective)))


def test_a_trial_that_reaches_the_objective_ends_the_search():
    search = stopping(stop_at=0.5)
    for score in (0.9, 0.51):
        search.take(completed(0, score))
        assert not search.is_over
    search.take(completed(2, 0.4, 0.6))
    assert search.is_over


def test_the_direction_of_the_objective_counts():
    search = stopping(ACCURACY, stop_at=0.6)
    search.take(completed(0, 1.0))  # its accuracy is 0.5
    assert not search.is_over
    assert stopping(ACCURACY, stop_at=0.5).reached is False
    reached = stopping(ACCURACY, stop_at=0.5)
    reached.take(completed(0, 1.0))
    assert reached.is_over


def test_trials_in_a_row_without_improvement_end_the_search():
    search = stopping(stop_after=3)
    for number, score in enumerate((1.0, 1.5, 1.0, 0.9, 0.95)):
        search.take(completed(number, score))
        assert not search.is_over
    search.take(failed(5))
    assert not search.is_over
    search.take(completed(6, 0.9))
    assert search.is_over


def test_trials_that_were_ended_early_say_nothing_of_improvement():
    """Those of a cohort that are weak at a rung all end before the first of those that go on."""
    search = stopping(stop_after=3)
    for number in range(20):
        search.take(dataclasses.replace(completed(number, 1.0), state=TrialState.PRUNED, reason="weak"))
    assert not search.is_over
    for number, score in enumerate((1.0, 1.5, 1.5, 1.5), start=20):
        assert not search.is_over
        search.take(completed(number, score))
    assert search.is_over


def test_without_these_keys_nothing_ends_it():
    search = stopping()
    for number in range(100):
        search.take(completed(number, 1.0))
    assert not search.is_over


def test_ten_trials_that_fail_for_one_reason_end_the_study_with_that_reason():
    search = stopping()
    for number in range(9):
        search.take(failed(number, f"diverged: the loss is not finite (fold 0, epoch {number})"))
    with pytest.raises(
        StudyFailedError, match=r"s: the first 10 trials all failed for the same reason: diverged"
    ):
        search.take(failed(9, "diverged: the loss is not finite (fold 2, epoch 31)"))


def test_failures_for_several_reasons_or_beside_a_success_do_not():
    several = stopping()
    for number in range(30):
        several.take(failed(number, "diverged" if number % 2 else "ValueError: no"))
    beside = stopping()
    beside.take(completed(0, 1.0))
    for number in range(1, 30):
        beside.take(failed(number, "diverged"))
    assert beside.without_improvement == 29


def test_the_sampler_is_told_of_a_pruned_trial_where_it_ended_and_no_score_of_it():
    session = types.SimpleNamespace(prepared=types.SimpleNamespace(objective=LOSS))
    pruned = dataclasses.replace(completed(3, 0.2), state=TrialState.PRUNED, reports=(0.9, 0.7), scale="log")
    assert _result(session, pruned) == EndedEarly(2, 0.7, "log")
    assert _result(session, completed(3, 0.2, 0.4)) == pytest.approx(0.3)
    assert _result(session, failed(3)) is None
