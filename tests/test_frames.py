"""A DataFrame from Python is as good as a file, and is asked for in plain words."""

from pathlib import Path

import numpy
import pandas
import pytest

import automl
from automl.errors import DataError
from automl.serving.scoring import Scorer

pytestmark = pytest.mark.usefixtures("without_page")

FRAME = pandas.DataFrame(
    {
        "size": numpy.arange(60) % 7,
        "when": pandas.date_range("2024-01-01", periods=60, freq="17h"),
        "color": pandas.Categorical(["red", "blue", "green"] * 20),
        "open": pandas.array([True, False, None] * 20, dtype="boolean"),
        "price": numpy.linspace(1.0, 9.0, 60),
    }
)


def study(**data: object) -> automl.StudyConfig:
    return automl.make_study(
        {
            "name": "prices",
            "data": {"target": "price", **data},
            "splits": {"folds": 2},
            "space": {"depth": 1, "width": 4},
            "search": {"trials": 1},
            "training": {"epochs": 3},
            "tracking": {"to": "none"},
        }
    )


def test_a_study_of_a_frame_ends_in_a_model_of_its_columns(tmp_path: Path) -> None:
    result = automl.run_study(study(frame=True), mlruns=tmp_path, table=FRAME)
    predicted = Scorer(result.model).predict(FRAME.drop(columns="price"))["prediction"]
    assert predicted.between(0.0, 10.0).all()
    assert [name for name, _ in result.state.verdict.rows][-3:] == [
        f"baseline on the same folds: {name}" for name in ("constant", "linear", "gradient boosting")
    ]
    automl.export_trial(result.folder, 0, tmp_path / "again", table=FRAME)
    assert (tmp_path / "again" / "model.json").is_file()


@pytest.mark.parametrize(
    ("data", "table", "says"),
    [
        ({"frame": True}, None, "needs a DataFrame from Python"),
        ({"path": "table.csv"}, FRAME, "names a table, but a DataFrame was given as well"),
    ],
)
def test_what_is_missing_is_said(tmp_path: Path, data: dict[str, object], table: object, says: str) -> None:
    with pytest.raises(DataError, match=says):
        automl.run_study(study(**data), mlruns=tmp_path, table=table)
