"""The corrected score of an ensemble: identities and a known truth."""

from dataclasses import astuple

import numpy
import pytest

from automl.ensembles import correction
from automl.ensembles.correction import Chooser, corrected_ensemble
from automl.evaluation.correction import corrected_score
from automl.evaluation.metrics import METRICS
from automl.evaluation.resampling import ScoredRows


def rows_of(target, num_folds=3):
    folds = numpy.arange(len(target))[None] % num_folds
    return ScoredRows(target, numpy.ones(len(target)), folds, numpy.arange(len(target)))


def test_of_a_single_trial_it_is_the_score_of_that_trial():
    generator = numpy.random.default_rng(0)
    target = generator.normal(size=90)
    rows, prediction = rows_of(target), (target + generator.normal(size=90))[None]
    corrected = corrected_ensemble(Chooser(METRICS["mae"], rows), [prediction], 1)
    expected = corrected_score(METRICS["mae"], rows, [prediction], 1)
    assert corrected.value == pytest.approx(expected.estimate.value)


def test_of_trials_that_are_all_alike_nothing_is_to_correct():
    generator = numpy.random.default_rng(0)
    target = generator.normal(size=90)
    rows, prediction = rows_of(target), (target + generator.normal(size=90))[None]
    chooser = Chooser(METRICS["rmse"], rows, steps=3)
    alone = corrected_ensemble(chooser, [prediction], 1)
    assert astuple(corrected_ensemble(chooser, [prediction, prediction.copy()], 1)) == pytest.approx(
        astuple(alone)
    )


def test_the_gain_by_chance_of_choosing_among_noise_is_taken_back():
    """No trial knows anything: a choice among many looks better than it is on other rows."""
    generator = numpy.random.default_rng(2)
    target = generator.normal(size=120)
    predictions = [generator.normal(0.0, 0.5, (1, 120)) for _ in range(8)]
    rows = rows_of(target)
    chooser = Chooser(METRICS["rmse"], rows, steps=8)
    weights = chooser.weights(predictions, numpy.ones(120))
    together = sum(weight * predictions[place] for place, weight in weights.items())
    apparent = chooser.scores([together], numpy.ones(120))[0]
    assert corrected_ensemble(chooser, predictions, 1).value > apparent + 0.005


def test_where_it_would_take_too_long_there_is_none(monkeypatch):
    target = numpy.zeros(90)
    monkeypatch.setattr(correction, "_MOST_CELLS", 90 * 40 * 50)
    assert corrected_ensemble(Chooser(METRICS["mae"], rows_of(target)), [target[None]], 1) is None
