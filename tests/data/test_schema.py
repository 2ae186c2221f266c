"""What a column holds: each kind is recognized, and what the study file says is taken as given."""

from collections.abc import Sequence
from typing import Any

import numpy
import pandas
import pytest

from automl.data.features.kinds import KINDS as LEARNED
from automl.data.schema import Column, ColumnSettings, inspect_columns

ROWS = 60
WORDS = [f"word{row}" for row in range(ROWS)]
KINDS: dict[str, tuple[Sequence[Any], str, str]] = {
    "whole numbers": ([row % 7 for row in range(ROWS)], "numeric", ""),
    "whole numbers that are the same float": (
        [10**17 + row for row in range(ROWS)],
        "identifier",
        "its whole numbers have more than 15 digits, and are read as text",
    ),
    "long numbers that come back": ([10**17 + row % 3 for row in range(ROWS)], "categorical", "15 digits"),
    "fractions": ([row / 7 for row in range(ROWS)], "numeric", ""),
    "numbers with gaps": ([1.5, None, 2.5, 3.0], "numeric", ""),
    "infinite numbers": ([1.0, float("inf"), 2.0, float("-inf")], "numeric", "2 infinite values"),
    "one number and gaps": ([1.0, None, 1.0], "numeric", ""),
    "numbers as text": ([" 1.5", "2e3", "-7 ", None], "numeric", ""),
    "numbers with one error in ten": (
        [*map(str, range(9)), "n/a?"],
        "numeric",
        "1 cell that is not a number ('n/a?') is treated as a gap, in data row 10",
    ),
    "numbers with two errors in ten": (
        [*map(str, range(8)), "?", "!"],
        "categorical",
        "89% of the cells are numbers, but the others ('!') are not; set it to numeric under `data.columns`",
    ),
    "numbers beside text": (
        [1, 2, "red", "blue"],
        "categorical",
        "numbers (50% of the cells) are mixed with text",
    ),
    "booleans": ([True, False, True], "categorical", ""),
    "booleans with gaps": ([True, None, False], "categorical", ""),
    "truth values in several spellings": (
        ["yes", "N", "TRUE", "0"] * 9,
        "categorical",
        "truth values have 4 spellings ('0', 'N', 'TRUE', 'yes', …), each of which is a level; spell them the same",
    ),
    "levels that differ in case": (
        ["Red", "red", "blue"] * 9,
        "categorical",
        "levels differ in case only, as 'Red' and 'red'",
    ),
    "yes and no": (["yes", "no"] * 9, "categorical", ""),
    "fractions after a word": (
        [f"pH {row}.5" for row in range(ROWS)],
        "identifier",
        "looks like numbers after 'pH'",
    ),
    "numbers of invoices": ([f"INV-{row}" for row in range(ROWS)], "identifier", "60 different values"),
    "words": (["red", "blue", " red", None], "categorical", ""),
    "many words that come back": (WORDS[:30] * 4, "categorical", ""),
    "50 different words": (WORDS[:50], "categorical", ""),
    "dates": (["2023-01-01", "2024-02-29T10:00", None], "date", ""),
    "dates with slashes": (["2023/01/01", "2024/2/29"], "date", ""),
    "American dates": (["01/31/2023", "2/29/2024"], "date", ""),
    "British dates": (["31/01/2023", "1/2/2024", None], "date", ""),
    "dates with offsets": (["2024-03-01T10:00:00+02:00", "2024-03-01T10:00:00Z"], "date", ""),
    "dates that may begin with the day or the month": (
        ["01/02/2023", " 3/4/2024", None],
        "categorical",
        "dates in which day and month are ambiguous, because no number is above 12; write `date_order: ",
    ),
    "many of them": (
        [f"{1 + row % 12}/{1 + row // 12}/2023" for row in range(ROWS)],
        "identifier",
        "under `data` to read them as dates; 60 different values in 60 rows; dropped as an identifier",
    ),
    "European dates": (["31.01.2023", "29.2.2024"], "date", ""),
    "a date that does not exist": (
        ["2023-02-28", "2023-02-30"],
        "categorical",
        "50% of the cells look like dates",
    ),
    "a row number": (range(ROWS), "identifier", "counts the rows"),
    "a row number from above": (
        [float(row) for row in range(ROWS, 0, -1)],
        "identifier",
        "counts the rows",
    ),
    "a short row number": (range(50), "numeric", ""),
    "a row number with a gap": ([*range(ROWS), None], "numeric", ""),
    "a shuffled row number": (
        [(row * 7) % ROWS + 10 for row in range(ROWS)],
        "identifier",
        "numbers the rows in another order; dropped as an identifier",
    ),
    "names": (WORDS, "identifier", "60 different values in 60 rows; dropped as an identifier"),
    "sentences": (
        [f"this one is sentence number {row}" for row in range(ROWS)],
        "text",
        "free text (60 different values of 6 words on average); its most frequent words",
    ),
    "one number": ([4.5] * 3, "constant", "every cell is 4.5; dropped"),
    "one word": (["u", " u", "u "], "constant", "every cell is 'u'; dropped"),
    "one truth": ([True, True], "constant", "every cell is True; dropped"),
    "gaps": ([None, None], "empty", "every cell is a gap; dropped"),
    "NaN": ([float("nan")] * 2, "empty", "every cell is a gap; dropped"),
    "infinity and gaps": ([float("inf"), None], "empty", "every cell is a gap; dropped"),
}


