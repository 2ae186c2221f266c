"""A member of a population against its plain twin in Keras, and against itself in other company."""

import dataclasses
import itertools
from types import SimpleNamespace

import keras
import numpy
import pytest
from populations import (
    curves,
    jobs,
    joint_structure,
    member,
    setting,
    study,
    study_of_levels,
    tables,
    train,
    widened,
)

from automl.networks.activations import ACTIVATIONS
from automl.networks.layers.level_embedding import LevelEmbedding
from automl.training import views
from automl.training.plain.sequential import models_of, train_member
from automl.training.population import places
from automl.training.population.places import Population
from automl.training.population.planner import structure_of
from automl.training.population.programs import compile_epoch
from automl.training.population.stacking import own_weights

RELATIVE, AMPLIFIED = 1e-5, 2e-4
"""Normalized layers have directions whose gradient is 0 but for rounding, and Adam and RMSprop divide by its size."""
LOSSES = {
    "binary": "breast_cancer",
    "multiclass": "wine",
    "mse": "diabetes",
    "mae": "diabetes",
    "huber": "diabetes",
}
OPTIMIZERS = ("sgd", "momentum", "adam", "adamw", "rmsprop")
FAMILIES = (("sgd", "momentum"), ("adam", "adamw"), ("rmsprop", "rmsprop"))


def with_loss(loss, space, **training):
    regression = {"loss": loss} if LOSSES[loss] == "diabetes" else {}
    return study(space, LOSSES[loss], training=regression | training)


def check_against_twins(prepared, members, structure=None):
    """Curves, kept epoch and kept weights of every member equal those of `model.fit`."""
    outcomes = train(prepared, members, places=len(members), structure=structure)
    shared = structure or joint_structure(prepared, members)
    for trained_member, outcome in zip(members, outcomes, strict=True):
        fold = prepared.splits.folds[trained_member.fold]
        expected, network = train_member(
            prepared.plan, trained_member, fold, models_of(prepared.plan), lambda *_: None
        )
        says = str(dict(trained_member.hyperparameters))
        adaptive = bool(shared.moment_shapes) and shared.optimizer != "sgd"
        close = AMPLIFIED if adaptive else RELATIVE
        numpy.testing.assert_allclose(outcome.losses, curves(expected), close, 1e-7, err_msg=says)
        assert outcome.best_epoch == expected.best_epoch
        weights = own_weights(outcome.job, outcome.weights)
        model = network.model
        for weight, twin_weight in zip(
            weights, [*model.trainable_weights, *model.non_trainable_weights], strict=True
        ):
            twin_weight = keras.ops.convert_to_numpy(twin_weight)
            assert numpy.linalg.norm(weight - twin_weight) <= 5 * close * max(
                1.0, numpy.linalg.norm(twin_weight)
            ), says


@pytest.mark.parametrize(
    ("number", "loss", "depth", "normalize", "family"),
    [
        (0, "binary", 1, False, 1),
        (1, "multiclass", 2, True, 1),
        (2, "mse", 2, False, 2),
        (3, "mae", 1, True, 0),
        (4, "huber", 1, False, 0),
    ],
)
def test_a_member_equals_its_twin(number, loss, depth, normalize, family):
    """Several activations in one program, each in one of these cases, the optimizers of a family in turn.

    The slow test has them all in every combination.
    """
    names = [name for index, name in enumerate(ACTIVATIONS) if index % 5 == number]
    space = {"depth": depth, "batch_normalization": normalize, "optimizer": FAMILIES[family][0]}
    prepared = with_loss(loss, space)
    values = {"momentum": 0.8, "weight_decay": 0.01, "negative_slope": 0.3}
    members = [
        member(prepared, trial, trial % 2, activation=name, optimizer=optimizer, **values)
        for trial, (name, optimizer) in enumerate(zip(names, itertools.cycle(FAMILIES[family]), strict=False))
    ]
    check_against_twins(prepared, members)


@pytest.mark.slow
@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("depth", [0, 1, 3])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family[1])
def test_a_member_equals_its_twin_in_every_combination(family, loss, depth, normalize):
    """At a small learning rate: three layers and steps of the size of their weights double rounding every few steps."""
    if depth == 0 and normalize:
        pytest.skip("a linear model has nothing to normalize")
    space = {"depth": max(depth, 1), "batch_normalization": normalize, "optimizer": family[0]}
    prepared = with_loss(loss, space | {"learning_rate": 0.001}, epochs=3)
    values = {"momentum": 0.8, "weight_decay": 0.01, "depth": depth}
    pairs = itertools.product(ACTIVATIONS if depth else ["relu"], dict.fromkeys(family))
    members = [
        member(prepared, trial, trial % 2, activation=name, optimizer=optimizer, **values)
        for trial, (name, optimizer) in enumerate(pairs)
    ]
    check_against_twins(prepared, members)


