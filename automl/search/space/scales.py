"""The arithmetic of ranges: from the unit interval to numbers and back, with steps and without."""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import final


class Scale(StrEnum):
    """On which the values of a range are drawn evenly."""

    LINEAR = "linear"
    LOG = "log"
    REVERSE_LOG = "reverse_log"


@final
@dataclass(frozen=True, slots=True)
class Range:
    """All numbers between two.

    Attributes:
        low: The least.
        high: The largest.
        scale: On which they are drawn evenly.
    """

    low: float
    high: float
    scale: Scale

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise ValueError(f"need low <= high, got {self.low} and {self.high}")
        if self.scale is not Scale.LINEAR and self.low <= 0:
            raise ValueError(f"need a low bound above 0 on a logarithmic scale, got {self.low}")

    def at(self, position: float) -> float:
        """The number at a place of the unit interval."""
        if self.scale is Scale.LINEAR:
            return position * (self.high - self.low) + self.low
        if self.scale is Scale.LOG:
            return self.low * math.pow(self.high / self.low, position)
        return self.high + self.low - self.low * math.pow(self.high / self.low, 1 - position)

    def place(self, number: float) -> float:
        """The place of a number."""
        if self.high == self.low:
            return 0.5
        if self.scale is Scale.LINEAR:
            return (number - self.low) / (self.high - self.low)
        if self.scale is Scale.LOG:
            return math.log(number / self.low) / math.log(self.high / self.low)
        mirrored = (self.high + self.low - number) / self.low
        return 1.0 - math.log(mirrored) / math.log(self.high / self.low)


@final
@dataclass(frozen=True, slots=True)
class Steps:
    """Numbers of a range at equal distances, from one end of it: from the largest on a reverse logarithmic scale.

    Attributes:
        range: The range.
        step: Distance between neighbors, a factor on a logarithmic scale.
    """

    range: Range
    step: float

    def __post_init__(self) -> None:
        least = 0 if self.range.scale is Scale.LINEAR else 1
        if not self.step > least:
            raise ValueError(f"need a step above {least}, got {self.step}")

    def __len__(self) -> int:
        low, high = self.range.low, self.range.high
        if self.range.scale is Scale.LINEAR:
            return int((high - low) / self.step + 1e-9) + 1
        return int(math.log(high / low, self.step) + 1e-8) + 1

    def nth(self, index: int) -> float:
        """The number with an index."""
        low, high = self.range.low, self.range.high
        if self.range.scale is Scale.LINEAR:
            return low + index * self.step
        if self.range.scale is Scale.LOG:
            return low * math.pow(self.step, index)
        return high + low - low * math.pow(self.step, index)

    def at(self, position: float) -> float:
        """The number at a place of the unit interval."""
        return self.nth(index_at(position, len(self)))

    def place(self, number: float) -> float:
        """The middle of a number's room in the unit interval."""
        low, high = self.range.low, self.range.high
        if self.range.scale is Scale.LINEAR:
            index = (number - low) / self.step
        elif self.range.scale is Scale.LOG:
            index = math.log(number / low, self.step)
        else:
            index = math.log((high + low - number) / low, self.step)
        return middle_of(min(max(round(index), 0), len(self) - 1), len(self))


def index_at(position: float, count: int) -> int:
    """Which of so many equal parts of the unit interval a place is in."""
    room = 1 / count
    return min(max(math.floor(position / room), 0), count - 1)


def middle_of(index: int, count: int) -> float:
    """The middle of one of so many equal parts of the unit interval."""
    return (index + 0.5) / count


def rounded(number: float) -> float:
    """Without the last digits, which are rounding noise: 0.3 for 0.1 + 0.2."""
    return float(f"{number:.12g}")
