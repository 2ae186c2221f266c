"""What looks like numbers and is none: labels with numbers, results of games, shares such as `60:40`, codes."""

import re
from collections.abc import Collection, Mapping

import pandas

from .durations import DURATION, SHORT
from .spellings import Spelled

_EQUAL_ENDS = re.compile(r"(\S+)\s*[-–—]\s*\1")
_GRADE = re.compile("[0-9][-+]")
_WORD = re.compile(r"[^\W\d_]{2}")
_MOST_EQUAL = 0.2
"""Share of the ranges that may begin where they end, as `4-4`: of more, they are results and no ranges."""

_FEWEST_TIMES = 20
"""Different texts such as `45:10` from which they are durations; fewer are shares or categories."""


def find_results(ranges: Collection[str], values: Mapping[str, int]) -> set[str]:
    """The ranges that begin where they end, `2-2`, where so many do that they are the results of games.

    Args:
        ranges: Texts.
        values: How often each text occurs.
    """
    equal = {text for text in ranges if _EQUAL_ENDS.fullmatch(text)}
    are_results = sum(values[text] for text in equal) > _MOST_EQUAL * sum(values[text] for text in ranges)
    return equal if are_results else set()


def short_times(spellings: Mapping[str, Spelled]) -> set[str]:
    """The texts such as `60:40` where they are too few different ones to be durations, and none has hours."""
    times = {text for text, spelled in spellings.items() if spelled.unit == SHORT}
    have_hours = any(spelled.unit == DURATION for spelled in spellings.values())
    return times if len(times) <= _FEWEST_TIMES and not have_hours else set()


def are_labels(spellings: Mapping[str, Spelled]) -> bool:
    """Whether numbers only count words, as `1. Yes` and `2. No` do: each word has one of its own."""
    values: dict[str, set[float]] = {}
    for spelled in spellings.values():
        values.setdefault(spelled.unit, set()).add(spelled.value)
    are_words = len(values) > 1 and all(_WORD.match(unit) for unit in values)
    return are_words and all(len(numbers) == 1 for numbers in values.values())


def are_grades(texts: Collection[str]) -> bool:
    """Whether digits with a plus and others with a minus behind them stand there, as the marks `2+` and `3-`."""
    return {text[-1] for text in texts if _GRADE.fullmatch(text)} == {"+", "-"}


def are_codes(texts: pandas.Series) -> bool:
    """Whether numbers of as many digits each end in a letter, as `171a` and `221b`."""
    return bool(texts.str.fullmatch("[0-9]{2,}[A-Za-z]").all()) and texts.str.len().nunique() == 1
