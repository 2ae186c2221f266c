"""Years of two digits: the century that they are of, and whether they stand first, as far as a column tells."""

import re
from collections.abc import Sequence

import numpy
import pandas

POSIX = 69
"""Years of two digits from here on are of the 20th century, where a column does not say otherwise."""

_LEAST_GAP, _LARGER = 10, 2
"""Years in a row that no date is of, behind which those of a column begin, and how much longer they are than others."""

_FIRST_BIRTH = 31
"""From here on years of birth are of the 20th century, whatever the others are, and other years are seldom to come."""

_BIRTH = re.compile(
    r"birth|born|\bdob\b|geburt|geboren|naissance|nacimiento|nascita|nascimento", re.IGNORECASE
)

_FEWEST_DAYS, _TIMES = 10, 2
"""Different days that a column must have to tell them from its years, of which it has fewer by this factor."""

_NUMBERS = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})(?![0-9])")


def first_of_century(years: Sequence[int], name: str = "") -> int:
    """The first year of two digits that is of the 20th century.

    The years of a column follow each other: of 62 to 99 and 0 to 6 all are from 1962 to 2006.

    Args:
        years: Those of the column, without their century.
        name: Of the column; nobody is born in the future.

    >>> first_of_century([*range(62, 100), *range(7)]), first_of_century(range(20, 60))
    (62, 69)
    >>> first_of_century(range(100)), first_of_century([45, 62], "Date of birth"), first_of_century([99, 5], "dob")
    (69, 31, 31)
    >>> first_of_century([23, 69]), first_of_century([40, 55, 62, 71, 88, 95])
    (69, 40)
    """
    known = sorted(set(years))
    if not known:
        return POSIX
    gaps = [(after - year) % 100 or 100 for year, after in zip(known, [*known[1:], known[0]], strict=True)]
    widest = max(range(len(known)), key=lambda place: gaps[place])
    second = max(gaps[:widest] + gaps[widest + 1 :], default=0)
    begin, end = known[(widest + 1) % len(known)], known[widest]
    is_run = gaps[widest] > max(_LEAST_GAP, _LARGER * second)
    if begin < POSIX and (end >= POSIX or end < begin) and is_run:
        return begin
    return _FIRST_BIRTH if _BIRTH.search(name.replace("_", " ")) else POSIX


def doubtful_year(years: Sequence[int]) -> int | None:
    """A year of two digits that POSIX reads as one of decades to come although others are of the last century; or None.

    >>> doubtful_year([6, 38, 45, 78, 99]), doubtful_year([45, 55]), doubtful_year([78, 99, 6])
    (45, None, None)
    """
    later = [year for year in years if _FIRST_BIRTH <= year < POSIX]
    return max(later) if later and max(years) >= POSIX else None


def years_first(texts: pandas.Series, as_first: numpy.ndarray, as_last: numpy.ndarray) -> bool | None:
    """Whether the year is the first of three numbers of two digits each; None where a column cannot tell.

    It has more different days than years, or it is in the order of its rows by one of the two readings only.

    Args:
        texts: Cells that are dates by both readings, in the order of their rows.
        as_first: Seconds since 1970 where years stand first.
        as_last: The same where they stand last.
    """
    matches = [match for text in texts.unique() if (match := _NUMBERS.match(str(text).strip()))]
    first, last = (len({int(match[place]) for match in matches}) for place in (1, 3))
    if max(first, last) >= _FEWEST_DAYS and max(first, last) >= _TIMES * min(first, last):
        return last > first
    orders = [_are_in_order(seconds) for seconds in (as_first, as_last)]
    return orders[0] if orders[0] != orders[1] else None


def _are_in_order(seconds: numpy.ndarray) -> bool:
    steps = numpy.diff(seconds)
    moves = int((steps != 0).sum())
    return moves >= _FEWEST_DAYS and (bool((steps >= 0).all()) or bool((steps <= 0).all()))
