"""Families by their formulas in NumPy, and what the study file says of them."""

import keras
import numpy
import pytest
from small_studies import prepared_with

from automl.config.reading import make_study
from automl.errors import SearchSpaceError, StudyFileError
from automl.networks.builder import FamilyBuilder
from automl.networks.families.table import FAMILIES
from automl.networks.layers.layer import Role
from automl.networks.layers.number_embedding import NumberEmbedding
from automl.networks.layers.periodic_embedding import PeriodicEmbedding
from automl.networks.layers.scale import Scale
from automl.networks.layers.views import Views
from automl.trial import Task

BINS = (2, 3)
VALUES = {
    "depth": 2,
    "width": 6,
    "activation": "tanh",
    "dropout": 0.0,
    "batch_normalization": False,
    "initializer": "he_normal",
    "l2": 0.0,
    "views": 4,
    "frequencies": 0.5,
    "numeric_encoding": "piecewise",
    "number_embedding": "piecewise",
    "embedding_size": 3,
}
ROWS = numpy.random.default_rng(0).normal(size=(5, 9)).astype("float32")
"""Two scores, two and three bins, two other inputs."""


def builder(task=Task.REGRESSION, outputs=1):
    return FamilyBuilder({"standard": 4, "piecewise": 9}, outputs, task, (), BINS)


def with_weights(family, task=Task.REGRESSION, outputs=1, **values):
    """A model, and its weights, none of which is 0."""
    network = builder(task, outputs).network(VALUES | {"family": family} | values)
    generator = numpy.random.default_rng(1)
    arrays = [
        array + generator.normal(0.0, 0.3, array.shape).astype("float32") for array in network.initial(2)
    ]
    return network.model(arrays), arrays


def embedded(slopes, offsets, kernels):
    """Number by number."""
    parts, begin = [], 2
    for number, count in enumerate(BINS):
        reach = ROWS[:, begin : begin + count]
        parts.append(ROWS[:, [number]] * slopes[number] + offsets[number] + reach @ kernels[number, :count])
        begin += count
    return numpy.concatenate([*parts, ROWS[:, 7:]], axis=1)


def answers(model):
    return keras.ops.convert_to_numpy(model(ROWS))


