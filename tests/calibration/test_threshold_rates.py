"""Scores at a tuned threshold, of calibrated probabilities whose score on other rows is known.

The threshold is tuned on the rows that are drawn, and scored on the others beside the one that is tuned on all rows.
The score at the threshold of all rows is too high by 0.04 to 0.09 with 30 positive rows. Scored beside one half, on
rows left out that often hold no positive one, it was too low by 0.03.
"""

import math
import sys

import numpy
import pytest

from automl.evaluation.correction import corrected_score
from automl.evaluation.fold_scores import fold_scores
from automl.evaluation.metrics import METRICS, Metric
from automl.evaluation.resampling import ScoredRows
from automl.evaluation.thresholds import at_threshold, tuned_threshold

pytestmark = pytest.mark.slow
STUDIES, NUM_ROWS, NUM_OTHERS, IN_FOLD = 40, 200, 20_000, 40


def calibrated(generator: numpy.random.Generator, num: int) -> tuple[numpy.ndarray, numpy.ndarray]:
    """Classes, 15 % of them positive, and the probability of each as it is."""
    positive = 1.0 / (1.0 + numpy.exp(-1.5 * generator.normal(size=num) + 2.3))
    return (generator.random(num) < positive).astype(int), numpy.stack([1.0 - positive, positive], axis=1)


def by_folds(metric: Metric, target: numpy.ndarray, prediction: numpy.ndarray) -> float:
    """The mean over folds of as many rows as the study's, or of ratios that of all counts together."""
    size = len(target) if metric.base is not None else IN_FOLD
    return float(
        numpy.mean(
            [
                metric.function(
                    target[start : start + size], prediction[start : start + size], numpy.ones(size)
                )
                for start in range(0, len(target), size)
            ]
        )
    )


@pytest.mark.parametrize("metric", ["balanced_accuracy", "f1_macro", "f1", "mcc"])
def test_the_corrected_score_is_that_of_the_tuned_threshold_on_other_rows(metric: str) -> None:
    table, errors, plain, looks = METRICS[metric], [], [], []
    for seed in range(STUDIES):
        generator = numpy.random.default_rng(seed)
        target, prediction = calibrated(generator, NUM_ROWS)
        folds = generator.permutation(NUM_ROWS) % 5
        rows = ScoredRows(target, numpy.ones(NUM_ROWS), folds[None], numpy.arange(NUM_ROWS))
        corrected = corrected_score(table, rows, [prediction[None]], seed, tuned=True).estimate.value
        new_target, new_prediction = calibrated(generator, NUM_OTHERS)
        threshold = tuned_threshold(table, rows, prediction[None])
        new_score = by_folds(table, new_target, at_threshold(new_prediction, threshold))
        errors.append(corrected - new_score)
        plain.append(by_folds(table, new_target, new_prediction) - new_score)
        moved = fold_scores(table, rows, [at_threshold(prediction, threshold)[None]])
        looks.append(moved.means(numpy.ones((1, NUM_ROWS)))[0, 0] - new_score)
    error = numpy.std(errors, ddof=1) / math.sqrt(STUDIES)
    figures = {"corrected": errors, "at the threshold of all rows": looks, "at one half": plain}
    shown = ", ".join(f"{name} {numpy.mean(values):+.3f}" for name, values in figures.items())
    sys.stdout.write(f"\n{metric}, less the score on other rows: {shown} (± {error:.3f})\n")
    assert abs(numpy.mean(errors)) <= 0.015 + 2.0 * error
    assert numpy.mean(errors) < numpy.mean(looks)
