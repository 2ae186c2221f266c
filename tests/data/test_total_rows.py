"""A last row that sums up the others is pointed out."""

import numpy
import pandas
import pytest

from automl.data.total_rows import find_total

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
