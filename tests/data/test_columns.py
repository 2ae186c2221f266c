"""Columns as arrays: numbers, parts of dates, codes of levels; single cells, in training and later."""

import datetime
import decimal
from typing import Any

import numpy
import pandas
import pytest

from automl.data.columns import Columns, numeric_columns
from automl.data.encoding import UNKNOWN, encode_columns
from automl.data.features.categorical import level_texts
from automl.data.features.cells import level_text, plain_cells
from automl.data.features.date import PARTS, date_texts
from automl.data.features.numeric import number_values
from automl.data.schema import ColumnSettings, inspect_columns

NAN = numpy.nan
TABLE = pandas.DataFrame(
    {
        "color": ["red", None, " blue", "red"],
        "size": [1.5, None, numpy.inf, 2.0],
        "born": ["2023-01-01", None, "1969-12-31T12:00", "2023-02-30"],
        "price": ["1", " 2.5 ", "?", None],
    }
)


def encoded(table: pandas.DataFrame = TABLE, levels: Any = None) -> Columns:
    schema = inspect_columns(TABLE, ColumnSettings({"born": "date", "price": "numeric"}))
    return encode_columns(table, schema, levels)


def test_numbers_come_before_the_parts_of_dates_and_levels_are_codes() -> None:
    columns = encoded()
    assert columns.names == ("size", "price", *(f"born.{part}" for part in PARTS))
    expected = [
        [1.5, 1.0, 2023, 1, 1, 6, 0, 19358],
        [NAN] * 8,
        [NAN, NAN, 1969, 12, 31, 2, 12, -0.5],
        [2.0] + [NAN] * 7,
    ]
    expected[1][1] = 2.5
    numpy.testing.assert_array_equal(columns.numbers, expected)
    assert columns.categories == ("color",)
    assert columns.levels == (("", "blue", "red"),)
    assert columns.codes.tolist() == [[2], [0], [1], [2]]
    assert (columns.numbers.dtype, columns.codes.dtype) == (numpy.float64, numpy.int32)


def test_a_level_that_the_table_did_not_have_is_unknown() -> None:
    new = TABLE.assign(color=["blue ", "green", "", "RED"])
    columns = encoded(new, encoded().levels)
    assert columns.levels == encoded().levels
    assert columns.codes[:, 0].tolist() == [1, UNKNOWN, 0, UNKNOWN]


def test_rows_can_be_taken() -> None:
    columns = encoded()
    taken = columns.take(numpy.array([3, 0, 0]))
    assert len(taken) == 3 and len(columns) == 4
    assert taken.numbers[:, 0].tolist() == [2.0, 1.5, 1.5]
    assert taken.codes[:, 0].tolist() == [2, 2, 2]
    assert (taken.names, taken.levels) == (columns.names, columns.levels)
    assert len(columns.take(slice(2))) == 2


def test_a_table_of_numbers_or_of_levels_alone() -> None:
    numbers = numeric_columns(numpy.array([[1.0, 2.0]]), ["a", "b"])
    assert (numbers.names, numbers.codes.shape, len(numbers)) == (("a", "b"), (1, 0), 1)
    table = pandas.DataFrame({"u": ["x", "y"]})
    columns = encode_columns(table, inspect_columns(table))
    assert columns.numbers.shape == (2, 0)
    assert columns.codes.tolist() == [[0], [1]]


