"""One hyperparameter of a space: what its kinds have in common, and when it is used."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from automl.trial import Scalar, is_number


@final
@dataclass(frozen=True, slots=True)
class Condition:
    """Holds where another hyperparameter is used and has one of some values.

    Attributes:
        parent: The name of the other.
        values: Its values.
    """

    parent: str
    values: tuple[Scalar, ...]

    def holds(self, values: Mapping[str, Scalar]) -> bool:
        """Whether it holds beside the values of the hyperparameters before it."""
        return self.parent in values and values[self.parent] in self.values


@dataclass(frozen=True, slots=True)
class Parameter(ABC):
    """A hyperparameter of a space.

    Attributes:
        name: What it is called; others may have the same name under other conditions.
        conditions: All must hold for it to be used.
    """

    name: str
    conditions: tuple[Condition, ...] = field(default=(), kw_only=True)

    def is_active(self, values: Mapping[str, Scalar]) -> bool:
        """Whether it is used beside these values of the ones before it."""
        return all(condition.holds(values) for condition in self.conditions)

    def holds(self, value: Scalar) -> bool:
        """Whether a value is one of its own."""
        try:
            plain = self.plain(value)
        except (TypeError, ValueError, OverflowError):
            return False
        return _are_equal(plain, value) and _are_equal(self._nearest(plain), value)

    def _nearest(self, plain: Scalar) -> Scalar:
        """The value of a hyperparameter with steps that a plain one is closest to."""
        return plain

    @property
    def is_searched(self) -> bool:
        """Whether it is more than one value that the study file gives."""
        return True

    @property
    @abstractmethod
    def initial(self) -> Scalar:
        """The value that it has when nothing is chosen."""

    @abstractmethod
    def possible(self) -> list[Scalar] | None:
        """All its values, or None where they are a continuum.

        An integer on a logarithmic scale without a step can be any integer of its range.
        """

    @abstractmethod
    def plain(self, value: Scalar) -> Scalar:
        """A value in the plain type and within the bounds of this hyperparameter.

        Libraries give floats for integers, NumPy numbers, and numbers that rounding puts just outside.

        Raises:
            ValueError: It is no value of this hyperparameter.
        """

    @abstractmethod
    def from_unit(self, position: float) -> Scalar:
        """The value at a place of the unit interval, on which all values have equal room."""

    @abstractmethod
    def to_unit(self, value: Scalar) -> float:
        """The place of a value, in the middle of its room where it has some."""


def _are_equal(held: Scalar, value: Scalar) -> bool:
    if is_number(held) and is_number(value):
        return math.isclose(float(held), float(value), rel_tol=1e-9)
    return held == value
