"""A user's `build(hp)` in a population: equal to its own Keras model under `model.fit`."""

from pathlib import Path

import keras
import numpy
import pytest

from automl.config.reading import load_study
from automl.errors import StudyFileError
from automl.networks import probe
from automl.study.preparation import PreparedStudy, prepare_study
from automl.training.engine import Watch
from automl.training.engines import ENGINES
from automl.training.members import plan_members
from automl.training.mixed import MixedEngine
from automl.training.plain.engine import SequentialEngine
from automl.trial import Trial, TrialState

BUILDER = """
import keras

calls = []

def build(hp):
    width = hp.Int("width", 4, 12)
    calls.append(width)
    inputs = keras.Input((13,))
    hidden = keras.layers.Dense(width, "tanh", kernel_regularizer=keras.regularizers.L2(0.001))(inputs)
    if hp.Boolean("residual"):
        inner = keras.layers.LayerNormalization()(hidden)
        inner = keras.layers.Dense(width, "relu", kernel_regularizer=keras.regularizers.L2(0.001))(inner)
        hidden = keras.layers.Add()([hidden, inner])
    if hp.Boolean("noise"):
        hidden = keras.layers.GaussianNoise(0.0)(hidden)
    if hp.Boolean("broken"):
        raise ValueError("no such network")
    outputs = keras.layers.Dense(
        3, "softmax", kernel_regularizer=keras.regularizers.L2(0.001)
    )(hidden)
    model = keras.Model(inputs, outputs)
    if hp.Boolean("compiled"):
        model.compile(keras.optimizers.SGD(0.02, momentum=0.9), "sparse_categorical_crossentropy")
    return model
"""
PLAIN = {"residual": False, "noise": False, "broken": False, "compiled": False}


def no_process(*_: object) -> None:
    raise OSError("no process for a network of this file")


def prepared_in(folder: Path, text: str = BUILDER, more: str = "") -> PreparedStudy:
    """Networks are tried in this process, as where none can be started: another one loads Keras for seconds."""
    (folder / "own.py").write_text(text)
    (folder / "study.yaml").write_text(
        "data: {sklearn: wine}\nsplits: {folds: 2}\nnetwork: {builder: own.py:build, inputs: standard}\n"
        f"training: {{epochs: 4, batch_size: 32{more}}}\n"
    )
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(probe, "Child", no_process)
        return prepare_study(load_study(folder / "study.yaml"))


def trained(prepared: PreparedStudy, engine: str, *configurations: dict) -> list[Trial]:
    cohort = [plan_members(number, PLAIN | values, 2, 1) for number, values in enumerate(configurations)]
    trainer = ENGINES[engine](prepared.plan, prepared.splits.folds)
    trials = list(trainer.train(cohort, Watch(lambda _: None, lambda: True)))
    return sorted(trials, key=lambda trial: trial.number)


def test_its_members_equal_the_users_model_under_fit(tmp_path: Path) -> None:
    prepared = prepared_in(tmp_path)
    configurations = [
        {"width": 6},
        {"width": 9, "compiled": True},
        {"width": 12, "residual": True, "learning_rate": 0.01},
    ]
    stacked, fitted = (trained(prepared, name, *configurations) for name in ("population", "sequential"))
    for actual, expected in zip(stacked, fitted, strict=True):
        assert actual.state is expected.state is TrialState.COMPLETE
        assert actual.capacity == expected.capacity
        for first, second in zip(actual.folds, expected.folds, strict=True):
            close = 2e-4 if actual.hyperparameters["residual"] else 1e-5
            numpy.testing.assert_allclose(first.validation_loss, second.validation_loss, close)
            numpy.testing.assert_allclose(first.predictions, second.predictions, 10 * close, 1e-6)
            assert first.best_epoch == second.best_epoch
    prepared.builder.probe.close()


def test_what_has_no_twin_trains_with_keras_and_what_raises_fails_alone(tmp_path: Path) -> None:
    prepared = prepared_in(tmp_path)
    assert isinstance(prepared.make_engine(), MixedEngine)
    trials = trained(
        prepared, "population", {"width": 5}, {"width": 5, "noise": True}, {"width": 5, "broken": True}
    )
    assert [trial.state for trial in trials] == [TrialState.COMPLETE, TrialState.COMPLETE, TrialState.FAILED]
    assert "no such network" in trials[2].reason
    prepared.builder.probe.close()


def test_a_refit_gives_the_users_own_model_with_the_weights_of_the_population(tmp_path: Path) -> None:
    prepared = prepared_in(tmp_path)
    [member, _] = plan_members(0, PLAIN | {"width": 7, "residual": True}, 2, 1)
    rows = prepared.splits.training
    stacked, fitted = (
        ENGINES[name](prepared.plan, prepared.splits.folds).refit(member, rows, 5)
        for name in ("population", "sequential")
    )
    assert [type(layer) for layer in stacked.model.layers] == [type(layer) for layer in fitted.model.layers]
    for actual, expected in zip(stacked.model.get_weights(), fitted.model.get_weights(), strict=True):
        numpy.testing.assert_allclose(actual, expected, 1e-3, 1e-5)
    prepared.builder.probe.close()


CONVOLUTION = """
import keras

def build(hp):
    inputs = keras.Input((13,))
    hidden = keras.layers.Reshape((13, 1))(inputs)
    hidden = keras.layers.Flatten()(keras.layers.Conv1D(hp.Int("filters", 1, 3), 3, name="first")(hidden))
    return keras.Model(inputs, keras.layers.Dense(3, "softmax")(hidden))
"""


def test_check_names_the_first_layer_that_prevents_a_population(tmp_path: Path) -> None:
    prepared = prepared_in(tmp_path, CONVOLUTION)
    assert isinstance(prepared.make_engine(), SequentialEngine)
    assert (
        "a population cannot train the first one: layer 'first' (Conv1D) has no stacked twin"
        in prepared.notes[-1]
    )
    prepared.builder.probe.close()


def test_a_population_that_is_asked_for_and_cannot_be_is_refused(tmp_path: Path) -> None:
    with pytest.raises(
        StudyFileError, match=r"study.yaml:4: `training.engine` must be .*layer 'first' \(Conv1D\)"
    ):
        prepared_in(tmp_path, CONVOLUTION, ", engine: population")


def test_the_note_says_how_the_networks_train(tmp_path: Path) -> None:
    prepared = prepared_in(tmp_path, more=", engine: sequential")
    assert prepared.notes[-1] == "the networks train one after another, as the study file says"
    prepared.builder.probe.close()
    keras.backend.clear_session()
