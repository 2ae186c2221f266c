"""What a pruner ends, on reports made by hand."""

import pytest

from automl.search.pruners.rungs import FEWEST, Rungs, Step
from automl.search.pruners.table import PRUNERS
from automl.trial import Report

SHARE = 0.2
RULE = Rungs((Step(0.04, 2, SHARE),))


def reports(values, first=0, scale=""):
    return {number: Report(value, scale) for number, value in enumerate(values, start=first)}


@pytest.mark.parametrize("name", PRUNERS)
def test_whoever_ends_has_just_come_to_the_rung_and_has_a_reason(name):
    pool, new = reports(range(40)), reports([float("inf"), 0.5, 100.0], first=40)
    ended = PRUNERS[name]().judge(0, new, pool | new)
    assert set(ended) <= set(new)
    assert all(reason and not reason.endswith(".") for reason in ended.values())


@pytest.mark.parametrize("name", PRUNERS)
def test_the_order_in_which_trials_are_told_changes_nothing(name):
    new = reports([0.3, 0.1, 0.2, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.35, 0.15])
    turned = dict(reversed(new.items()))
    assert PRUNERS[name]().judge(0, new, new) == PRUNERS[name]().judge(0, turned, turned)


@pytest.mark.parametrize("name", PRUNERS)
def test_rungs_lie_within_the_training(name):
    for epochs in (1, 2, 5, 12, 100):
        for rung in PRUNERS[name]().rungs(epochs, 5):
            assert 0 < rung.epochs < epochs and 0 < rung.num_folds <= 5
        reached = [rung.epochs for rung in PRUNERS[name]().rungs(epochs, 5)]
        assert reached == sorted(set(reached))


def test_no_trial_ends_without_a_pruner():
    assert PRUNERS["none"]().judge(0, reports(range(100)), reports(range(100))) == {}


def test_the_best_fifth_of_a_hundred_goes_on():
    new = reports([float((number * 37) % 100) for number in range(100)])
    ended = RULE.judge(0, new, new)
    assert {new[number].value for number in set(new) - set(ended)} == set(range(round(SHARE * 100)))


def test_of_a_few_trials_some_go_on_in_any_case():
    new = reports(range(8))
    assert set(RULE.judge(0, new, new)) == set(range(FEWEST, 8))
    few = reports(range(FEWEST))
    assert RULE.judge(0, few, few) == {}


def test_a_weak_cohort_ends_as_a_whole_and_a_strong_one_goes_on():
    pool = reports(range(100))
    weak, strong = reports([200.0] * 10, first=100), reports([-1.0] * 10, first=100)
    assert set(RULE.judge(0, weak, pool | weak)) == set(weak)
    assert RULE.judge(0, strong, pool | strong) == {}


def test_of_two_equal_trials_the_earlier_one_goes_on():
    new = reports([1.0] * 20)
    assert set(new) - set(RULE.judge(0, new, new)) == set(range(FEWEST))


def test_losses_are_compared_within_one_scale_only():
    """Of two scales of ten trials each five go on, however the scales lie to each other."""
    new = reports(range(10)) | reports([1000.0 + number for number in range(10)], 10, "log")
    assert set(RULE.judge(0, new, new)) == {*range(5, 10), *range(15, 20)}
