"""Rows that are none of the table: totals at its end, units at its beginning, its names again. They are pointed out."""

import numpy
import pandas
from pandas.api import types

from automl.data.features.cells import is_numeric, plain_text
from automl.data.features.numeric import number_values

_WORDS = frozenset([
    "total", "totals", "grand total", "sum", "sums", "subtotal", "overall", "all", "average", "mean",
    "summe", "gesamt", "gesamtsumme", "insgesamt", "mittelwert", "durchschnitt",
    "somme", "total général", "moyenne", "totale", "somma", "media", "suma", "promedio", "totaal",
])  # fmt: skip
_LEAST_COLUMNS = 2
"""Columns in which a row must look odd."""

_LEAST_ROWS, _LEAST_SUMS, _NEAR = 10, 2, 1e-6


def find_odd_rows(table: pandas.DataFrame) -> list[str]:
    """What is said of them.

    Args:
        table: The table as it was read, with the target.
    """
    texts = [name for name in table.columns if _holds_text(table[name])]
    return [*_names_again(table, texts), *_units(table, texts)]


def _holds_text(values: pandas.Series) -> bool:
    return not types.is_numeric_dtype(values) and any(isinstance(cell, str) for cell in values)


def _names_again(table: pandas.DataFrame, texts: list[str]) -> list[str]:
    """Rows in which every text is the name of its column."""
    if len(texts) < _LEAST_COLUMNS:
        return []
    rows = numpy.arange(len(table))
    for name in texts:
        rows = rows[(table[name].iloc[rows].map(plain_text) == str(plain_text(name))).to_numpy()]
    if not len(rows):
        return []
    which = (
        f"data row {rows[0] + 1}"
        if len(rows) == 1
        else f"{len(rows)} rows, the first is data row {rows[0] + 1},"
    )
    repeat = "repeats" if len(rows) == 1 else "repeat"
    return [f"{which} {repeat} the names of the columns; remove such lines from the file"]


def _units(table: pandas.DataFrame, texts: list[str]) -> list[str]:
    """A first row of texts above columns of numbers."""
    if len(table) < _LEAST_ROWS:
        return []
    odd = [name for name in texts if isinstance(table[name].iloc[0], str) and _is_odd_at_first(table[name])]
    if len(odd) < _LEAST_COLUMNS:
        return []
    shown = ", ".join(repr(table[name].iloc[0]) for name in odd[:_LEAST_COLUMNS])
    return [f"data row 1 looks like units or a second line of names ({shown}); remove it from the file"]


def _is_odd_at_first(values: pandas.Series) -> bool:
    """Whether the first cell is the only one that is no number."""
    numbers = number_values(values, {"decimal": "."})
    others = values.iloc[1:].notna().to_numpy()
    return bool(numpy.isnan(numbers[0]) and others.any() and numpy.isfinite(numbers[1:][others]).all())


def find_total(table: pandas.DataFrame) -> list[str]:
    """What is said of a last row that is called a total in a column, or holds the sums of two columns or more.

    Args:
        table: The rows that are learned from, with the target, by their numbers in the file.
    """
    if len(table) < _LEAST_ROWS:
        return []
    why = _named_total(table) or _sums(table)
    if not why:
        return []
    finding = f"the last row (data row {table.index[-1] + 1}) looks like a total, because {why}"
    return [f"{finding}; remove it from the file, or it is learned from"]


def _named_total(table: pandas.DataFrame) -> str:
    for name in table.columns:
        cell = table[name].iloc[-1]
        if not isinstance(cell, str):
            continue
        text = str(plain_text(cell)).casefold().rstrip(":")
        others = table[name].iloc[:-1]
        if text in _WORDS and not (others == cell).any():
            return f"its cell in {name!r} is {cell!r}"
    return ""


def _sums(table: pandas.DataFrame) -> str:
    """Which columns of numbers end with the sum of all that is above it; empty unless all do that are filled there."""
    sums = []
    for name in (name for name in table.columns if is_numeric(table[name])):
        numbers = table[name].to_numpy(numpy.float64)
        *above, last = numbers[numpy.isfinite(numbers)].tolist() or [0.0]
        if not numpy.isfinite(numbers[-1]) or last == 0.0:
            continue
        if abs(sum(above) - last) > _NEAR * abs(last):
            return ""
        sums.append(str(name))
    if len(sums) < _LEAST_SUMS:
        return ""
    return f"it holds the sums of {', '.join(map(repr, sums[:_LEAST_SUMS]))}"
