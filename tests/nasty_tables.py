"""Tables as they come in the wild, and worse, for hypothesis."""

import datetime
import decimal
from collections.abc import Sequence
from typing import Any

import numpy
import pandas
from hypothesis import strategies as st

TEXTS = [
    "",
    " ",
    "red",
    " red ",
    "größe",
    "\u00a0x",
    "a\x00b",
    "NaN",
    "None",
    "True",
    "1.5",
    "1e400",
    "-0",
    "0x10",
]
DATES = [
    *(
        "2023-01-31",
        "2024-02-29T23:59:59",
        "1901-03-01 06:00",
        " 1969-12-31 ",
        "0001-01-01",
        "9999-12-31",
        "2023-02-30",
    ),
    *(
        "2023-01-01T24:00",
        "2023-01-01T10:00:00.5Z",
        "2023-01-01T10:00+02:00",
        "0001-01-01T00:30+02:00",
        "9999-12-31T23:30-0130",
        "0000-01-01",
        "2023-13-01",
        "2023-1-1",
    ),
]
OTHER_DATES = ["12/31/2023", "2/29/2023", "31.12.1969", "29.02.1900", "2023/7/4", "31/12/2023", "99/99/9999"]
OBJECTS = [
    *(
        pandas.NA,
        pandas.NaT,
        None,
        decimal.Decimal("1.5"),
        datetime.date(2023, 1, 2),
        pandas.Timestamp("1960-01-02"),
    ),
    *(
        [1],
        {"a": 1},
        (),
        b"x",
        1j,
        10**30,
        -(10**400),
        object,
        numpy.float32(1.5),
        numpy.datetime64("2020-01-01"),
    ),
]

FLOATS = st.floats(allow_subnormal=False) | st.sampled_from([0.0, -0.0, 1e100, 1.1e100, -1e308])
WHOLE = st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1)
CELLS: dict[str, st.SearchStrategy[Any]] = {
    "floats": FLOATS | st.none(),
    "few floats": st.sampled_from([1.0, 2.0, None, float("inf"), float("nan")]),
    "whole": WHOLE,
    "booleans": st.booleans(),
    "booleans and gaps": st.booleans() | st.none(),
    "words": st.sampled_from(TEXTS) | st.none(),
    "any text": st.text(max_size=6),
    "numbers as text": FLOATS.map(str) | WHOLE.map(str),
    "dates": st.sampled_from(DATES) | st.none(),
    "other dates": st.sampled_from(OTHER_DATES) | st.none(),
    "mixture": st.sampled_from([*TEXTS, *DATES]) | FLOATS | WHOLE | st.booleans() | st.none(),
    "objects": st.sampled_from(OBJECTS + TEXTS),
}
TYPES: dict[str, list[str]] = {
    "floats": ["float64", "float32", "Float64", "category"],
    "whole": ["int64", "Int64", "category", "float64"],
    "booleans": ["bool", "boolean", "category"],
    "booleans and gaps": ["boolean"],
    "words": ["string", "category", "str"],
    "any text": ["string", "category"],
    "dates": ["string"],
}


@st.composite
def columns(draw: st.DrawFn, num_rows: int) -> pandas.Series:
    """One column of any kind and type."""
    kind = draw(st.sampled_from(sorted(CELLS)))
    cells = draw(st.lists(CELLS[kind], min_size=num_rows, max_size=num_rows))
    column = pandas.Series(cells, dtype=None if kind in TYPES and draw(st.booleans()) else object)
    if kind in TYPES and draw(st.booleans()):
        with numpy.errstate(over="ignore"):
            column = column.astype(draw(st.sampled_from(TYPES[kind])))
    return column


@st.composite
def tables(draw: st.DrawFn, num_rows: st.SearchStrategy[int] | None = None) -> pandas.DataFrame:
    """A table of a few such columns, without a target."""
    rows = draw(num_rows or st.integers(1, 12))
    names = draw(
        st.lists(st.text(max_size=4), min_size=1, max_size=4, unique=True).filter(
            lambda names: "y" not in names
        )
    )
    return pandas.DataFrame({name: draw(columns(rows)) for name in names})


def repeated(table: pandas.DataFrame, times: int) -> pandas.DataFrame:
    """All rows several times, so that levels have rows enough for an input of their own."""
    return pandas.concat([table] * times, ignore_index=True)


def targets(num_rows: int) -> Sequence[int]:
    """Two classes in turn."""
    return [row % 2 for row in range(num_rows)]
