"""The ways to write a date or a time of day that are understood, `DATE_FORMS`: the same to Python and to TensorFlow."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any, Literal

import numpy
import pandas

from .bare_clocks import BARE
from .cells import SPACES, level_text
from .centuries import POSIX
from .epochs import EPOCHS, epoch_pattern
from .months import with_numbers
from .six_digits import SIX_DIGITS

_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True, slots=True)
class DateForm:
    """One way to write a date.

    Attributes:
        example: A date in it.
        pattern: Regular expression of the whole text, with groups; the same to Python and to RE2. Where months have
            names, it finds them as `{01}` to `{12}`.
        rewrite: The groups as `year-month-day-hour-minute-second-p`, the last one `p` or `P` after noon.
        offset: The groups as the time that UTC is behind, `+hhmm` or `-hhmm`; empty where the form has none.
        short: Whether years have two digits.
        named: Whether months have names.
        clock: Whether it is a time of day without a date.
        scale: How many of them make a second, where it is a number that counts from 1970; 0 for a date in parts.
        month: What stands in the place of the month: a month, a quarter, a half of the year or a week (ISO 8601), whose
            days have numbers.
        first: The first year of two digits that is of the 20th century.
    """

    example: str
    pattern: str
    rewrite: str
    offset: str = ""
    short: bool = False
    named: bool = False
    clock: bool = False
    scale: int = 0
    month: Literal["month", "quarter", "half", "week"] = "month"
    first: int = POSIX


_NAMED_ZONE = r"(?: ?(?:[A-Z]{3,4}|Uhr|h|[A-Z][A-Za-z]+(?:/[A-Z][A-Za-z_]+){1,2}))?"
"""Names of zones are several, and change in summer: the time is taken as it stands, as it is without one."""

_ZONE = r" ?(?:Z|([+-])([01][0-9]|2[0-3]):?([0-5][0-9])?)(?:\[[A-Za-z_/]+\]| \([A-Za-z ]+\))?"
_ISO_TIME = (
    r"(?:[T ]([0-9]{2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]+)?)?"
    + _NAMED_ZONE
    + "(?:"
    + _ZONE
    + r")?|Z|[+]00:?00)?"
)
_CLOCK = r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:[.,][0-9]+)?)?(?: ?([AaPp])\.?[Mm]\.?)?" + _NAMED_ZONE
_OFFSET = r"(?: ?([+-](?:[01][0-9]|2[0-3])):?([0-5][0-9])(?: \([A-Za-z ]+\))?)?"
_TIME = r"(?:(?:,?[T ]+|:)" + _CLOCK + _OFFSET + r")?"
_BEHIND = r"\8\9"
"""The offset, where three groups stand before `_TIME`."""

_COMPACT = "([0-3]?[0-9])([0-3][0-9])"
_DAY, _YEAR, _SHORT, _WEEKDAY = (
    "([0-9]{1,2})",
    "([0-9]{4})",
    "([0-9]{2})",
    r"(?:[A-Za-zÀ-žА-я]{2,12}[.,]* +)?",
)
_NAME, _BETWEEN, _NTH = r"\{([0-9]{2})\}", r"[-/., ]*(?:(?:del?|of) +)?", r"(?:st|nd|rd|th|er|º|ª)?"
_HALF = "(?:[Hh]([12])|([12])[Hh])"
_FISCAL, _NEXT = "(?:FY|Fy|fy|Fiscal [Yy]ear)[-' ]*", "(?:[-/](?:[0-9]{2}){1,2})?"
_QUARTER = "(?:[QqT]([1-4])|([1-4])(?:[Qq]|\\. ?Quartal|er? trimestre|(?:st|nd|rd|th) quarter))"


def _numbers(example: str, order: str, signs: str, short: bool = False) -> DateForm:
    """A form of three numbers.

    Args:
        example: A date in it.
        order: `ymd`, `mdy` or `dmy`.
        signs: What may stand between them.
        short: Whether the year has two digits.
    """
    parts = {"y": _SHORT if short else _YEAR, "m": _DAY, "d": _DAY}
    groups = "-".join(f"\\{order.index(part) + 1}" for part in "ymd")
    pattern = f"[{signs}]".join(parts[part] for part in order) + _TIME
    return DateForm(example, pattern, groups + r"-\4-\5-\6-\7", _BEHIND, short=short)


def _named(example: str, pattern: str, rewrite: str, short: bool = False) -> DateForm:
    offset = _BEHIND if pattern.endswith(_TIME) else r"\6" if "[+-]" in pattern else ""
    return DateForm(example, _WEEKDAY + pattern, rewrite, offset, short=short, named=True)


DATE_FORMS: Mapping[str, DateForm] = {
    "iso": DateForm(
        "2024-02-29T18:00:00+01:00",
        r"([0-9]{4})-([0-9]{2})-([0-9]{2})" + _ISO_TIME,
        r"\1-\2-\3-\4-\5-\6-",
        r"\7\8\9",
    ),
    "slashed": _numbers("2024/2/29", "ymd", "/.-"),
    "american": _numbers("2/29/2024", "mdy", "/-"),
    "british": _numbers("29/2/2024", "dmy", "/-"),
    "european": _numbers("29.2.2024", "dmy", ". "),
    "dotted american": _numbers("2.29.2024", "mdy", ". "),
    "short american": _numbers("2/29/24", "mdy", "/-", short=True),
    "short british": _numbers("29/2/24", "dmy", "/-", short=True),
    "short european": _numbers("29.2.24", "dmy", ".", short=True),
    "short year first": _numbers("24/2/29", "ymd", "/.-", short=True),
    "compact": DateForm(
        "20240229",
        r"((?:1[89]|2[01])[0-9]{2})([0-9]{2})([0-9]{2})(?:[T ]?([0-9]{2}):?([0-9]{2}):?([0-9]{2})?Z?|\.0)?",
        r"\1-\2-\3-\4-\5-\6-",
    ),
    "month name first": _named(
        "February 29, 2024",
        _NAME + _BETWEEN + _DAY + _NTH + "[-/., ]+" + _YEAR + _TIME,
        r"\3-\1-\2-\4-\5-\6-\7",
    ),
    "day, month name": _named(
        "29 February 2024", _DAY + _NTH + _BETWEEN + _NAME + _BETWEEN + _YEAR + _TIME, r"\3-\2-\1-\4-\5-\6-\7"
    ),
    "day, month name, short": _named(
        "29-Feb-24",
        _DAY + _NTH + _BETWEEN + _NAME + _BETWEEN + _SHORT + _TIME,
        r"\3-\2-\1-\4-\5-\6-\7",
        short=True,
    ),
    "year, month name": _named(
        "2024-Feb-29", _YEAR + _BETWEEN + _NAME + _BETWEEN + _DAY + _TIME, r"\1-\2-\3-\4-\5-\6-\7"
    ),
    "time before the year": _named(
        "Thu Feb 29 18:00:00 2024",
        _NAME + " +" + _DAY + " +([0-9]{2}):([0-9]{2}):([0-9]{2})(?: [A-Z]{3,4}| ([+-][0-9]{4}))? +" + _YEAR,
        r"\7-\1-\2-\3-\4-\5-",
    ),
    "year, month and day in signs": DateForm(
        "2024年2月29日", _YEAR + "[年년] ?" + _DAY + "[月월] ?" + _DAY + "[日일]", r"\1-\2-\3----"
    ),
    "year and month in signs": DateForm("2024年2月", _YEAR + "[年년] ?" + _DAY + "[月월]", r"\1-\2-1----"),
    "year and month name": _named("2024-Feb", _YEAR + _BETWEEN + _NAME, r"\1-\2-1----"),
    "month name and year": _named("Feb-2024", _NAME + _BETWEEN + _YEAR, r"\2-\1-1----"),
    "month name and short year": _named("Feb-24", _NAME + "[-/., ']+" + _SHORT, r"\2-\1-1----", short=True),
    "month and year": DateForm("2/2024", "([0-9]{1,2})[-/]([0-9]{4})", r"\2-\1-1----"),
    "year and month": DateForm("2024-02", "([0-9]{4})[-/M]([0-9]{2})", r"\1-\2-1----"),
    "compact month": DateForm("202402", "((?:1[89]|2[01])[0-9]{2})(0[1-9]|1[0-2])(?:\\.0)?", r"\1-\2-1----"),
    "quarter and year": DateForm("Q1 2024", _QUARTER + "[-/ ]?" + _YEAR, r"\3-\1\2-1----", month="quarter"),
    "quarter and short year": DateForm(
        "Q1 24", _QUARTER + "[-/' ]*" + _SHORT, r"\3-\1\2-1----", short=True, month="quarter"
    ),
    "year and quarter": DateForm("2024-Q1", _YEAR + "[-/ ]?[Qq]([1-4])", r"\1-\2-1----", month="quarter"),
    "half and year": DateForm("H1 2024", _HALF + "[-/ ]?" + _YEAR, r"\3-\1\2-1----", month="half"),
    "year and half": DateForm("2024-H1", _YEAR + "[-/ ]?[Hh]([12])", r"\1-\2-1----", month="half"),
    "fiscal year": DateForm("FY2024", _FISCAL + "((?:19|20)[0-9]{2})" + _NEXT, r"\1-1-1----"),
    "fiscal year, short": DateForm("FY24", _FISCAL + _SHORT + _NEXT, r"\1-1-1----", short=True),
    "week": DateForm("2024-W09", _YEAR + "-?W([0-9]{2})(?:-?([1-7]))?", r"\1-\2-\3----", month="week"),
    "week and year": DateForm(
        "W09 2024", "(?:W|KW|CW|[Ww]eek) ?([0-9]{1,2})[-/ ]" + _YEAR, r"\2-\1-1----", month="week"
    ),
    "compact month first": DateForm("02292024", _COMPACT + "((?:19|20)[0-9]{2})", r"\3-\1-\2----"),
    "compact day first": DateForm("29022024", _COMPACT + "((?:19|20)[0-9]{2})", r"\3-\2-\1----"),
    "hour": DateForm("6 PM", r"([0-9]{1,2}) ?([AaPp])\.?[Mm]\.?", r"1970-1-1-\1---\2", clock=True),
    "clock": DateForm("18:30", _CLOCK, r"1970-1-1-\1-\2-\3-\4", clock=True),
    "dotted clock": DateForm(
        "18.30.00", r"([0-9]{1,2})\.([0-9]{2})\.([0-9]{2})", r"1970-1-1-\1-\2-\3-", clock=True
    ),
    "clock and Uhr": DateForm("18.30 Uhr", r"([0-9]{1,2})\.([0-9]{2}) ?Uhr", r"1970-1-1-\1-\2--", clock=True),
    BARE: DateForm(
        "1830",
        r"(?:24(00)|([0-9]{1,2})([0-9]{2})|([0-9]{1,2}))(?:\.0)?",
        r"1970-1-1-\2-\1\3\4--",
        clock=True,
    ),
    SIX_DIGITS: DateForm("240229", r"([0-9]{1,2})([0-9]{2})([0-9]{2})(?:\.0)?", r"\1-\2-\3----", short=True),
} | {
    name: DateForm(str(1_709_208_000 * scale), epoch_pattern(scale), "", scale=scale)
    for name, scale in EPOCHS.items()
}
"""By name. Of two that read the same texts the first is meant, unless both are in `EITHER`."""

NAMED = (BARE, SIX_DIGITS, *EPOCHS)
"""Forms that read many numbers: they are meant only where the name of a column, or the study file, says so."""

MONTH_FIRST = ("american", "short american", "compact month first")
DAY_FIRST = ("british", "short british", "compact day first")
EITHER = tuple(map(frozenset, zip(MONTH_FIRST, DAY_FIRST, strict=True)))
"""Pairs that read the same texts as other days; only a day above 12 tells which of them is meant."""

YEAR_FIRST = "short year first"
YEAR_LAST = ("short british", "short american", "short european")
"""Forms that read the texts of `YEAR_FIRST` as other days, where no number is above 31."""

_FROM = " from 19"


@lru_cache(maxsize=256)
def date_form(name: str) -> DateForm:
    """A form by its name in a reading, which may say from where on years of two digits are of the 20th century.

    >>> date_form("short british from 1931").first, date_form("short british").first
    (31, 69)
    """
    plain, _, first = name.partition(_FROM)
    return replace(DATE_FORMS[plain], first=int(first)) if first else DATE_FORMS[plain]


def in_century(name: str, first: int) -> str:
    """The name of a form whose years of two digits are of the 20th century from one of them on.

    >>> in_century("short british", 31), in_century("short british", 69)
    ('short british from 1931', 'short british')
    """
    return name if first == POSIX else f"{name}{_FROM}{first:02}"


def seconds_of(values: pandas.Series, form: str) -> numpy.ndarray:
    """Seconds since 1970, whole, float64 of shape (row,); NaN for gaps and for what is no date of this form.

    They are counted in UTC, in which a time without an offset is taken to be. A time of day is one of 1970-01-01.
    """
    if pandas.api.types.is_datetime64_any_dtype(values):
        times = pandas.to_datetime(values, utc=True).dt.tz_localize(None)
        whole = times.to_numpy().astype("datetime64[s]")
        return numpy.where(numpy.isnat(whole), numpy.nan, whole.astype(numpy.int64).astype(numpy.float64))
    places, cells = pandas.factorize(values)
    # The place of a gap is -1, the last one.
    return numpy.array([*(_seconds(level_text(cell), date_form(form)) for cell in cells), numpy.nan])[places]


def _seconds(text: str, form: DateForm) -> float:
    text = text.strip(SPACES)
    if form.named:
        text = with_numbers(text)
    match = re.fullmatch(form.pattern, text)
    if match is None:
        return numpy.nan
    if form.scale:
        return float(int(match[1]) // form.scale)
    *fields, noon = match.expand(form.rewrite).split("-")
    year, month, day, hour, minute, second = (int(field or 0) for field in fields)
    if form.short:
        year += 2000 if year < form.first else 1900
    offset = match.expand(form.offset)
    hour = hour_of(hour, noon)
    if form.month == "week":
        return _week_seconds(year, month, day or 1)
    month = first_month(month, form)
    try:
        local = (datetime(year, month, day, hour, minute, second) - _EPOCH).total_seconds()
        return local - _offset_seconds(offset)
    except ValueError:  # no such day, or no such time of day
        return numpy.nan


def first_month(number: Any, form: DateForm) -> Any:
    """The first month of what stands in the place of the month; numbers, or tensors of them."""
    length = {"quarter": 3, "half": 6}.get(form.month, 1)
    return length * number - length + 1


def _week_seconds(year: int, week: int, day: int) -> float:
    """Of a day of a week: the first week of a year is that of the fourth of January."""
    if not 1 <= week <= 53 or year < 1:
        return numpy.nan
    fourth = datetime(year, 1, 4)
    days = (fourth - _EPOCH).days - fourth.weekday() + 7 * (week - 1) + day - 1
    return 86_400.0 * days


def hour_of(hour: int, noon: str) -> int:
    """The hour of 24, where a text says whether it is before noon: 12 AM is 0; 13 and more are what they are.

    >>> hour_of(12, "a"), hour_of(1, "P"), hour_of(13, "p"), hour_of(12, "")
    (0, 13, 13, 12)
    """
    if not noon or hour > 12:
        return hour
    return hour % 12 + 12 * (noon in "pP")


def _offset_seconds(text: str) -> int:
    """Seconds of `+hhmm` or `-hhmm`; 0 without any."""
    seconds = 3600 * int(text[1:3] or 0) + 60 * int(text[3:5] or 0)
    return -seconds if text.startswith("-") else seconds
