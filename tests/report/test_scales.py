"""Ticks and places on axes, worked out by hand."""

import math

import pytest

from automl.report.scales import (
    Scale,
    around,
    categories,
    fit_scale,
    log_ticks,
    nice_ticks,
    number,
    score_bounds,
)


@pytest.mark.parametrize(
    ("low", "high", "most", "ticks"),
    [
        (0.0, 1.0, 5, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (0.11, 0.48, 4, [0.2, 0.3, 0.4]),
        (0.0, 0.3, 3, [0.0, 0.1, 0.2, 0.3]),
        (-5.0, 5.0, 4, [-5.0, 0.0, 5.0]),
        (-4.0, 9.0, 4, [0.0, 5.0]),
        (955.0, 1045.0, 5, [960.0, 980.0, 1000.0, 1020.0, 1040.0]),
        (1.2e-7, 3.4e-7, 3, [2e-7, 3e-7]),
        (0.0, 3e9, 3, [0.0, 1e9, 2e9, 3e9]),
    ],
)
def test_ticks_are_round_numbers(low: float, high: float, most: int, ticks: list[float]) -> None:
    assert nice_ticks(low, high, most) == ticks


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [
        (1e-4, 1.0, [1e-4, 1e-3, 1e-2, 1e-1, 1.0]),
        (1.0, 100.0, [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0]),
        (0.9, 60.0, [1.0, 2.0, 5.0, 10.0, 20.0, 50.0]),
        (1e-12, 1.0, [1e-12, 1e-10, 1e-8, 1e-6, 1e-4, 1e-2, 1.0]),
        (2.0, 4.0, [2.0, 2.5, 3.0, 3.5, 4.0]),
    ],
)
def test_logarithmic_ticks(low: float, high: float, ticks: list[float]) -> None:
    assert log_ticks(low, high) == ticks


def test_places_on_a_linear_and_a_logarithmic_scale() -> None:
    linear, log = Scale(10.0, 20.0, ()), Scale(1.0, 10_000.0, (), log=True)
    assert [linear.place(value) for value in (10.0, 12.5, 20.0)] == [0.0, 0.25, 1.0]
    assert [log.place(value) for value in (1.0, 10.0, 100.0)] == pytest.approx([0.0, 0.25, 0.5])


@pytest.mark.parametrize("value", [-math.inf, -1e9, 0.0, math.nan])
def test_what_lies_before_a_scale_is_drawn_at_its_beginning(value: float) -> None:
    assert Scale(1.0, 2.0, ()).place(value) == 0.0
    assert Scale(1.0, 2.0, (), log=True).place(value) in (0.0, 1.0)


def test_what_lies_behind_a_scale_is_drawn_at_its_end() -> None:
    assert Scale(1.0, 2.0, ()).place(math.inf) == Scale(1.0, 2.0, (), log=True).place(1e9) == 1.0


@pytest.mark.parametrize("log", [False, True])
@pytest.mark.parametrize(
    "values",
    [[], [0.0], [3.0], [3.0, 3.0], [math.nan, math.inf], [-1.0, -2.0], [1e-30, 1e30], [1e300, 1e-300]],
)
def test_any_values_have_an_axis(values: list[float], log: bool) -> None:
    scale = fit_scale(values, log)
    assert scale.low < scale.high
    assert all(scale.low <= tick <= scale.high for tick, _ in scale.ticks)


def test_a_fitted_scale_leaves_room_at_both_ends() -> None:
    scale = fit_scale([0.0, 10.0], room=0.1)
    assert (scale.low, scale.high) == (-1.0, 11.0)
    assert fit_scale([0.0, 10.0], room=0.1, zero=True).low == 0.0
    log = fit_scale([1.0, 100.0], True, room=0.5)
    assert (log.low, log.high) == pytest.approx((0.1, 1000.0))


def test_epochs_are_whole() -> None:
    assert fit_scale([1.0, 2.0], room=0.0, whole=True).ticks == ((1.0, "1"), (2.0, "2"))


def test_categories_stand_evenly_apart() -> None:
    scale = categories(["a", "b", "c", "d"])
    assert [scale.place(float(place)) for place in range(4)] == [0.125, 0.375, 0.625, 0.875]
    assert [label for _, label in scale.ticks] == ["a", "b", "c", "d"]


def test_a_score_that_diverged_does_not_press_the_others_together() -> None:
    """Losses 1 to 9: median 5, better quartile 3, so the worst that is shown is 5 + 6 · 2 = 17."""
    losses = [float(loss) for loss in range(1, 9)]
    assert score_bounds([*losses, 1e6], False) == (1.0, 17.0)
    assert score_bounds([*losses, 9.0], False) == (1.0, 9.0)
    assert score_bounds([-loss for loss in (*losses, 1e6)], True) == (-17.0, -1.0)
    assert score_bounds([0.5, 0.5, 0.5, 9.0], False) == (0.5, 9.0)
    assert score_bounds([], True) == score_bounds([math.nan], True) == (0.0, 1.0)


def test_around() -> None:
    assert around([1.0, 2.0], [0.5, 0.25]) == ([0.5, 1.75], [1.5, 2.25])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "0"),
        (1234567, "1,234,567"),
        (0.123456, "0.1235"),
        (12345.678, "12,346"),
        (-0.5, "−0.5"),
        (1e-5, "1e−5"),
        (2.5e12, "2.5e12"),
        (math.nan, "–"),
        (math.inf, "∞"),
    ],
)
def test_numbers_for_people(value: float, words: str) -> None:
    assert number(value) == words
