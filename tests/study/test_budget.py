"""How the time of a command is shared out, by a clock that the test turns."""

import math

import pytest

from automl.study.budget import Budget


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
    assert budget.search_seconds == pytest.approx(0.6 * (595.0 - 12.0))
    budget.begin_search()
    clock.now += 0.6 * 583.0
    assert budget.for_search() == pytest.approx(0.0)
    assert budget.before_ending() == pytest.approx(0.4 * 583.0)


def test_a_slow_preparation_keeps_as_much_time_for_the_ending(clock):
    assert Budget(10.0, None, began=60.0, clock=clock).before_ending() == pytest.approx(560.0 - 40.0)
    assert Budget(2.0, None, began=60.0, clock=clock).before_ending() == pytest.approx(80.0 - 30.0)


def test_the_ending_keeps_a_share_of_a_short_budget(clock):
    budget = Budget(0.5, None, clock=clock)
    assert budget.before_ending() == pytest.approx(30.0 - 7.5)


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
    assert budget.before_ending() == pytest.approx(38.0)
    assert budget.for_verdict() == pytest.approx(0.3 * 38.0)
    assert budget.for_bias_variance() == pytest.approx(0.6 * 38.0)
