"""What stands before the decimals of numbers, a point or a comma: what the columns of a table say of it together."""

import re
from collections import Counter
from collections.abc import Iterable

import numpy
import pandas

from .spellings import MARKS, spelled_number

_MOST_TRIED = 1000

_LEAST_GROUPED, _LEAST_PARTS, _MOSTLY_GROUPED, _ROUNDING = 20, 10, 0.8, 1e-6
"""Numbers of which it is said that they may have points between thousands, how many of these, and which share of them
ends in another digit than 0."""

_NUMBER = re.compile("[0-9][0-9.,]*")
_GROUPS = re.compile(r"[1-9][0-9]{0,2}(?:[.,][0-9]{3})+")


def mark_of_groups(texts: Iterable[str]) -> str | None:
    """What stands before decimals where another sign stands between thousands, and only there; None where it may not.

    Numbers go on from 999 with 1,000: none of four digits is without a sign, and many of up to three digits are.

    >>> below = [f"{number} kg" for number in range(700, 1000)]
    >>> mark_of_groups([*below, "1,003 kg"]), mark_of_groups([*below, "1.003 kg"])
    ('.', ',')
    >>> mark_of_groups([*below, "1000 kg", "1,003 kg"]), mark_of_groups(["1,234", "5,678"])
    (None, None)
    """
    numbers = {match[0] for text in texts if (match := _NUMBER.search(text))}
    whole = {int(number) for number in numbers if number.isdecimal()}
    others = {number for number in numbers if not number.isdecimal()}
    signs = {sign for number in others for sign in number if not sign.isdecimal()}
    if len(signs) != 1 or not all(_GROUPS.fullmatch(number) for number in others):
        return None
    if len(whole) < _LEAST_GROUPED or not 100 <= max(whole) < 1000:
        return None
    return MARKS[1 - MARKS.index(signs.pop())]


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
    """Whether numbers may have been written with points between thousands: below 1000, with three digits behind points.

    What a program reads as 1.5 stood there as 1.500 then, which one number in ten does. Whole numbers up to 999 may
    stand beside them, many of them and some of three digits.
    """
    known = numpy.abs(numbers[numpy.isfinite(numbers)])
    parts = known[known % 1 != 0]
    whole = numpy.unique(known[known % 1 == 0])
    if (
        len(parts) < _LEAST_PARTS
        or len(known) < _LEAST_GROUPED
        or (parts < 1.0).any()
        or (known >= 1000.0).any()
    ):
        return False
    if len(parts) < _MOSTLY_GROUPED * len(known) and (len(whole) < _LEAST_GROUPED or whole.max() < 100.0):
        return False
    thousands = numpy.round(1000.0 * parts)
    are_three = numpy.abs(1000.0 * parts - thousands) < _ROUNDING
    return bool(are_three.all() and (thousands % 10 != 0).mean() > _MOSTLY_GROUPED)


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
