"""Paired comparisons: how often equal learners are called different, the formulas elsewhere, and sums by hand."""

import dataclasses
import math

import numpy
import pytest
from paper_trials import completed, failed
from scipy import stats

from automl.evaluation.comparison import Comparison, compare, corrected_error, smallest, tied
from automl.trial import Direction, Objective

LOSS = Objective("log_loss", Direction.MINIMIZE)
GAIN = Objective("log_loss", Direction.MAXIMIZE)
NUM_ROWS, NUM_FOLDS, NUM_REPEATS = 100, 5, 10


def error_rates(columns, labels, fold):
    """Shares of wrong labels of the nearest neighbor, of shape (repeat × fold,)."""
    held_out = (fold[:, None, :] == numpy.arange(NUM_FOLDS)[None, :, None]).reshape(-1, NUM_ROWS)
    distances = ((columns[:, None] - columns[None]) ** 2).sum(axis=-1)
    nearest = numpy.argmin(numpy.where(held_out[:, None, :], numpy.inf, distances[None]), axis=-1)
    return ((labels[nearest] != labels) & held_out).sum(axis=1) / held_out.sum(axis=1)


def equal_learners(seed):
    """Error rates on the same folds of two learners, each with columns of its own that say nothing of the labels."""
    generator = numpy.random.default_rng(seed)
    labels = generator.integers(0, 2, NUM_ROWS)
    fold = generator.permuted(numpy.tile(numpy.arange(NUM_ROWS) % NUM_FOLDS, (NUM_REPEATS, 1)), axis=1)
    return [error_rates(generator.normal(size=(NUM_ROWS, 5)), labels, fold) for _ in range(2)]


def test_equal_learners_are_called_different_as_rarely_as_promised():
    """Every guess is wrong half of the time, whatever the training set: neither learner is better."""
    pairs = [equal_learners(seed) for seed in range(1000)]
    corrected = [compare(*pair, NUM_FOLDS, Direction.MINIMIZE, 0.0).p_value for pair in pairs]
    naive = [stats.ttest_rel(*pair).pvalue for pair in pairs]
    assert 0.03 < numpy.mean(numpy.array(corrected) < 0.05) < 0.08
    assert numpy.mean(numpy.array(naive) < 0.05) > 0.40


@pytest.mark.parametrize("rope", [0.0, 0.01, 0.1])
def test_the_probabilities_are_those_of_the_correlated_bayesian_test(rope):
    generator = numpy.random.default_rng(5)
    first, second = generator.normal(0.52, 0.1, 30), generator.normal(0.5, 0.1, 30)
    comparison = compare(first, second, 10, Direction.MAXIMIZE, rope)
    difference = first - second
    variance = numpy.var(difference, ddof=1) * (1 / 30 + 1 / 9)
    posterior = stats.t(29, loc=numpy.mean(difference), scale=numpy.sqrt(variance))
    assert comparison.better == pytest.approx(posterior.sf(rope), rel=1e-12)
    assert comparison.worse == pytest.approx(posterior.cdf(-rope), rel=1e-12)
    assert comparison.equal == pytest.approx(posterior.cdf(rope) - posterior.cdf(-rope), abs=1e-12)
    assert comparison.p_value == pytest.approx(2 * min(posterior.sf(0.0), posterior.cdf(0.0)), rel=1e-12)


def test_an_example_by_hand():
    """Differences 1 and 3: mean 2, s² = 2, error √(2 (1/2 + 1)) = √3; one degree of freedom is a Cauchy tail."""
    comparison = compare([2.0, 5.0], [1.0, 2.0], 2, Direction.MINIMIZE, 1.0)
    assert comparison.difference == 2.0
    assert comparison.standard_error == pytest.approx(math.sqrt(3.0))
    assert comparison.p_value == pytest.approx(1.0 - 2.0 * math.atan(2.0 / math.sqrt(3.0)) / math.pi)
    assert comparison.worse == pytest.approx(0.5 + math.atan(1.0 / math.sqrt(3.0)) / math.pi)
    assert comparison.better == pytest.approx(0.5 - math.atan(3.0 / math.sqrt(3.0)) / math.pi)
    assert comparison.better + comparison.equal + comparison.worse == pytest.approx(1.0)


def test_the_direction_and_the_order_mirror_the_probabilities():
    first, second = [0.1, 0.4, 0.3, 0.2], [0.2, 0.6, 0.3, 0.5]
    least = compare(first, second, 4, Direction.MINIMIZE, 0.05)
    most = compare(first, second, 4, Direction.MAXIMIZE, 0.05)
    swapped = compare(second, first, 4, Direction.MINIMIZE, 0.05)
    assert least.better > 0.5 > least.worse
    assert (least.better, least.worse) == (most.worse, most.better)
    assert (swapped.better, swapped.worse) == pytest.approx((least.worse, least.better))
    assert swapped.difference == -least.difference
    assert swapped.p_value == least.p_value == most.p_value


