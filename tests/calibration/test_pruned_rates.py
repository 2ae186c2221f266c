"""What is left of a choice by chance where most of equal trials ended at a rung, on rows that others are scored by."""

import math

import numpy
import pytest

from automl.evaluation.correction import corrected_score
from automl.evaluation.metrics import METRICS
from automl.evaluation.resampling import ROWS, ScoredRows
from automl.search.pruners.rungs import Rungs, Step
from automl.trial import Report

pytestmark = pytest.mark.slow
NUM_ROWS, NUM_TRIALS, NUM_FOLDS, TRUTH, STUDIES = 150, 50, 5, 10.0, 150


def study(seed, pruned):
    """How the best trial looks and what the correction makes of it, both minus the truth, which all trials share.

    A trial is lucky on a row in every fold (0.5), at the rung as at the end with a correlation of 0.8, and a network by
    itself (0.3).
    """
    generator = numpy.random.default_rng(seed)
    rows = generator.normal(size=NUM_ROWS)
    luck, early_luck = generator.normal(0.0, 0.5, (2, NUM_TRIALS, NUM_ROWS))
    final = TRUTH + rows + luck + generator.normal(0.0, 0.3, luck.shape)
    fold = numpy.arange(NUM_ROWS) % NUM_FOLDS
    left = list(range(NUM_TRIALS))
    if pruned:
        losses = numpy.zeros(NUM_TRIALS)
        for number in range(2):
            stopping = generator.choice(numpy.flatnonzero(fold != number), 18, replace=False)
            early = TRUTH + rows + 0.8 * luck + 0.6 * early_luck + generator.normal(0.0, 0.3, luck.shape)
            losses += early[:, stopping].mean(axis=1) / 2
        reports = {trial: Report(float(loss)) for trial, loss in enumerate(losses)}
        ended = Rungs((Step(0.16, 2, 0.2),)).judge(0, reports, reports)
        left = [trial for trial in left if trial not in ended]
    table = ScoredRows(numpy.zeros(NUM_ROWS), numpy.ones(NUM_ROWS), fold[None], numpy.arange(NUM_ROWS), ROWS)
    corrected = corrected_score(METRICS["mae"], table, [final[trial][None] for trial in left], seed).estimate
    return final[left].mean(axis=1).min() - TRUTH, corrected.value - TRUTH


@pytest.mark.parametrize("pruned", [False, True])
def test_at_most_a_quarter_of_the_gain_by_chance_is_left(pruned):
    looks, corrected = numpy.array([study(seed, pruned) for seed in range(STUDIES)]).T
    error = corrected.std(ddof=1) / math.sqrt(STUDIES)
    assert looks.mean() < -0.06
    assert abs(corrected.mean()) < (0.25 if pruned else 0.05) * abs(looks.mean()) + 3.0 * error
