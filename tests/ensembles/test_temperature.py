"""The temperature of an ensemble: a known answer, identities, and that chance does not choose it."""

import numpy
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import log_loss

from automl.ensembles.temperature import at_temperature, best_temperature, tempered
from automl.evaluation.resampling import ScoredRows


def softmax(logits):
    powers = numpy.exp(logits - logits.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def drawn(num_rows, temperature, num_classes=3, seed=0):
    """Rows whose labels are drawn from softmax(z), and the probabilities softmax(z / temperature)."""
    generator = numpy.random.default_rng(seed)
    logits = generator.normal(0.0, 2.0, (num_rows, num_classes))
    chances = softmax(logits).cumsum(axis=1)
    target = (generator.random((num_rows, 1)) > chances).sum(axis=1)
    folds = numpy.arange(num_rows)[None] % 5
    rows = ScoredRows(target, numpy.ones(num_rows), folds, numpy.arange(num_rows))
    return rows, softmax(logits / temperature)[None]


@pytest.mark.parametrize("num_classes", [2, 3])
@pytest.mark.parametrize("temperature", [0.6, 1.7])
def test_a_planted_temperature_is_undone(num_classes, temperature) -> None:
    rows, probabilities = drawn(20_000, temperature, num_classes)
    corrected = tempered(rows, probabilities)
    assert corrected.temperature == pytest.approx(1.0 / temperature, rel=0.05)
    before = log_loss(rows.target, probabilities[0])
    after = log_loss(rows.target, corrected.predictions[0])
    truth = log_loss(rows.target, at_temperature(probabilities[0], 1.0 / temperature))
    assert after < before - 0.003
    assert after == pytest.approx(truth, abs=2e-4)


def test_probabilities_that_are_right_keep_their_temperature() -> None:
    """At two standard errors about one table in forty gains by chance."""
    unchanged = [tempered(*drawn(400, 1.0, seed=seed)).temperature == 1.0 for seed in range(60)]
    assert sum(unchanged) >= 54


def test_the_scored_predictions_of_a_fold_do_not_depend_on_its_labels() -> None:
    rows, probabilities = drawn(600, 0.5)
    corrected = tempered(rows, probabilities)
    first = rows.folds[0] == 0
    other_rows = ScoredRows(
        numpy.where(first, (rows.target + 1) % 3, rows.target), rows.weights, rows.folds, rows.units
    )
    assert corrected.temperature != 1.0
    changed = tempered(other_rows, probabilities)
    assert_allclose(corrected.predictions[0, first], changed.predictions[0, first], rtol=1e-12)
    assert numpy.abs(corrected.predictions[0, ~first] - changed.predictions[0, ~first]).max() > 1e-4


def test_it_is_the_softmax_of_divided_logits_and_the_order_of_classes_does_not_matter() -> None:
    logits = numpy.random.default_rng(1).normal(0.0, 3.0, (50, 4))
    assert_allclose(at_temperature(softmax(logits), 0.7), softmax(logits / 0.7), rtol=1e-9, atol=1e-8)
    order = [2, 0, 3, 1]
    assert_allclose(
        at_temperature(softmax(logits)[:, order], 0.7),
        at_temperature(softmax(logits), 0.7)[:, order],
        rtol=1e-12,
    )
    values = numpy.array([3.0, -1.0])
    assert at_temperature(values, 1.0) is values


def test_rows_that_count_twice_are_rows_that_stand_twice() -> None:
    rows, probabilities = drawn(300, 0.6)
    weights = numpy.where(numpy.arange(300) < 100, 2.0, 1.0)
    twice = numpy.concatenate([numpy.arange(300), numpy.arange(100)])
    assert best_temperature(probabilities[0], rows.target, weights) == pytest.approx(
        best_temperature(probabilities[0, twice], rows.target[twice], numpy.ones(400)), rel=1e-4
    )


@pytest.mark.parametrize("num_folds", [1, 2])
def test_rows_that_are_all_alike_have_no_temperature(num_folds) -> None:
    rows = ScoredRows(numpy.zeros(6, int), numpy.ones(6), numpy.arange(6)[None] % num_folds, numpy.arange(6))
    assert tempered(rows, numpy.tile([1.0, 0.0], (1, 6, 1))).temperature == 1.0
