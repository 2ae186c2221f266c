"""How sure a score is: textbook intervals, and how often they hold the truth of tables whose truth is known.

The coverage tests use some hundreds of tables; their bounds are the nominal 95 % less three binomial standard errors,
or the measured coverage of a hard case, as said beside it. Wider simulations are in tests/calibration.
"""

import math

import numpy
import pytest
from scipy import special, stats

from automl.evaluation.intervals import score_interval, wilson
from automl.evaluation.metrics import METRICS
from automl.evaluation.resampling import BLOCKS, GROUPS, time_blocks, whole


def interval(metric, target, prediction, weights=None, seed=0, **grouping):
    weights = numpy.ones(len(target)) if weights is None else weights
    return score_interval(METRICS[metric], whole(target, weights, **grouping), prediction, seed)


def two_columns(positive):
    return numpy.stack([1.0 - positive, positive], axis=1)


def covers(estimate, truth):
    return estimate.low <= truth <= estimate.high


def test_an_interval_of_a_mean_is_the_textbook_one():
    generator = numpy.random.default_rng(5)
    target = generator.normal(0.0, 1.0, 2000)
    estimate = interval("mae", target, numpy.zeros(2000))
    errors = numpy.abs(target)
    low, high = stats.norm.interval(0.95, errors.mean(), errors.std() / numpy.sqrt(2000))
    assert estimate.value == pytest.approx(errors.mean())
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=0.004)


def test_the_interval_of_an_accuracy_is_wilsons():
    """Of 30 rows 29 right: the textbook gives 0.833 to 0.994."""
    target = numpy.zeros(30, int)
    positive = numpy.zeros(30)
    positive[3] = 1.0
    estimate = interval("accuracy", target, two_columns(positive))
    assert (estimate.low, estimate.high) == pytest.approx((0.8333, 0.9941), abs=1e-4)
    sure = interval("accuracy", target, two_columns(numpy.zeros(30)))
    assert (sure.value, sure.high) == pytest.approx((1.0, 1.0)) and sure.low == pytest.approx(
        0.8865, abs=1e-4
    )


def test_the_bounds_of_a_share_solve_the_equation_of_the_score_test():
    low, high = wilson(0.3, 50)
    z = stats.norm.ppf(0.975)
    for bound in (low, high):
        assert abs(0.3 - bound) == pytest.approx(z * math.sqrt(bound * (1.0 - bound) / 50))


def test_the_interval_of_an_area_is_delongs():
    """By the definition: the mean over pairs, and the variances of its two sorts of placement values."""
    generator = numpy.random.default_rng(1)
    target = (generator.random(80) < 0.3).astype(int)
    positive = generator.random(80) * 0.5 + 0.4 * target * generator.random(80)
    estimate = interval("roc_auc", target, two_columns(positive))
    above, below = positive[target == 1], positive[target == 0]
    pairs = (above[:, None] > below) + 0.5 * (above[:, None] == below)
    parts = [pairs.mean(axis=axis).var(ddof=1) / pairs.shape[1 - axis] for axis in (1, 0)]
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / (len(above) - 1) + parts[1] ** 2 / (len(below) - 1))
    area = pairs.mean()
    reach = stats.t.ppf(0.975, freedom) * math.sqrt(sum(parts)) / (area * (1.0 - area))
    expected = special.expit(special.logit(area) + numpy.array([-reach, reach]))
    assert estimate.value == pytest.approx(area)
    assert (estimate.low, estimate.high) == pytest.approx(tuple(expected), rel=1e-9)


def test_without_spread_or_with_few_groups_there_is_no_interval():
    assert math.isnan(interval("mae", numpy.zeros(20), numpy.ones(20)).low)
    assert math.isnan(
        interval("f1_macro", numpy.array([0, 1] * 9), two_columns(numpy.array([0.0, 1.0] * 9))).low
    )
    generator = numpy.random.default_rng(0)
    groups = numpy.repeat(numpy.arange(9), 5)
    assert math.isnan(
        interval("mae", generator.normal(size=45), numpy.zeros(45), units=groups, unit=GROUPS).low
    )


