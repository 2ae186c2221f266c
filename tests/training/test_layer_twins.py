"""Every layer in a population against the same layer in a Keras model that `model.fit` trains."""

import dataclasses

import keras
import numpy
import pytest
from draws import PART
from populations import curves, member, study, train

from automl.networks.builder import NetworkBuilder
from automl.networks.layers.activation import Activation
from automl.networks.layers.batch_normalization import BatchNormalization
from automl.networks.layers.branches import CONCATENATE, Branches, residual
from automl.networks.layers.dense import Dense
from automl.networks.layers.layer_normalization import LayerNormalization
from automl.networks.layers.number_embedding import NumberEmbedding
from automl.networks.layers.parametric_activation import ParametricActivation
from automl.networks.layers.periodic_embedding import PeriodicEmbedding
from automl.networks.layers.reshape import Reshape
from automl.networks.layers.scale import Scale
from automl.networks.layers.views import Heads, Views
from automl.networks.network import Network
from automl.networks.recipe import Recipe
from automl.training.plain.sequential import models_of, train_member
from automl.training.population.stacking import own_weights

DATA = {
    "categorical_crossentropy": "wine",
    "binary_crossentropy": "breast_cancer",
    "mse": "diabetes",
    "mae": "diabetes",
}


def dense(units, number=1, **fields):
    return Dense(units, initializer="he_normal", stream=("kernel", number), **fields)


def activation(name="tanh", **fields):
    return Activation((name,), **fields)


CASES = {
    "dense": lambda width: (dense(width), activation("gelu")),
    "dense without a bias": lambda width: (dense(width, use_bias=False), activation("selu")),
    "activation with a slope": lambda width: (dense(width), activation("leaky_relu", slope=width / 40)),
    "batch normalization": lambda width: (dense(width, use_bias=False), BatchNormalization(), activation()),
    "layer normalization": lambda width: (dense(width), LayerNormalization(), activation("sigmoid")),
    "scale": lambda width: (Scale(), dense(width), activation()),
    "scale at a rate of its own": lambda width: (Scale(rate=6.0), dense(width), activation()),
    "rates of a kernel and a bias": lambda width: (dense(width, rate=0.25, bias_rate=3.0), activation()),
    "parametric activation": lambda width: (
        dense(width),
        ParametricActivation(activation("mish"), 0.5),
        dense(width, 2),
        ParametricActivation(activation("leaky_relu", slope=width / 40)),
    ),
    "periodic embedding": lambda width: (PeriodicEmbedding(2, 5, 3, 0.2, 0.1), dense(width), activation()),
    "residual": lambda width: (
        dense(width),
        residual(LayerNormalization(), dense(width, 2), activation("silu"), dense(width, 3)),
        activation(),
    ),
    "nested residual": lambda width: (
        dense(width),
        residual(dense(width, 2), residual(activation(), dense(width, 3))),
    ),
    "concatenate": lambda width: (
        Branches(((dense(width), activation()), (), (dense(3, 2),)), CONCATENATE),
        dense(width, 3),
        activation(),
    ),
    "embedded numbers": lambda width: (NumberEmbedding((2, 3), 4), dense(width), activation()),
    "views": lambda width: (Views(3), dense(width), activation("gelu"), LayerNormalization()),
    "views of embedded numbers": lambda width: (
        NumberEmbedding((3, 1), 2),
        Views(4, (2, 2)),
        dense(width),
        activation("leaky_relu", slope=0.3),
    ),
    "reshape": lambda width: (
        dense(12),
        Reshape((3, 4)),
        dense(width, 2),
        LayerNormalization(),
        activation("softplus"),
        Reshape((3 * width,)),
    ),
}
"""Layers under a hidden layer's width. What is added here is tested against every optimizer, loss and neighbor."""

NORMALIZED = ("batch normalization", "layer normalization", "residual", "reshape", "views")


def network_of(case, width, num_inputs, num_outputs, output):
    """The layers of a case and an output: for several views a head each."""
    layers = CASES[case](width)
    if any(isinstance(layer, Views) for layer in layers):
        return Network(num_inputs, (*layers, Heads(num_outputs, output)))
    return Network(num_inputs, (*layers, Dense(num_outputs, "output", stream=("output",), output=output)))


@dataclasses.dataclass(frozen=True)
class CaseBuilder(NetworkBuilder):
    case: str
    num_inputs: int
    num_outputs: int
    output: str

    def network(self, values):
        return network_of(self.case, int(values["width"]), self.num_inputs, self.num_outputs, self.output)

    def build(self, hyperparameters, seed):
        network = self.network(hyperparameters)
        return network.model(network.initial(seed), float(hyperparameters["l2"]), seed)

    def recipe(self, hyperparameters):
        return Recipe(self.network(hyperparameters), hyperparameters)


def prepared_for(case, loss="categorical_crossentropy", optimizer="adam", **values):
    regression = {"loss": loss} if DATA[loss] == "diabetes" else {}
    prepared = study({"optimizer": optimizer} | values, DATA[loss], training={"epochs": 3} | regression)
    output = {"categorical_crossentropy": "softmax", "binary_crossentropy": "sigmoid"}.get(loss, "linear")
    num_inputs = prepared.layout.num_inputs("standard")
    return dataclasses.replace(
        prepared, builder=CaseBuilder(case, num_inputs, prepared.dataset.num_outputs, output)
    )


