"""Days without a year, `05-Aug` and `31/12`: pointed out, not read. Spreadsheets also make them of ranges, as 5-8."""

import re

import pandas

from .months import with_numbers

_DAY_FIRST = re.compile(r"(?P<day>[0-9]{1,2})(?:st|nd|rd|th|er|º|ª)?[-/., ]*(?:(?:del?|of) +)?\{[0-9]{2}\}")
_MONTH_FIRST = re.compile(r"\{[0-9]{2}\}[-/., ]*(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?")
_NUMBERS = re.compile(r"(?P<first>[0-9]{1,2})[-/.](?P<second>[0-9]{1,2})\.?")
_RANGE = re.compile(r"[0-9]+ ?[-–] ?[0-9]+|[0-9]+\+?|[<>] ?[0-9]+")
_ONE_NUMBER = re.compile("[^0-9]*[0-9]{1,2}[^0-9]*")
_MOSTLY, _SOME, _LONGEST = 0.9, 0.05, 20

_LEAST_DISTINCT = 20
"""Different texts of two numbers from which one that goes on to 31 beside one that ends at 12 is a day."""

_LAST_DAYS, _FIRST_DAYS = 28, 3
"""Days after and before which a month has some: years of two digits seldom go from the one to the other."""


def yearless_note(known: pandas.Series) -> str:
    """What is said of texts most of which are a day and a month; empty of others.

    Args:
        known: Cells that are no gaps, without blanks around them.
    """
    texts = known[known.map(lambda cell: isinstance(cell, str))]
    shorts = [text for text in texts.unique() if len(text) <= _LONGEST and any(map(str.isdecimal, text))]
    if len(texts) < len(known) or not len(texts) or len(shorts) < _MOSTLY * texts.nunique():
        return ""
    numbered = texts.map({text: _numbered(text) for text in texts.unique()})
    named = numbered.map(lambda text: _DAY_FIRST.fullmatch(text) is not None)
    named |= _days_last(numbered)
    ranges = texts.map(lambda text: _RANGE.fullmatch(text) is not None)
    if named.mean() >= _SOME and (named | ranges).mean() >= _MOSTLY:
        example = texts[named].iloc[0]
    elif _in_numbers(texts):
        example = texts.iloc[0]
    else:
        return ""
    finding = f"looks like days without a year (as in {example!r}), which are not read as dates"
    return f"{finding}; add the year, or restore ranges such as 5-8, of which spreadsheets make 5-Aug"


def _numbered(text: str) -> str:
    """A text with its month as a number; empty where it is no day and month, for names of months take long to find."""
    return with_numbers(text) if _ONE_NUMBER.fullmatch(text) else ""


def _days_last(numbered: pandas.Series) -> pandas.Series:
    """Which texts are a month and a day, `Dec 18`, where these cannot be years of two digits."""
    matches = numbered.map(_MONTH_FIRST.fullmatch)
    known = matches[matches.notna()]
    days = known.map(lambda match: int(match["day"]))
    are_short = known.map(lambda match: len(match["day"]) == 1)
    spread = len(days) > 0 and 1 <= days.min() <= _FIRST_DAYS and _LAST_DAYS < days.max() <= 31
    are_days = bool(are_short.any()) or (spread and days.nunique() >= _LEAST_DISTINCT)
    return matches.notna() & (are_days and bool((days <= 31).all()))


def _in_numbers(texts: pandas.Series) -> bool:
    matches = [match for text in texts.unique() if (match := _NUMBERS.fullmatch(text))]
    if len(matches) < max(_LEAST_DISTINCT, _MOSTLY * texts.nunique()):
        return False
    ends = sorted(max(int(match[part]) for match in matches) for part in ("first", "second"))
    begins = min(min(int(match["first"]), int(match["second"])) for match in matches)
    return begins >= 1 and ends[0] <= 12 and _LAST_DAYS < ends[1] <= 31
