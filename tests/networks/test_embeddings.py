"""Embeddings of levels: a look-up by hand, its place among the other inputs, and networks that have it."""

import math

import keras
import numpy
import pytest
from keras import ops

from automl.networks.builder import FamilyBuilder
from automl.networks.layers.level_embedding import SIZE, LevelEmbedding, embed
from automl.trial import Scalar, Task

VALUES: dict[str, Scalar] = {
    "depth": 2,
    "width": 6,
    "activation": "tanh",
    "dropout": 0.0,
    "batch_normalization": False,
    "initializer": "he_normal",
    "l2": 0.0,
}
BLOCKS = ((12, 5), (4, 3))
"""Of 14 inputs: two others, five levels, three others, one other, three levels."""

LEVELS = numpy.array([[0, 2], [4, 0], [1, -1], [-1, 1]])


def builder(num_outputs: int = 1, task: Task = Task.REGRESSION) -> FamilyBuilder:
    return FamilyBuilder({"standard": 14}, num_outputs, task, BLOCKS)


def rows() -> numpy.ndarray:
    inputs = numpy.random.default_rng(0).normal(size=(4, 14)).astype("float32")
    inputs[:, 2:7] = LEVELS[:, :1] == numpy.arange(5)
    inputs[:, 10:13] = LEVELS[:, 1:] == numpy.arange(3)
    return inputs


def looked_up(tables: list[numpy.ndarray]) -> numpy.ndarray:
    """By indexing: the row of each level's table, zeros for a level without an input."""
    inputs = rows()
    first, second = (
        numpy.where(levels[:, None] < 0, 0.0, table[levels])
        for table, levels in zip(tables, LEVELS.T, strict=True)
    )
    return numpy.concatenate([inputs[:, :2], first, inputs[:, 7:10], second, inputs[:, 13:]], axis=1)


def test_a_product_with_a_row_of_zeros_and_a_one_looks_a_level_up() -> None:
    tables = [numpy.random.default_rng(seed).normal(size=(size, SIZE)) for seed, size in enumerate((5, 3))]
    embedded = embed(
        rows(), BLOCKS, lambda number, levels: ops.matmul(levels, tables[number].astype("float32"))
    )
    numpy.testing.assert_allclose(ops.convert_to_numpy(embedded), looked_up(tables), rtol=1e-6)
    assert embedded.shape[1:] == LevelEmbedding(BLOCKS).outputs((14,)) == (14 - 8 + 2 * SIZE,)


def test_a_perceptron_answers_as_the_formula_does() -> None:
    model = builder().build(VALUES, 1)
    first, second, kernel, bias, middle, other_bias, last, last_bias = map(
        ops.convert_to_numpy, model.trainable_weights
    )
    assert [first.shape, second.shape, kernel.shape] == [(5, SIZE), (3, SIZE), (6 + 2 * SIZE, 6)]
    hidden = numpy.tanh(numpy.tanh(looked_up([first, second]) @ kernel + bias) @ middle + other_bias)
    numpy.testing.assert_allclose(
        ops.convert_to_numpy(model(rows())), hidden @ last + last_bias, rtol=1e-5, atol=1e-6
    )


def test_the_weights_of_a_network_begin_as_those_of_its_twins_do() -> None:
    model = builder().build(VALUES, 1)
    weights = builder().network(VALUES).initial(1)
    for variable, expected in zip(model.trainable_weights, weights, strict=True):
        numpy.testing.assert_array_equal(ops.convert_to_numpy(variable), expected)
    assert not numpy.isclose(weights[0][:3], weights[1]).any(), "every column draws its own"


def test_a_linear_model_has_a_weight_for_each_level() -> None:
    model = builder().build(VALUES | {"depth": 0}, 1)
    assert sum(math.prod(weights.shape) for weights in model.trainable_weights) == 14 + 1


def test_the_penalty_holds_embeddings_too() -> None:
    model = builder().build(VALUES | {"l2": 0.1}, 1)
    kernels = [ops.convert_to_numpy(weight) for weight in model.trainable_weights if len(weight.shape) > 1]
    expected = 0.1 * sum(float((kernel**2).sum()) for kernel in kernels)
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-5)


def test_it_reads_no_other_rows() -> None:
    model = builder(3, Task.MULTICLASS).build(VALUES, 1)
    whole = ops.convert_to_numpy(model(rows()))
    outputs = ops.convert_to_numpy(keras.ops.squeeze(model(rows()[2:3]), 0))
    numpy.testing.assert_allclose(outputs, whole[2], rtol=1e-5)
