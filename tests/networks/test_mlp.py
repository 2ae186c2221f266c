"""Multilayer perceptrons: sizes, seeds, penalties and layers, each by hand."""

import math
from collections.abc import Mapping
from typing import Any

import keras
import numpy
import pytest

from automl.networks.builder import FamilyBuilder
from automl.networks.initializers import INITIALIZERS
from automl.trial import Scalar, Task

DEFAULTS: Mapping[str, Scalar] = {
    "depth": 2,
    "width": 8,
    "activation": "tanh",
    "dropout": 0.0,
    "batch_normalization": False,
    "initializer": "glorot_uniform",
    "l2": 0.0,
}
ROWS = numpy.random.default_rng(0).normal(size=(50, 5)).astype("float32")
OUTPUTS = {Task.BINARY: 1, Task.MULTICLASS: 3, Task.REGRESSION: 1}


def build(task: Task = Task.MULTICLASS, seed: int = 1, features: int = 5, **values: Scalar) -> keras.Model:
    return FamilyBuilder({"standard": features}, OUTPUTS[task], task).build({**DEFAULTS, **values}, seed)


def capacity(model: keras.Model) -> int:
    return sum(math.prod(weights.shape) for weights in model.trainable_weights)


def outputs_of(model: keras.Model, training: bool = False) -> numpy.ndarray:
    values: numpy.ndarray = keras.ops.convert_to_numpy(model(ROWS, training=training))
    return values


def kernels(model: keras.Model) -> list[numpy.ndarray]:
    return [weights.numpy() for weights in model.weights if weights.path.endswith("kernel")]


@pytest.mark.parametrize(
    ("values", "weights"),
    [
        ({"depth": 0}, 5 * 3 + 3),
        ({"depth": 1, "width": 8}, (5 * 8 + 8) + (8 * 3 + 3)),
        ({"depth": 1, "width": 1}, (5 * 1 + 1) + (1 * 3 + 3)),
        ({"depth": 3, "width": 16}, (5 * 16 + 16) + 2 * (16 * 16 + 16) + (16 * 3 + 3)),
        ({"depth": 2, "width_1": 4, "width_2": 7}, (5 * 4 + 4) + (4 * 7 + 7) + (7 * 3 + 3)),
        ({"depth": 1, "width_1": 4, "width_2": 7}, (5 * 4 + 4) + (4 * 3 + 3)),
        # a normalization brings a scale and an offset a unit, and makes the bias idle
        ({"depth": 1, "width": 8, "batch_normalization": True}, (5 * 8 + 2 * 8) + (8 * 3 + 3)),
        ({"depth": 2, "dropout": 0.5, "l2": 0.1}, (5 * 8 + 8) + (8 * 8 + 8) + (8 * 3 + 3)),
    ],
)
def test_capacity_by_hand(values: dict[str, Scalar], weights: int) -> None:
    assert capacity(build(**values)) == weights


def test_the_moving_statistics_of_a_normalization_are_not_capacity() -> None:
    model = build(depth=2, batch_normalization=True)
    assert sum(math.prod(weights.shape) for weights in model.non_trainable_weights) >= 2 * 2 * 8


@pytest.mark.parametrize(("task", "outputs"), OUTPUTS.items())
def test_the_builder_gives_the_outputs_of_the_task(task: Task, outputs: int) -> None:
    builder = FamilyBuilder({"standard": 5, "piecewise": 9}, outputs, task)
    values = outputs_of(builder.build({**DEFAULTS, "numeric_encoding": "standard"}, seed=1))
    assert values.shape == (50, outputs)
    if task is Task.MULTICLASS:
        numpy.testing.assert_allclose(values.sum(axis=1), 1.0, rtol=1e-6)
        assert values.min() > 0.0
    elif task is Task.BINARY:
        assert values.min() > 0.0
        assert values.max() < 1.0
    else:
        assert values.min() < 0.0 < values.max()


def test_the_outputs_are_those_of_the_formula() -> None:
    model = build(Task.REGRESSION, activation="leaky_relu", negative_slope=0.3, depth=2)
    first, first_bias, second, second_bias, last, last_bias = [weights.numpy() for weights in model.weights]
    hidden = ROWS @ first + first_bias
    hidden = numpy.where(hidden > 0, hidden, 0.3 * hidden) @ second + second_bias
    expected = numpy.where(hidden > 0, hidden, 0.3 * hidden) @ last + last_bias
    numpy.testing.assert_allclose(outputs_of(model), expected, rtol=1e-5, atol=1e-6)


def test_depth_0_is_a_linear_model() -> None:
    model = build(Task.REGRESSION, depth=0)
    kernel, bias = model.get_weights()
    numpy.testing.assert_allclose(outputs_of(model), ROWS @ kernel + bias, rtol=1e-5, atol=1e-6)


def test_the_same_seed_gives_the_same_weights_and_another_gives_others() -> None:
    first, again, different_kernels = (kernels(build(seed=seed)) for seed in (1, 1, 2))
    assert len(first) == 3
    for kernel, repeated, different in zip(first, again, different_kernels, strict=True):
        assert numpy.array_equal(kernel, repeated)
        assert not numpy.isclose(kernel, different).any()


