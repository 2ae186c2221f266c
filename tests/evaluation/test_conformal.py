"""Margins of prediction intervals: by hand, and their coverage where the truth is known."""

import numpy
import pytest

from automl.evaluation.conformal import STEPS, margins_of, nonconformity


def margin(margins, level):
    return margins[round(level * STEPS) - 1]


def test_how_badly_predictions_fit_by_hand() -> None:
    values = nonconformity(numpy.array([1.0, 5.0]), numpy.array([3.0, 4.5]))
    assert values.tolist() == [2.0, 0.5]
    probabilities = numpy.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]])
    numpy.testing.assert_allclose(nonconformity(numpy.array([0, 1]), probabilities), [0.3, 0.7])


def test_of_nine_rows_90_percent_is_the_largest_error_and_more_cannot_be_told() -> None:
    target = numpy.arange(9.0)
    errors = numpy.array([3.0, 1.0, 9.0, 2.0, 5.0, 4.0, 8.0, 6.0, 7.0])
    margins = margins_of(target, (target + errors)[None])
    assert len(margins) == round(0.9 * STEPS)
    assert [margin(margins, level) for level in (0.1, 0.5, 0.9)] == [1.0, 5.0, 9.0]


def test_repeats_of_the_same_predictions_change_nothing() -> None:
    generator = numpy.random.default_rng(0)
    target, errors = generator.normal(size=57), generator.normal(size=57)
    once = margins_of(target, (target + errors)[None])
    assert margins_of(target, numpy.tile(target + errors, (3, 1))) == once
    order = generator.permutation(57)
    assert margins_of(target[order], (target + errors)[order][None]) == once


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("num_rows", [30, 200])
def test_new_rows_are_covered_as_often_as_is_said(level: float, num_rows: int) -> None:
    """Exchangeable errors: the coverage is ⌈(n + 1) L⌉ / (n + 1) exactly; 4,000 tables tell it to ±0.02."""
    generator = numpy.random.default_rng(1)
    errors = generator.standard_t(3, size=(4000, num_rows + 1))
    covered = [
        abs(error[-1]) <= margin(margins_of(numpy.zeros(num_rows), error[None, :-1]), level)
        for error in errors
    ]
    expected = numpy.ceil((num_rows + 1) * level) / (num_rows + 1)
    assert numpy.mean(covered) == pytest.approx(expected, abs=0.025)


def test_sets_of_classes_hold_the_true_one_as_often_as_is_said() -> None:
    generator = numpy.random.default_rng(2)
    probabilities = generator.dirichlet([0.5, 0.5, 0.5, 0.5], size=6000)
    truth = (probabilities.cumsum(axis=1) < generator.random((6000, 1))).sum(axis=1)
    margins = margins_of(truth[:3000], probabilities[None, :3000])
    within = 1.0 - probabilities[3000:] <= margin(margins, 0.9)
    assert within[numpy.arange(3000), truth[3000:]].mean() == pytest.approx(0.9, abs=0.02)
    assert 1.0 < within.sum(axis=1).mean() < 4.0
