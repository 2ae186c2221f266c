"""Days of six digits, `930705` and `991231`, which are numbers in most other columns."""

import re
from collections.abc import Collection

import pandas

from .cells import level_text
from .gap_words import is_gap_word

SIX_DIGITS = "year, month and day of two digits each"
"""Name of their form in `DATE_FORMS`."""

_DAY = re.compile(r"([0-9]{1,2})([0-9]{2})([0-9]{2})(?:\.0)?")
_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_FEWEST = 20
"""Different days that a column must have."""


def are_short_days(known: pandas.Series) -> bool:
    """Whether numbers or texts of digits all are year, month and day, and not day, month and year.

    >>> days = [10_000 * year + 100 * month + 28 for year in (93, 98) for month in range(1, 13)]
    >>> are_short_days(pandas.Series(days)), are_short_days(pandas.Series(range(930101, 930201)))
    (True, False)
    """
    texts = {level_text(cell) for cell in known.unique()}
    matches = [_DAY.fullmatch(text) for text in texts if not is_gap_word(text)]
    parts = [tuple(map(int, match.groups())) for match in matches if match]
    if len(parts) < max(_FEWEST, len(matches)):
        return False
    return _are_days(parts) and not _are_days([part[::-1] for part in parts])


def _are_days(parts: Collection[tuple[int, ...]]) -> bool:
    """Whether the second numbers are months, and the third ones days of them."""
    return all(1 <= month <= 12 and 1 <= day <= _DAYS[month - 1] for _, month, day in parts)