def test_a_perfect_ranking_of_few_rows_is_not_certain():
    target = numpy.repeat([0, 1], [40, 6])
    estimate = interval("roc_auc", target, two_columns(target * 0.5 + 0.2))
    assert estimate.value == 1.0 and estimate.low == pytest.approx(float(wilson(1.0, 6)[0]))


def test_rows_without_weight_are_not_there():
    generator = numpy.random.default_rng(0)
    target, prediction = generator.normal(size=60), generator.normal(size=60)
    weights = numpy.repeat([1.0, 0.0], 30)
    assert interval("mae", target, prediction, weights) == interval("mae", target[:30], prediction[:30])


@pytest.mark.parametrize("metric", ["accuracy", "log_loss", "roc_auc", "mcc", "r2"])
def test_twice_the_weights_change_nothing(metric):
    generator = numpy.random.default_rng(3)
    if metric == "r2":
        target, prediction = generator.normal(size=60), generator.normal(size=60)
    else:
        target, prediction = generator.integers(0, 2, 60), two_columns(generator.random(60))
    weights = generator.uniform(0.5, 2.0, 60)
    first, two = (interval(metric, target, prediction, weights * factor) for factor in (1.0, 2.0))
    assert (two.low, two.high) == pytest.approx((first.low, first.high), rel=1e-9)


def test_an_accuracy_near_1_is_covered():
    """True accuracy 0.97 of 30 rows. A percentile bootstrap covers it in 56 % of tables."""
    hits = 0
    for seed in range(400):
        right = numpy.random.default_rng(seed).random(30) < 0.97
        hits += covers(interval("accuracy", numpy.zeros(30, int), two_columns((~right).astype(float))), 0.97)
    # Wilson's own coverage here is 0.94, by summing the binomial distribution
    assert hits / 400 >= 0.94 - 3 * math.sqrt(0.95 * 0.05 / 400)


def test_a_skewed_loss_is_covered():
    """Log-normal losses of 100 rows: bootstrap-t covers 0.90 to 0.93, percentiles 0.87 and less."""
    truth, hits = math.exp(0.5), 0
    for seed in range(300):
        losses = numpy.random.default_rng(seed).lognormal(size=100)
        hits += covers(interval("mae", losses, numpy.zeros(100), seed=seed), truth)
    assert hits / 300 >= 0.92 - 3 * math.sqrt(0.95 * 0.05 / 300)


def test_losses_that_are_alike_in_groups_are_covered():
    """Twenty groups of 15, a third of the variance between them; rows taken one by one would cover about half."""
    by_group, by_row = 0, 0
    groups = numpy.repeat(numpy.arange(20), 15)
    for seed in range(300):
        generator = numpy.random.default_rng(seed)
        losses = 10.0 + 0.7 * generator.normal(size=20)[groups] + generator.normal(size=300)
        by_group += covers(interval("mae", losses, numpy.zeros(300), units=groups, unit=GROUPS), 10.0)
        by_row += covers(interval("mae", losses, numpy.zeros(300)), 10.0)
    assert by_group / 300 >= 0.95 - 3 * math.sqrt(0.95 * 0.05 / 300)
    assert by_row / 300 < 0.7


def test_losses_that_are_alike_in_time_are_covered():
    """An autoregression with ρ = 0.6, 300 rows: rows taken one by one cover about 0.69."""
    by_block = 0
    for seed in range(300):
        generator = numpy.random.default_rng(seed)
        noise, losses = generator.normal(size=400), numpy.zeros(400)
        for time in range(1, 400):
            losses[time] = 0.6 * losses[time - 1] + noise[time]
        losses = 10.0 + losses[100:]
        blocks = time_blocks(numpy.arange(300), numpy.zeros(300, int), losses)
        by_block += covers(interval("mae", losses, numpy.zeros(300), units=blocks, unit=BLOCKS), 10.0)
    assert by_block / 300 >= 0.88
