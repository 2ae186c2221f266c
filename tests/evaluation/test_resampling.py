"""Bootstrap over rows: known truths of the correction for choosing, intervals that cover, and both ways of scoring."""

import numpy
import pytest
from scipy import stats

from automl.evaluation import resampling
from automl.evaluation.metrics import METRICS
from automl.evaluation.resampling import corrected_score, score_interval


def equal_trials(seed, num_trials=100, num_rows=300):
    """Predictions of trials that are all as good as each other: a constant plus noise of their own."""
    generator = numpy.random.default_rng(seed)
    target = generator.normal(0.0, 1.0, num_rows)
    return target, [generator.normal(0.0, 0.8, num_rows) for _ in range(num_trials)]


def test_the_best_of_equal_trials_is_corrected_to_the_truth():
    """Every trial has an expected squared error of 1 + 0.8²; the best of a hundred looks better, and is not."""
    truth = 1.0 + 0.8**2
    apparent, corrected = [], []
    for seed in range(20):
        target, predictions = equal_trials(seed)
        apparent.append(
            min(METRICS["rmse"].function(target, one, numpy.ones(300)) ** 2 for one in predictions)
        )
        corrected.append(corrected_score("rmse", target, predictions, numpy.ones(300), seed).value ** 2)
    assert numpy.mean(apparent) < 0.88 * truth
    # the mean of 20 studies has a standard error of about 2 %
    assert numpy.mean(corrected) == pytest.approx(truth, rel=0.05)


def test_one_trial_needs_no_correction():
    target, predictions = equal_trials(0, num_trials=1)
    plain = METRICS["mae"].function(target, predictions[0], numpy.ones(300))
    assert corrected_score("mae", target, predictions, numpy.ones(300), 1).value == pytest.approx(
        plain, rel=0.01
    )


def test_a_trial_far_ahead_keeps_its_score():
    target, predictions = equal_trials(1)
    predictions[7] = target + 0.1
    assert corrected_score("rmse", target, predictions, numpy.ones(300), 1).value == pytest.approx(
        0.1, rel=1e-9
    )


def test_larger_is_better_where_the_metric_says_so():
    generator = numpy.random.default_rng(3)
    target = generator.integers(0, 2, 200)
    good = numpy.where(target == 1, 0.9, 0.1)
    bad = 1.0 - good
    predictions = [numpy.stack([1.0 - one, one], axis=1) for one in (bad, good)]
    for metric in ("accuracy", "roc_auc"):
        assert corrected_score(metric, target, predictions, numpy.ones(200), 0).value == 1.0


def test_an_interval_of_a_mean_is_the_textbook_one():
    generator = numpy.random.default_rng(5)
    target = generator.normal(0.0, 1.0, 2000)
    estimate = score_interval("mae", target, numpy.zeros(2000), numpy.ones(2000), 0)
    errors = numpy.abs(target)
    low, high = stats.norm.interval(0.95, errors.mean(), errors.std() / numpy.sqrt(2000))
    assert estimate.value == pytest.approx(errors.mean())
    assert (estimate.low, estimate.high) == pytest.approx((low, high), abs=0.004)


def test_weights_of_zero_take_rows_out():
    target = numpy.array([0.0, 0.0, 5.0])
    estimate = score_interval("mae", target, numpy.ones(3), numpy.array([1.0, 1.0, 0.0]), 0)
    assert (estimate.value, estimate.low, estimate.high) == (1.0, 1.0, 1.0)


@pytest.mark.parametrize("metric", ["log_loss", "accuracy", "brier", "roc_auc", "f1_macro"])
def test_values_by_row_and_whole_scores_agree(metric):
    """A metric is scored under counts as if rows stood there that often."""
    generator = numpy.random.default_rng(7)
    target = generator.integers(0, 3, 60)
    prediction = generator.dirichlet([1.0, 1.0, 1.0], 60)
    counts = generator.multinomial(60, numpy.full(60, 1 / 60), 5).astype(float)
    scores = resampling._Scores(METRICS[metric], target, [prediction], numpy.ones(60)).under(counts)[:, 0]
    for row, own in enumerate(counts.astype(int)):
        rows = numpy.repeat(numpy.arange(60), own)
        expected = METRICS[metric].function(target[rows], prediction[rows], numpy.ones(len(rows)))
        assert scores[row] == pytest.approx(expected, rel=1e-9)


def test_resamples_in_parts_are_the_same_resamples(monkeypatch):
    target, predictions = equal_trials(2, num_trials=5)
    whole = corrected_score("rmse", target, predictions, numpy.ones(300), 4)
    monkeypatch.setattr(resampling, "_CELLS_AT_ONCE", 900)
    parts = corrected_score("rmse", target, predictions, numpy.ones(300), 4)
    assert (parts.value, parts.low, parts.high) == pytest.approx(
        (whole.value, whole.low, whole.high), rel=1e-12
    )
