"""Loss against rows: known power laws, curves that promise nothing, and intervals that cover."""

import numpy
import pytest
from scipy import optimize

from automl.evaluation.learning_curve import learning_curve

ROWS = 2.0 ** numpy.arange(5, 11)
NUM_REPLICAS = 8


def law(a, b, c, rows=ROWS):
    return a + b * rows**-c


def noisy(truth, noise, seed):
    """Losses of replicas around a curve, of shape (anchor, replica), with less noise where there are more rows."""
    spread = noise * ROWS[:, None] ** -0.5
    return truth[:, None] + spread * numpy.random.default_rng(seed).normal(size=(len(ROWS), NUM_REPLICAS))


@pytest.mark.parametrize(
    ("a", "b", "c"), [(0.3, 4.0, 0.5), (0.05, 1.0, 0.2), (1.0, 50.0, 1.2), (2.0, 300.0, 1.9)]
)
def test_a_curve_without_noise_is_recovered(a, b, c):
    curve = learning_curve(ROWS, numpy.repeat(law(a, b, c)[:, None], NUM_REPLICAS, axis=1), seed=0)
    assert (curve.a, curve.b, curve.c) == pytest.approx((a, b, c), rel=0.02)
    gain = b * (1024.0**-c - 2048.0**-c)
    assert (curve.gain.value, curve.gain.low, curve.gain.high) == pytest.approx((gain, gain, gain), rel=0.02)
    fitted, low, high = curve.predicted([100.0, 4096.0])
    assert fitted == pytest.approx(law(a, b, c, numpy.array([100.0, 4096.0])), rel=0.02)
    assert (low, high) == (pytest.approx(fitted, rel=1e-6), pytest.approx(fitted, rel=1e-6))
    assert curve.monotone


def test_the_means_and_their_errors_are_those_of_the_replicas():
    curve = learning_curve([10, 20, 40], numpy.array([[4.0, 6.0], [3.0, 3.0], [1.0, 2.0]]), seed=0)
    assert curve.rows == (10.0, 20.0, 40.0)
    assert curve.losses_mean == (5.0, 3.0, 1.5)
    assert curve.losses_error == pytest.approx((1.0, 0.0, 0.5))


@pytest.mark.parametrize("seed", range(5))
def test_no_start_of_a_general_solver_finds_a_better_fit(seed):
    """Anchors without a spread have equal weights, so that the plain sum of squares is what is least."""
    losses = noisy(law(0.2, 3.0, 0.6), 1.0, seed).mean(axis=1)
    curve = learning_curve(ROWS, numpy.repeat(losses[:, None], 2, axis=1), seed=0)
    residual = sum((law(curve.a, curve.b, curve.c) - losses) ** 2)
    solved = [
        optimize.least_squares(
            lambda at: law(*at) - losses, start, bounds=([0, 0, 0.01], [numpy.inf, numpy.inf, 2])
        )
        for start in [(0.1, 1.0, 0.3), (0.1, 5.0, 0.8), (0.3, 20.0, 1.5)]
    ]
    assert residual <= min(2.0 * fit.cost for fit in solved) * (1.0 + 1e-6)


def test_a_falling_curve_says_that_more_rows_help():
    curve = learning_curve(ROWS, noisy(law(0.3, 4.0, 0.5), 0.3, 1), seed=0)
    assert curve.monotone
    assert curve.says_more_rows_help
    assert 0.0 < curve.gain.low < curve.gain.value < curve.gain.high


def test_a_rising_curve_gives_no_advice():
    curve = learning_curve(ROWS, noisy(1.0 + 0.1 * numpy.log(ROWS), 0.3, 1), seed=0)
    assert not curve.monotone
    assert not curve.says_more_rows_help
    assert curve.gain.value == 0.0


def test_a_curve_that_rises_in_between_gives_no_advice():
    truth = law(0.3, 4.0, 0.5)
    truth[3] += 0.5
    curve = learning_curve(ROWS, noisy(truth, 0.3, 1), seed=0)
    assert not curve.monotone
    assert not curve.says_more_rows_help


def test_a_curve_that_has_leveled_off_gives_no_advice():
    """At 1024 rows, 100 n^−2 is a ten-thousandth of the loss of 1."""
    curve = learning_curve(ROWS, noisy(law(1.0, 100.0, 2.0), 0.001, 1), seed=0)
    assert curve.monotone
    assert not curve.says_more_rows_help


def test_flat_noise_hardly_ever_gives_advice():
    flat = numpy.ones(len(ROWS))
    verdicts = [learning_curve(ROWS, noisy(flat, 0.5, seed), seed).says_more_rows_help for seed in range(100)]
    assert numpy.mean(verdicts) <= 0.05


def of_folds(truth, num_folds, seed, repeats=1):
    """Losses of folds that share their rows over the anchors, and have some noise of their own at each."""
    generator = numpy.random.default_rng(seed)
    of_folds_alone = generator.normal(0.0, 0.03, (1, num_folds * repeats))
    return truth[:, None] + of_folds_alone + generator.normal(0.0, 0.02, (len(truth), num_folds * repeats))


