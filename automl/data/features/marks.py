"""What stands before the decimals of numbers, a point or a comma: what the columns of a table say of it together."""

from collections import Counter

import numpy
import pandas

from .spellings import MARKS, spelled_number

_MOST_TRIED = 1000

_LEAST_GROUPED, _MOSTLY_GROUPED, _ROUNDING = 20, 0.8, 1e-6
"""Numbers of which it is said that they may have points between thousands, and how many end in another digit than 0."""


def usual_mark(table: pandas.DataFrame) -> str | None:
    """What stands before decimals in a table, from the columns that can be read in one way only; None where none can.

    Where both marks do, the one of more columns.
    """
    votes = Counter[str]()
    for name in table.columns:
        values = table[name]
        if pandas.api.types.is_float_dtype(values):
            fractions = bool((values.dropna() % 1 != 0).any())
            votes[MARKS[0]] += fractions and not points_may_group(values.to_numpy(numpy.float64))
        elif not pandas.api.types.is_numeric_dtype(values):
            texts = [text for text in values.dropna().unique()[:_MOST_TRIED] if isinstance(text, str)]
            counts = [sum(_is_number(text.strip(), mark) for text in texts) for mark in MARKS]
            if 2 * max(counts) > len(texts) and counts[0] != counts[1]:
                votes[MARKS[counts[1] > counts[0]]] += 1
    return votes.most_common(1)[0][0] if votes.total() else None


def points_may_group(numbers: numpy.ndarray) -> bool:
    """Whether numbers may have been written with points between thousands: from 1 to 999, with three digits after each.

    What a program reads as 1.5 stood there as 1.500 then, which one number in ten does.
    """
    known = numpy.abs(numbers[numpy.isfinite(numbers)])
    if len(known) < _LEAST_GROUPED or (known < 1.0).any() or (known >= 1000.0).any():
        return False
    thousands = numpy.round(1000.0 * known)
    whole = numpy.abs(1000.0 * known - thousands) < _ROUNDING
    return bool(whole.all() and (thousands % 10 != 0).mean() > _MOSTLY_GROUPED)


def either_mark(table: pandas.DataFrame) -> list[str]:
    """What is said of columns of a text file that may hold 57.689 for 57689, where no other column decides."""
    floats = [name for name in table.columns if pandas.api.types.is_float_dtype(table[name])]
    grouped = {
        name: float(numbers[numpy.isfinite(numbers)][0])
        for name in floats
        if points_may_group(numbers := table[name].to_numpy(numpy.float64))
    }
    if not grouped or usual_mark(table) is not None:
        return []
    return [
        f"{name!r}: {first:.3f} could be {first:g} or {1000 * first:.0f} and is read as the first; "
        '`decimal: ","` under `data` reads the other'
        for name, first in grouped.items()
    ]


def _is_number(text: str, mark: str) -> bool:
    return spelled_number(text, mark) is not None
