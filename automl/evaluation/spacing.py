"""A few of many, so that what is shown or modelled stays bounded."""

from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


def evenly_spaced(items: Sequence[T], most: int) -> list[T]:
    """So many elements at most, evenly spaced, the first and the last among them.

    >>> evenly_spaced("abcdefghi", 3)
    ['a', 'e', 'i']
    """
    if len(items) <= most:
        return list(items)
    if most < 2:
        return list(items[:most])
    step = (len(items) - 1) / (most - 1)
    return [items[round(index * step)] for index in range(most)]
