"""Dropout masks: a known function of their counter, even, and without visible order."""

import numpy
import pytest
from keras import ops
from populations import job, joint_structure, member, study, train

from automl.networks.layers.masks import keep_mask
from automl.training.population.stacking import stacked_weights
from automl.training.rows import row_order


def mask(seeds, steps, layer=0, shape=(64, 128), rate=0.3):
    rates = numpy.full((len(seeds), 1, 1), rate, numpy.float32)
    seeds, steps = numpy.array(seeds, numpy.uint32), numpy.array(steps, numpy.int32)
    return ops.convert_to_numpy(keep_mask(seeds, steps, layer, shape, rates))


def by_hand(seed, step, layer, row, unit, rate):
    """The same in plain integers."""

    def mix(value):
        value = (value ^ (value >> 16)) * 0x7FEB352D % 2**32
        value = (value ^ (value >> 15)) * 0x846CA68B % 2**32
        return value ^ (value >> 16)

    key = mix(seed ^ mix((step * 0x9E3779B1 + (layer + 1) * 0x85EBCA77) % 2**32))
    key = mix((key + row * 0xC2B2AE3D) % 2**32)
    return (mix((key + unit * 0x27D4EB2F) % 2**32) >> 8) >= rate * 2**24


@pytest.mark.parametrize(
    ("seed", "step", "layer"), [(1, 0, 0), (2**31 - 1, 7, 2), (4_000_000_000, 100_000, 5)]
)
def test_the_drawn_mask(seed, step, layer):
    drawn_mask = mask([seed], [step], layer, (5, 9), 0.25)[0]
    expected = [[by_hand(seed, step, layer, row, unit, 0.25) for unit in range(9)] for row in range(5)]
    assert drawn_mask.tolist() == expected


@pytest.mark.parametrize("rate", [0.0, 0.05, 0.5, 0.9])
def test_the_share_that_is_dropped(rate):
    masks = mask(range(1, 21), [3] * 20, rate=rate)
    deviation = numpy.sqrt(rate * (1 - rate) / masks.size)
    assert abs((1 - masks.mean()) - rate) <= 4 * deviation
    for axis in (1, 2):
        spread = numpy.sqrt(rate * (1 - rate) / masks.shape[axis])
        assert numpy.abs(1 - masks.mean(axis=axis) - rate).max() <= 6 * spread + 1e-12


def test_masks_of_other_members_steps_layers_rows_and_units_are_unrelated():
    first = mask([1], [0])[0]
    unrelated = [mask([2], [0])[0], mask([1], [1])[0], mask([1], [0], layer=1)[0]]
    unrelated += [numpy.roll(first, 1, axis=axis) for axis in (0, 1)]
    for second in unrelated:
        correlation = numpy.corrcoef(first.ravel(), second.ravel())[0, 1]
        assert abs(correlation) < 5 / numpy.sqrt(first.size)


def test_neither_neighbors_nor_padding_change_a_mask():
    alone = mask([5], [9], shape=(8, 16))[0]
    assert (mask([3, 5, 7], [1, 9, 2], shape=(8, 16))[1] == alone).all()
    assert (mask([5], [9], shape=(12, 40))[0][:8, :16] == alone).all()


def test_a_member_with_dropout_equals_numpy():
    """Two epochs of plain gradient descent with the masks above, written out."""
    values = {"depth": 1, "dropout": 0.4, "optimizer": "sgd", "learning_rate": 0.05}
    prepared = study(values, "diabetes", training={"epochs": 2})
    single = member(prepared)
    outcome = train(prepared, [single], patience=0)[0]
    view = prepared.plan.view(single, prepared.splits.folds[0])
    weights = [
        array.astype(float)
        for array in stacked_weights(joint_structure(prepared, [single]), job(prepared, single))[0]
    ]
    step = 0
    for epoch in range(2):
        order = view.fit[row_order(single.order_seed, len(view.fit), epoch)]
        for start in range(0, len(order), 32):
            rows = order[start : start + 32]
            weights = descend(weights, view.inputs[rows], view.targets[rows], single.seed("dropout"), step)
            step += 1
    for actual, expected in zip(outcome.weights, weights, strict=True):
        numpy.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)


def descend(weights, inputs, targets, seed, step):
    kernel, bias, output, offset = weights
    scaled_mask = mask([seed], [step], 0, (len(inputs), kernel.shape[1]), 0.4)[0] / 0.6
    before = inputs @ kernel + bias
    hidden = numpy.maximum(before, 0) * scaled_mask
    slope = 2 * (hidden @ output + offset - targets) / len(inputs)
    back = (slope @ output.T) * scaled_mask * (before > 0)
    gradients = [inputs.T @ back, back.sum(axis=0), hidden.T @ slope, slope.sum(axis=0)]
    return [old - 0.05 * gradient for old, gradient in zip(weights, gradients, strict=True)]
