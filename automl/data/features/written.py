"""Columns of numbers that people wrote: one reading for the whole column, found by looking at all of its cells."""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import pandas

from .cells import wrong_cells
from .common_fractions import is_fraction, is_mixed
from .durations import DURATION, DURATIONS, SHORT, are_times
from .gap_words import is_gap_word
from .magnitudes import without_magnitude
from .other_numbers import are_grades, are_labels, find_results, short_times
from .signs import bare_text, written_number
from .spellings import MARKS, Spelled, has_groups, is_code, plain_number, scaled_number, spelled_number

Factor: TypeAlias = tuple[str, float, bool]
"""What `without_magnitude` makes of a text."""

_EXAMPLES = 3

_GROUPED = re.compile(r"[0-9]\.[0-9]{3}")
_LOOSE = re.compile(r"[0-9.,]+[-–][0-9.,]+")
_YEARS = re.compile("(?:1[5-9]|20)[0-9]{2}[-–](?:1[5-9]|20)[0-9]{2}")
"""Ranges that may be numbers of something, and those of them that are years."""

_MOST_LOOSE_RANGES = 20
"""More different ranges than this, and few that come back, are numbers of something: telephones, parts."""

_LEAST_COUNTS = 5
"""Different numbers with a plus from which they are counts and no classes."""