def test_a_linear_model_equals_its_twin():
    prepared = study({"depth": 0, "width": 8} | {"depth": {"choice": [0, 1]}}, "wine")
    check_against_twins(
        prepared, [member(prepared, depth=0), member(prepared, 1, 1, depth=0, optimizer="adamw")]
    )


@pytest.mark.parametrize("normalize", [pytest.param(False, marks=pytest.mark.slow), True])
def test_embeddings_of_levels_equal_the_twin(normalize):
    prepared = study_of_levels()
    assert len(prepared.layout.embedded) == 2
    values = {"batch_normalization": normalize, "l2": 0.001, "clip_norm": 1.0}
    members = [
        member(prepared, trial, trial % 2, width=width, **values) for trial, width in enumerate((8, 5, 24))
    ]
    first = joint_structure(prepared, members).network.layers[0]
    assert isinstance(first, LevelEmbedding) and first.blocks == prepared.layout.embedded
    check_against_twins(prepared, members)


def test_a_linear_model_of_many_levels_equals_its_twin():
    prepared = study_of_levels()
    single = member(prepared, depth=0)
    layers = joint_structure(prepared, [single]).network.layers
    assert not any(isinstance(layer, LevelEmbedding) for layer in layers)
    check_against_twins(prepared, [single])


def test_schedule_clipping_smoothing_and_penalty_equal_the_twin():
    """Each member with its own values of all of them, in one program."""
    prepared = study({"depth": 1}, training={"epochs": 6})
    members = [
        member(prepared, 0, schedule="cosine", l2=0.01),
        member(prepared, 1, clip_norm=0.05, label_smoothing=0.1),
        member(prepared, 2, schedule="linear", clip_norm=3.0, l2=0.1, activation="gelu"),
        member(prepared, 3),
    ]
    check_against_twins(prepared, members)


@pytest.mark.parametrize("weights", ["balanced", pytest.param({"malignant": 4.0}, marks=pytest.mark.slow)])
def test_class_weights_equal_the_twin(weights):
    prepared = study({"depth": 1}, "breast_cancer", training={"class_weights": weights})
    plain = study({"depth": 1}, "breast_cancer")
    check_against_twins(prepared, [member(prepared, 0), member(prepared, 1, 1)])
    weighted, unweighted = train(prepared, [member(prepared)])[0], train(plain, [member(plain)])[0]
    assert not numpy.allclose(weighted.losses, unweighted.losses, rtol=1e-3)


def test_resamples_and_shares_equal_the_twin():
    prepared = study({"depth": 1})
    members = [
        dataclasses.replace(member(prepared), resample=1),
        dataclasses.replace(member(prepared), share=0.5),
    ]
    for single in members:
        view = prepared.plan.view(single, prepared.splits.folds[0])
        shared = structure_of(jobs(prepared, [single])[0], setting(prepared))
        population = Population(shared, compile_epoch(shared), type(tables(prepared))([view]), 2)
        population.admit(jobs(prepared, [single]))
        while not (ended := population.take_finished()):
            population.run_epoch()
        expected, _ = train_member(
            prepared.plan, single, prepared.splits.folds[0], models_of(prepared.plan), lambda *_: None
        )
        numpy.testing.assert_allclose(ended[0].losses, curves(expected), RELATIVE)


def test_the_last_partial_batch_counts():
    """A batch larger than the rest, one row in it, against the twin, which takes rows as they come."""
    prepared = study({"depth": 1})
    rows = len(prepared.splits.folds[0].fit)
    check_against_twins(
        prepared, [member(prepared, batch_size=rows - 1), member(prepared, 1, batch_size=rows - 1)]
    )


