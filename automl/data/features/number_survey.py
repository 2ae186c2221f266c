"""What the cells of a column of numbers look like, and what a person is told of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from .cells import wrong_cells
from .measures import NAMES
from .spellings import MARKS, Spelled, has_groups, spelled_number

_EXAMPLES = 3

_GROUPED = re.compile(r"[0-9]\.[0-9]{3}")


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
        num_distinct: Different texts that are numbers.
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
    num_distinct: int = 0

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
        readings = [NAMES[self.unit][0]] if self.unit in NAMES else readings
        outside = [text for text, spelled in self.spelled.items() if not _is_interval(text, spelled)]
        signs = {
            "thousands separators stripped": self.unit not in NAMES
            and any(has_groups(text, self.decimal) for text in outside),
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
        unit = NAMES[self.unit][1] if self.unit in NAMES else repr(self.unit)
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


def _is_interval(text: str, spelled: Spelled) -> bool:
    """Whether a text is a range or a bound in brackets, as `(40, 50]`."""
    return text[:1] in ("[", "]", "(") and (spelled.is_range or spelled.is_bound)
