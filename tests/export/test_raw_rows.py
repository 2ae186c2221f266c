"""Exported models on raw rows: in a process with TensorFlow alone, and through the scoring code that travels along."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest

from automl.config.reading import make_study
from automl.data import preprocessing
from automl.data.encoding import encode_columns
from automl.data.features.encodings import ENCODINGS
from automl.data.folds import Fold
from automl.export.saved_model import ModelCard, save_model
from automl.networks.layers.level_embedding import EMBEDDING
from automl.serving.scoring import Scorer
from automl.study.preparation import PreparedStudy, prepare_study
from automl.training.network import Network
from automl.trial import Member, Trial, TrialState

NAN = float("nan")
ROWS = 90
GENERATOR = numpy.random.default_rng(4)
TABLE = pandas.DataFrame(
    {
        "floor size (m²)": numpy.where(numpy.arange(ROWS) % 8 == 0, NAN, GENERATOR.lognormal(4.0, 1.0, ROWS)),
        "year": GENERATOR.integers(1900, 2024, ROWS),
        "color": [["red", " blue", None, "größe", "a b"][row % 5] for row in range(ROWS)],
        "flag": [[True, False, None][row % 3] for row in range(ROWS)],
        "built": [["2023-01-31", "1969-12-31 23:59", None, "2024-02-29"][row % 4] for row in range(ROWS)],
        "sold": [f"{1 + row % 28}.{1 + row % 12}.{1950 + row}" for row in range(ROWS)],
    }
)
TARGETS = {
    "standard": [["b", "a", "c"][row % 3] for row in range(ROWS)],
    "quantile": [["yes", "no"][row % 2] for row in range(ROWS)],
    "piecewise": GENERATOR.lognormal(2.0, 1.0, ROWS),
    "robust": [["yes", "no"][row % 5 > 1] for row in range(ROWS)],
}
NEW: dict[str, list[Any]] = {
    "floor size (m²)": [NAN, 0.0, 1e9, -5.0, float("inf"), 55.5],
    "year": [1899.0, 2050.0, 1950.0, 1950.5, NAN, 2000.0],
    "color": ["", "green", "blue ", "red", "größe", " "],
    "flag": ["True", "", "False", "maybe", "True", "False"],
    "built": ["2023-02-30", "", "1950-06-07", "2024-02-29T12:00:00", "1969-12-31 23:59", "soon"],
    "sold": ["29.2.2024", "1.1.1960", "", "31.4.2000", "12/31/2023", "07.08.1969"],
}
ALONE = """
import json, sys
sys.modules["keras"] = sys.modules["automl"] = sys.modules["pandas"] = None
import tensorflow as tf
rows, answers = json.load(open(sys.argv[1])), {}
for folder in sys.argv[2:]:
    card = json.load(open(folder + "/model.json"))
    types = {"numeric": tf.float64, "categorical": tf.string, "date": tf.string}
    cells = {card["inputs"][name]: tf.constant(rows[name], types[card["columns"][name]["kind"]]) for name in rows}
    outputs = tf.saved_model.load(folder).signatures["serving_default"](**cells)
    answers[folder] = {name: value.numpy().astype("str" if name == "label" else "float64").tolist()
                       for name, value in outputs.items() if name != "label"}
    if "label" in outputs:
        answers[folder]["label"] = [label.decode() for label in outputs["label"].numpy()]
