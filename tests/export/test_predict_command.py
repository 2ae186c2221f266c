"""`automl predict` reads a file as the study read its own, or as told; passes columns on; runs no formula."""

import io
from pathlib import Path

import pandas
import pytest
from click.testing import CliRunner, Result
from random_models import random_model

from automl.cli import cli

ROWS = 60
FRAME = pandas.DataFrame(
    {
        "size": [0.5 + row % 7 for row in range(ROWS)],
        "größe": ["klein", "groß", "mittel"] * (ROWS // 3),
        "id": [f"{row:03d}" for row in range(ROWS)],
        "y": ["no", "yes"] * (ROWS // 2),
    }
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of a file with semicolons, decimal commas and Latin-1 text."""
    folder = tmp_path_factory.mktemp("german")
    FRAME.to_csv(folder / "table.csv", index=False, sep=";", decimal=",", encoding="latin-1")
    data = {"path": str(folder / "table.csv"), "target": "y", "separator": ";", "decimal": ","}
    return random_model(folder, data | {"encoding": "latin-1", "features": ["size", "größe"]})[0]


def predict(model: Path, rows: Path, *options: str) -> Result:
    return CliRunner().invoke(cli, ["predict", str(model), str(rows), *options])


def table_of(result: Result) -> pandas.DataFrame:
    assert result.exit_code == 0, result.output
    return pandas.read_csv(io.StringIO(result.stdout), dtype={"id": str})


def test_the_file_of_the_study_is_read_as_the_study_did(model: Path) -> None:
    assert len(table_of(predict(model, model.parent / "table.csv"))) == ROWS


@pytest.mark.parametrize(
    ("name", "written", "options"),
    [
        ("tabs.csv", {"sep": "\t", "decimal": ",", "encoding": "latin-1"}, ["--separator", "\t"]),
        (
            "plain.csv",
            {"sep": ",", "encoding": "utf-8"},
            ["--separator", ",", "--decimal", ".", "--encoding", "utf-8"],
        ),
        ("comma.csv", {"sep": ",", "encoding": "latin-1", "decimal": "."}, ["--decimal", "."]),
    ],
)
def test_another_file_of_the_same_rows_has_the_same_predictions(model, tmp_path, name, written, options):
    FRAME.to_csv(tmp_path / name, index=False, **written)
    expected = table_of(predict(model, model.parent / "table.csv"))
    pandas.testing.assert_frame_equal(table_of(predict(model, tmp_path / name, *options)), expected)


def test_a_format_that_knows_its_types_is_not_read_as_the_text_of_the_study(
    model: Path, tmp_path: Path
) -> None:
    FRAME.to_parquet(tmp_path / "rows.parquet")
    expected = table_of(predict(model, model.parent / "table.csv"))
    pandas.testing.assert_frame_equal(table_of(predict(model, tmp_path / "rows.parquet")), expected)


def test_columns_are_passed_on_as_they_stand(model: Path) -> None:
    predictions = table_of(predict(model, model.parent / "table.csv", "--keep", "id"))
    assert predictions["id"].tolist() == FRAME["id"].tolist()
    assert predictions.columns[0] == "id" and "prediction" in predictions.columns
    wrong = predict(model, model.parent / "table.csv", "--keep", "idd")
    assert wrong.exit_code == 2 and "got 'idd'" in wrong.output and "id" in wrong.output


def test_ignored_columns_are_named_in_one_line_without_the_target(model: Path, tmp_path: Path) -> None:
    more = FRAME.assign(a=1, b=2)
    more.to_csv(tmp_path / "more.csv", index=False, sep=";", decimal=",", encoding="latin-1")
    lines = predict(model, tmp_path / "more.csv").stderr.splitlines()
    assert len(lines) == 1 and lines[0].endswith("ignoring columns that the model does not use: id, a, b")


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-5", "-5"),
        ("+4.5e3", "+4.5e3"),
        ("-a", "'-a"),
        ("007", "007"),
        ("a=b", "a=b"),
    ],
)
def test_text_that_a_spreadsheet_would_execute_is_written_as_text(model, tmp_path, cell, written):
    rows = FRAME.head(1).assign(id=cell)
    rows.to_csv(tmp_path / "rows.csv", index=False, sep=";", decimal=",", encoding="latin-1")
    assert table_of(predict(model, tmp_path / "rows.csv", "--keep", "id"))["id"].tolist() == [written]


def test_a_column_that_is_called_like_a_prediction_can_be_passed_on(model: Path, tmp_path: Path) -> None:
    rows = FRAME.head(2).assign(prediction=["=a", "b"])
    rows.to_csv(tmp_path / "rows.csv", index=False, sep=";", decimal=",", encoding="latin-1")
    done = predict(model, tmp_path / "rows.csv", "--keep", "prediction")
    assert done.exit_code == 0, done.output
    header, first, _ = done.stdout.splitlines()
    assert header.split(",")[:2] == ["prediction", "prediction"] and first.startswith("'=a,")


def test_a_line_of_names_is_no_row_where_the_file_of_the_study_had_none(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "bare.csv", index=False, header=False)
    data = {
        "path": str(tmp_path / "bare.csv"),
        "target": "y",
        "header": "none",
        "features": ["size", "größe"],
    }
    model = random_model(tmp_path, data | {"names": list(FRAME.columns)})[0]
    FRAME.to_csv(tmp_path / "named.csv", index=False)
    FRAME.iloc[:, ::-1].to_csv(tmp_path / "turned.csv", index=False)
    expected = table_of(predict(model, tmp_path / "bare.csv"))
    assert len(expected) == ROWS
    for rows, options in (
        ("named.csv", []),
        ("turned.csv", ["--header", "first_line", "--names", "y,id,größe,size"]),
    ):
        pandas.testing.assert_frame_equal(table_of(predict(model, tmp_path / rows, *options)), expected)