@pytest.mark.parametrize("normalize", [False, True])
def test_padding_is_inert(normalize):
    """Units that a member does not have change nothing and stay 0, whatever their activation gives at 0."""
    prepared = study(
        {"depth": 2, "batch_normalization": normalize, "optimizer": "adamw"}, training={"epochs": 6}
    )
    members = [member(prepared, activation=name) for name in ("sigmoid", "softplus", "relu")]
    narrow = joint_structure(prepared, members)
    wide = widened(prepared, narrow, members[0], 13, 24)
    alone, padded = train(prepared, members, structure=narrow), train(prepared, members, structure=wide)
    for unpadded, padded_outcome in zip(alone, padded, strict=True):
        numpy.testing.assert_allclose(
            padded_outcome.losses, unpadded.losses, AMPLIFIED if normalize else 1e-6
        )
        kernel, second = padded_outcome.weights[0], padded_outcome.weights[3 if normalize else 2]
        assert (kernel[:, 8:] == 0).all() and (kernel[:, :8] != 0).any()
        assert (second[8:] == 0).all() and (second[:, 8:] == 0).all()


def test_neighbors_change_no_bit_even_when_they_turn_nan():
    prepared = study({"depth": 2, "dropout": 0.3, "optimizer": "sgd"}, training={"epochs": 8, "patience": 2})
    single = member(prepared, 7, 1, activation="tanh", learning_rate=0.05)
    calm = [member(prepared, trial, trial % 2, activation="gelu") for trial in range(3)]
    wild = [member(prepared, trial, trial % 2, activation="relu", learning_rate=1e30) for trial in range(3)]
    shared = joint_structure(prepared, [single, *calm, *wild])
    first = train(prepared, [*calm, single], structure=shared)
    second = train(prepared, [single, *wild], structure=shared)
    assert all(outcome.diverged for outcome in second[1:])
    assert not any(outcome.diverged for outcome in first)
    assert_same(first[3], second[0])


def test_order_places_and_refilling_change_little_or_nothing():
    """The same bits in any place of the same program; rounding apart in programs of other sizes."""
    prepared = study(
        {"depth": 1, "dropout": 0.2, "batch_normalization": True}, training={"epochs": 5, "patience": 2}
    )
    members = [member(prepared, trial, trial % 2, learning_rate=0.01 * (trial + 1)) for trial in range(6)]
    together = train(prepared, members, places=4)
    backward = train(prepared, members[::-1], places=4)[::-1]
    for first, second in zip(together, backward, strict=True):
        assert_same(first, second)
    alone = train(prepared, members[2:3], places=1)[0]
    numpy.testing.assert_allclose(alone.losses, together[2].losses, rtol=1e-6)


def test_shrinking_keeps_members_and_their_past():
    prepared = study({"depth": 1, "dropout": 0.2}, training={"epochs": 8})
    members = [member(prepared, trial, trial % 2) for trial in range(5)]
    shared = joint_structure(prepared, members)
    population = Population(shared, compile_epoch(shared), tables(prepared), 8)
    all_jobs = jobs(prepared, members)
    population.admit(
        [dataclasses.replace(job, num_epochs=3 if job.member.trial in (0, 3) else 8) for job in all_jobs]
    )
    ended = []
    while population.jobs:
        population.run_epoch()
        ended += population.take_finished()
        if len(ended) == 2:
            population.shrink(4)
            assert population.num_places == 4
    whole = train(prepared, members, places=8)
    for outcome in ended:
        expected = whole[outcome.job.member.trial].losses[: len(outcome.losses)]
        numpy.testing.assert_allclose(outcome.losses, expected, rtol=1e-6)
    assert sorted(len(outcome.losses) for outcome in ended) == [3, 3, 8, 8, 8]


def test_a_member_ends_where_another_epoch_would_not_end_in_time(monkeypatch):
    """An epoch takes ten seconds, the first one longer, which tells nothing: it compiles the program."""
    clock = iter(itertools.accumulate([0, 60, 0, 10, 0, 10]))
    monkeypatch.setattr(places, "time", SimpleNamespace(perf_counter=lambda: next(clock)))
    prepared = study({"depth": 1})
    members = [member(prepared)]
    shared = joint_structure(prepared, members)
    population = Population(shared, compile_epoch(shared), tables(prepared), 1)
    population.admit(jobs(prepared, members))
    population.run_epoch()
    assert not population.take_finished(5.0)
    population.run_epoch()
    assert not population.take_finished(10.5)
    population.run_epoch()
    [outcome] = population.take_finished(9.5)
    assert outcome.cut and len(outcome.losses) == 3


