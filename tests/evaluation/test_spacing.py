"""A few of many: as many as asked, from end to end, at even steps."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from automl.evaluation.spacing import evenly_spaced


@given(st.integers(0, 500), st.integers(2, 60))
def test_the_elements_span_all_of_them_at_even_steps(count: int, most: int) -> None:
    chosen = evenly_spaced(range(count), most)
    assert len(chosen) == min(count, most)
    assert chosen == sorted(set(chosen))
    if chosen:
        assert (chosen[0], chosen[-1]) == (0, count - 1)
    steps = {later - earlier for earlier, later in itertools.pairwise(chosen)}
    assert not steps or max(steps) - min(steps) <= 1


def test_fewer_than_two_are_the_first_ones() -> None:
    assert evenly_spaced("abc", 1) == ["a"]
    assert evenly_spaced("abc", 0) == []
