"""What is said of columns that hold numbers and are not read as such, and what a column's name says of its digits."""

from collections.abc import Iterable

import pandas

from .gap_words import is_gap_word
from .names import most_counted
from .number_survey import Survey
from .other_numbers import are_codes
from .spellings import spelled_number

_HINTED, _NEARLY, _MOSTLY, _MOST_UNITS, _NAMED = 0.5, 0.7, 0.9, 3, 2
"""Shares of numbers from which a column in several units, or another, is pointed out; units and cells that it names."""

_LEAST_DISTINCT = 10
"""Different numbers that must stand beside a word to be pointed out."""

_MOST_SHORT_UNITS, _LONGEST = 8, 4
"""Units that it may have where they are as short as `kg` and `USD`; words may be streets."""


def too_few_numbers(seen: Survey) -> str:
    """What is said of a column of which not enough cells are numbers to be read as one."""
    num_words = sum(seen.words.values())
    are_numbers = seen.num_numbers >= _MOSTLY * seen.num_cells and len(seen.unread) + seen.num_numbers > 1
    if num_words >= seen.num_cells > 0 and are_numbers and not seen.holds_codes:
        words = ", ".join(map(repr, list(seen.words)[:_NAMED]))
        share = num_words / (num_words + seen.num_cells)
        finding = f"{share:.0%} of the cells are words for a gap ({words}), and the others are numbers"
        return f"{finding}; set it to numeric under `data.columns` to read them"
    if (seen.share < _NEARLY and not _is_one_word(seen)) or seen.holds_codes:
        return ""
    others = ", ".join(map(repr, list(seen.unread)[:_NAMED]))
    cure = "set it to numeric under `data.columns` to read the numbers and treat the others as gaps"
    return f"{seen.share:.0%} of the cells are numbers, but the others ({others}) are not; {cure}"


def _is_one_word(seen: Survey) -> bool:
    """Whether one text stands in most cells and different numbers in the others, as `FALSE` beside 12 and 30 feet."""
    return len(seen.unread) == 1 and seen.share > 0.0 and seen.num_distinct >= _LEAST_DISTINCT


def several_units(known: pandas.Series, seen: Survey) -> str:
    """What is said of numbers that cannot be compared."""
    if len(seen.units) < 2:
        return ""
    alone = pandas.Series(
        [text for text in known.map(str) if spelled_number(text, seen.decimal)], dtype=object
    )
    are_short = all(len(unit) <= _LONGEST for unit in seen.units)
    most = _MOST_SHORT_UNITS if are_short else _MOST_UNITS
    if len(alone) < _HINTED * len(known) or len(seen.units) > most:
        return ""
    if are_codes(alone):
        return ""
    units = " and ".join(map(repr, seen.units[:2]))
    return f"looks like numbers in different units ({units}), which are not read; give the column one unit"


def are_counted(name: str, texts: Iterable[object]) -> bool:
    """Whether texts such as `07` are hours, months and the like: two digits each, and named so."""
    most = most_counted(name)
    return most is not None and all(
        isinstance(text, str) and len(text) == 2 and text.isdecimal() and int(text) <= most
        for text in texts
        if not is_gap_word(str(text))
    )