@pytest.mark.parametrize("num_folds", [3, 5])
def test_the_gain_is_covered_with_few_folds(num_folds):
    """Nominal 95 %; of 120 curves, two binomial errors are 4 %. With three folds it was 74 %."""
    truth, gain = law(0.3, 4.0, 0.5), 4.0 * (1024.0**-0.5 - 2048.0**-0.5)
    covered = []
    for seed in range(120):
        gained = learning_curve(ROWS, of_folds(truth, num_folds, seed), seed).gain
        covered.append(gained.low <= gain <= gained.high)
    assert numpy.mean(covered) >= 0.91


def test_below_five_networks_at_a_number_of_rows_nothing_is_claimed():
    truth = law(0.3, 4.0, 0.5)
    four, five, repeated = (
        learning_curve(ROWS, of_folds(truth, *counts), 0, counts[2])
        for counts in ((4, 0, 1), (5, 0, 1), (3, 0, 2))
    )
    assert "it has 4 networks" in four.refused and not four.says_more_rows_help
    assert not five.refused and five.says_more_rows_help
    assert not repeated.refused


def test_the_same_round_twice_is_as_uncertain_as_once():
    once = of_folds(law(0.3, 4.0, 0.5), 5, 0)
    twice = numpy.concatenate([once, once], axis=1)
    first, two = learning_curve(ROWS, once, 0), learning_curve(ROWS, twice, 0, repeats=2)
    assert two.losses_error == pytest.approx(first.losses_error)
    assert learning_curve(ROWS, twice, 0).losses_error[0] < 0.75 * two.losses_error[0]


def test_rounds_that_share_nothing_count_as_so_many_folds():
    """Mean ratio of the errors over 20 draws; rounding up what rounds have in common adds some."""
    ratios = []
    for seed in range(20):
        losses = of_folds(law(0.3, 4.0, 0.5), 5, seed, repeats=4)
        errors = [learning_curve(ROWS, losses, 0, repeats).losses_error for repeats in (4, 1)]
        ratios.append(numpy.mean(numpy.divide(*errors)))
    assert 1.0 <= numpy.mean(ratios) < 1.7


def test_a_reason_that_is_given_forbids_the_claim():
    losses = noisy(law(0.3, 4.0, 0.5), 0.3, 1)
    assert learning_curve(ROWS, losses, 0).says_more_rows_help
    silent = learning_curve(ROWS, losses, 0, refused="the epochs ran out")
    assert (silent.refused, silent.says_more_rows_help) == ("the epochs ran out", False)


@pytest.mark.parametrize(("a", "b", "c", "noise"), [(0.3, 4.0, 0.5, 1.0), (1.0, 50.0, 1.2, 0.5)])
def test_the_band_covers_the_truth(a, b, c, noise):
    """Each of the anchors, twice and four times the most rows, and the gain, in a hundred simulated curves."""
    counts = numpy.append(ROWS, [2048.0, 4096.0])
    truth, gain = law(a, b, c, counts), b * (1024.0**-c - 2048.0**-c)
    covered, gains = [], []
    for seed in range(100):
        curve = learning_curve(ROWS, noisy(law(a, b, c), noise, seed), seed)
        _, low, high = curve.predicted(counts)
        covered.append((low <= truth) & (truth <= high))
        gains.append(curve.gain.low <= gain <= curve.gain.high)
    assert (numpy.mean(covered, axis=0) >= 0.90).all()
    assert numpy.mean(gains) >= 0.90


def test_the_same_seed_gives_the_same_curve():
    losses = noisy(law(0.3, 4.0, 0.5), 1.0, 0)
    first, again, another = (learning_curve(ROWS, losses, seed) for seed in (3, 3, 4))
    assert first == again
    assert (first.a, first.b, first.c, first.gain.value) == (
        another.a,
        another.b,
        another.c,
        another.gain.value,
    )
    assert first.gain != another.gain


@pytest.mark.parametrize("rows", [[4097.0], [64.0, 1e6], [0.0], [-1.0], [numpy.nan]])
def test_a_curve_is_not_read_far_outside_of_what_was_tried(rows):
    curve = learning_curve(ROWS, noisy(law(0.3, 4.0, 0.5), 0.3, 0), seed=0)
    with pytest.raises(ValueError, match="at most 4 × 1024"):
        curve.predicted(rows)


@pytest.mark.parametrize(
    ("rows", "losses"),
    [
        ([1.0, 2.0], numpy.ones((2, 8))),
        ([1.0, 3.0, 2.0], numpy.ones((3, 8))),
        ([0.0, 1.0, 2.0], numpy.ones((3, 8))),
        ([1.0, 2.0, 3.0], numpy.ones((4, 8))),
        ([1.0, 2.0, 3.0], numpy.ones((3, 1))),
        ([1.0, 2.0, 3.0], numpy.ones(3)),
        ([1.0, 2.0, 3.0], numpy.full((3, 8), numpy.nan)),
        ([1.0, 2.0, 3.0], numpy.full((3, 8), -1.0)),
    ],
)
def test_what_cannot_be_fitted_is_refused(rows, losses):
    with pytest.raises(ValueError, match="must be"):
        learning_curve(rows, losses, seed=0)


@pytest.mark.parametrize("repeats", [0, 3])
def test_repeats_that_do_not_divide_the_replicas_are_refused(repeats):
    with pytest.raises(ValueError, match="repeats must be"):
        learning_curve(ROWS, noisy(law(0.3, 4.0, 0.5), 0.3, 1), 0, repeats)