def test_the_kept_predictions_are_those_of_the_kept_weights():
    prepared = study(
        {"depth": 1, "learning_rate": 0.3}, "breast_cancer", training={"epochs": 12, "patience": 3}
    )
    outcome = train(prepared, [member(prepared)])[0]
    assert outcome.best_epoch == int(numpy.argmin(outcome.losses[:, 1])) + 1 < len(outcome.losses)
    view = prepared.plan.view(member(prepared), prepared.splits.folds[0])
    hidden = numpy.maximum(view.inputs @ outcome.weights[0] + outcome.weights[1], 0)
    logits = hidden @ outcome.weights[2] + outcome.weights[3]
    numpy.testing.assert_allclose(outcome.predictions, 1 / (1 + numpy.exp(-logits)), rtol=1e-4, atol=1e-6)


def test_validation_rows_choose_nothing():
    prepared = study({"depth": 1})
    view = tables(prepared).views[0]
    outcome = train(prepared, [member(prepared)])[0]
    target = prepared.dataset.target.copy()
    target[view.fold.validation] = (target[view.fold.validation] + 1) % 3
    scrambled = dataclasses.replace(prepared, dataset=dataclasses.replace(prepared.dataset, target=target))
    scrambled_outcome = train(scrambled, [member(prepared)])[0]
    numpy.testing.assert_array_equal(scrambled_outcome.losses[:, :2], outcome.losses[:, :2])
    assert (scrambled_outcome.losses[:, 2] != outcome.losses[:, 2]).all()
    for weight, scrambled_weight in zip(outcome.weights, scrambled_outcome.weights, strict=True):
        numpy.testing.assert_array_equal(weight, scrambled_weight)


def test_members_that_differ_in_a_seed_differ():
    prepared = study({"depth": 1, "dropout": 0.5})
    original = member(prepared)
    members = [original, dataclasses.replace(original, repeat=1), dataclasses.replace(original, trial=1)]
    first, second, third = train(prepared, members)
    assert not numpy.allclose(first.losses, second.losses) and not numpy.allclose(first.losses, third.losses)
    network = prepared.builder.recipe(original.hyperparameters).network
    weights = network.initial(original.seed("weights"))
    repeated_weights = network.initial(members[1].seed("weights"))
    assert not numpy.allclose(weights[0], repeated_weights[0])


def assert_same(first, second):
    """Equal to the last bit."""
    numpy.testing.assert_array_equal(first.losses, second.losses)
    numpy.testing.assert_array_equal(first.predictions, second.predictions)
    for weight, second_weight in zip(first.weights, second.weights, strict=True):
        numpy.testing.assert_array_equal(weight, second_weight)


def test_shrinking_keeps_what_early_stopping_knows():
    """A member that is past its best when the population shrinks ends as early, with the same kept epoch."""
    values = {"depth": 1, "learning_rate": 0.3}
    prepared = study(values, "breast_cancer", training={"epochs": 12, "patience": 4})
    members = [member(prepared, trial, trial % 2) for trial in range(5)]
    whole = train(prepared, members, places=8)
    shared = joint_structure(prepared, members)
    population = Population(shared, compile_epoch(shared), tables(prepared), 8)
    population.admit(jobs(prepared, members, patience=4))
    ended = []
    for epoch in range(12):
        population.run_epoch()
        ended += population.take_finished()
        if epoch == 4:
            population.shrink(max(5, len(population.jobs)))
    assert any(outcome.best_epoch < 5 < len(outcome.losses) for outcome in whole), "one is past its best"
    for outcome in ended:
        expected = whole[outcome.job.member.trial]
        assert (outcome.best_epoch, len(outcome.losses)) == (expected.best_epoch, len(expected.losses))


def test_of_many_fit_rows_a_sample_is_measured_and_all_train(monkeypatch):
    """The curves of other rows do not change the weights; both engines measure the same sample."""
    prepared = study({"depth": 1}, "breast_cancer")
    whole = train(prepared, [member(prepared)])[0]
    monkeypatch.setattr(views, "MOST_MEASURED", 40)
    view = tables(prepared).views[0]
    assert len(view.measured) == 40
    assert set(view.measured) < set(view.fold.fit)
    assert sorted(view.rows[view.fit]) == sorted(view.fold.fit)
    sampled = train(prepared, [member(prepared)])[0]
    for sampled_weight, whole_weight in zip(sampled.weights, whole.weights, strict=True):
        numpy.testing.assert_allclose(sampled_weight, whole_weight, 1e-4, 1e-6)
    numpy.testing.assert_allclose(sampled.losses[:, 1:], whole.losses[:, 1:], 1e-5)
    assert not numpy.allclose(sampled.losses[:, 0], whole.losses[:, 0], rtol=1e-3)
    check_against_twins(prepared, [member(prepared), member(prepared, 1, 1)])
