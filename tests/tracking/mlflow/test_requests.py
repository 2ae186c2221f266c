"""What MLflow's server makes of requests with text, gaps and new levels in them."""

import json
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import numpy
import pandas
import pytest
from mlflow.pyfunc import scoring_server

from automl.config.reading import make_study
from automl.serving.scoring import Scorer
from automl.study.run import run_study
from automl.tracking.mlflow.logged_model import save_pyfunc
from automl.tracking.model import ExportedModel
from automl.trial import Task

pytestmark = pytest.mark.usefixtures("without_page")

COLUMNS = ["size", "count", "city", "open", "day"]
ROWS = {
    "whole": [[1.5, 3, "a", True, "2024-05-01"], [0.5, 40.0, "b", False, "2025-01-01"]],
    "gaps": [[None, 3, None, None, None], [0.5, 40, "b", False, "2025-01-01"]],
    "a new level and a wild number": [[1e300, 3, "elsewhere", True, "0001-01-01"]],
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    folder = tmp_path_factory.mktemp("requests")
    generator = numpy.random.default_rng(0)
    frame = pandas.DataFrame(
        {
            "size": generator.normal(size=90),
            "count": generator.integers(0, 50, 90),
            "city": generator.choice(["a", "b", "c d"], 90),
            "open": generator.choice([True, False], 90),
            "day": (numpy.datetime64("2024-01-01") + generator.integers(0, 300, 90)).astype(str),
        }
    )
    frame["y"] = numpy.where(frame["count"] > 25, "many", "few")
    frame.loc[::9, "size"], frame.loc[::11, "city"] = numpy.nan, None
    study = make_study(
        {
            "name": "requests",
            "data": {"frame": True, "target": "y"},
            "splits": {"folds": 2},
            "space": {"depth": 1, "width": 4},
            "search": {"trials": 1},
            "training": {"epochs": 3},
            "baselines": False,
            "bias_variance": {"resamples": 0},
        }
    )
    result = run_study(study, mlruns=folder, table=frame)
    exported = ExportedModel(result.model, Task.BINARY, frame[COLUMNS].head(3), ("few", "many"))
    save_pyfunc(exported, folder / "pyfunc")
    return mlflow.pyfunc.load_model(str(folder / "pyfunc")), result.model


def test_whole_numbers_where_fractions_were_and_fractions_where_whole_numbers_were(
    model: tuple[Any, Path],
) -> None:
    loaded, folder = model
    rows = pandas.DataFrame({"size": [1, 0], "count": [3.5, 4.0], "city": ["a", None], "open": [True, False]})
    rows["day"] = ["2024-05-01", "2025-01-01"]
    assert loaded.predict(rows)["prediction"].tolist() == Scorer(folder).predict(rows)["prediction"].tolist()


@pytest.mark.parametrize("rows", ROWS.values(), ids=ROWS)
def test_a_request_is_answered_as_the_exported_model_answers(
    model: tuple[Any, Path], rows: list[Any]
) -> None:
    loaded, folder = model
    body = json.dumps({"dataframe_split": {"columns": COLUMNS, "data": rows}})
    answer = scoring_server.invocations(body, "application/json", loaded, loaded.metadata.get_input_schema())
    assert answer.status == 200
    predictions = json.loads(answer.response)["predictions"]
    expected = Scorer(folder).predict(pandas.DataFrame(rows, columns=COLUMNS))
    assert [row["prediction"] for row in predictions] == expected["prediction"].tolist()
    for label in ("few", "many"):
        answered = [row[f"probability_{label}"] for row in predictions]
        assert answered == pytest.approx(expected[f"probability_{label}"].tolist(), abs=1e-6)
        assert all(0.0 <= value <= 1.0 for value in answered)
