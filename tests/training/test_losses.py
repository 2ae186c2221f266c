"""Losses of stacked networks and their gradients against Keras's, one row at a time."""

import keras
import numpy
import pytest
import tensorflow
from keras import ops
from sklearn.metrics import mean_pinball_loss

from automl.evaluation.metrics import QUANTILES
from automl.training.plain.compiled import Pinball
from automl.training.population.losses import LOSSES, smoothed

LOGITS = numpy.array([[[0.0], [1.5], [-2.0], [30.0], [-30.0], [0.0]]], numpy.float32)
CODES = numpy.array([[[1.0], [0.0], [1.0], [1.0], [0.0], [0.0]]], numpy.float32)
MANY = numpy.random.default_rng(1).normal(0, 4, (2, 7, 3)).astype(numpy.float32)
ONE_HOT = numpy.eye(3, dtype=numpy.float32)[numpy.arange(14).reshape(2, 7) % 3]
EXAMPLES = {
    "binary_crossentropy": (LOGITS, CODES),
    "categorical_crossentropy": (MANY, ONE_HOT),
    "mse": (LOGITS, CODES),
    "mae": (LOGITS, CODES),
    "huber": (LOGITS, CODES),
    "pinball_10": (LOGITS, CODES),
    "pinball_90": (LOGITS, CODES),
}


def by_keras(name, logits, targets):
    if name in QUANTILES:
        return Pinball(QUANTILES[name])(targets, logits)
    if name == "binary_crossentropy":
        return keras.losses.binary_crossentropy(targets, logits, from_logits=True)
    if name == "categorical_crossentropy":
        return keras.losses.categorical_crossentropy(targets, logits, from_logits=True)
    if name == "huber":
        values = [
            keras.losses.Huber(reduction="none")(row[None], value[None])
            for row, value in zip(
                tensorflow.reshape(targets, (-1, 1)), tensorflow.reshape(logits, (-1, 1)), strict=True
            )
        ]
        return tensorflow.reshape(tensorflow.stack(values), targets.shape[:-1])
    return {"mse": keras.losses.mean_squared_error, "mae": keras.losses.mean_absolute_error}[name](
        targets, logits
    )


@pytest.mark.parametrize("name", QUANTILES)
def test_the_loss_of_a_quantile_is_that_of_scikit_learn_on_both_engines(name):
    """Its slope is minus the level above and one minus the level below, and minus the level where it is met."""
    targets, level = LOGITS[..., ::-1] + CODES, QUANTILES[name]
    for function in (lambda a, b: LOSSES[name].training(a, b), lambda a, b: Pinball(level)(b, a)):
        losses, slopes = loss_and_slope(function, LOGITS, targets)
        expected = mean_pinball_loss(targets.ravel(), LOGITS.ravel(), alpha=level)
        assert losses.mean() == pytest.approx(expected, rel=1e-6)
        below = targets < LOGITS
        numpy.testing.assert_allclose(slopes, numpy.where(below, 1.0 - level, -level), rtol=1e-6)


def loss_and_slope(function, logits, targets):
    logits, targets = tensorflow.constant(logits), tensorflow.constant(targets)
    with tensorflow.GradientTape() as tape:
        tape.watch(logits)
        losses = function(logits, targets)
    return losses.numpy(), tape.gradient(losses, logits).numpy()


@pytest.mark.parametrize("name", LOSSES)
def test_training_losses_and_their_slopes_equal_keras(name):
    """Also at a logit of exactly 0, where `abs` has no slope."""
    logits, targets = EXAMPLES[name]
    losses, slopes = loss_and_slope(LOSSES[name].training, logits, targets)
    expected, its_slopes = loss_and_slope(lambda a, b: by_keras(name, a, b), logits, targets)
    numpy.testing.assert_allclose(losses, expected, rtol=1e-5, atol=1e-6)
    numpy.testing.assert_allclose(slopes, its_slopes, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", ["binary_crossentropy", "categorical_crossentropy"])
def test_evaluation_clips_probabilities_as_keras_does(name):
    logits, targets = EXAMPLES[name]
    predictions = ops.convert_to_numpy(LOSSES[name].activation(100 * logits))
    function = getattr(keras.losses, name)
    numpy.testing.assert_allclose(
        LOSSES[name].evaluation(predictions, targets), function(targets, predictions), rtol=1e-5, atol=1e-6
    )


def test_smoothing_as_keras():
    for name, kind in (
        ("binary_crossentropy", keras.losses.BinaryCrossentropy),
        ("categorical_crossentropy", keras.losses.CategoricalCrossentropy),
    ):
        logits, targets = EXAMPLES[name]
        soft = smoothed(name, targets, numpy.full((len(targets), 1, 1), 0.2, numpy.float32))
        losses = ops.convert_to_numpy(LOSSES[name].training(logits, soft))
        expected = kind(from_logits=True, label_smoothing=0.2)(targets, logits)
        assert losses.mean() == pytest.approx(float(expected), rel=1e-5)
