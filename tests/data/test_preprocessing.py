"""Scaling: as scikit-learn's, safe on constant columns, learned from the rows given and from no others."""

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import StandardScaler

from automl.data.preprocessing import NO_SCALING, fit_scaling

GENERATOR = numpy.random.default_rng(3)
TABLES = {
    "ordinary": GENERATOR.normal(5.0, 2.0, (100, 4)),
    "many scales": GENERATOR.normal(0.0, 1.0, (50, 5)) * 10.0 ** numpy.arange(-6, 9, 3) + 7.0,
    "two rows": numpy.array([[1.0, -2.0], [3.0, 5.0]]),
    "zeros and ones": (GENERATOR.random((40, 3)) < 0.2).astype(float),
    "years": GENERATOR.integers(1990, 2020, (200, 1)).astype(float),
    "one constant column": numpy.column_stack([GENERATOR.random(30), numpy.full(30, 4.0)]),
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_scaling_equals_the_standard_scaler(table: numpy.ndarray) -> None:
    scaling, theirs = fit_scaling(table), StandardScaler().fit(table)
    numpy.testing.assert_allclose(scaling.mean, theirs.mean_, rtol=1e-12)
    numpy.testing.assert_allclose(scaling.scale, theirs.scale_, rtol=1e-12)
    expected = theirs.transform(table)
    numpy.testing.assert_allclose(scaling.apply(table), expected, rtol=1e-6, atol=1e-7)


def test_scaling_by_hand() -> None:
    scaling = fit_scaling(numpy.array([[1.0, 10.0], [3.0, 10.0], [5.0, 40.0]]))
    assert scaling.mean.tolist() == [3.0, 20.0]
    numpy.testing.assert_allclose(scaling.scale, numpy.sqrt([8 / 3, 200.0]))
    scaled = scaling.apply(numpy.array([[3.0, 20.0 + 10 * numpy.sqrt(2)]]))
    numpy.testing.assert_allclose(scaled, [[0.0, 1.0]], rtol=1e-6)


def test_scaled_values_are_float32_of_the_same_shape() -> None:
    table = TABLES["ordinary"]
    scaled = fit_scaling(table).apply(table[:7])
    assert (scaled.dtype, scaled.shape) == (numpy.float32, (7, 4))
    assert fit_scaling(table[:, 0]).apply(table[:7, 0]).shape == (7,)


@pytest.mark.parametrize("rows", [2, 3, 1000, 100_001])
@pytest.mark.parametrize("value", [0.0, 0.1, 1 / 3, -1e-300, 1e9 + 0.1, -7e15, 1.7e9])
def test_a_constant_column_is_only_shifted_however_large_and_long(rows: int, value: float) -> None:
    """Its deviation is rounding noise; dividing by that would blow up the first row that differs."""
    scaling = fit_scaling(numpy.column_stack([numpy.full(rows, value), numpy.arange(rows)]))
    assert scaling.scale[0] == 1.0
    other = scaling.apply(numpy.array([[value, 0.0], [value + 2.0, 0.0]]))[:, 0]
    numpy.testing.assert_allclose(other, [0.0, 2.0], atol=1e-2 + abs(value) * 1e-11)


def test_a_constant_target_is_only_shifted() -> None:
    scaling = fit_scaling(numpy.full(1000, 0.1))
    assert scaling.scale.tolist() == 1.0
    numpy.testing.assert_allclose(scaling.apply(numpy.array([0.1, 1.1])), [0.0, 1.0], atol=1e-6)


def test_small_differences_about_a_large_mean_are_not_taken_for_noise() -> None:
    table = numpy.array([[1e9], [1e9 + 1], [1e9 + 2]])
    scaled = fit_scaling(table).apply(table)[:, 0]
    numpy.testing.assert_allclose(scaled, [-numpy.sqrt(1.5), 0.0, numpy.sqrt(1.5)], rtol=1e-6, atol=1e-7)


SHAPES = some.tuples(some.integers(2, 20), some.integers(1, 3))
NUMBERS = some.integers(-(10**9), 10**9).map(lambda number: number / 1000)


@settings(max_examples=60, deadline=None)
@given(values=arrays(numpy.float64, SHAPES, elements=NUMBERS))
def test_undo_takes_back_what_apply_did(values: numpy.ndarray) -> None:
    scaling = fit_scaling(values)
    back = scaling.undo(scaling.apply(values))
    assert back.dtype == numpy.float64
    # A float32 keeps 24 bits of the distance to the mean.
    distance = numpy.abs(values - scaling.mean)
    assert (numpy.abs(back - values) <= 2**-23 * distance + 1e-12 * (1 + numpy.abs(values))).all()


def test_undo_by_hand() -> None:
    scaling = fit_scaling(numpy.array([2.0, 4.0]))
    assert scaling.undo(numpy.array([-1.0, 0.0, 3.0], "float32")).tolist() == [2.0, 3.0, 6.0]


def test_the_statistics_are_those_of_the_rows_given() -> None:
    table = TABLES["ordinary"].copy()
    fit = fit_scaling(table[:60])
    table[60:] = 1e6
    again = fit_scaling(table[:60])
    assert numpy.array_equal(fit.mean, again.mean)
    assert numpy.array_equal(fit.scale, again.scale)
    applied = fit.apply(table)
    assert applied[:60].mean() == pytest.approx(0.0, abs=1e-6)
    assert applied[60:].min() > 1e5, "the other rows had a say in the statistics"


def test_scaling_leaves_the_given_rows_alone() -> None:
    table = TABLES["ordinary"].copy()
    fit_scaling(table).apply(table)
    assert numpy.array_equal(table, TABLES["ordinary"])


def test_no_scaling_leaves_values_as_they_are() -> None:
    values = numpy.array([[1.5, -2.0]])
    assert NO_SCALING.apply(values).tolist() == [[1.5, -2.0]]
    assert NO_SCALING.undo(values).tolist() == [[1.5, -2.0]]
