"""Cells that hold two dates, as `2020-01-01 - 2020-02-01`: pointed out, not read."""

import re

import numpy
import pandas

from .date_forms import DATE_FORMS, NAMED, seconds_of

_MOST_TRIED = 200
_MOSTLY = 0.9
_LEAST_LENGTH = 9
"""Signs of two dates, at the least: `8:00-9:30`."""

_LABELED = re.compile(r"(?P<word>[^\W\d_]{2,15}[:=]?)\s+(?P<rest>.*[0-9].*)")
_BETWEEN = re.compile(
    r"\s+(?:-|–|—|→|>|to|until|till|bis|à|al?|through|thru|/)\s+|\s*(?:–|—|→|\.\.\.?|;)\s*|(?<=[0-9Z])/(?=[0-9]{4}-)|(?<=[0-9mM])-(?=[0-9])"
)


def two_dates(known: pandas.Series) -> str:
    """What is said of texts most of which are two dates or two times of day; empty of others.

    Args:
        known: Cells that are no gaps.
    """
    texts = known[known.map(lambda cell: isinstance(cell, str) and len(cell) >= _LEAST_LENGTH)]
    texts = texts.drop_duplicates().head(_MOST_TRIED)
    halves = [halves for text in texts if len(halves := _halves(text)) == 2]
    if not halves or (len(halves) < _MOSTLY * known.nunique() and len(halves) < _MOSTLY * _MOST_TRIED):
        return ""
    ends = [pandas.Series(part, dtype=object) for part in zip(*halves, strict=True)]
    are_dates = numpy.logical_and(*(_are_dates(part) for part in ends))
    if are_dates.mean() < _MOSTLY:
        return ""
    example = texts.iloc[0]
    return f"its cells hold two dates or times (as in {example!r}), which are not read; put each into a separate column"


def behind_a_word(known: pandas.Series) -> str:
    """What is said of texts most of which are a date behind one word, as `EOW: Friday, July 13, 1984`; empty of others.

    Args:
        known: Cells that are no gaps.
    """
    texts = known[known.map(lambda cell: isinstance(cell, str))].drop_duplicates().head(_MOST_TRIED)
    matches = texts.map(_LABELED.fullmatch).dropna()
    words = {match["word"] for match in matches}
    if len(words) != 1 or len(matches) < _MOSTLY * len(texts):
        return ""
    rest = pandas.Series([match["rest"] for match in matches], dtype=object)
    if _are_dates(rest).mean() < _MOSTLY:
        return ""
    finding = f"looks like dates after {words.pop()!r} (as in {texts.iloc[0]!r}), which are not read"
    return f"{finding}; remove it from the cells"


def _halves(text: str) -> list[str]:
    """The parts of a text around what may stand between two dates: the sign in its middle."""
    matches = list(_BETWEEN.finditer(text))
    if not matches:
        return []
    middle = min(matches, key=lambda match: abs(match.start() + match.end() - len(text)))
    return [text[: middle.start()].strip(), text[middle.end() :].strip()]


def _are_dates(texts: pandas.Series) -> numpy.ndarray:
    """Which texts are dates of any form."""
    are_known = numpy.zeros(len(texts), bool)
    for form in set(DATE_FORMS) - set(NAMED):
        are_known |= numpy.isfinite(seconds_of(texts, form))
    return are_known
