"""Scores at a tuned threshold, of calibrated probabilities whose score on other rows is known.

The threshold is tuned on the rows that are drawn and scored on the others, so that the corrected score is that of a
threshold from so many rows. The test row showed .73 beside .655 when it was tuned after the correction.
"""

import math
import sys

import numpy
import pytest

from automl.evaluation.correction import corrected_score
from automl.evaluation.metrics import METRICS
from automl.evaluation.resampling import ScoredRows
from automl.evaluation.thresholds import at_threshold, tuned_threshold

pytestmark = pytest.mark.slow
STUDIES, NUM_ROWS, NUM_OTHERS = 100, 200, 20_000


def calibrated(generator: numpy.random.Generator, num: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Classes, 15 % of them positive, and the probability of each as it is."""
    positive = 1.0 / (1.0 + numpy.exp(-1.5 * generator.normal(size=num) + 2.3))
    return (generator.random(num) < positive).astype(int), numpy.stack([1.0 - positive, positive], axis=1)


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1_macro", "f1", "mcc"])
def test_the_corrected_score_is_that_of_the_tuned_threshold_on_other_rows(metric: str) -> None:
    table, errors, plain = METRICS[metric], [], []
    for seed in range(STUDIES):
        generator = numpy.random.default_rng(seed)
        target, prediction = calibrated(generator, NUM_ROWS)
        folds = generator.permutation(NUM_ROWS) % 5
        rows = ScoredRows(target, numpy.ones(NUM_ROWS), folds[None], numpy.arange(NUM_ROWS))
        corrected = corrected_score(table, rows, [prediction[None]], seed, tuned=True).estimate.value
        others, said = calibrated(generator, NUM_OTHERS)
        threshold = tuned_threshold(table, rows, prediction[None])
        found = table.function(others, at_threshold(said, threshold), numpy.ones(NUM_OTHERS))
        errors.append(corrected - found)
        plain.append(table.function(others, said, numpy.ones(NUM_OTHERS)) - found)
    mean, error = numpy.mean(errors), numpy.std(errors, ddof=1) / math.sqrt(STUDIES)
    sys.stdout.write(
        f"\n{metric}: corrected − new rows {mean:+.4f} ± {error:.4f}, one half − tuned {numpy.mean(plain):+.4f}\n"
    )
    assert abs(mean) <= 0.02 + 3.0 * error
