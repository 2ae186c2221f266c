"""Codes of levels to inputs: which levels have an input of their own is learned of the fit rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy

from .blocks import Fitted

LEAST_ROWS_OF_A_LEVEL = 5
"""Fit rows that a level needs for an input of its own; rarer ones share one."""

MOST_LEVELS, LEAST_LEVELS = 1024, 128
"""Levels of a column with an input of their own, the most frequent ones: of large tables fewer, as memory allows."""

_MOST_LEVEL_BYTES = 1 << 28


def layout_levels(codes: numpy.ndarray) -> numpy.ndarray:
    """Inputs of each category, int64 of shape (category,); the last one is for levels without their own.

    Args:
        codes: Of all rows that any fold may fit on, of shape (row, category).
    """
    counts = [numpy.bincount(column) for column in codes.T]
    frequent = numpy.array([(count >= LEAST_ROWS_OF_A_LEVEL).sum() for count in counts], int)
    return numpy.minimum(frequent, _most_levels(frequent, len(codes))) + 1


def _most_levels(frequent: numpy.ndarray, num_rows: int) -> int:
    """Levels that a column may have inputs for: as many as the inputs of all columns' levels leave memory for."""
    most = MOST_LEVELS
    while most > LEAST_LEVELS and 4 * num_rows * numpy.minimum(frequent, most).sum() > _MOST_LEVEL_BYTES:
        most //= 2
    return most


@final
@dataclass(frozen=True, slots=True)
class FittedLevels(Fitted):
    """Levels of one column to inputs.

    A level that the fit rows have not shown is treated as the rare ones were; where there were none, it has no
    input: a weight that no row has trained must not speak.

    Attributes:
        codes: Of the levels with an input of their own.
        names: The same levels as text.
        slots: Number of inputs; the last one is for levels without their own.
        pooled: Whether the fit rows have shown such levels.
    """

    codes: numpy.ndarray
    names: tuple[str, ...]
    slots: int
    pooled: bool

    def apply(self, block: numpy.ndarray) -> numpy.ndarray:
        """See `Fitted.apply`."""
        is_level = block[:, None] == self.codes
        room = numpy.zeros((len(block), self.slots - len(self.codes) - 1))
        rest = ~is_level.any(axis=1, keepdims=True) & self.pooled
        return numpy.concatenate([is_level, room, rest], axis=1)

    def graph(self, block: Any) -> Any:
        """See `Fitted.graph`. Comparing text needs no lookup table, whose empty key would reload as another one."""
        import tensorflow

        known = tensorflow.constant(self.names, tensorflow.string, (len(self.names),))
        hits = block[:, None] == known[None, :]
        rest = ~tensorflow.reduce_any(hits, axis=1, keepdims=True) & self.pooled
        room = self.slots - len(self.names) - 1
        empty = tensorflow.zeros((tensorflow.shape(block)[0], room), tensorflow.float64)
        hits, rest = tensorflow.cast(hits, tensorflow.float64), tensorflow.cast(rest, tensorflow.float64)
        return tensorflow.concat([hits, empty, rest], axis=1)


def fit_levels(codes: numpy.ndarray, slots: int, levels: Sequence[str]) -> FittedLevels:
    """Learn which levels have an input of their own.

    Args:
        codes: Of one column's fit rows.
        slots: Its number of inputs.
        levels: The texts that the codes stand for.
    """
    counts = numpy.bincount(codes)
    frequent = numpy.flatnonzero(counts >= LEAST_ROWS_OF_A_LEVEL)
    kept = frequent[numpy.argsort(-counts[frequent], kind="stable")][: slots - 1]
    pooled = bool(counts.sum() > counts[kept].sum())
    return FittedLevels(kept, tuple(levels[code] for code in kept), int(slots), pooled)
