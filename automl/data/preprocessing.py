"""Everything that is learned of the columns before a network is: on the fit rows of a fold and nowhere else.

What is learned of each kind stands in its file in `features/`; here the inputs are put side by side.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy

from automl.data.columns import Columns
from automl.data.features.blocks import Fitted
from automl.data.features.encodings import num_inputs
from automl.data.features.levels import FittedLevels, fit_levels, layout_levels
from automl.data.features.numbers import FittedNumbers, NumbersLayout, fit_numbers, layout_numbers

EMBEDDED_ABOVE = 32
"""Levels above which hidden layers see a column through an embedding (measured, DECISIONS.md)."""

_ROWS_AT_ONCE = 1 << 14
"""Rows that are encoded at once: bounds the memory beside the inputs themselves."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of the inputs, the same in every fold of a study.

    Attributes:
        numbers: Inputs of the numbers.
        slots: Inputs of each category, int64 of shape (category,); the last one is for levels without their own.
        others: Inputs of each other column, by name.
    """

    numbers: NumbersLayout
    slots: numpy.ndarray
    others: Mapping[str, int] = field(default_factory=dict)

    @property
    def embedded(self) -> tuple[tuple[int, int], ...]:
        """Categories of many levels: how many places before the last input theirs begin, and how many they are."""
        begins = numpy.cumsum(self.slots[::-1])[::-1]
        return tuple(
            (int(back), int(slots))
            for back, slots in zip(begins, self.slots, strict=True)
            if slots > EMBEDDED_ABOVE + 1
        )

    def num_inputs(self, encoding: str) -> int:
        """Inputs of a network under a numeric encoding."""
        numbers = num_inputs(encoding, self.numbers.num_bins) + len(self.numbers.gaps)
        return numbers + sum(self.others.values()) + int(self.slots.sum())


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Rows to inputs: numbers first, then what is missing of them, then other columns, then the levels.

    Attributes:
        numbers: Learned of the numbers.
        levels: Learned of each category.
        others: Learned of each other column, by name.
    """

    numbers: FittedNumbers
    levels: tuple[FittedLevels, ...]
    others: Mapping[str, Fitted] = field(default_factory=dict)

    def apply(self, columns: Columns) -> numpy.ndarray:
        """Inputs as float32, of shape (row, input)."""
        width = self._inputs(columns.take(slice(0, 1))).shape[1]
        inputs = numpy.empty((len(columns), width), numpy.float32)
        for start in range(0, len(columns), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            inputs[rows] = self._inputs(columns.take(rows))
        return inputs

    def _inputs(self, columns: Columns) -> numpy.ndarray:
        """The same in one piece, as float64."""
        parts = [self.numbers.apply(columns.numbers)]
        parts += [fitted.apply(columns.others[name]) for name, fitted in self.others.items()]
        parts += [fitted.apply(columns.codes[:, index]) for index, fitted in enumerate(self.levels)]
        return numpy.concatenate(parts, axis=1)


def make_layout(columns: Columns, rows: numpy.ndarray) -> Layout:
    """The places of the inputs.

    Args:
        columns: The table.
        rows: All rows that any fold may fit on.
    """
    return Layout(
        numbers=layout_numbers(columns.numbers[rows]),
        slots=layout_levels(columns.codes[rows]),
        others={name: block[rows].num_inputs() for name, block in columns.others.items()},
    )


def fit_preprocessing(columns: Columns, layout: Layout, encoding: str) -> Preprocessing:
    """Learn medians, an encoding and the levels from rows, which must be fit rows.

    Args:
        columns: The fit rows.
        layout: The places of the inputs.
        encoding: Name in `FITS`.
    """
    codes = zip(columns.codes.T, layout.slots, columns.levels, strict=True)
    return Preprocessing(
        numbers=fit_numbers(columns.numbers, layout.numbers, encoding),
        levels=tuple(fit_levels(*arguments) for arguments in codes),
        others={name: block.fit(layout.others[name]) for name, block in columns.others.items()},
    )
