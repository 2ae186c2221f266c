"""The exported folder: whole or not at all, equal to the Keras model, on raw columns of any name."""

import json
import shutil
from functools import cache

import numpy
import pandas
import pytest
import tensorflow

from automl.config.reading import make_study
from automl.data.folds import Fold
from automl.errors import ExportError
from automl.export.folders import MANIFEST
from automl.export.saved_model import ModelCard, save_model
from automl.export.served import argument_names
from automl.serving.scoring import Scorer
from automl.study.preparation import prepare_study
from automl.study.run import run_study
from automl.training.network import Network
from automl.trial import Member, Trial, TrialState

pytestmark = pytest.mark.usefixtures("without_page")

NASTY = ["sepal length (cm)", "sepal_length__cm_", "2nd", "größe", "a/b"]


def prepared_table(folder, target):
    generator = numpy.random.default_rng(0)
    table = pandas.DataFrame(generator.normal(2.0e6, 3.0, (60, 5)), columns=NASTY)
    table["y"] = {
        "number": table["2nd"] * 7 + 1e4,
        "text": numpy.where(table["a/b"] > 2.0e6, "yes", "no"),
        "three": [["b", "a", "c"][row % 3] for row in range(60)],
    }[target]
    table.to_csv(folder / "table.csv", index=False)
    data = {"path": str(folder / "table.csv"), "target": "y"}
    return prepare_study(
        make_study({"name": "m", "data": data, "space": {"depth": 1, "width": 4, "activation": "tanh"}})
    )


def network_of(prepared):
    dataset = prepared.dataset
    model = prepared.builder.build(prepared.space.initial(), seed=3)
    rows = prepared.splits.training
    view = prepared.plan.view(Member(0, -1, prepared.space.initial(), 0), Fold(rows, rows[:0], rows[:0]))
    return Network(model, view.scalings, dataset.task)


def card():
    return ModelCard("m", Trial(0, {"depth": 1}, TrialState.COMPLETE), 3, 60, {"rmse": "1"})


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Gives a study of a target, its network, and the folder with its table and its model."""

    @cache
    def save(target):
        folder = tmp_path_factory.mktemp(target)
        prepared = prepared_table(folder, target)
        network = network_of(prepared)
        save_model(network, prepared.dataset, card(), folder / "model")
        return prepared, network, folder

    return save


@pytest.mark.parametrize("target", ["number", "text", "three"])
def test_it_answers_as_the_keras_model_for_columns_of_any_name(saved, target):
    prepared, network, folder = saved(target)
    table = pandas.read_csv(folder / "table.csv")
    answer = Scorer(folder / "model").predict(table[[*reversed(NASTY)]])
    expected = network.predict(prepared.dataset.columns)
    if target == "number":
        numpy.testing.assert_allclose(answer["prediction"], expected, rtol=1e-6)
    else:
        classes = list(prepared.dataset.classes)
        columns = [f"probability_{label}" for label in classes]
        numpy.testing.assert_allclose(answer[columns], expected, atol=1e-6)
        assert answer["prediction"].tolist() == [classes[code] for code in expected.argmax(axis=1)]


def test_large_values_keep_their_differences(saved):
    """Two rows a thousandth apart at two million are one and the same in float32."""
    *_, folder = saved("number")
    rows = pandas.DataFrame([[2.0e6] * 5, [2.0e6 + 1e-3] * 5], columns=NASTY)
    first, second = Scorer(folder / "model").predict(rows)["prediction"]
    assert first != second


def test_a_failure_leaves_neither_a_model_nor_scratch(tmp_path, monkeypatch):
    prepared = prepared_table(tmp_path, "number")

    def full(*_, **__):
        raise tensorflow.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tensorflow.saved_model, "save", full)
    with pytest.raises(ExportError, match="No space left"):
        save_model(network_of(prepared), prepared.dataset, card(), tmp_path / "out" / "model")
    assert list((tmp_path / "out").iterdir()) == []


def test_a_model_is_replaced_and_anything_else_is_not(tmp_path):
    prepared = prepared_table(tmp_path, "text")
    network = network_of(prepared)
    for _ in range(2):
        save_model(network, prepared.dataset, card(), tmp_path / "model")
    (tmp_path / "model" / MANIFEST).unlink()  # as earlier versions wrote it
    shutil.rmtree(tmp_path / "model" / "scoring")
    save_model(network, prepared.dataset, card(), tmp_path / "model")
    assert (tmp_path / "model" / MANIFEST).is_file()
    content = json.loads((tmp_path / "model" / "model.json").read_text())
    assert content["features"] == NASTY and content["classes"] == ["yes", "no"]
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").write_text("years of work")
    with pytest.raises(ExportError, match=r"thesis\.txt, which is not part of a model"):
        save_model(network, prepared.dataset, card(), tmp_path / "other")
    assert (tmp_path / "other" / "thesis.txt").exists()


def test_arguments_are_identifiers_each_once():
    names = argument_names(tuple(NASTY))
    assert len(set(names.values())) == len(NASTY)
    assert all(name.isidentifier() and name.isascii() for name in names.values())


def test_the_scorer_reads_what_people_have(saved):
    """Whole numbers, numbers as text, more columns, other order, its own index; a missing column is named."""
    *_, folder = saved("text")
    scorer = Scorer(folder / "model")
    plain = pandas.DataFrame([[2_000_000.0] * 5] * 2, columns=NASTY)
    expected = scorer.predict(plain)
    whole = plain.astype("int64").assign(extra="x")[["extra", *reversed(NASTY)]]
    text = plain.astype("int64").astype(str).set_index(pandas.Index(["p", "q"]))
    pandas.testing.assert_frame_equal(scorer.predict(whole), expected)
    pandas.testing.assert_frame_equal(scorer.predict(text), expected.set_axis(["p", "q"]))
    with pytest.raises(ValueError, match="2nd"):
        scorer.predict(plain.drop(columns="2nd"))
    with pytest.raises(ValueError, match="a/b"):
        scorer.predict(pandas.concat([plain.astype(object).assign(**{"a/b": "red"})] * 5, ignore_index=True))
    with pytest.raises(ValueError, match=r"\['2nd'\] more than once"):
        scorer.predict(plain[[*NASTY, "2nd"]])
    assert len(scorer.predict(plain.iloc[:0])) == 0


def test_a_backend_that_populations_do_not_train_on_is_refused_before_training(monkeypatch, tmp_path):
    monkeypatch.setattr("keras.backend.backend", lambda: "torch")
    study = make_study({"name": "s", "data": {"sklearn": "wine"}})
    with pytest.raises(
        ExportError, match=r"`KERAS_BACKEND` must be 'tensorflow' or 'jax'.* got 'torch'. Unset it"
    ):
        run_study(study, mlruns=tmp_path / "mlruns")
    assert not (tmp_path / "mlruns").exists()
