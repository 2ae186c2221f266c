"""Everything that is learned of the columns before a network is: on the fit rows of a fold and nowhere else."""

from dataclasses import dataclass

import numpy

from automl.data.columns import Columns
from automl.data.encodings import FITS, NUM_BINS, Encoding, num_inputs

LEAST_ROWS_OF_A_LEVEL = 5
"""Fit rows that a level needs for an input of its own; rarer ones share one."""

MOST_LEVELS, LEAST_LEVELS = 1024, 128
"""Levels of a column with an input of their own, the most frequent ones: of large tables fewer, as memory allows."""

EMBEDDED_ABOVE = 32
"""Levels above which hidden layers see a column through an embedding (measured, DECISIONS.md)."""

_MOST_LEVEL_BYTES = 1 << 28

_ROWS_AT_ONCE = 1 << 14
"""Rows that are encoded at once: bounds the memory beside the inputs themselves."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of the inputs, the same in every fold of a study.

    Attributes:
        gaps: Numbers with an input that says whether they are missing, int64.
        num_bins: Bins that each number has room for, int64 of shape (number,).
        slots: Inputs of each category, int64 of shape (category,); the last one is for levels without their own.
    """

    gaps: numpy.ndarray
    num_bins: numpy.ndarray
    slots: numpy.ndarray

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
        return num_inputs(encoding, self.num_bins) + len(self.gaps) + int(self.slots.sum())


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """Rows to inputs: numbers first, then what is missing of them, then the levels.

    Attributes:
        layout: The places of the inputs.
        medians: What stands for a gap, float64 of shape (number,).
        missing: Numbers whose gaps the fit rows have shown, bool of the shape of `layout.gaps`.
        encoding: Of the numbers.
        levels: For each category, codes of the levels with an input of their own.
        pooled: For each category, whether the fit rows have shown levels without one.
    """

    layout: Layout
    medians: numpy.ndarray
    missing: numpy.ndarray
    encoding: Encoding
    levels: tuple[numpy.ndarray, ...]
    pooled: tuple[bool, ...]

    def apply(self, columns: Columns) -> numpy.ndarray:
        """Inputs as float32, of shape (row, input).

        A level that the fit rows have not shown is treated as the rare ones were; where there were none, it has no
        input: a weight that no row has trained must not speak.
        """
        width = self._inputs(columns.take(slice(0, 1))).shape[1]
        inputs = numpy.empty((len(columns), width), numpy.float32)
        for start in range(0, len(columns), _ROWS_AT_ONCE):
            rows = slice(start, start + _ROWS_AT_ONCE)
            inputs[rows] = self._inputs(columns.take(rows))
        return inputs

    def _inputs(self, columns: Columns) -> numpy.ndarray:
        """The same in one piece, as float64."""
        gaps = numpy.isnan(columns.numbers)
        parts = [self.encoding.apply(numpy.where(gaps, self.medians, columns.numbers))]
        parts.append(gaps[:, self.layout.gaps] & self.missing)
        for category, (levels, slots) in enumerate(zip(self.levels, self.layout.slots, strict=True)):
            own = columns.codes[:, category, None] == levels
            room = numpy.zeros((len(columns), slots - len(levels) - 1))
            rest = ~own.any(axis=1, keepdims=True) & self.pooled[category]
            parts += [own, room, rest]
        return numpy.concatenate(parts, axis=1)


def make_layout(columns: Columns, rows: numpy.ndarray) -> Layout:
    """The places of the inputs.

    Args:
        columns: The table.
        rows: All rows that any fold may fit on.
    """
    numbers = columns.numbers[rows]
    distinct = [len(numpy.unique(column[~numpy.isnan(column)])) for column in numbers.T]
    counts = [numpy.bincount(codes) for codes in columns.codes[rows].T]
    frequent = numpy.array([(count >= LEAST_ROWS_OF_A_LEVEL).sum() for count in counts], int)
    return Layout(
        gaps=numpy.flatnonzero(numpy.isnan(numbers).any(axis=0)),
        num_bins=numpy.array([min(NUM_BINS, max(1, count - 1)) for count in distinct], int),
        slots=numpy.minimum(frequent, _most_levels(frequent, len(rows))) + 1,
    )


def _most_levels(frequent: numpy.ndarray, num_rows: int) -> int:
    """Levels that a column may have inputs for: as many as the inputs of all columns' levels leave memory for."""
    most = MOST_LEVELS
    while most > LEAST_LEVELS and 4 * num_rows * numpy.minimum(frequent, most).sum() > _MOST_LEVEL_BYTES:
        most //= 2
    return most


def fit_preprocessing(columns: Columns, layout: Layout, encoding: str) -> Preprocessing:
    """Learn medians, an encoding and the levels from rows, which must be fit rows.

    Args:
        columns: The fit rows.
        layout: The places of the inputs.
        encoding: Name in `FITS`.
    """
    gaps = numpy.isnan(columns.numbers)
    medians = _medians(columns.numbers, gaps)
    levels, pooled = [], []
    for category, slots in enumerate(layout.slots):
        counts = numpy.bincount(columns.codes[:, category])
        frequent = numpy.flatnonzero(counts >= LEAST_ROWS_OF_A_LEVEL)
        kept = frequent[numpy.argsort(-counts[frequent], kind="stable")][: slots - 1]
        levels.append(kept)
        pooled.append(bool(counts.sum() > counts[kept].sum()))
    return Preprocessing(
        layout=layout,
        medians=medians,
        missing=gaps.any(axis=0)[layout.gaps],
        encoding=FITS[encoding](numpy.where(gaps, medians, columns.numbers), layout.num_bins),
        levels=tuple(levels),
        pooled=tuple(pooled),
    )


def _medians(numbers: numpy.ndarray, gaps: numpy.ndarray) -> numpy.ndarray:
    """Medians of what is known; 0 for a column of gaps."""
    medians = numpy.zeros(numbers.shape[1])
    some = ~gaps.all(axis=0)
    medians[some] = numpy.nanmedian(numbers[:, some], axis=0)
    return medians