assert not any(name.split(".")[0] in ("keras", "automl") and module for name, module in sys.modules.items())
print(json.dumps(answers))
"""


class Exported:
    """A network with random weights under an encoding, and where it was saved."""

    def __init__(self, folder: Path, encoding: str) -> None:
        TABLE.assign(y=TARGETS[encoding]).to_csv(folder / f"{encoding}.csv", index=False)
        space = {"depth": 1, "width": 6, "activation": "tanh", "numeric_encoding": encoding}
        space["target_transform"] = "log" if encoding == "piecewise" else "none"
        data = {"path": str(folder / f"{encoding}.csv"), "target": "y"}
        self.prepared: PreparedStudy = prepare_study(make_study({"name": "m", "data": data, "space": space}))
        values, rows = self.prepared.space.initial(), self.prepared.splits.training
        view = self.prepared.plan.view(Member(0, -1, values, 0), Fold(rows, rows[:0], rows[:0]))
        model = self.prepared.builder.build(values, seed=3)
        self.network = Network(model, view.scalings, self.prepared.dataset.task)
        self.folder = folder / encoding
        trial = Trial(0, values, TrialState.COMPLETE)
        save_model(self.network, self.prepared.dataset, ModelCard("m", trial, 3, 60, {}, 0.45), self.folder)

    def predict(self, table: pandas.DataFrame) -> numpy.ndarray:
        """Predictions of the Keras model, by the preprocessing in NumPy."""
        dataset = self.prepared.dataset
        return self.network.predict(encode_columns(table, dataset.schema, dataset.columns.levels))


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Exported]:
    folder = tmp_path_factory.mktemp("exported")
    return {encoding: Exported(folder, encoding) for encoding in ENCODINGS}


def test_tensorflow_alone_predicts_raw_rows(exported: dict[str, Exported], tmp_path: Path) -> None:
    """The empty text, which marks a gap, is a level of `color` and of `flag`, and reloads as itself."""
    for model in exported.values():
        assert [levels[0] for levels in model.prepared.dataset.columns.levels] == ["", ""]
    (tmp_path / "rows.json").write_text(json.dumps(NEW))
    folders = [str(model.folder) for model in exported.values()]
    out = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(tmp_path / "rows.json"), *folders],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert out.returncode == 0, out.stderr
    answers = json.loads(out.stdout.splitlines()[-1])
    for model in exported.values():
        expected, answer = model.predict(pandas.DataFrame(NEW)), answers[str(model.folder)]
        assert len(numpy.unique(expected.round(6), axis=0)) > 4, "most rows are told apart"
        if model.prepared.dataset.classes:
            numpy.testing.assert_allclose(answer["probabilities"], expected, atol=1e-6)
        else:
            numpy.testing.assert_allclose(answer["prediction"], expected, rtol=1e-5)
    three = exported["standard"]
    labels = [
        three.prepared.dataset.classes[code] for code in three.predict(pandas.DataFrame(NEW)).argmax(axis=1)
    ]
    assert answers[str(three.folder)]["label"] == labels
    two = exported["quantile"]
    labels = ["yes" if chance >= 0.45 else "no" for chance in two.predict(pandas.DataFrame(NEW))[:, 1]]
    assert answers[str(two.folder)]["label"] == labels


def test_the_scorer_gives_the_same_for_the_table_that_was_learned(exported: dict[str, Exported]) -> None:
    for encoding, model in exported.items():
        table = pandas.read_csv(model.folder.with_suffix(".csv"))
        answer, expected = (
            Scorer(model.folder).predict(table),
            model.network.predict(model.prepared.dataset.columns),
        )
        if encoding == "piecewise":
            numpy.testing.assert_allclose(answer["prediction"], expected, rtol=1e-5)
            continue
        classes = model.prepared.dataset.classes
        numpy.testing.assert_allclose(
            answer[[f"probability_{name}" for name in classes]], expected, atol=1e-6
        )
        places = expected[:, 1] >= 0.45 if len(classes) == 2 else expected.argmax(axis=1)
        assert answer["prediction"].tolist() == [classes[int(place)] for place in places]


def test_embedded_levels_are_exported_with_the_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preprocessing, "EMBEDDED_ABOVE", 2)
    model = Exported(tmp_path, "standard")
    assert [count for _, count in model.prepared.layout.embedded] == [6, 4], "color and flag"
    assert any(layer.name.startswith(EMBEDDING) for layer in model.network.model.layers)
    scorer, rows = Scorer(model.folder), pandas.DataFrame(NEW)
    names = [f"probability_{name}" for name in model.prepared.dataset.classes]
    numpy.testing.assert_allclose(scorer.predict(rows)[names], model.predict(rows), atol=1e-6)


def test_rows_in_any_type_of_pandas_and_of_any_index_are_the_same_rows(exported: dict[str, Exported]) -> None:
    scorer = Scorer(exported["standard"].folder)
    rows = TABLE.head(12)
    expected = scorer.predict(rows)
    typed = rows.astype({"year": "Int64", "color": "category", "flag": "boolean", "built": "string"})
    pandas.testing.assert_frame_equal(scorer.predict(typed), expected)
    written = rows.astype({"year": "float32", "floor size (m²)": "str"})
    written["floor size (m²)"] = [
        None if text == "nan" else f" {text} " for text in written["floor size (m²)"]
    ]
    answer = scorer.predict(written)
    numpy.testing.assert_allclose(
        answer.drop(columns="prediction"), expected.drop(columns="prediction"), atol=1e-6
    )
    timed = rows.assign(
        built=pandas.to_datetime(rows["built"], format="ISO8601"),
        sold=pandas.to_datetime(rows["sold"], dayfirst=True),
    )
    pandas.testing.assert_frame_equal(scorer.predict(timed), expected)
    pandas.testing.assert_frame_equal(
        scorer.predict(rows.set_axis([7] * 12)), expected.set_axis([7] * 12), check_index_type=False
    )


def test_the_order_of_rows_and_their_company_change_nothing(exported: dict[str, Exported]) -> None:
    for model in exported.values():
        scorer = Scorer(model.folder)
        whole = scorer.predict(TABLE)
        for row in (0, 2, 8):
            alone = scorer.predict(TABLE.iloc[[row]]).drop(columns="prediction", errors="ignore")
            together = whole.iloc[[row]].drop(columns="prediction", errors="ignore")
            numpy.testing.assert_allclose(alone, together, rtol=1e-5, atol=1e-6)


def test_a_whole_column_of_gaps_is_no_error_and_one_of_text_is(exported: dict[str, Exported]) -> None:
    scorer = Scorer(exported["standard"].folder)
    rows = TABLE.head(3)
    assert len(scorer.predict(rows.assign(year=None, color=None, built=None))) == 3
    assert len(scorer.predict(rows.assign(year=float("inf")))) == 3
    alone = scorer.predict(rows.assign(year="new"))
    pandas.testing.assert_frame_equal(
        alone, scorer.predict(rows.assign(year=None))
    )  # as single texts in training
    with pytest.raises(ValueError, match="the column `year` must hold numbers, got 'new'"):
        scorer.predict(TABLE.head(10).assign(year="new"))
    assert scorer.unknown(rows.assign(extra=1)) == ["extra"]
