"""Example rows come back as they were, with their types and gaps, and a model is read without its table."""

import datetime
import decimal
import json
from pathlib import Path

import numpy
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from automl.errors import RecordError
from automl.tracking.model import read_example, read_model, write_example
from automl.trial import Task

TIMES = pandas.to_datetime(pandas.Series(["2023-01-01 12:00", None, "1969-12-31 00:00"]))
COLUMNS = {
    "whole": pandas.Series([1, 2, 3], dtype="int8"),
    "number": pandas.Series([1.5, numpy.nan, -0.0]),
    "flag": pandas.Series([True, False, True]),
    "text": pandas.Series(["a", None, "c"], dtype="str"),
    "objects": pandas.Series(["a", None, "c"], dtype=object),
    "gappy": pandas.Series([True, None, False], dtype=object),
    "mixed": pandas.Series([1, "b", 2.5], dtype=object),
    "level": pandas.Series(
        pandas.Categorical(["low", None, "high"], ["low", "high", "unseen"], ordered=True)
    ),
    "coded": pandas.Series(pandas.Categorical([3, 1, 3])),
    "nullable": pandas.Series([1, None, 3], dtype="Int64"),
    "truth": pandas.Series([True, None, False], dtype="boolean"),
    "at": TIMES,
    "zoned": TIMES.dt.tz_localize("Europe/Berlin"),
    "long": pandas.Series(pandas.to_timedelta(["1 day", None, "3 s"])),
    "day": pandas.Series([datetime.date(2024, 1, 2), None, datetime.date(1, 1, 1)], dtype=object),
    "money": pandas.Series([decimal.Decimal("1.10"), None, decimal.Decimal("2")], dtype=object),
    "empty": pandas.Series([None, None, None], dtype=object),
}


def returned(frame: pandas.DataFrame, folder: Path) -> pandas.DataFrame:
    write_example(folder, frame)
    rows = read_example(folder)
    assert rows is not None
    return rows


@pytest.mark.parametrize("name", COLUMNS)
def test_a_column_comes_back_as_it_was(name: str, tmp_path: Path) -> None:
    frame = pandas.DataFrame({name: COLUMNS[name]})
    rows = returned(frame, tmp_path)
    pandas.testing.assert_frame_equal(rows, frame)
    assert [type(cell) for cell in rows[name]] == [type(cell) for cell in frame[name]]


def test_columns_that_parquet_cannot_hold_come_back_too(tmp_path: Path) -> None:
    hard = {
        "mixed": COLUMNS["mixed"],
        7: COLUMNS["number"],
        "level": COLUMNS["level"],
        "zoned": COLUMNS["zoned"],
    }
    hard["gaps"] = pandas.Series([pandas.NA, numpy.nan, pandas.NaT], dtype=object)
    hard["infinite"] = pandas.Series([numpy.inf, -numpy.inf, 1e300])
    frame = pandas.DataFrame(hard)
    rows = returned(frame, tmp_path)
    pandas.testing.assert_frame_equal(rows, frame)
    assert [type(cell) for cell in rows["gaps"]] == [type(cell) for cell in frame["gaps"]]
    assert [path.suffix for path in tmp_path.iterdir()] == [".json"]


CELLS = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats() | st.text(max_size=4)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=3))
def test_cells_of_any_kind_come_back(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[object, object]]
) -> None:
    frame = pandas.DataFrame(rows, columns=["a", "b"], dtype=object)
    rows_read = returned(frame, tmp_path_factory.mktemp("rows"))
    for name in frame.columns:
        assert list(map(repr, rows_read[name])) == list(map(repr, frame[name]))


def test_the_last_rows_that_were_written_count(tmp_path: Path) -> None:
    write_example(tmp_path, pandas.DataFrame({"a": COLUMNS["mixed"]}))
    frame = pandas.DataFrame({"b": [1.0]}, index=[17])
    assert returned(frame, tmp_path)["b"].tolist() == [1.0]
    assert [path.name for path in tmp_path.iterdir()] == ["example_rows.parquet"]


def test_a_model_is_read_from_the_folder_of_its_run(tmp_path: Path) -> None:
    assert read_model(tmp_path) is None
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").write_text(json.dumps({"task": "binary", "classes": [False, True]}))
    assert read_model(tmp_path) is None, "without rows nobody knows what it takes"
    write_example(tmp_path, pandas.DataFrame({"x": [1.0, 2.0]}))
    model = read_model(tmp_path)
    assert model is not None
    assert (model.folder, model.task, model.classes) == (tmp_path / "model", Task.BINARY, (False, True))
    assert model.example["x"].tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("example_rows.parquet", "not parquet"),
        ("example_rows.json", "[{}]"),
        ("example_rows.json", "{"),
        ("model/model.json", '{"task": "other", "classes": []}'),
    ],
)
def test_a_broken_file_is_said(file: str, text: str, tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").write_text(json.dumps({"task": "binary", "classes": [0, 1]}))
    if not file.startswith("example"):
        write_example(tmp_path, pandas.DataFrame({"x": [1.0]}))
    (tmp_path / file).write_text(text)
    with pytest.raises(RecordError, match=r"\.(parquet|json) is broken"):
        read_model(tmp_path)
