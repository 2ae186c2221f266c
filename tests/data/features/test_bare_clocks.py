"""Times of day such as `0930`: only under a name that says so, and never amounts, years or codes."""

import random

import numpy
import pandas
import pytest

from automl.data.features.bare_clocks import BARE
from automl.data.features.kinds import KINDS
from automl.data.schema import Column, ColumnSettings, inspect_columns

DRAWN = random.Random(0)
TIMES = [100 * DRAWN.randrange(24) + DRAWN.randrange(60) for _ in range(120)]
TEXTS = [f"{time:04}" for time in TIMES]


def column(name: str, cells: list, **kinds: str) -> Column:
    return inspect_columns(pandas.DataFrame({name: cells}), ColumnSettings(kinds)).columns[0]


@pytest.mark.parametrize("name", ["time", "sched_dep_time", "CRSDepTime", "TIME OCC", "Uhrzeit"])
def test_under_a_name_of_times_numbers_and_texts_are_times(name: str) -> None:
    for cells in (TIMES, TEXTS, [*map(float, TIMES[1:]), None], [f"{time}.0" for time in TIMES]):
        assert column(name, cells).reading == {"form": BARE}
    assert "as 1830 is 18:30" in column(name, TIMES).note


@pytest.mark.parametrize(
    "name", ["code", "id", "amount", "response time", "time_ms", "runtime", "travel_time"]
)
def test_under_other_names_they_stay_what_they_are(name: str) -> None:
    assert column(name, TIMES).kind in ("numeric", "identifier")
    assert column(name, TEXTS).kind in ("categorical", "identifier")


@pytest.mark.parametrize(
    "cells",
    [
        [2001 + row % 23 for row in range(100)],
        [50 * row for row in range(48)],
        [DRAWN.randrange(1000) for _ in range(100)],
        [round(DRAWN.expovariate(1 / 20)) for _ in range(100)],
        [row % 60 for row in range(100)],
        [f"{row % 60:04}" for row in range(100)],
        [1.5, 930.0, 1215.0, 1845.0, 2130.0],
        [-30, 930, 1215, 1845, 2130],
    ],
    ids=["years", "fifties", "amounts", "short times", "minutes", "counters", "fractions", "below 0"],
)
def test_amounts_years_and_counters_are_no_times(cells: list) -> None:
    assert column("time", cells).kind != "date"


def test_the_parts_are_those_of_the_same_time_with_a_colon() -> None:
    bare = ["0930", "930", "5", "15", "2359", "1200.0", "2400", "1260", "12345", "", None]
    clock = ["09:30", "9:30", "0:05", "0:15", "23:59", "12:00", "0:00", None, None, None, None]
    parts, expected = (
        KINDS["date"].read(pandas.Series(cells, dtype=object), {"form": form})
        for cells, form in ((bare, BARE), (clock, "clock"))
    )
    numpy.testing.assert_array_equal(parts, expected)


def test_single_wrong_cells_are_gaps_and_counted() -> None:
    inspected = column("time", [*TEXTS, "unknown", "1299"])
    assert inspected.kind == "date" and "2 cells that are not dates ('unknown', '1299')" in inspected.note


def test_the_study_file_decides() -> None:
    assert column("start", TIMES, start="date").reading == {"form": BARE}
    assert column("time", TIMES, time="numeric").kind == "numeric"
    years = column("time", [2001 + row % 23 for row in range(100)], time="date")
    assert years.reading["form"] != BARE