def column_of(cells: Any, **overrides: str) -> Column:
    table = pandas.DataFrame({"x": cells, "other": range(len(cells))})
    first, second = inspect_columns(table, ColumnSettings(overrides)).columns
    assert (first.name, second.name) == ("x", "other")
    return first


@pytest.mark.parametrize(("cells", "kind", "note"), KINDS.values(), ids=KINDS)
def test_a_kind_is_recognized(cells: Sequence[Any], kind: str, note: str) -> None:
    column = column_of(list(cells))
    assert column.kind == kind
    assert note in column.note
    assert bool(note) == bool(column.note)
    assert "np." not in column.note


def test_codes_of_places_that_seldom_come_back_are_pointed_out() -> None:
    table = pandas.DataFrame(
        {"ZIPCODE": range(10_000, 10_000 + 7 * ROWS, 7), "price": range(100, 100 + 7 * ROWS, 7)}
    )
    code, other = inspect_columns(table).columns
    assert (code.kind, other.note) == ("numeric", "")
    assert code.note.startswith(
        "named as codes of places, which seldom come back, and learned as amounts; set it to drop"
    )


def test_a_counter_of_rows_of_which_a_few_stand_twice_is_no_amount() -> None:
    table = pandas.DataFrame(
        {"Unnamed: 0": [*range(ROWS - 1), 7], "index": [row % 30 for row in range(ROWS)]}
    )
    counter, other = inspect_columns(table.assign(count=table["Unnamed: 0"])).columns[:2]
    assert (counter.kind, other.kind) == ("identifier", "numeric")
    assert counter.note == "numbers the rows, 1 of them as an earlier one; dropped as an identifier"
    assert inspect_columns(table.rename(columns={"Unnamed: 0": "count"})).columns[0].kind == "numeric"


TIMES = ["2023-01-01", "2024-02-29"]


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        (TIMES, "iso"),
        (["2023/01/01", "2024/2/29"], "slashed"),
        (["01/31/2023", "2/29/2024"], "american"),
        (["31.01.2023", "29.2.2024"], "european"),
        (["31/01/2023", "1/2/2024"], "british"),
        (["2024-03-01T10:00:00+02:00", "2024-03-01"], "iso"),
        (pandas.to_datetime(pandas.Series(TIMES)), "iso"),
        (pandas.to_datetime(pandas.Series(TIMES), utc=True), "iso"),
        (pandas.to_datetime(pandas.Series([*TIMES, None])), "iso"),
    ],
)
def test_dates_have_a_form(cells: Any, form: str) -> None:
    assert column_of(cells) == Column("x", "date", reading={"form": form})