_SHORT = 7
"""Digits and spaces up to which groups of digits, all of one length, are no telephones."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What the cells of a column look like, each text counted as often as it stands there.

    Attributes:
        decimal: The mark before decimals under which most cells are numbers.
        unit: What stands around most numbers that have something around them; empty where nothing does.
        num_cells: Cells that are no gaps.
        num_numbers: Those of them that are numbers, all in that unit or without one.
        words: Cells that say that there is no value.
        unread: Cells that are neither.
        spelled: Numbers that a computer would not read as they stand, or as others: 1.234 for 1234.
        units: All units, the most frequent first.
        ambiguous: A text that another mark reads too, as another number, where nothing decides; else empty.
        holds_codes: Whether texts such as `007` stand in a column without a decimal.
        has_magnitudes: Whether magnitudes are multiplied out, as in `3k` and `1.2M`.
        has_fractions: Whether numbers with a fraction stand there, `5 1/2`, so that `1/2` is a number, too.
        num_bare: Numbers without a unit, where others have one.
    """

    decimal: str
    unit: str
    num_cells: int
    num_numbers: int
    words: Mapping[str, int]
    unread: Mapping[str, int]
    spelled: Mapping[str, Spelled]
    units: tuple[str, ...]
    ambiguous: str
    holds_codes: bool
    has_magnitudes: bool = False
    has_fractions: bool = False
    num_bare: int = 0

    @property
    def share(self) -> float:
        """Share of the numbers among the cells that hold a value; 0 where most cells say that they hold none."""
        num_words = sum(self.words.values())
        if not self.num_cells or 2 * num_words >= num_words + self.num_cells:
            return 0.0
        return self.num_numbers / self.num_cells

    @property
    def groups_whole_numbers(self) -> bool:
        """Whether points stand between the thousands of numbers that all are whole: 1.234 is more than a thousand."""
        grouped = any(_GROUPED.search(text) for text in self.spelled)
        are_whole = all(spelled.value % 1 == 0 for spelled in self.spelled.values())
        return self.decimal == "," and grouped and are_whole

    def notes(self, where: str) -> list[str]:
        """What a person should know of the reading.

        Args:
            where: The first row with a cell that is no number.
        """
        notes = [*self._stripped(), *self._ambiguity()]
        if self.words:
            total, shown = sum(self.words.values()), ", ".join(map(repr, list(self.words)[:_EXAMPLES]))
            notes.append(f"{total} {'cell is a gap' if total == 1 else 'cells are gaps'} in words ({shown})")
        if self.unread:
            examples = ", ".join(map(repr, list(self.unread)[:_EXAMPLES]))
            notes.append(wrong_cells(sum(self.unread.values()), "number", examples, where))
        return notes

    def _stripped(self) -> list[str]:
        if not self.spelled:
            return []
        texts = list(self.spelled)
        readings = [f"{self.unit!r} stripped"] if self.unit else []
        readings = ["durations as minutes"] if self.unit in DURATIONS else readings
        outside = [text for text, spelled in self.spelled.items() if not _is_interval(text, spelled)]
        signs = {
            "thousands separators stripped": any(has_groups(text, self.decimal) for text in outside),
            "decimal commas": self.decimal == "," and any("," in text for text in outside),
            "magnitudes multiplied out": self.has_magnitudes,
            "fractions as decimals": self.has_fractions,
            "ranges as their middle": any(spelled.is_range for spelled in self.spelled.values()),
            "bounds as their number, half of it after `<`": any(
                spelled.is_bound for spelled in self.spelled.values()
            ),
            "brackets as a minus sign": any(
                text.startswith("(") and self.spelled[text].value < 0.0 for text in outside
            ),
            "`-` with a currency as 0": any(spelled.is_nothing for spelled in self.spelled.values()),
        }
        readings += [sign for sign, stands_there in signs.items() if stands_there]
        return [
            f"read as numbers, {', '.join(readings) or 'as people write them'} (as in {texts[0]!r})",
            *self._without_unit(),
        ]

    def _without_unit(self) -> list[str]:
        """What is said where few cells have the unit that all are taken to be in."""
        if 2 * self.num_bare <= self.num_numbers:
            return []
        unit = "minutes" if self.unit in DURATIONS else repr(self.unit)
        shown = next(text for text, spelled in self.spelled.items() if spelled.unit)
        finding = f"{self.num_bare} of {self.num_numbers} cells have no unit"
        return [f"{finding} and are taken to be in {unit}, as {shown!r} is"]

    def _ambiguity(self) -> list[str]:
        if not self.ambiguous:
            return []
        other = MARKS[1 - MARKS.index(self.decimal)]
        values = [spelled_number(self.ambiguous, mark) for mark in (self.decimal, other)]
        shown = [f"{spelled.value:g}" for spelled in values if spelled]
        cure = f'`decimal: "{other}"` under `data` reads the other'
        return [f"{self.ambiguous!r} could be {shown[0]} or {shown[1]} and is read as the first; {cure}"]


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
    spellings, others = by_mark[best], by_mark.get(MARKS[1 - MARKS.index(best)], {})
    has_magnitudes = (scaled := _scaled(factors, spellings, best)) is not None
    spellings = scaled or spellings
    units = Counter[str]()
    for text, spelled in spellings.items():
        units[spelled.unit] += values[text] if spelled.unit else 0
    unit = _unit_of(units)
    if unit in DURATIONS:
        reader = DURATIONS[unit]
        spellings |= {
            text: Spelled(minutes, unit) for text in values if (minutes := reader(text)) is not None
        }
    spellings = {text: spelled for text, spelled in spellings.items() if spelled.unit in ("", unit)}
    return Survey(
        decimal=best,
        unit=unit,
        num_cells=sum(values.values()),
        num_numbers=sum(values[text] for text in spellings),
        words=words,
        unread={text: count for text, count in values.items() if text not in spellings},
        spelled={text: spelled for text, spelled in spellings.items() if plain_number(text) != spelled.value},
        units=tuple(name for name, _ in units.most_common() if name),
        ambiguous=next(filter(_means_two, spellings), "")
        if usual is None and others and _tied(weights)
        else "",
        holds_codes=any(is_code(bare_text(text)) for text in values)
        and not any(_has_decimals(text, spelled) for text, spelled in spellings.items()),
        has_magnitudes=has_magnitudes,
        has_fractions=has_fractions,
        num_bare=sum(values[text] for text, spelled in spellings.items() if unit and not spelled.unit),
    )


def _unit_of(units: Counter[str]) -> str:
    """The unit of a column: that of most numbers, but minutes where units of time, or several at once, stand there."""
    if SHORT in units:
        return SHORT
    names = [name for name, count in units.items() if name and count and name != DURATION]
    if DURATION not in units and are_times(names):
        return DURATION
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


def _is_interval(text: str, spelled: Spelled) -> bool:
    """Whether a text is a range or a bound in brackets, as `(40, 50]`."""
    return text[:1] in ("[", "]", "(") and (spelled.is_range or spelled.is_bound)


def _means_two(text: str) -> bool:
    """Whether a text is one number with a decimal comma and another one with a decimal point."""
    readings = [spelled_number(text, mark) for mark in MARKS]
    return readings[0] is not None and readings[1] is not None and readings[0].value != readings[1].value


def _has_decimals(text: str, spelled: Spelled) -> bool:
    return bool(spelled.unit) or any(sign in text.lower() for sign in (".", ",", "e-"))
