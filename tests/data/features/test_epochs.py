"""Numbers that count from 1970: where they are found, and what is read."""

from typing import Any

import numpy
import pandas
import pytest

from automl.data.features.date_forms import seconds_of
from automl.data.features.epochs import EPOCHS
from automl.data.schema import Column, ColumnSettings, inspect_columns

DAYS = [1_577_836_800 + 86_400 * row for row in range(60)]


def column(cells: Any, name: str, **settings: Any) -> Column:
    return inspect_columns(pandas.DataFrame({name: cells}), ColumnSettings(**settings)).columns[0]


@pytest.mark.parametrize(("form", "scale"), EPOCHS.items())
@pytest.mark.parametrize("kind", ["int64", "float64", "str"])
def test_moments_are_found_by_the_name_of_their_column(form: str, scale: int, kind: str) -> None:
    cells = pandas.Series([scale * day + scale // 2 for day in DAYS]).astype(kind)
    inspected = column(cells, "created_at")
    assert (inspected.kind, inspected.reading) == ("date", {"form": form})
    assert inspected.note == (
        f"read as {form} because of its name; set it to numeric under `data.columns` if they are amounts"
    )
    assert seconds_of(cells, form).tolist() == [float(day) for day in DAYS]
    assert column(cells, "created_at", kinds={"created_at": "numeric"}).kind == "numeric"
    assert column(cells, "x", kinds={"x": "date"}).reading == {"form": form}


@pytest.mark.parametrize(
    ("cells", "name"),
    [
        (DAYS, "amount"),
        ([7 + 97 * row for row in range(60)], "timestamp"),
        ([*DAYS[1:], 5], "timestamp"),
        ([day + 0.5 for day in DAYS[:2]] * 30, "timestamp"),
        ([5e9 + 1e7 * row for row in range(60)], "time"),
    ],
)
def test_other_numbers_stay_numbers(cells: list[float], name: str) -> None:
    assert column(cells, name).kind == "numeric"


def test_gaps_among_moments_are_gaps() -> None:
    cells = [*map(float, DAYS), numpy.nan]
    inspected = column(cells, "timestamp")
    assert inspected.reading == {"form": "seconds since 1970"}
    assert numpy.isnan(seconds_of(pandas.Series(cells), "seconds since 1970")).tolist() == [False] * 60 + [
        True
    ]
