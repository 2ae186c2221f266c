"""Optimizers that average weights: what is averaged, that the average predicts, and that both engines agree."""

import dataclasses

import keras
import numpy
import pytest
from populations import curves, member, study, study_of_levels, train

from automl.training.plain.sequential import models_of, refit, train_member
from automl.training.population.stacking import own_weights
from automl.training.population.updates import UPDATES

RATE, DECAY = 0.1, 0.02


def run(name, gradients, weights, **values):
    """Weights and slots after these gradients, each (step, …), by the update itself; for one member."""
    update = UPDATES[name]
    slots = [numpy.zeros_like(weights) for _ in range(update.num_slots)]
    for time, gradient in enumerate(gradients, start=1):
        weights, slots = update.step(weights, gradient, slots, RATE, values, float(time))
        weights, slots = numpy.asarray(weights), [numpy.asarray(slot) for slot in slots]
    return weights, slots, numpy.asarray(update.average(weights, slots))


@pytest.fixture
def path():
    generator = numpy.random.default_rng(0)
    return generator.normal(size=(12, 1, 3, 2)).astype("float32"), generator.normal(size=(1, 3, 2)).astype(
        "float32"
    )


def test_schedule_free_predicts_with_the_mean_of_all_points_that_gradients_move(path):
    gradients, start = path
    weights, slots, average = run("schedule_free", gradients, start, weight_decay=DECAY)
    moving, second, points, at = start, numpy.zeros_like(start), [], start
    for step, gradient in enumerate(gradients, start=1):
        second = 0.999 * second + 0.001 * gradient**2
        slope = gradient / (numpy.sqrt(second / (1 - 0.999**step)) + 1e-7)
        moving = moving - RATE * (slope + DECAY * at)
        points.append(moving)
        at = 0.1 * moving + 0.9 * numpy.mean(points, axis=0)
    numpy.testing.assert_allclose(average, numpy.mean(points, axis=0), atol=1e-5)
    numpy.testing.assert_allclose(weights, 0.1 * moving + 0.9 * average, atol=1e-5)
    numpy.testing.assert_allclose(slots[0], moving - weights, atol=1e-5)


def test_a_moving_average_begins_after_the_first_step(path):
    gradients, start = path
    weights, slots, expected = start, [numpy.zeros_like(start)] * 2, None
    for time, gradient in enumerate(gradients, start=1):
        weights, slots = UPDATES["adam"].step(
            weights, gradient, slots, RATE, {"weight_decay": DECAY}, float(time)
        )
        weights = numpy.asarray(weights)
        expected = weights if expected is None else 0.8 * expected + 0.2 * weights
    values = {"weight_decay": DECAY, "ema_momentum": 0.8}
    numpy.testing.assert_allclose(run("adam_ema", gradients, start, **values)[2], expected, atol=1e-6)


def check_against_twins(prepared, members):

    for trained, outcome in zip(members, train(prepared, members), strict=True):
        fold = prepared.splits.folds[trained.fold]
        expected, network = train_member(
            prepared.plan, trained, fold, models_of(prepared.plan), lambda *_: None
        )
        numpy.testing.assert_allclose(outcome.losses, curves(expected), 1e-5, 1e-7)
        assert outcome.best_epoch == expected.best_epoch
        weights = own_weights(outcome.job, outcome.weights)
        for stacked, plain in zip(weights, network.model.trainable_weights, strict=True):
            numpy.testing.assert_allclose(stacked, keras.ops.convert_to_numpy(plain), 1e-4, 1e-5)


@pytest.mark.parametrize("optimizer", ["adamw_ema", "schedule_free"])
def test_members_of_different_widths_and_averages_equal_their_twins(optimizer):
    prepared = study({"optimizer": optimizer}, training={"epochs": 5})
    members = [
        member(
            prepared,
            trial,
            trial % 2,
            width=width,
            weight_decay=DECAY * trial,
            ema_momentum=0.9 + 0.03 * trial,
        )
        for trial, width in enumerate((8, 5, 12))
    ]
    check_against_twins(prepared, members)


@pytest.mark.parametrize("optimizer", [pytest.param("adamw_ema", marks=pytest.mark.slow), "schedule_free"])
def test_embeddings_are_averaged_too(optimizer):
    prepared = study_of_levels()
    check_against_twins(prepared, [member(prepared, 0, 0, optimizer=optimizer)])


@pytest.mark.parametrize("optimizer", [pytest.param("adamw_ema", marks=pytest.mark.slow), "schedule_free"])
def test_a_refit_keeps_the_average_in_both_engines(optimizer):
    prepared = study({"optimizer": optimizer}, training={"epochs": 3})
    single, rows = member(prepared), prepared.splits.folds[0].fit
    plain = refit(prepared.plan, single, rows, 3).model
    together = prepared.make_engine().refit(single, rows, 3).model
    for average, stacked in zip(plain.trainable_weights, together.trainable_weights, strict=True):
        average, stacked = map(keras.ops.convert_to_numpy, (average, stacked))
        numpy.testing.assert_allclose(stacked, average, 1e-4, 1e-5)


def test_each_member_of_a_users_network_begins_an_average_at_its_own_weights():
    """Failed: the second member's average began at the first one's initial weights."""
    prepared = study(training={"epochs": 2})

    class Builder:
        def build(self, _, seed):
            inputs = keras.Input((13,))
            kernel = keras.initializers.GlorotUniform(seed)
            model = keras.Model(inputs, keras.layers.Dense(3, "softmax", kernel_initializer=kernel)(inputs))
            model.compile(keras.optimizers.ScheduleFreeAdamW(0.05), "categorical_crossentropy")
            return model

    plan = dataclasses.replace(prepared.plan, builder=Builder())
    models = models_of(plan)
    folds = prepared.splits.folds
    train_member(plan, member(prepared, 0, 0), folds[0], models, lambda *_: None)
    second, _ = train_member(plan, member(prepared, 0, 1), folds[1], models, lambda *_: None)
    alone, _ = train_member(plan, member(prepared, 0, 1), folds[1], models_of(plan), lambda *_: None)
    numpy.testing.assert_allclose(curves(second), curves(alone), rtol=1e-6)
