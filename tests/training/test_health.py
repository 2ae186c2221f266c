"""Gradients and dead units against Keras's own gradients and activations, and by hand."""

from typing import Any

import keras
import numpy
import pytest
import tensorflow
from populations import job, joint_structure, member, setting, study, study_of_levels, train, widened

from automl.study.preparation import PreparedStudy
from automl.training.engine import Watch
from automl.training.engines import ENGINES
from automl.training.health import make_health
from automl.training.members import plan_members
from automl.training.plain.slopes import output_slopes
from automl.training.population.health import HealthPrograms
from automl.training.population.planner import structure_of
from automl.training.population.stacking import own_weights, stacked_weights
from automl.training.population.structure import Structure
from automl.trial import Health, Member

WATCH = Watch(lambda _: None, lambda: True)
TABLES = ("diabetes", "wine", "breast_cancer")
ONE_AND_SLOW = [
    "wine",
    pytest.param("diabetes", marks=pytest.mark.slow),
    pytest.param("breast_cancer", marks=pytest.mark.slow),
]


def healths(prepared: PreparedStudy, engine: str, *trials: dict[str, Any]) -> list[Health]:
    cohort = [
        plan_members(number, dict(prepared.space.initial()) | values, len(prepared.splits.folds), 0)
        for number, values in enumerate(trials)
    ]
    ended = sorted(
        ENGINES[engine](prepared.plan, prepared.splits.folds).train(cohort, WATCH),
        key=lambda trial: trial.number,
    )
    assert all(fold.health is None for trial in ended for fold in trial.folds[1:])
    return [trial.folds[0].health for trial in ended if trial.folds[0].health is not None]


def rows_of(prepared: PreparedStudy, trained: Member) -> tuple[numpy.ndarray, numpy.ndarray]:
    view = prepared.plan.view(trained, prepared.splits.folds[trained.fold])
    places = view.places(view.measured[:256])
    return view.inputs[places], view.targets[places]


def roots_by_hand(prepared: PreparedStudy, trained: Member) -> list[float]:
    """Root mean squares of the gradient of the mean loss, written with TensorFlow alone."""
    model = prepared.builder.build(trained.hyperparameters, trained.seed("weights"))
    inputs, targets = rows_of(prepared, trained)
    kernels = [layer.kernel for layer in model.layers if isinstance(layer, keras.layers.Dense)]
    with tensorflow.GradientTape() as tape:
        outputs = model(inputs, training=False)
        losses = {
            "diabetes": lambda: (outputs - targets) ** 2,
            "wine": lambda: -tensorflow.reduce_sum(targets * tensorflow.math.log(outputs), axis=1),
            "breast_cancer": lambda: (
                -(targets * tensorflow.math.log(outputs) + (1 - targets) * tensorflow.math.log(1 - outputs))
            ),
        }
        loss = tensorflow.reduce_mean(losses[prepared.config.data.sklearn or ""]())
    slopes = tape.gradient(loss, [kernel.value for kernel in kernels])
    return [float(numpy.sqrt(numpy.mean(slope.numpy().astype(float) ** 2))) for slope in slopes]


@pytest.mark.parametrize("data", TABLES)
@pytest.mark.parametrize("engine", ENGINES)
def test_gradients_are_those_of_keras(engine: str, data: str) -> None:
    prepared = study({"depth": 2, "activation": "tanh"}, data, training={"epochs": 1})
    [health] = healths(prepared, engine, {})
    assert health.gradients == pytest.approx(roots_by_hand(prepared, member(prepared)), rel=1e-4)


def test_padding_changes_no_gradient() -> None:
    """Widths 8 and 5 in a program of 16: the zeros beside the own weights count as no gradient."""
    prepared = study({"depth": 2})
    for width in (8, 5):
        narrow = member(prepared, width=width)
        wider = member(prepared, width_1=16, width_2=24)
        structure = joint_structure(prepared, [narrow, wider])
        assert structure.network.widths == (16, 24)
        weights, moments = stacked_weights(structure, job(prepared, narrow))
        health = HealthPrograms().health(
            structure, job(prepared, narrow), [*weights, *moments], rows_of(prepared, narrow)
        )
        assert health.gradients == pytest.approx(roots_by_hand(prepared, narrow), rel=1e-4)
        assert max(health.dead_units) < 0.7


TRIALS: tuple[dict[str, Any], ...] = (
    {},
    {"width": 7},
    {"activation": "leaky_relu", "dropout": 0.3},
    {"batch_normalization": True},
    {"depth": 0},
    {"learning_rate": 3.0},
)


@pytest.mark.parametrize(
    ("data", "count"), [("wine", 2), *(pytest.param(data, 6, marks=pytest.mark.slow) for data in TABLES)]
)
def test_populations_and_keras_agree_on_every_member(data: str, count: int) -> None:
    """The narrow one trains in a program that is too wide for it; batch normalization has vectors beside kernels."""
    prepared, trials = study({"depth": 2}, data, training={"epochs": 4}), TRIALS[:count]
    actual, expected = (healths(prepared, engine, *trials) for engine in ENGINES)
    assert len(actual) == len(expected) == len(trials)
    for values, first, second in zip(trials, actual, expected, strict=True):
        assert first.gradients == pytest.approx(second.gradients, rel=1e-4), values
        assert first.dead_units == pytest.approx(second.dead_units), values


