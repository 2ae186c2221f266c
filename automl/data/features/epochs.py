"""Moments as programs count them: seconds since 1970, or parts of them. In other columns such numbers are amounts."""

import re
from collections.abc import Mapping

import numpy
import pandas
from pandas.api import types

EPOCHS: Mapping[str, int] = {
    "seconds since 1970": 1,
    "milliseconds since 1970": 1_000,
    "microseconds since 1970": 1_000_000,
}
"""Names of their forms in `DATE_FORMS`, and how many of them make a second."""

_FIRST, _LAST = 315_532_800.0, 2_208_988_800.0
"""1980 and 2040, in seconds."""

_FEWEST = 5
"""Different numbers from which they are moments."""

_MOMENTS = frozenset([
    "timestamp", "time", "date", "datetime", "epoch", "unix", "unixtime", "utc", "ts", "created", "updated", "modified",
    "birthdate", "startdate", "enddate", "starttime", "endtime", "eventtime", "zeitstempel", "datum", "fecha", "data",
])  # fmt: skip
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])")


def epoch_pattern(scale: int) -> str:
    """The digits that such a number has from 1973 to 2286, and what may stand behind them.

    >>> epoch_pattern(1), epoch_pattern(1000)
    ('([0-9]{9,10})(?:\\\\.[0-9]+)?', '([0-9]{12,13})(?:\\\\.[0-9]+)?')
    """
    most = 9 + len(str(scale))
    return rf"([0-9]{{{most - 1},{most}}})(?:\.[0-9]+)?"


def names_moment(name: str) -> bool:
    """Whether a column is named as one of moments.

    >>> [names_moment(name) for name in ("timestamp", "created_utc", "eventTime", "signup_at", "ts_ms")]
    [True, True, True, True, True]
    >>> [names_moment(name) for name in ("candidate", "sentiment", "phone", "at_bats", "id")]
    [False, False, False, False, False]
    """
    words = [word.lower() for word in _WORD.findall(name)]
    return bool(_MOMENTS & set(words)) or words[-1:] == ["at"]


def epoch_form(known: pandas.Series) -> str | None:
    """The form of numbers, or of texts of digits, that all are moments from 1980 to 2040; None of others.

    >>> epoch_form(pandas.Series([1577836800 + 86400 * row for row in range(9)]))
    'seconds since 1970'
    >>> epoch_form(pandas.Series([15778368 + row for row in range(9)])) is None
    True
    """
    if not types.is_numeric_dtype(known):
        if not known.map(lambda cell: isinstance(cell, str) and cell.isdecimal() and cell.isascii()).all():
            return None
        known = known.astype(numpy.float64)
    if types.is_bool_dtype(known) or known.nunique() < _FEWEST:
        return None
    numbers = known.to_numpy(numpy.float64)
    for form, scale in EPOCHS.items():
        if ((numbers >= _FIRST * scale) & (numbers < _LAST * scale)).all():
            return form
    return None
