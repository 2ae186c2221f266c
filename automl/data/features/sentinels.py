"""Numbers that may stand for gaps: one value that comes back, or a few codes, far from all others."""

import numpy

_LEAST_CELLS, _LEAST_SHARE = 3, 0.005
"""Cells, and share of the cells, in which such a value stands."""

_LEAST_OTHERS = 8
"""Different values that the rest must have: of fewer, one may be far from the others for no reason."""

_CODES = frozenset({1, 2, 3, 8, 9, 88, 99, 98, 97, 999, 998, 997, 9999, 99999, 999999})
"""Sizes of numbers below 0 that stand for gaps where nothing else is below 0."""

_SURVEY_CODES = frozenset([
    77, 88, *range(94, 100), 777, 888, *range(994, 1000), 7777, 8888, *range(9994, 10_000), 99_999, 999_999,
])  # fmt: skip
"""Numbers that surveys write for no answer, often several of them side by side."""

_MOST_CODES, _LEAST_CODED = 3, 20
"""Such numbers at one end, and the cells in which they must stand where they are a smaller share."""


def far_values(numbers: numpy.ndarray) -> tuple[tuple[float, ...], int]:
    """The least or the largest value if it is far from all others and comes back, and how often; else a count of 0.

    Several values are returned where they are codes of surveys, such as 96 and 98 beside 0 to 13.

    Args:
        numbers: Finite, of shape (cell,).
    """
    values, counts = numpy.unique(numbers, return_counts=True)
    if len(values) <= _LEAST_OTHERS:
        return (), 0
    for place, nearest in ((0, 1), (-1, -2)):
        value, count = float(values[place]), int(counts[place])
        if count < max(_LEAST_CELLS, _LEAST_SHARE * len(numbers)):
            continue
        rest, often = numpy.delete(values, place), numpy.delete(counts, place)
        distance = abs(value - values[nearest])
        if count <= often.max() and distance <= 3.0 * numpy.ptp(rest):
            continue
        if distance > numpy.ptp(rest) or _is_code(value, rest):
            return (value,), count
    return _survey_codes(values, counts)


def _survey_codes(values: numpy.ndarray, counts: numpy.ndarray) -> tuple[tuple[float, ...], int]:
    """The largest values where they are codes of surveys, further off than the others are from each other."""
    for first in range(-1, -1 - _MOST_CODES, -1):
        codes, rest, count = values[first:], values[:first], int(counts[first:].sum())
        if len(rest) <= _LEAST_OTHERS or not set(codes.tolist()) <= _SURVEY_CODES:
            break
        if count >= _LEAST_CODED and codes[0] - rest[-1] > numpy.ptp(rest):
            return tuple(map(float, codes)), count
    return (), 0


def _is_code(value: float, rest: numpy.ndarray) -> bool:
    """Whether it is a usual code below 0 while nothing else is, and further off than others are from each other."""
    if value >= 0.0 or rest.min() < 0.0 or -value not in _CODES:
        return False
    return abs(value - rest.min()) > float(numpy.diff(rest).max()) or len(rest) > 10 * _LEAST_OTHERS
