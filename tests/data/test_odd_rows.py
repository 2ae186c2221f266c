"""Rows that are none of the table are pointed out: totals, units, names that stand again."""

import numpy
import pandas
import pytest

from automl.data.odd_rows import find_odd_rows, find_total

ROWS = 30
NUMBERS = numpy.random.default_rng(0).uniform(1.0, 9.0, (ROWS, 2)).round(2)
PLACES = [f"place {row % 7}" for row in range(ROWS)]


def table_with(label: str | None, numbers: list[float]) -> pandas.DataFrame:
    table = pandas.DataFrame({"place": PLACES, "a": NUMBERS[:, 0], "y": NUMBERS[:, 1]})
    return pd_append(table, [label, *numbers])


def pd_append(table: pandas.DataFrame, row: list[object]) -> pandas.DataFrame:
    return pandas.concat([table, pandas.DataFrame([row], columns=table.columns)], ignore_index=True)


@pytest.mark.parametrize("label", ["Total", "TOTAL:", "Summe", " Grand total "])
def test_a_row_that_is_called_a_total(label: str) -> None:
    [note] = find_total(table_with(label, [5.0, 6.0]))
    assert note == (
        f"the last row (data row 31) looks like a total, because its cell in 'place' is {label!r}; remove it from "
        "the file, or it is learned from"
    )


def test_a_row_of_sums_without_a_name() -> None:
    [note] = find_total(table_with(None, NUMBERS.sum(axis=0).tolist()))
    assert "because it holds the sums of 'a', 'y'" in note


def test_other_last_rows_are_no_totals() -> None:
    sums = NUMBERS.sum(axis=0).tolist()
    assert not find_total(table_with("place 3", [5.0, 6.0]))
    assert not find_total(table_with("place 3", [sums[0], 6.0])), "not all are sums"
    often = pd_append(table_with("Total", [5.0, 6.0]), ["Total", 1.0, 2.0])
    assert not find_total(often), "a value among others"
    assert not find_total(table_with("Total", [5.0, 6.0]).iloc[-5:]), "too few rows"


def as_text(rows: int = ROWS) -> pandas.DataFrame:
    """As a file is read with a text in every column."""
    table = pandas.DataFrame({"place": PLACES, "a": NUMBERS[:, 0], "y": NUMBERS[:, 1]}).head(rows)
    return table.astype(str).astype(object)


def test_names_that_stand_again_are_pointed_out() -> None:
    again = pd_append(as_text(), ["place", "a", "y"])
    assert find_odd_rows(again) == [
        "data row 31 repeats the names of the columns; remove such lines from the file"
    ]
    [twice] = find_odd_rows(pd_append(again, ["place", "a", "y"]))
    assert twice.startswith("2 rows, the first is data row 31, repeat the names")
    assert not find_odd_rows(pd_append(as_text(), ["place", "a", "1.5"]))
    assert not find_odd_rows(as_text())


def test_a_row_of_units_is_pointed_out() -> None:
    units = pandas.DataFrame([["", "(kg)", "m/s"]], columns=["place", "a", "y"])
    [note] = find_odd_rows(pandas.concat([units, as_text()], ignore_index=True))
    assert note == (
        "data row 1 looks like units or a second line of names ('(kg)', 'm/s'); remove it from the file"
    )
    words = as_text().assign(b="low", c="high")
    assert not find_odd_rows(words)
