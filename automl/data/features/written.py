"""Columns of numbers that people wrote: one reading for the whole column, found by looking at all of its cells."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import TypeAlias

import pandas

from .common_fractions import is_fraction, is_mixed
from .durations import DURATION, SHORT, are_times
from .gap_words import is_gap_word
from .magnitudes import without_magnitude
from .marks import mark_of_groups
from .measures import COMPUTED, measure_of
from .number_survey import Survey
from .other_numbers import are_grades, are_labels, find_results, short_times
from .signs import bare_text, written_number
from .spellings import MARKS, Spelled, is_code, plain_number, scaled_number, spelled_number

Factor: TypeAlias = tuple[str, float, bool]
"""What `without_magnitude` makes of a text."""

_LOOSE = re.compile(r"[0-9.,]+[-–][0-9.,]+")
_YEARS = re.compile("(?:1[5-9]|20)[0-9]{2}[-–](?:1[5-9]|20)[0-9]{2}")
"""Ranges that may be numbers of something, and those of them that are years."""

_MOST_LOOSE_RANGES = 20
"""More different ranges than this, and few that come back, are numbers of something: telephones, parts."""

_LEAST_COUNTS = 5
"""Different numbers with a plus from which they are counts and no classes."""

_FEW = 0.1
"""Share of the numbers that have a unit below which several units are none."""

_SHORT = 7
"""Digits and spaces up to which groups of digits, all of one length, are no telephones."""


def survey(
    known: pandas.Series, decimal: str | None, usual: str | None = None, fractions: bool = False
) -> Survey:
    """Look at the cells of a text column.

    Args:
        known: Those that are not empty, text without spaces around it.
        decimal: The mark before decimals where the study file gives it.
        usual: The mark in other columns, which decides where this one can be read in two ways.
        fractions: Whether `1/2` is a number also where no `5 1/2` stands.
    """
    texts = Counter(known.map(str).tolist())
    words = {text: count for text, count in texts.items() if is_gap_word(text)}
    values = {text: count for text, count in texts.items() if text not in words}
    has_fractions = any(map(is_mixed, values)) or (fractions and any(map(is_fraction, values)))
    marks = [decimal] if decimal else sorted(MARKS, key=lambda mark: mark != usual)
    by_mark = {mark: _spelled(values, mark, has_fractions) for mark in marks}
    factors = {text: without_magnitude(written_number(text)) for text in values}
    weights = {mark: _weight(values, spellings, factors, mark) for mark, spellings in by_mark.items()}
    best = max(weights, key=lambda mark: weights[mark])
    is_tied = usual is None and len(marks) > 1 and _tied(weights)
    grouped = mark_of_groups(values) if is_tied else None
    best = grouped or best
    spellings = by_mark[best]
    has_magnitudes = (scaled := _scaled(factors, spellings, best)) is not None
    spellings = scaled or spellings
    units = Counter[str]()
    for text, spelled in spellings.items():
        units[spelled.unit] += values[text] if spelled.unit else 0
    unit = measure_of(values) or _unit_of(units, sum(values[text] for text in spellings))
    if unit in COMPUTED:
        reader = COMPUTED[unit]
        computed = {text: number for text in values if (number := reader(text)) is not None}
        spellings |= {text: Spelled(number, unit) for text, number in computed.items()}
    read = {text: spellings[text] for text in values if text in spellings}
    spellings = {text: spelled for text, spelled in read.items() if spelled.unit in ("", unit)}
    is_unclear = is_tied and grouped is None and unit not in COMPUTED
    return Survey(
        decimal=best,
        unit=unit,
        num_cells=sum(values.values()),
        num_numbers=sum(values[text] for text in spellings),
        words=words,
        unread={text: count for text, count in values.items() if text not in spellings},
        spelled={text: spelled for text, spelled in spellings.items() if plain_number(text) != spelled.value},
        units=tuple(name for name, _ in units.most_common() if name),
        ambiguous=next(filter(_means_two, spellings), "") if is_unclear else "",
        holds_codes=any(is_code(bare_text(text)) for text in values)
        and not any(_has_decimals(text, spelled) for text, spelled in spellings.items()),
        has_magnitudes=has_magnitudes,
        has_fractions=has_fractions,
        num_distinct=len(spellings),
        num_bare=sum(values[text] for text, spelled in spellings.items() if unit and not spelled.unit),
    )


def _unit_of(units: Counter[str], num_numbers: int) -> str:
    """The unit of a column: that of most numbers, but minutes where units of time, or several at once, stand there.

    Where very few have a unit, and several ones, the others are in none of these.
    """
    if SHORT in units:
        return SHORT
    names = [name for name, count in units.items() if name and count and name != DURATION]
    if DURATION not in units and are_times(names):
        return DURATION
    if len(names) > 1 and units.total() < _FEW * num_numbers:
        return ""
    return units.most_common(1)[0][0] if units else ""


def _weight(
    values: Mapping[str, int], spellings: Mapping[str, Spelled], factors: Mapping[str, Factor], mark: str
) -> int:
    """Cells that are numbers under a mark, those among them that have a magnitude behind them: `5,4 Mio. €`."""
    return sum(
        count
        for text, count in values.items()
        if text in spellings or (factors[text][1] != 1.0 and scaled_number(text, mark) is not None)
    )


def _scaled(
    factors: Mapping[str, Factor], spellings: Mapping[str, Spelled], mark: str
) -> dict[str, Spelled] | None:
    """Numbers with their magnitudes multiplied out; None where there are none, or where they may be units.

    `45M` beside `50F`, or `5M` in every cell, is no million. Beside `3k`, beside numbers without anything, and with a
    currency, it is.
    """
    marked = dict.fromkeys(text for text, (_, factor, _) in factors.items() if factor != 1.0)
    if not marked:
        return None
    scaled = {
        text: spelled for text in marked if (spelled := scaled_number(text, mark)) and not spelled.is_bound
    }
    scaled |= {text: spelled for text, spelled in spellings.items() if text not in marked}
    units = {spelled.unit for text, spelled in scaled.items() if text in marked}
    others = {spelled.unit for text, spelled in scaled.items() if text not in marked}
    is_sure = any(factors[text][2] for text in marked) or "" in others
    if not is_sure or len(units - {""}) > 1 or not others <= {"", *units}:
        return None
    return scaled


def _tied(weights: Mapping[str, int]) -> bool:
    return len(set(weights.values())) == 1


def _spelled(values: Mapping[str, int], mark: str, fractions: bool) -> dict[str, Spelled]:
    """The texts that are numbers under a mark, without ranges and groups that look like numbers of something."""
    spellings = {text: spelled for text in values if (spelled := spelled_number(text, mark, fractions))}
    ranges = {
        text
        for text, spelled in spellings.items()
        if spelled.is_range and not spelled.unit and _LOOSE.fullmatch(text) and not _YEARS.fullmatch(text)
    }
    if len(ranges) > _MOST_LOOSE_RANGES and 2 * len(ranges) > sum(values[text] for text in ranges):
        spellings = {text: spelled for text, spelled in spellings.items() if text not in ranges}
    results = find_results(ranges, values)
    times = short_times(spellings)
    spellings = {text: spelled for text, spelled in spellings.items() if text not in results | times}
    if are_labels(spellings) or are_grades(spellings):
        return {}
    bounds = [text for text, spelled in spellings.items() if spelled.is_bound]
    are_counts = len(bounds) >= _LEAST_COUNTS and all(text.endswith("+") for text in bounds)  # as `1,000+`
    if not are_counts and 2 * sum(values[text] for text in bounds) > sum(values[text] for text in spellings):
        return {
            text: spelled for text, spelled in spellings.items() if not spelled.is_bound
        }  # classes, as `<=50K` and `>50K`
    spaced = {text for text in spellings if " " in text and text.replace(" ", "").isdigit()}
    lengths = {len(text) for text in spaced}
    if (
        len(spaced) > _MOST_LOOSE_RANGES
        and len(spaced) == len(spellings)
        and len(lengths) == 1
        and min(lengths) > _SHORT
    ):
        return {}
    return spellings


def _means_two(text: str) -> bool:
    """Whether a text is one number with a decimal comma and another one with a decimal point."""
    readings = [spelled_number(text, mark) for mark in MARKS]
    return readings[0] is not None and readings[1] is not None and readings[0].value != readings[1].value


def _has_decimals(text: str, spelled: Spelled) -> bool:
    return bool(spelled.unit) or any(sign in text.lower() for sign in (".", ",", "e-"))
