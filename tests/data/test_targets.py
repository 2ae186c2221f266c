"""The target of a regression as a network learns it, and back."""

import math

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.preprocessing import StandardScaler

from automl.data.targets import MARGIN, NO_SCALING, TARGET_TRANSFORMS, fit_target

VALUES = numpy.random.default_rng(3).lognormal(2.0, 1.0, 200)


@pytest.mark.parametrize("transform", TARGET_TRANSFORMS)
def test_a_target_is_standardized_as_scikit_learn_does(transform: str) -> None:
    learned = (numpy.log(VALUES) if transform == "log" else VALUES)[:, None]
    scaled = fit_target(VALUES, transform).apply(VALUES)
    assert scaled.dtype == numpy.float32
    numpy.testing.assert_allclose(scaled, StandardScaler().fit_transform(learned)[:, 0], rtol=1e-5, atol=1e-6)


def test_by_hand() -> None:
    scaling = fit_target(numpy.array([2.0, 4.0]), "none")
    assert scaling.apply(numpy.array([2.0, 3.0, 6.0])).tolist() == [-1.0, 0.0, 3.0]
    # The range is 2, so that predictions may leave it by 0.1.
    outputs = numpy.array([-1.0, 0.0, 1.05, 3.0, -9.0], "float32")
    numpy.testing.assert_allclose(scaling.undo(outputs), [2.0, 3.0, 4.05, 4.1, 1.9], rtol=1e-6)


def test_by_hand_on_the_logarithm() -> None:
    scaling = fit_target(numpy.array([1.0, math.e**2]), "log")
    numpy.testing.assert_allclose(
        scaling.apply(numpy.array([1.0, math.e, math.e**3])), [-1.0, 0.0, 2.0], atol=1e-6
    )
    high = math.e**2 + MARGIN * (math.e**2 - 1.0)
    predicted = scaling.undo(numpy.array([0.0, 1e9, -1e9], "float32"))
    numpy.testing.assert_allclose(predicted, [math.e, high, math.exp(-MARGIN)], rtol=1e-6)
    assert (predicted > 0).all()


@settings(max_examples=60, deadline=None)
@given(
    arrays(
        numpy.float64,
        st.integers(2, 30),
        elements=st.integers(1, 10**9).map(lambda number: number / 1000),
    )
)
def test_undo_takes_back_what_apply_did(values: numpy.ndarray) -> None:
    for transform in TARGET_TRANSFORMS:
        scaling = fit_target(values, transform)
        back = scaling.undo(scaling.apply(values))
        assert back.dtype == numpy.float64
        # A float32 keeps 24 bits of the distance to the mean, and the logarithm makes it relative.
        learned = numpy.log(values) if transform == "log" else values
        error = 2**-23 * numpy.abs(learned - scaling.mean) + 1e-12 * (1 + numpy.abs(learned))
        assert (numpy.abs(back - values) <= error * (2 * values if transform == "log" else 1.0)).all()


@pytest.mark.parametrize("value", [0.1, 1 / 3, 1e9 + 0.1])
@pytest.mark.parametrize("transform", TARGET_TRANSFORMS)
def test_a_constant_target_is_only_shifted(value: float, transform: str) -> None:
    """Its deviation is rounding noise and not always 0."""
    scaling = fit_target(numpy.full(1001, value), transform)
    assert scaling.scale == 1.0
    assert scaling.undo(numpy.zeros(1, "float32"))[0] == pytest.approx(value, rel=1e-9)
    if transform == "none":
        assert (scaling.low, scaling.high) == (value, value)


def test_the_statistics_are_those_of_the_rows_given() -> None:
    changed = VALUES.copy()
    changed[150:] *= 1e6
    assert fit_target(VALUES[:150], "log") == fit_target(changed[:150], "log")
    assert fit_target(VALUES, "log") != fit_target(changed, "log")


def test_no_scaling_leaves_values_as_they_are() -> None:
    values = numpy.array([[1.5, -2.0]])
    assert NO_SCALING.apply(values).tolist() == [[1.5, -2.0]]
    assert NO_SCALING.undo(values).tolist() == [[1.5, -2.0]]


def test_a_wild_output_is_a_prediction_still() -> None:
    for transform in TARGET_TRANSFORMS:
        scaling = fit_target(VALUES, transform)
        assert numpy.isfinite(
            scaling.undo(numpy.array([3e38, -3e38, numpy.inf, -numpy.inf], "float32"))
        ).all()
