"""Numbers that may stand for gaps: one value that comes back, far from all others."""

import numpy

_LEAST_CELLS, _LEAST_SHARE = 3, 0.005
"""Cells, and share of the cells, in which such a value stands."""

_LEAST_OTHERS = 8
"""Different values that the rest must have: of fewer, one may be far from the others for no reason."""

_CODES = frozenset({1, 2, 3, 8, 9, 88, 99, 98, 97, 999, 998, 997, 9999, 99999, 999999})
"""Sizes of numbers below 0 that stand for gaps where nothing else is below 0."""


def far_value(numbers: numpy.ndarray) -> tuple[float, int]:
    """The least or the largest value if it is far from all others and comes back, and how often; else a count of 0.

    Args:
        numbers: Finite, of shape (cell,).
    """
    values, counts = numpy.unique(numbers, return_counts=True)
    if len(values) <= _LEAST_OTHERS:
        return 0.0, 0
    for place, nearest in ((0, 1), (-1, -2)):
        value, count = float(values[place]), int(counts[place])
        if count < max(_LEAST_CELLS, _LEAST_SHARE * len(numbers)):
            continue
        rest = numpy.delete(values, place)
        often = numpy.delete(counts, place)
        distance = abs(value - values[nearest])
        if count <= often.max() and distance <= 3.0 * numpy.ptp(rest):
            continue
        if distance > numpy.ptp(rest) or _is_code(value, rest):
            return value, count
    return 0.0, 0


def _is_code(value: float, rest: numpy.ndarray) -> bool:
    """Whether it is a usual code below 0 while nothing else is, and further off than others are from each other."""
    if value >= 0.0 or rest.min() < 0.0 or -value not in _CODES:
        return False
    return abs(value - rest.min()) > float(numpy.diff(rest).max()) or len(rest) > 10 * _LEAST_OTHERS
