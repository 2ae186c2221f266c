"""Numbers that refer to other rows, and cells that hold several numbers: both are pointed out."""

import numpy
import pandas
import pytest

from automl.data.schema import ColumnSettings, inspect_columns

ROWS = 80
IDS = numpy.random.default_rng(0).permutation(numpy.arange(2_000_000_001, 2_000_000_001 + 7 * ROWS, 7))


def note_of(table: pandas.DataFrame, name: str, **settings: dict[str, str]) -> str:
    [column] = [
        column for column in inspect_columns(table, ColumnSettings(**settings)).columns if column.name == name
    ]
    return column.note


def test_numbers_that_are_identifiers_of_other_rows_are_pointed_out() -> None:
    infected_by = pandas.Series(IDS[::-1].astype(float)).mask(pandas.Series(range(ROWS)) % 2 == 0)
    table = pandas.DataFrame({"patient_id": IDS, "infected_by": infected_by, "weight": IDS / 3.7})
    note = note_of(table, "infected_by")
    assert note.startswith("its numbers are identifiers of the column 'patient_id', and no amounts; set it")
    assert note_of(table, "weight") == ""
    assert note_of(table, "infected_by", kinds={"infected_by": "numeric"}) == ""


@pytest.mark.parametrize(("name", "is_reference"), [("age", False), ("parent_id", True), ("called_by", True)])
def test_small_numbers_refer_to_counted_rows_only_where_their_name_says_so(
    name: str, is_reference: bool
) -> None:
    table = pandas.DataFrame({"id": numpy.arange(1, ROWS + 1), name: [20 + row % 30 for row in range(ROWS)]})
    assert ("are identifiers of the column 'id'" in note_of(table, name)) is is_reference


def test_identifiers_that_come_back_are_pointed_out() -> None:
    repeated = [int(IDS[row % 20]) for row in range(ROWS)]
    beginning = "named as an identifier, and learned as amounts: 20 numbers in 80 rows; set it to drop or to"
    for name in ("patient_id", "CustomerID", "order no"):
        assert note_of(pandas.DataFrame({name: repeated}), name).startswith(beginning)
    for name in ("amount", "price_index", "index"):
        assert "identifier" not in note_of(pandas.DataFrame({name: repeated}), name)
    halves = pandas.DataFrame({"id": [number + 0.5 for number in repeated]})
    assert note_of(halves, "id") == ""


def test_a_counter_of_rows_is_nothing_that_others_refer_to() -> None:
    table = pandas.DataFrame(
        {"Unnamed: 0": numpy.arange(1, ROWS + 1), "id": [1 + row % 30 for row in range(ROWS)]}
    )
    assert note_of(table, "id").startswith("named as an identifier, and learned as amounts")


SEVERAL = {
    "a change in brackets": [f"{50 + row % 30} (+{row % 7})" for row in range(ROWS)],
    "a deviation": [f"{row}.5 ± 0.{row % 10}" for row in range(ROWS)],
    "blood pressure": [f"{110 + row % 40}/{60 + row % 30}" for row in range(ROWS)],
    "a size": [f"{1000 + row} x {700 + row % 50}" for row in range(ROWS)],
    "an interval": [f"{row}.5 ({row}.1–{row + 1}.2)" for row in range(ROWS)],
    "coordinates": [f"52.{row + 10}, 13.{row + 20}" for row in range(ROWS)],
    "a part that is added": [f"{40 + row}+{row % 4}" for row in range(ROWS)],
    "power and size": [f"{100 + row}HP {row % 7}.5L" for row in range(ROWS)],
    "amounts with a remark": [f"${50 + row}K - ${70 + row}K (of 2019)" for row in range(ROWS)],
    "two units": [f"{row + 60} Nm @ {20 * row + 1000} rpm" for row in range(ROWS)],
}


@pytest.mark.parametrize("cells", SEVERAL.values(), ids=SEVERAL)
def test_cells_with_several_numbers_are_pointed_out(cells: list[str]) -> None:
    note = note_of(pandas.DataFrame({"x": cells}), "x")
    assert f"its cells hold several numbers (as in {cells[0]!r}), which are not read; put each" in note


NOT_SEVERAL = {
    "telephones": [f"({200 + row}) 555-01{row + 10}" for row in range(ROWS)],
    "international telephones": [f"+49 30 {100_000 + row}" for row in range(ROWS)],
    "versions": [f"1.{row}.{row % 3}" for row in range(ROWS)],
    "cases": [f"2019/{row:04}" for row in range(ROWS)],
    "tickets": [f"A/{row} {2000 + row}" for row in range(ROWS)],
    "dates": [f"2/{1 + row % 28}/2024" for row in range(ROWS)],
    "shells of atoms": [f"[Kr] 4d{row} 5s{row % 2}" for row in range(ROWS)],
    "few levels": ["1/2", "3/4"] * 40,
}


@pytest.mark.parametrize("cells", NOT_SEVERAL.values(), ids=NOT_SEVERAL)
def test_codes_are_not_called_several_numbers(cells: list[str]) -> None:
    assert "several numbers" not in note_of(pandas.DataFrame({"x": cells}), "x")


def test_telephones_are_no_text() -> None:
    cells = [f"+49 30 {100_000 + row}" for row in range(ROWS)]
    assert inspect_columns(pandas.DataFrame({"x": cells})).columns[0].kind == "identifier"
