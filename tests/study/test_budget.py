"""How the time of a command is shared out, by a clock that the test turns."""

import math

import pytest

from automl.study.budget import Budget
from automl.training.deadline import end_of_turn


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_without_a_limit_nothing_ends(clock):
    budget = Budget(None, None, clock=clock)
    budget.begin_search()
    clock.now += 1e9
    assert not budget.is_limited and budget.search_seconds is None
    assert {budget.left(), budget.for_search(), budget.for_verdict(), budget.for_bias_variance()} == {
        math.inf
    }


def test_the_search_gets_its_share_of_what_preparation_leaves(clock):
    budget = Budget(10.0, None, began=95.0, clock=clock)  # five seconds have gone
    assert budget.left() == 595.0
    assert budget.search_seconds == pytest.approx(0.6 * (595.0 - 5.0))
    budget.begin_search()
    budget.take_trial(1.0, 1.0)
    clock.now += 0.6 * 590.0
    assert budget.for_search() == pytest.approx(0.0)
    assert budget.before_ending() == pytest.approx(0.4 * 590.0)


def test_a_slow_preparation_keeps_more_time_for_the_ending(clock):
    assert Budget(10.0, None, began=60.0, clock=clock).before_ending() == pytest.approx(560.0 - 0.5 * 40.0)
    assert Budget(2.0, None, began=30.0, clock=clock).before_ending() == pytest.approx(50.0 - 30.0)


def test_the_ending_keeps_a_share_of_a_short_budget(clock):
    budget = Budget(0.3, None, clock=clock)
    assert budget.before_ending() == pytest.approx(18.0 - 4.5)


def test_a_limit_of_the_search_alone_leaves_the_rest_unlimited(clock):
    budget = Budget(None, 2.0, clock=clock)
    budget.begin_search()
    clock.now += 121.0
    assert budget.is_limited
    assert budget.for_search() == pytest.approx(-1.0)
    assert budget.left() == math.inf


def test_the_smaller_limit_ends_the_search(clock):
    assert Budget(10.0, 1.0, clock=clock).search_seconds == 60.0
    assert Budget(1.0, 10.0, clock=clock).search_seconds < 36.0


def test_stages_after_the_search_share_what_is_left(clock):
    budget = Budget(2.0, None, clock=clock)
    clock.now += 70.0
    assert budget.before_ending() == pytest.approx(45.0)
    assert budget.for_verdict() == pytest.approx(0.3 * 45.0)
    assert budget.for_bias_variance() == pytest.approx(0.6 * 45.0)


def search_of(clock, budget, num_running=1, refit_share=0.2):
    """Seconds after which a search ends none of whose trials ends before."""
    budget.begin_search(refit_share)
    budget.begin_cohort(num_running)
    began = clock.now
    while budget.for_search() > 0.0:
        clock.now += 0.01
    return clock.now - began


def test_a_trial_that_never_ends_leaves_time_for_its_refit_and_the_verdict_only(clock):
    """100 s: 98 of them are the trial's and its refit's, 1 s the compilation's; a refit is one fold of five."""
    assert search_of(clock, Budget(105.0 / 60.0, clock=clock)) == pytest.approx(97.0 / 1.2, abs=0.02)


def test_folds_of_a_trial_that_never_ends_get_equal_turns(clock):
    budget = Budget(105.0 / 60.0, clock=clock)
    budget.begin_search(0.2)
    lasted = []
    for fold in range(5):
        began, end = clock.now, end_of_turn(budget.for_search(), 5 - fold)
        while budget.for_search() > end:
            clock.now += 0.01
        lasted.append(clock.now - began)
    assert lasted == pytest.approx([97.0 / 6.0] * 5, abs=0.05)


def test_trials_of_a_large_cohort_leave_time_for_their_analysis(clock):
    """Each costs a tenth of what they take together."""
    assert search_of(clock, Budget(105.0 / 60.0, clock=clock), num_running=10) == pytest.approx(
        60.0, abs=0.02
    )