NUMBERS: dict[str, tuple[Any, list[float]]] = {
    "text": ([" 1.5\t", "2e3", "x", "", None, "1e400"], [1.5, 2000.0, NAN, NAN, NAN, NAN]),
    "infinite and huge": ([numpy.inf, -numpy.inf, 1e100, 1.1e100, -1e300], [NAN, NAN, 1e100, NAN, NAN]),
    "next to 0": ([1e-100, 9e-101, -5e-324, 0.0], [1e-100, 0.0, 0.0, 0.0]),
    "booleans": ([True, False], [1.0, 0.0]),
    "booleans and gaps": ([True, None, False], [1.0, NAN, 0.0]),
    "whole numbers": ([2**53, -1], [2.0**53, -1.0]),
    "decimals": ([decimal.Decimal("1.25"), None], [1.25, NAN]),
    "beyond 64 bits": ([10**30, 10**400, -(10**400)], [1e30, NAN, NAN]),
    "durations": (pandas.to_timedelta(pandas.Series([90, None]), unit="s"), [90.0, NAN]),
    "times": (pandas.to_datetime(pandas.Series(["2023-01-01", None])), [NAN, NAN]),
    "anything": ([[1], {}, object, 1j, "3"], [NAN, NAN, NAN, NAN, 3.0]),
}


@pytest.mark.parametrize(("cells", "numbers"), NUMBERS.values(), ids=NUMBERS)
def test_cells_as_numbers(cells: Any, numbers: list[float]) -> None:
    numpy.testing.assert_array_equal(number_values(plain_cells(pandas.Series(cells))), numbers, strict=True)


LEVELS: dict[str, tuple[Any, list[str]]] = {
    "text": (
        ["red", " red", "red\n", "größe", "", None, "\u00a0", "red\u00a0", "\u200bred\ufeff"],
        ["red", "red", "red", "größe", "", "", "", "red", "red"],
    ),
    "whole numbers": ([1, -2, 10], ["1", "-2", "10"]),
    "whole numbers and gaps": ([1.0, None, -0.0, 10.0], ["1", "", "0", "10"]),
    "fractions": ([0.1, 2.5], ["0.1", "2.5"]),
    "booleans": ([True, False], ["True", "False"]),
    "booleans and gaps": ([True, None], ["True", ""]),
    "booleans beside numbers": ([1, True, 0, False], ["1", "True", "0", "False"]),
    "numbers beside text": ([1, 1.0, "1", "a"], ["1", "1", "1", "a"]),
    "a category": (pandas.Series([1, None, 2], dtype="category"), ["1", "", "2"]),
    "nullable": (pandas.Series([1, None, 2], dtype="Int64"), ["1", "", "2"]),
    "days": ([datetime.date(2023, 1, 2)], ["2023-01-02"]),
    "periods": (pandas.Series(pandas.period_range("2023-01", periods=1, freq="M")), ["2023-01"]),
    "lists": ([[1, 2]], ["[1, 2]"]),
}


@pytest.mark.parametrize(("cells", "levels"), LEVELS.values(), ids=LEVELS)
def test_cells_as_levels(cells: Any, levels: list[str]) -> None:
    assert level_texts(plain_cells(pandas.Series(cells))).tolist() == levels
    backward = plain_cells(pandas.Series(cells).iloc[::-1])
    assert level_texts(backward).tolist() == levels[::-1], "a cell's level does not depend on its neighbors"


def test_a_level_of_a_single_cell() -> None:
    assert [level_text(cell) for cell in (numpy.float32(2), numpy.int8(3), float("inf"), numpy.True_)] == [
        *("2", "3", "inf", "True"),
    ]


def test_plain_cells_keep_name_and_index() -> None:
    column = pandas.Series([1, None], index=["p", "q"], name="x", dtype="Int64")
    plain = plain_cells(column)
    assert (plain.name, plain.index.tolist(), plain.dtype) == ("x", ["p", "q"], numpy.float64)


def test_times_are_written_in_the_form_that_every_column_of_dates_reads() -> None:
    times = pandas.Series([pandas.Timestamp("2023-01-02 03:04:05.6"), pandas.NaT])
    assert date_texts(times).tolist() == ["2023-01-02T03:04:05", ""]
    assert date_texts(pandas.Series([" 1.2.2023", None])).tolist() == ["1.2.2023", ""]
    assert date_texts(pandas.Series([20240229.0, None])).tolist() == ["20240229", ""]