def check(case, loss, optimizer, **values):
    """Two widths, where they can share a program, and a neighbor that diverges at once.

    `make test` compares the narrower one, which has padding; its twin is traced for a second.
    """
    prepared = prepared_for(case, loss, optimizer, **values)
    pair = [member(prepared, 0, 0, width=8), member(prepared, 1, 1, width=5)]
    kinds = [prepared.builder.network(candidate.hyperparameters).signature(int).kind for candidate in pair]
    members = [candidate for candidate, kind in zip(pair, kinds, strict=True) if kind == kinds[0]]
    wild = member(prepared, 3, 0, width=8, learning_rate=1e30)
    outcomes = train(prepared, [*members, wild], places=len(members) + 1)
    adaptive = case in NORMALIZED and optimizer not in ("sgd", "momentum")
    close = 2e-4 if adaptive else 1e-5
    pairs = list(zip(members, outcomes, strict=False))
    for trained_member, outcome in pairs if PART == 1 else pairs[-1:]:
        fold = prepared.splits.folds[trained_member.fold]
        expected, network = train_member(
            prepared.plan, trained_member, fold, models_of(prepared.plan), lambda *_: None
        )
        numpy.testing.assert_allclose(outcome.losses, curves(expected), close, 1e-7)
        assert outcome.best_epoch == expected.best_epoch
        model = prepared.builder.network(trained_member.hyperparameters).model(
            own_weights(outcome.job, outcome.weights)
        )
        for weight, twin_weight in zip(model.get_weights(), network.model.get_weights(), strict=True):
            assert numpy.linalg.norm(weight - twin_weight) <= 5 * close * max(
                1.0, numpy.linalg.norm(twin_weight)
            )


# What another case has too: a scale with the rate of all, views of plain numbers, one residual branch alone. Members of
# a population of perceptrons have the first three.
WITHIN_OTHERS = ("dense", "dense without a bias", "batch normalization", "scale", "views", "residual")


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(case, marks=pytest.mark.slow)
        if case in WITHIN_OTHERS
        else case  # the other cases hold it
        for case in CASES
    ],
)
def test_a_layer_equals_its_twin(case):
    index = list(CASES).index(case)
    loss = list(DATA)[index % len(DATA)]
    if loss == "mae" and case in NORMALIZED:
        loss = "mse"  # rounding turns the sign of an error, and Adam divides by the size of the slope
    optimizer = ("adamw", "momentum", "muon", "schedule_free")[index % 4]
    decay = {"weight_decay": 0.01} if optimizer in ("adamw", "schedule_free", "muon") else {}
    check(case, loss, optimizer, l2=0.001 * (index % 2), **decay)


@pytest.mark.slow
@pytest.mark.parametrize(
    "optimizer", ["sgd", "momentum", "adam", "adamw", "adamw_ema", "schedule_free", "muon", "rmsprop"]
)
@pytest.mark.parametrize("loss", DATA)
@pytest.mark.parametrize("case", CASES)
def test_a_layer_equals_its_twin_in_every_combination(case, loss, optimizer):
    if loss == "mae" and case in NORMALIZED:
        pytest.skip("rounding turns the sign of an error, and Adam divides by the size of the slope")
    check(case, loss, optimizer, learning_rate=0.002, clip_norm=1.0)


@pytest.mark.parametrize("case", CASES)
def test_the_shapes_of_weights_are_those_of_keras(case):
    for width in (1, 7):
        network = network_of(case, width, 9, 2, "softmax")
        model = network.model(network.initial(3))
        trained = [tuple(variable.shape) for variable in model.trainable_variables]
        assert sorted(trained) == sorted(weight.shape for weight in network.weights)
        assert network.capacity == sum(int(numpy.prod(shape)) for shape in trained)
        assert model.output_shape == (None, network.num_outputs)


@pytest.mark.parametrize("case", CASES)
def test_signatures_of_any_widths_join_to_one_that_has_room_for_both(case):
    narrow, wide = (network_of(case, width, 9, 2, "softmax").signature(int) for width in (4, 11))
    if narrow.kind != wide.kind:
        assert any(layer.mixes_units for layer in CASES[case](4)), "only where padding would move other units"
        return
    joint = narrow.joined(wide)
    assert joint == wide.joined(narrow) and joint.joined(narrow) == joint
    for joint_weight, wide_weight in zip(joint.weights, wide.weights, strict=True):
        assert joint_weight.stacked == wide_weight.stacked, "the wider one sets the sizes"


def test_a_layer_that_cannot_take_its_inputs_says_so():
    with pytest.raises(ValueError, match="one shape"):
        Branches(((dense(3),), ())).outputs((4,))
    with pytest.raises(ValueError, match="cannot become"):
        Reshape((2, 2)).outputs((5,))
    assert keras.layers.Reshape((2, 2))(keras.Input((4,))).shape == (None, *Reshape((2, 2)).outputs((4,)))
