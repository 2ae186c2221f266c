import json
import sys
from pathlib import Path
from typing import Any

import forked
import numpy
import pandas
import pytest

from automl.serving.scoring import Scorer
from automl.tracking.mlflow.logged_model import complete_rows, save_pyfunc
from automl.tracking.model import ExportedModel

ELSEWHERE = """
import json, sys
for name in [name for name in sys.modules if name.partition(".")[0] == "automl"]:
    del sys.modules[name]
sys.modules["automl"] = None  # `import automl` fails from here on
import pandas
import mlflow.pyfunc
folder = sys.argv[1]
classifier = mlflow.pyfunc.load_model(folder + "/classifier")
regressor = mlflow.pyfunc.load_model(folder + "/regressor")
assert "scoring" not in sys.modules
rows = pandas.DataFrame({"size (cm)": [3.0, -1.0, -1.0], "age": [0.0, 2.0, -4.0], "unknown": ["a", "b", "c"]})
print(json.dumps([
    classifier.predict(rows)["prediction"].tolist(),
    classifier.predict(rows)["probability_cat"].tolist(),
    regressor.predict(pandas.DataFrame({"x": [1.0, 4.0]}))["prediction"].tolist(),
    classifier.predict(rows.iloc[:1])["prediction"].tolist(),
]))
"""


@pytest.fixture(scope="module")
def saved(
    tmp_path_factory: pytest.TempPathFactory, classifier: ExportedModel, regressor: ExportedModel
) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    save_pyfunc(classifier, folder / "classifier")
    save_pyfunc(regressor, folder / "regressor")
    return folder


def signature(path: Path, side: str) -> list[tuple[str, str, bool]]:
    from mlflow.models import Model

    schema = getattr(Model.load(str(path)).signature, side)
    if schema is None:
        return []
    return [(column.name, getattr(column.type, "name", "any"), column.required) for column in schema.inputs]


def test_two_models_serve_where_automl_is_not_installed(saved: Path) -> None:
    command = [sys.executable, "-c", ELSEWHERE, str(saved)]
    result = forked.run(command, capture_output=True, text=True, timeout=600)
    assert result.returncode == 0, result.stderr
    labels, probabilities, values, first = json.loads(result.stdout.splitlines()[-1])
    assert labels == ["cat", "dog", "bird"]
    assert first == ["cat"]
    expected = numpy.exp(3.0) / (numpy.exp(3.0) + 2.0)
    assert probabilities[0] == pytest.approx(expected, abs=1e-6)
    assert values == [2.0, 8.0]


def test_columns_are_named_and_no_input_is_declared(saved: Path) -> None:
    """The example is held against the signature when a model is saved. The model itself knows what it can read."""
    from mlflow.models import Model

    assert signature(saved / "classifier", "inputs") == []
    assert Model.load(str(saved / "classifier")).metadata == {"columns": ["size (cm)", "age"]}
    outputs = [name for name, _, _ in signature(saved / "classifier", "outputs")]
    assert outputs == ["prediction", "probability_cat", "probability_dog", "probability_bird"]
    assert signature(saved / "regressor", "outputs") == [("prediction", "double", True)]


def test_the_example_is_valid_json(saved: Path) -> None:
    def refuse(text: str) -> Any:
        raise AssertionError(f"{text} is not JSON")

    text = (saved / "classifier" / "serving_input_example.json").read_text()
    example = json.loads(text, parse_constant=refuse)
    assert example["dataframe_split"]["columns"] == ["size (cm)", "age"]
    assert example["dataframe_split"]["data"][1] == [0.25, 3.0]


def test_requirements_are_pinned(saved: Path) -> None:
    lines = (saved / "classifier" / "requirements.txt").read_text().split()
    assert {line.partition("==")[0] for line in lines} == {"mlflow", "numpy", "pandas", "tensorflow"}
    assert all("==" in line for line in lines)


def test_rows_are_completed() -> None:
    example = pandas.DataFrame(
        {
            "number": [1, 2, 30],
            "empty": [numpy.nan] * 3,
            "text": [None, "b", "c"],
            "flag": [True, False, True],
        }
    )
    rows = complete_rows(example)
    assert rows["number"].tolist() == [1.0, 2.0, 30.0]
    assert rows["number"].dtype == "float64"
    assert rows["empty"].tolist() == [0.0, 0.0, 0.0]
    assert rows["text"].tolist() == ["b", "b", "c"]
    assert rows["flag"].tolist() == [True, False, True]


def test_the_model_itself_knows_what_a_null_means(classifier: ExportedModel) -> None:
    rows = pandas.DataFrame({"size (cm)": [1.0, None], "age": ["0", "2"]})
    assert Scorer(classifier.folder).predict(rows)["prediction"].tolist() == ["cat", "dog"]


def test_rows_that_a_model_cannot_take(classifier: ExportedModel) -> None:
    scorer = Scorer(classifier.folder)
    with pytest.raises(ValueError, match=r"must have the columns \['age'\]"):
        scorer.predict(pandas.DataFrame({"size (cm)": [1.0]}))
    with pytest.raises(ValueError, match="the column `age` must hold numbers"):
        scorer.predict(pandas.DataFrame({"size (cm)": [1.0] * 10, "age": ["old"] * 10}))
