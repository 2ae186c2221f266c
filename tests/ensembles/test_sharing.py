"""Networks dealt out to the trials of an ensemble."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from automl.ensembles.sharing import MOST_NETWORKS, affordable, shared_out

WEIGHTS = {3: 0.5, 1: 0.3, 2: 0.2}


@given(
    st.dictionaries(st.integers(0, 50), st.floats(0.01, 1.0), min_size=1, max_size=12),
    st.integers(1, 20),
)
def test_all_networks_are_dealt_out_and_no_trial_with_one_is_lighter_than_one_without(weights, total) -> None:
    counts = shared_out(weights, total)
    assert sum(counts.values()) == total
    assert all(count >= 1 for count in counts.values())
    left_out = [weight for trial, weight in weights.items() if trial not in counts]
    assert not left_out or max(left_out) <= min(weights[trial] for trial in counts)


@given(st.integers(1, 20), st.permutations([5, 6, 7]))
def test_shares_follow_weights_whatever_the_trials_are_called(total, names) -> None:
    renamed = dict(zip(names, (0.6, 0.25, 0.15), strict=True))
    assert list(shared_out(renamed, total).values()) == list(
        shared_out({0: 0.6, 1: 0.25, 2: 0.15}, total).values()
    )


def alike(counts: dict[int, int]) -> float:
    """Each network takes a second."""
    return float(sum(counts.values()))


def test_as_many_networks_as_there_is_time_for() -> None:
    assert affordable(WEIGHTS, alike, 1000.0) == {3: 4, 1: 2, 2: 2}
    assert sum(affordable(WEIGHTS, alike, 1000.0).values()) == MOST_NETWORKS
    assert affordable(WEIGHTS, alike, 4.0) == {3: 2, 1: 1, 2: 1}
    assert affordable(WEIGHTS, alike, 2.5) == {3: 1, 1: 1}
    assert affordable(WEIGHTS, lambda counts: alike(counts) + 9.0 * counts[3], 2.5) == {}
    assert affordable({7: 1.0}, lambda counts: 2.0 * counts[7], 5.0) == {7: 2}


def test_more_trials_than_networks_have_one_each() -> None:
    many = dict.fromkeys(range(10), 0.1)
    assert affordable(many, alike, 100.0) == dict.fromkeys(range(10), 1)
    assert pytest.approx(1.0) == sum(many.values())