def test_layers_of_equal_shape_start_with_different_weights() -> None:
    _, second, third, _ = kernels(build(depth=3))
    assert second.shape == third.shape
    assert not numpy.isclose(second, third).any()


def test_a_seed_is_enough_whatever_the_global_state() -> None:
    keras.utils.set_random_seed(5)
    first = kernels(build(dropout=0.5))
    keras.utils.set_random_seed(6)
    assert all(numpy.array_equal(*pair) for pair in zip(first, kernels(build(dropout=0.5)), strict=True))


FAN_IN, FAN_OUT = 300, 150
VARIANCES = {
    "glorot_uniform": 2 / (FAN_IN + FAN_OUT),
    "glorot_normal": 2 / (FAN_IN + FAN_OUT),
    "he_uniform": 2 / FAN_IN,
    "he_normal": 2 / FAN_IN,
    "lecun_uniform": 1 / FAN_IN,
    "lecun_normal": 1 / FAN_IN,
}


@pytest.mark.parametrize("name", VARIANCES)
def test_the_initializer_sets_the_spread_and_the_shape_of_the_weights(name: str) -> None:
    kernel = kernels(build(features=FAN_IN, width=FAN_OUT, depth=1, initializer=name))[0]
    variance = VARIANCES[name]
    assert kernel.shape == (FAN_IN, FAN_OUT)
    assert kernel.var() == pytest.approx(variance, rel=0.03)
    assert abs(kernel.mean()) < 4 * math.sqrt(variance / kernel.size)
    reach = numpy.abs(kernel).max() / math.sqrt(variance)
    if name.endswith("uniform"):
        assert reach == pytest.approx(math.sqrt(3), rel=1e-3)
    else:
        assert 2.0 < reach < 2.3, (
            "a normal cut at two standard deviations, which are 1 / 0.88 of those that remain"
        )


def test_every_initializer_of_the_table_is_tested() -> None:
    assert set(VARIANCES) == set(INITIALIZERS)


@pytest.mark.parametrize("depth", [0, 2])
def test_l2_adds_the_sum_of_squares_of_every_kernel(depth: int) -> None:
    model = build(depth=depth, l2=0.01)
    expected = [0.01 * (kernel.astype(float) ** 2).sum() for kernel in kernels(model)]
    assert len(expected) == depth + 1
    numpy.testing.assert_allclose(sorted(float(loss) for loss in model.losses), sorted(expected), rtol=1e-5)


def test_no_l2_adds_nothing() -> None:
    assert build(l2=0.0).losses == []


def test_dropout_acts_in_training_only() -> None:
    plain, dropped = build(dropout=0.0), build(dropout=0.5)
    assert numpy.array_equal(outputs_of(plain), outputs_of(dropped))
    assert not numpy.array_equal(outputs_of(dropped), outputs_of(dropped, training=True))
    assert numpy.array_equal(outputs_of(plain), outputs_of(plain, training=True))


def test_dropout_silences_its_share_of_the_units_and_makes_up_for_it() -> None:
    model = build(depth=1, width=2000, dropout=0.3, activation="softplus")
    layer = keras.Model(model.input, model.get_layer("dropout_1").output)
    before = outputs_of(layer)
    after = outputs_of(layer, training=True)
    silent = after == 0.0
    assert silent.mean() == pytest.approx(0.3, abs=0.01)
    numpy.testing.assert_allclose(after[~silent], before[~silent] / 0.7, rtol=1e-5)


def test_the_masks_of_a_seed_are_the_same_again_and_differ_by_layer() -> None:
    def masks(seed: int) -> list[numpy.ndarray]:
        model = build(seed=seed, depth=2, width=64, dropout=0.5, activation="softplus")
        layers: list[Any] = [model.get_layer(f"dropout_{layer}").output for layer in (1, 2)]
        return [
            keras.ops.convert_to_numpy(part) == 0
            for part in keras.Model(model.input, layers)(ROWS, training=True)
        ]

    first, again, different = masks(1), masks(1), masks(2)
    assert all(numpy.array_equal(*pair) for pair in zip(first, again, strict=True))
    assert not numpy.array_equal(first[0], different[0])
    assert not numpy.array_equal(first[0], first[1])


def test_batch_normalization_standardizes_each_unit_before_the_activation() -> None:
    model = build(depth=1, width=6, batch_normalization=True)
    normalized = outputs_of(
        keras.Model(model.input, model.get_layer("normalization_1").output), training=True
    )
    numpy.testing.assert_allclose(normalized.mean(axis=0), 0.0, atol=1e-5)
    numpy.testing.assert_allclose(normalized.std(axis=0), 1.0, rtol=1e-2)
    activated = outputs_of(keras.Model(model.input, model.get_layer("activation_1").output), training=True)
    numpy.testing.assert_allclose(activated, numpy.tanh(normalized), rtol=1e-4, atol=1e-5)


def test_a_model_is_not_compiled_yet() -> None:
    assert not build().compiled