def test_embeddings_are_no_layers_of_their_own() -> None:
    prepared = study_of_levels()
    actual, expected = (healths(prepared, engine, {"depth": 2})[0] for engine in ENGINES)
    assert len(actual.gradients) == 3 and len(actual.dead_units) == 2
    assert actual.gradients == pytest.approx(expected.gradients, rel=1e-4)
    assert actual.dead_units == pytest.approx(expected.dead_units)


@pytest.mark.parametrize("data", ONE_AND_SLOW)
def test_dead_units_are_those_whose_activation_is_zero_for_every_row(data: str) -> None:
    """Against the activations of Keras's layers, in networks some of whose units are far below zero."""
    prepared = study({"depth": 1, "width": 16}, data, training={"epochs": 2})
    single = member(prepared)
    [outcome] = train(prepared, [single], patience=0)
    outcome.weights[1][0, [2, 3, 7]] = -30.0
    model = prepared.builder.restored(single.hyperparameters, own_weights(outcome.job, outcome.weights))
    inputs, targets = rows_of(prepared, single)
    hidden = keras.Model(model.input, model.get_layer("activation_1").output)(inputs).numpy()
    expected = float((hidden == 0.0).all(axis=0).mean())
    assert expected == 3 / 16
    health = HealthPrograms().health(outcome.structure, outcome.job, outcome.weights, (inputs, targets))
    assert health.dead_units == pytest.approx([expected])
    kernels = output_slopes(model, inputs)
    assert make_health([], kernels).dead_units == pytest.approx([expected])


def test_a_softmax_that_is_sure_of_itself_has_living_units() -> None:
    """The outputs of a softmax sum to one, whatever its units answer."""
    prepared = study({"depth": 1, "width": 16, "activation": "tanh"}, "wine")
    single = member(prepared)
    model = prepared.builder.build(single.hyperparameters, 3)
    inputs, _ = rows_of(prepared, single)
    for size in (1.0, 300.0):
        model.get_layer("output").kernel.assign(size * keras.ops.convert_to_tensor(model.get_weights()[2]))
        assert make_health([], output_slopes(model, inputs)).dead_units == (0.0,)


def planted(activation: str, width: int, bias: float, wide: int = 0) -> Health:
    """One hidden layer whose biases are set by hand, in a program of other widths."""
    prepared = study({"depth": 1, "width": width, "activation": activation})
    single = member(prepared)
    structure: Structure = structure_of(job(prepared, single), setting(prepared), exact=True)
    if wide:
        structure = widened(prepared, structure, single, wide)
    weights, _ = stacked_weights(structure, job(prepared, single))
    weights[1][0, :width] = bias
    return HealthPrograms().health(structure, job(prepared, single), weights, rows_of(prepared, single))


def test_a_relu_below_zero_everywhere_is_dead_and_a_leaky_one_is_not() -> None:
    assert planted("relu", 8, -10.0).dead_units == (1.0,)
    assert planted("relu", 8, 0.0).dead_units == (0.0,)
    assert planted("leaky_relu", 8, -10.0).dead_units == (0.0,)
    assert planted("gelu", 8, 0.0).dead_units == (0.0,)


def test_padding_is_not_dead() -> None:
    assert planted("relu", 8, 0.0, wide=16).dead_units == (0.0,)
    assert planted("relu", 8, -10.0, wide=16).dead_units == (1.0,)


def test_shares_of_dead_units_and_roots_by_hand() -> None:
    start = [numpy.array([[3.0, 4.0]]), numpy.full((2, 2), -2.0)]
    end = [numpy.array([[0.0, 1.0, 0.0, 0.0], [0.0, 0.0, -2.0, 0.0]]), numpy.zeros((4, 1))]
    health = make_health(start, end)
    assert health.gradients == pytest.approx((12.5**0.5, 2.0))
    assert health.dead_units == (0.5,)


def test_a_deep_sigmoid_network_hardly_moves_its_first_layer() -> None:
    prepared = study({"depth": 12, "width": 8}, "breast_cancer", training={"epochs": 1})
    for activation, vanishes in (("sigmoid", True), ("relu", False)):
        single = member(
            prepared, activation=activation, initializer="he_normal" if not vanishes else "glorot_uniform"
        )
        structure = structure_of(job(prepared, single), setting(prepared))
        weights, _ = stacked_weights(structure, job(prepared, single))
        gradients = (
            HealthPrograms()
            .health(structure, job(prepared, single), weights, rows_of(prepared, single))
            .gradients
        )
        assert len(gradients) == 13
        assert (gradients[0] / gradients[-2] < 1e-3) is vanishes