def test_differences_without_spread_are_not_certain():
    """Three folds that one trial wins have the probability 1/8 if both are equally good."""
    scores = [0.5, 0.25, 0.75]
    higher = [score + 0.125 for score in scores]
    assert compare(scores, scores, 3, Direction.MINIMIZE, 0.0) == Comparison(0.0, 0.0, 1.0, 0.0, 1.0, 0.0)
    assert compare(scores, higher, 3, Direction.MINIMIZE, 0.1) == Comparison(
        -0.125, 0.0, 0.25, 0.875, 0.0, 0.125
    )
    assert compare(scores, higher, 3, Direction.MAXIMIZE, 0.2) == Comparison(
        -0.125, 0.0, 0.25, 0.125, 0.75, 0.125
    )


@pytest.mark.parametrize(
    ("first", "second", "num_folds", "rope"),
    [
        ([1.0], [2.0], 2, 0.0),
        ([1.0, 2.0], [1.0], 2, 0.0),
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 2, 0.0),
        ([1.0, 2.0], [1.0, 2.0], 1, 0.0),
        ([1.0, 2.0], [1.0, 2.0], 2, -0.1),
    ],
)
def test_what_cannot_be_compared_is_refused(first, second, num_folds, rope):
    with pytest.raises(ValueError, match="got"):
        compare(first, second, num_folds, Direction.MINIMIZE, rope)


def test_the_error_of_a_mean_has_the_term_of_the_overlap():
    """Of 1, 2, 3, 4, s² = 5/3: with 4 folds √(5/3 (1/4 + 1/3)), with twice 2 folds √(5/3 (1/4 + 1))."""
    assert corrected_error([1.0, 2.0, 3.0, 4.0], 4) == pytest.approx(math.sqrt(5 / 3 * 7 / 12))
    assert corrected_error([1.0, 2.0, 3.0, 4.0], 2) == pytest.approx(math.sqrt(5 / 3 * 5 / 4))
    assert math.isnan(corrected_error([1.0], 1))


TRIALS = [
    completed(0, 1.00, 2.00, 3.00, capacity=900),
    completed(1, 1.01, 2.30, 3.05, capacity=500),  # differs by less than its differences vary
    completed(2, 2.00, 3.01, 4.00, capacity=10),  # clearly worse, in every fold by the same
    completed(3, 1.02, 2.01, 3.30, capacity=500),  # the better of the two of its capacity
    failed(5),
]


def test_trials_that_cannot_be_told_from_the_best_are_tied():
    assert [trial.number for trial in tied(TRIALS, LOSS, 3)] == [0, 3, 1]
    assert [trial.number for trial in tied(TRIALS, LOSS, 3, level=1.0)] == [0]
    assert [trial.number for trial in tied(TRIALS, GAIN, 3)] == [2]


def test_only_trials_with_as_many_folds_as_the_best_are_tied():
    short = completed(4, 5.0, 5.0, capacity=1)
    assert [trial.number for trial in tied([TRIALS[0], short], LOSS, 3)] == [0]


def test_a_single_score_separates_nothing():
    trials = [completed(0, 2.0), completed(1, 1.0), failed(2), completed(3, 9.0)]
    assert [trial.number for trial in tied(trials, LOSS, 1)] == [1, 0, 3]
    assert smallest(trials, LOSS, 1).number == 1
    assert tied([failed(0)], LOSS, 1) == []


def test_the_smallest_within_one_error_of_the_best_is_the_better_of_two_of_its_capacity():
    """Scores 1, 2, 3 have s² = 1, and the error is √(1/3 + 1/2) = 0.913: a mean of 2.9 is within, 2.92 is not."""
    assert smallest(TRIALS, LOSS, 3).number == 3
    inside, outside = completed(6, 2.9, 2.9, 2.9, capacity=20), completed(7, 2.92, 2.92, 2.92, capacity=19)
    assert smallest([*TRIALS, inside, outside], LOSS, 3).number == 6
    mirrored = [completed(8, 2.1, 2.1, 2.1, capacity=5), completed(9, 1.0, 1.0, 1.0, capacity=1)]
    assert smallest([completed(0, 2.0, 3.0, 4.0, capacity=9), *mirrored], GAIN, 3).number == 8


def test_a_network_of_unknown_capacity_is_not_the_smallest():
    unknown = dataclasses.replace(TRIALS[1], capacity=None)
    assert smallest([TRIALS[0], unknown], LOSS, 3).number == 0
    with pytest.raises(ValueError, match="completed"):
        smallest([failed(0)], LOSS, 3)


def test_ten_thousand_trials_are_compared_with_the_best():
    """Every hundredth equals the best; the others are worse by nearly the same in each fold: t is above 1,000.

    Scores 1, 2, 3 of the best have an error of 0.913, so means up to 2.9129 are within: up to trial 9,128.
    """
    trials = [
        completed(
            number,
            *(
                fold + (number % 100 > 0) * number / 10_000 * (1.0 + 0.001 * (fold - 2.0))
                for fold in (1.0, 2.0, 3.0)
            ),
            capacity=10_000 - number,
        )
        for number in range(10_000)
    ]
    assert [trial.number for trial in tied(trials, LOSS, 3)] == list(range(0, 10_000, 100))
    assert smallest(trials, LOSS, 3).number == 9_900
    assert (
        smallest([trial for trial in trials if trial.number % 100 or not trial.number], LOSS, 3).number
        == 9_128
    )