def test_a_perceptron_of_embedded_numbers_answers_as_the_formula_does():
    model, (slopes, offsets, kernels, first, bias, second, second_bias, last, end) = with_weights(
        "perceptron"
    )
    hidden = numpy.tanh(numpy.tanh(embedded(slopes, offsets, kernels) @ first + bias) @ second + second_bias)
    numpy.testing.assert_allclose(answers(model), hidden @ last + end, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("task", [Task.REGRESSION, Task.MULTICLASS])
def test_tabm_is_the_mean_of_networks_that_share_their_hidden_layers(task):
    outputs = 3 if task is Task.MULTICLASS else 1
    model, arrays = with_weights("tabm", task, outputs)
    slopes, offsets, kernels, factors, first, bias, second, second_bias, heads, ends = arrays
    predictions = []
    for view in range(4):
        hidden = numpy.tanh((embedded(slopes, offsets, kernels) * factors[view]) @ first + bias)
        logits = numpy.tanh(hidden @ second + second_bias) @ heads[view] + ends[view]
        powers = numpy.exp(logits)
        predictions.append(powers / powers.sum(axis=1, keepdims=True) if outputs > 1 else logits)
    numpy.testing.assert_allclose(answers(model), numpy.mean(predictions, axis=0), rtol=1e-4, atol=1e-5)


def normalized(values, scale, offset):
    spread = numpy.sqrt(values.var(axis=1, keepdims=True) + 1e-3)
    return (values - values.mean(axis=1, keepdims=True)) / spread * scale + offset


def test_a_residual_network_adds_its_blocks():
    model, arrays = with_weights("residual", number_embedding="none", depth=1)
    first, bias, scale, offset, inner, inner_bias, added, added_bias, last_scale, last_offset, last, end = (
        arrays
    )
    hidden = ROWS @ first + bias
    block = numpy.tanh(normalized(hidden, scale, offset) @ inner + inner_bias) @ added + added_bias
    expected = numpy.tanh(normalized(hidden + block, last_scale, last_offset)) @ last + end
    numpy.testing.assert_allclose(answers(model), expected, rtol=1e-4, atol=1e-5)


def mixed(values, shares):
    softplus = numpy.log1p(numpy.exp(values))
    return values + shares * (values * numpy.tanh(softplus) - values)


def test_realmlp_mixes_activations_of_scaled_waves():
    model, arrays = with_weights("realmlp", number_embedding="none", activation="mish", depth=1)
    waves, phases, kernels, biases, factors, first, bias, shares, last, end = arrays
    parts = []
    for number in range(2):
        swings = numpy.cos(2 * numpy.pi * ROWS[:, [number]] * waves[number] + phases[number])
        parts += [ROWS[:, [number]], swings @ kernels[number] + biases[number]]
    inputs = numpy.concatenate([*parts, ROWS[:, 2:]], axis=1) * factors
    expected = mixed(inputs @ first + bias, shares) @ last + end
    numpy.testing.assert_allclose(answers(model), expected, rtol=1e-4, atol=1e-5)


def test_realmlp_learns_each_part_at_its_rate_and_begins_at_zero():
    network = builder().network(VALUES | {"family": "realmlp", "number_embedding": "none"})
    num_inputs = 9 + 2 * 3
    assert [round(1 / weight.rate**2, 3) for weight in network.weights if weight.role is Role.KERNEL] == [
        num_inputs,
        6,
        6,
    ], "a kernel learns at one over the root of its inputs"
    assert [weight.rate for weight in network.weights if weight.role is Role.VECTOR] == [
        *[0.1] * 4,
        6.0,
        *[0.1] * 5,
    ], "waves, factors of inputs, biases and activations"
    arrays = network.initial(1)
    assert (arrays[-1] == 0.0).all() and (arrays[-2] == 0.0).all(), "the output"
    wide = builder().network(VALUES | {"family": "realmlp", "number_embedding": "none", "width": 400})
    second = wide.initial(1)[8]
    assert second.shape == (400, 400) and second.std() == pytest.approx(0.05, rel=0.02)


def test_realmlp_embeds_numbers_once():
    network = builder().network(VALUES | {"family": "realmlp"})
    assert isinstance(network.layers[0], NumberEmbedding)
    assert not any(isinstance(layer, PeriodicEmbedding) for layer in network.layers)
    neither = builder().network(
        VALUES | {"family": "realmlp", "number_embedding": "none", "frequencies": 0.0}
    )
    assert isinstance(neither.layers[0], Scale)


def test_waves_begin_as_they_are_drawn():
    waves, phases, kernels, biases = PeriodicEmbedding(50, 40, 4, 0.3).initial((60,), 1)
    assert waves.std() == pytest.approx(0.3, rel=0.05) and abs(waves.mean()) < 0.02
    assert numpy.abs(phases).max() <= numpy.pi and phases.std() == pytest.approx(numpy.pi / 3**0.5, rel=0.05)
    for array in (kernels, biases):
        assert numpy.abs(array).max() <= 40**-0.5


def test_views_begin_apart_and_the_numbers_that_embed_one_number_alike():
    factors = Views(50, (3, 2)).initial((7,), 1)[0]
    assert (factors[:, :3] == factors[:, :1]).all() and (factors[:, 3:5] == factors[:, 3:4]).all()
    assert abs(factors.mean()) < 0.2 and factors.std() == pytest.approx(1.0, abs=0.15)
    signs = Views(50).initial((7,), 1)[0]
    assert set(numpy.unique(signs)) == {-1.0, 1.0} and abs(signs.mean()) < 0.2


def test_bins_begin_without_effect():
    layer = NumberEmbedding(BINS, 3)
    slopes, offsets, kernels = layer.initial((9,), 1)
    assert (kernels == 0.0).all() and (numpy.abs(slopes) <= 3**-0.5).all() and slopes.std() > 0.1
    assert not numpy.isclose(slopes, offsets).any()


def test_a_linear_model_embeds_nothing():
    for family in FAMILIES:
        network = builder().network(VALUES | {"family": family, "depth": 0})
        assert not any(isinstance(layer, NumberEmbedding) for layer in network.layers)


def test_a_study_that_names_no_family_has_perceptrons_and_no_such_hyperparameter():
    prepared = prepared_with(space={"depth": 1, "learning_rate": 0.01})
    assert not {"family", "views", "number_embedding", "embedding_size"} & set(prepared.space.initial())


def test_a_family_brings_its_hyperparameters_as_conditions():
    prepared = prepared_with(
        space={
            "family": {"choice": ["perceptron", "tabm"]},
            "views": {"choice": [4, 8]},
            "numeric_encoding": {"choice": ["standard", "piecewise"]},
            "number_embedding": {"choice": ["none", "piecewise"]},
        }
    )
    generator = numpy.random.default_rng(0)
    for _ in range(40):
        values = prepared.space.complete({}, generator)
        assert ("views" in values) is (values["family"] == "tabm")
        assert ("number_embedding" in values) is (values["numeric_encoding"] == "piecewise")
        assert ("embedding_size" in values) is (values.get("number_embedding") == "piecewise")


def test_the_network_section_names_a_family_for_all_trials():
    prepared = prepared_with(network={"family": "residual"}, space={"depth": 1})
    assert prepared.space.initial()["family"] == "residual"


def test_a_family_is_named_once_and_is_one_of_the_table():
    with pytest.raises(
        SearchSpaceError, match=r"`network\.family` must be left out where the space has a `family`"
    ):
        prepared_with(network={"family": "tabm"}, space={"family": "tabm"})
    with pytest.raises(SearchSpaceError, match=r"`family` must name a family, got 'tabn'. .*tabm"):
        prepared_with(network={"family": "tabn"})
    with pytest.raises(StudyFileError, match="must not have a `family` together with your own `builder`"):
        make_study(
            {
                "name": "s",
                "data": {"sklearn": "wine"},
                "network": {"family": "tabm", "builder": "own.py:build"},
            }
        )


def test_a_family_without_batch_normalization_refuses_it():
    with pytest.raises(SearchSpaceError, match="`batch_normalization` must be false for the family 'tabm'"):
        prepared_with(space={"family": {"choice": ["perceptron", "tabm"]}, "batch_normalization": True})


def test_an_initializer_of_realmlp_is_refused():
    with pytest.raises(SearchSpaceError, match="`initializer` has no use here"):
        prepared_with(space={"family": "realmlp", "initializer": "he_normal"})
    prepared_with(space={"family": {"choice": ["realmlp", "perceptron"]}, "initializer": "he_normal"})


def test_views_without_tabm_are_never_used():
    with pytest.raises(SearchSpaceError, match="`views` is never used"):
        prepared_with(space={"family": "residual", "views": 8})
