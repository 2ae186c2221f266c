"""The kinds of hyperparameters: Float, Int, Choice, Fixed.

Values have plain Python types. The way from the unit interval to values is that of KerasTuner, bit for bit, so that a
number drawn from [0, 1) gives the same value in both.
"""

import math
from dataclasses import dataclass
from typing import final

from automl.search.space.parameter import Parameter
from automl.search.space.scales import Range, Scale, Steps, index_at, middle_of, rounded
from automl.trial import Scalar, is_number


@final
@dataclass(frozen=True, slots=True)
class Float(Parameter):
    """Numbers from low to high.

    Attributes:
        low: The least.
        high: The largest.
        step: Distance between neighbors, a factor on a logarithmic scale; None for a continuum.
        scale: On which they are drawn evenly.
        default: The initial value; the least when it is None.
    """

    low: float
    high: float
    step: float | None = None
    scale: Scale = Scale.LINEAR
    default: float | None = None

    def __post_init__(self) -> None:
        assert self._spread is not None  # whose own checks refuse what is no range

    @property
    def _spread(self) -> Range | Steps:
        whole = Range(self.low, self.high, self.scale)
        return whole if self.step is None else Steps(whole, self.step)

    @property
    def initial(self) -> float:
        """See `Parameter.initial`."""
        return self.low if self.default is None else self.default

    def possible(self) -> list[Scalar] | None:
        """See `Parameter.possible`."""
        spread = self._spread
        return [self.plain(spread.nth(n)) for n in range(len(spread))] if isinstance(spread, Steps) else None

    def plain(self, value: Scalar) -> float:
        """See `Parameter.plain`."""
        number = float(value) if self.step is None else rounded(float(value))
        if math.isnan(number):
            raise ValueError(f"{value} is not a value of {self.name}")
        return float(min(max(number, self.low), self.high))

    def _nearest(self, plain: Scalar) -> Scalar:
        return plain if self.step is None else self.from_unit(self.to_unit(plain))

    def from_unit(self, position: float) -> float:
        """See `Parameter.from_unit`."""
        return self.plain(self._spread.at(position))

    def to_unit(self, value: Scalar) -> float:
        """See `Parameter.to_unit`."""
        return self._spread.place(float(value))


@final
@dataclass(frozen=True, slots=True)
class Int(Parameter):
    """Whole numbers from low to high, both included.

    Attributes:
        low: The least.
        high: The largest, if steps lead to it.
        step: Distance between neighbors, a factor on a logarithmic scale; None for every whole number.
        scale: On which they are drawn evenly.
        default: The initial value; the least when it is None.
    """

    low: int
    high: int
    step: int | None = None
    scale: Scale = Scale.LINEAR
    default: int | None = None

    def __post_init__(self) -> None:
        assert self._spread is not None  # whose own checks refuse what is no range

    @property
    def _spread(self) -> Range | Steps:
        if self.step is None and self.scale is not Scale.LINEAR:
            return Range(
                self.low, self.high + 1, self.scale
            )  # so that the largest has as much room as the others
        return Steps(Range(self.low, self.high, self.scale), self.step or 1)

    @property
    def initial(self) -> int:
        """See `Parameter.initial`."""
        return self.low if self.default is None else self.default

    def possible(self) -> list[Scalar]:
        """See `Parameter.possible`."""
        spread = self._spread
        if isinstance(spread, Range):
            return list(range(self.low, self.high + 1))
        return [self.plain(spread.nth(index)) for index in range(len(spread))]

    def plain(self, value: Scalar) -> int:
        """See `Parameter.plain`."""
        if isinstance(value, str):
            raise ValueError(f"{value!r} is not a value of {self.name}")
        return int(min(max(value, self.low), self.high))

    def _nearest(self, plain: Scalar) -> Scalar:
        return plain if self.step is None else self.from_unit(self.to_unit(plain))

    def from_unit(self, position: float) -> int:
        """See `Parameter.from_unit`."""
        return self.plain(int(self._spread.at(position)))

    def to_unit(self, value: Scalar) -> float:
        """See `Parameter.to_unit`."""
        spread = self._spread
        return spread.place(float(value) + 0.5 if isinstance(spread, Range) else float(value))


@final
@dataclass(frozen=True, slots=True)
class Choice(Parameter):
    """One of a list of values of one type; of truth values false comes before true.

    Attributes:
        values: The values.
        default: The initial value; the first when it is None.
        unordered: Whether the order of numbers means nothing.
    """

    values: tuple[Scalar, ...]
    default: Scalar | None = None
    unordered: bool = False

    def __post_init__(self) -> None:
        if not self.values or (isinstance(self.values[0], bool) and self.values != (False, True)):
            raise ValueError(
                f"{self.name} must have values, of truth values (False, True), got {self.values}"
            )

    @property
    def initial(self) -> Scalar:
        """See `Parameter.initial`."""
        return self.values[0] if self.default is None else self.default

    @property
    def is_ordered(self) -> bool:
        """Whether a value between two others is more like each of them than they are like one another."""
        return is_number(self.values[0]) and not self.unordered

    def possible(self) -> list[Scalar]:
        """See `Parameter.possible`."""
        return list(self.values)

    def plain(self, value: Scalar) -> Scalar:
        """See `Parameter.plain`."""
        return self.values[_own_index(self.values, value)]

    def from_unit(self, position: float) -> Scalar:
        """See `Parameter.from_unit`."""
        return self.values[index_at(position, len(self.values))]

    def to_unit(self, value: Scalar) -> float:
        """See `Parameter.to_unit`."""
        return middle_of(_own_index(self.values, value), len(self.values))


@final
@dataclass(frozen=True, slots=True)
class Fixed(Parameter):
    """One value, which is not searched.

    Attributes:
        value: The value.
    """

    value: Scalar

    @property
    def is_searched(self) -> bool:
        """See `Parameter.is_searched`."""
        return False

    @property
    def initial(self) -> Scalar:
        """See `Parameter.initial`."""
        return self.value

    def possible(self) -> list[Scalar]:
        """See `Parameter.possible`."""
        return [self.value]

    def plain(self, value: Scalar) -> Scalar:
        """See `Parameter.plain`."""
        return (self.value,)[_own_index((self.value,), value)]

    def from_unit(self, position: float) -> Scalar:
        """See `Parameter.from_unit`."""
        del position
        return self.value

    def to_unit(self, value: Scalar) -> float:
        """See `Parameter.to_unit`."""
        del value
        return 0.5


def _own_index(values: tuple[Scalar, ...], value: Scalar) -> int:
    if value not in values:
        raise ValueError(f"{value!r} is not one of {', '.join(map(str, values))}")
    return values.index(value)