def test_trials_that_are_cheap_to_analyze_leave_time_for_it(clock):
    budget = Budget(105.0 / 60.0, clock=clock)
    budget.begin_search(0.2)
    clock.now += 24.0
    budget.take_trial(24.0, 24.0)
    assert budget.for_search() == pytest.approx(60.0 - 24.0)


def test_trials_that_are_too_dear_to_analyze_leave_their_time_to_the_search(clock):
    budget = Budget(105.0 / 60.0, clock=clock)
    budget.begin_search(0.2)
    clock.now += 26.0
    budget.take_trial(26.0, 26.0)
    assert budget.for_search() == pytest.approx(97.0 - 0.2 * 26.0 - 26.0)
    clock.now += (
        40.0  # the next trial has run for longer than the first one took, and may need the longer refit
    )
    assert budget.for_search() == pytest.approx(97.0 - 0.2 * 40.0 - 66.0)


def test_without_analyses_their_time_is_the_search_s(clock):
    budget = Budget(105.0 / 60.0, clock=clock)
    budget.begin_search(0.2, analyzed=False)
    budget.take_trial(1.0, 1.0)
    assert budget.for_search() == pytest.approx(97.0 - 0.2)
    assert budget.for_verdict() == pytest.approx(0.8 * 100.0)


def test_a_refit_leaves_something_for_the_verdict(clock):
    budget = Budget(105.0 / 60.0, clock=clock)
    budget.begin_search(0.2)
    clock.now += 90.0
    assert budget.for_refit() == pytest.approx(8.0)
    assert Budget(None, None, clock=clock).for_refit() == math.inf


def test_one_fold_leaves_the_usual_share_for_its_refit(clock):
    assert search_of(clock, Budget(105.0 / 60.0, clock=clock), refit_share=1.0) == pytest.approx(
        60.0, abs=0.02
    )


def test_an_ensemble_has_its_time_before_any_trial_has_ended_and_more_after_long_ones(clock):
    plain, with_ensemble = (Budget(5.0, None, clock=clock) for _ in range(2))
    plain.begin_search(0.4, analyzed=False)
    with_ensemble.begin_search(0.4, analyzed=False, ensemble_share=0.6)
    left = with_ensemble.before_ending()
    assert with_ensemble.for_search() == pytest.approx((1.0 - 0.02 - 0.12) * left - 1.0)
    assert plain.for_search() > with_ensemble.for_search() + 0.1 * left
    with_ensemble.take_trial(80.0, 80.0)
    assert with_ensemble.for_search() == pytest.approx((1.0 - 0.02) * left - 1.0 - (0.4 + 0.6) * 80.0)


def test_an_ensemble_that_is_not_asked_for_has_what_it_needs_and_a_fifth_of_the_time_at_most(clock):
    budget = Budget(5.0, None, clock=clock)
    budget.begin_search(0.4, analyzed=False, ensemble_share=0.6, is_asked=False)
    left = budget.before_ending()
    assert budget.for_search() == pytest.approx((0.98 - 0.2) * left - 1.0)
    budget.take_trial(3.0, None)
    assert budget.for_search() == pytest.approx((0.98 - 0.2) * left - 1.0 - 0.4 * 3.0)
    budget.take_trial(20.0, 20.0)
    assert budget.for_search() == pytest.approx(0.98 * left - 1.0 - (0.4 + 0.6) * 20.0)
    budget.take_trial(120.0, 120.0)
    assert budget.for_search() == pytest.approx(0.98 * left - 1.0 - 0.4 * 120.0 - 0.2 * left)


def test_the_networks_of_an_ensemble_end_before_a_refit_alone_would(clock):
    budget = Budget(5.0, None, clock=clock)
    budget.begin_search(0.4, analyzed=False, ensemble_share=0.6, is_asked=False)
    clock.now += 250.0
    assert budget.for_refit() - budget.for_ensemble() == pytest.approx(0.05 * (300.0 - 5.0))
    unlimited = Budget(None, None, clock=clock)
    unlimited.begin_search()
    assert unlimited.for_ensemble() == math.inf