def test_one_time_all_over_is_constant_and_none_at_all_is_empty() -> None:
    assert column_of(pandas.to_datetime(pandas.Series(TIMES[:1] * 2))).kind == "constant"
    assert column_of(pandas.to_datetime(pandas.Series([None, None]))).kind == "empty"


@pytest.mark.parametrize(
    ("cells", "kind", "form", "note"),
    [
        ([1, 2, 3], "categorical", "", ""),
        ([1, 2, 3], "drop", "", "dropped (data.columns)"),
        (WORDS, "categorical", "", ""),
        ([*range(ROWS)], "numeric", "", ""),
        ([5, 5], "numeric", "", ""),
        (
            ["1", "?", "!"],
            "numeric",
            "",
            "1 cell is a gap in words ('?'); 1 cell that is not a number ('!') is treated",
        ),
        (
            [1.0, float("inf")],
            "numeric",
            "",
            "1 infinite values are treated as gaps, the first in data row 2",
        ),
        (["31.12.2023", "unknown", "1.1.2024"], "date", "european", "1 cell that is not a date ('unknown')"),
        (["31/12/2023", "unknown", "1/1/2024"], "date", "british", "1 cell that is not a date"),
        (["1/2/2023", "unknown"], "date", "american", "is above 12; read with the month first"),
    ],
)
def test_the_study_file_has_the_last_word(cells: Any, kind: str, form: str, note: str) -> None:
    column = column_of(cells, x=kind)
    assert (column.kind, column.reading.get("form", "")) == (kind, form)
    assert note in column.note
    assert bool(note) == bool(column.note)


def test_a_schema_lists_what_is_learned_and_what_is_to_be_known() -> None:
    table = pandas.DataFrame({"a": [1, 2], "b": ["u", "v"], "c": [None, None], "d": TIMES})
    schema = inspect_columns(table, ColumnSettings({"b": "drop"}))
    assert [column.name for column in schema.learned] == ["a", "d"]
    assert [column.name for column in schema.of_kind("date")] == ["d"]
    assert schema.notes == ("'b': dropped (data.columns)", "'c': every cell is a gap; dropped")
    assert {column.kind for column in schema.learned} < set(LEARNED)


def test_looking_changes_nothing() -> None:
    table = pandas.DataFrame({"a": [" 1", "2", None], "b": [1.0, numpy.inf, 2.0]})
    before = table.copy()
    inspect_columns(table)
    pandas.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("CustomerID", [17 * row % 997 for row in range(ROWS)], "identifier"),
        ("Unnamed: 0", [17 * row % 997 for row in range(ROWS)], "identifier"),
        ("patient_no", [float(17 * row % 997) for row in range(ROWS)], "identifier"),
        ("id", [row // 2 for row in range(ROWS)], "numeric"),
        ("id", [row + 0.5 for row in range(ROWS)], "numeric"),
        ("price", [17 * row % 997 for row in range(ROWS)], "numeric"),
        ("paid", [17 * row % 997 for row in range(ROWS)], "numeric"),
        ("zip_code", [10001, 60601, 2139] * 20, "categorical"),
        ("zip_code", [10001 + 3 * row for row in range(ROWS)], "numeric"),
        ("zipper", [10001, 60601, 2139] * 20, "numeric"),
    ],
)
def test_a_name_says_what_numbers_alone_do_not(name: str, cells: list[float], kind: str) -> None:
    column = inspect_columns(pandas.DataFrame({name: cells, "z": range(0, 2 * len(cells), 2)})).columns[0]
    assert column.kind == kind
    declared = inspect_columns(pandas.DataFrame({name: cells}), ColumnSettings({name: "numeric"})).columns[0]
    assert declared.kind == "numeric"
