"""A last row that sums up the others, as spreadsheets have it: pointed out, since it would be learned from."""

import numpy
import pandas

from automl.data.features.cells import is_numeric, plain_text

_WORDS = frozenset([
    "total", "totals", "grand total", "sum", "sums", "subtotal", "overall", "all", "average", "mean",
    "summe", "gesamt", "gesamtsumme", "insgesamt", "mittelwert", "durchschnitt",
    "somme", "total général", "moyenne", "totale", "somma", "media", "suma", "promedio", "totaal",
])  # fmt: skip
_LEAST_ROWS, _LEAST_SUMS, _NEAR = 10, 2, 1e-6


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
    what = f"the last row (data row {table.index[-1] + 1}) looks like a total, because {why}"
    return [f"{what}; remove it from the file, or it is learned from"]


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
