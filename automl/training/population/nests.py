"""Arrays in lists and dictionaries, as programs take and give them: to NumPy, to the device, row by row."""

from collections.abc import Callable
from typing import Any

import numpy
from keras import ops


def to_numpy(nest: Any) -> Any:
    """Writable copies."""
    return map_nest(nest, lambda array: numpy.array(ops.convert_to_numpy(array)))


def to_tensors(nest: Any) -> Any:
    """Copies on the device: the backend may go on reading what it is given."""
    return map_nest(nest, lambda array: ops.convert_to_tensor(numpy.array(array)))


def map_nest(nest: Any, function: Callable[[Any], Any]) -> Any:
    """A nest of what the function makes of each array."""
    if isinstance(nest, dict):
        return {name: map_nest(part, function) for name, part in nest.items()}
    if isinstance(nest, list):
        return [map_nest(part, function) for part in nest]
    return function(nest)


def select_rows(members: Any, first: Any, second: Any) -> Any:
    """The rows of the first nest for some members, and those of the second, of the same form, for the others.

    Args:
        members: Whether a member has the first, a tensor of shape (member,).
        first: Tensors with a leading axis of members.
        second: The same.
    """
    if isinstance(second, dict):
        return {name: select_rows(members, first[name], part) for name, part in second.items()}
    if isinstance(second, list):
        return [select_rows(members, part, other) for part, other in zip(first, second, strict=True)]
    return ops.where(ops.reshape(members, (-1, *[1] * (len(second.shape) - 1))), first, second)


def rows_of(nest: Any, row: int) -> Any:
    """Copies of one row of every array, with a leading axis of length 1."""
    return map_nest(nest, lambda array: array[row : row + 1].copy())


def copy_rows(source: Any, rows: list[int], target: Any, to: slice) -> None:
    """Copy rows of every array of a nest into another nest of the same form."""
    if isinstance(source, dict):
        for name, part in source.items():
            copy_rows(part, rows, target[name], to)
    elif isinstance(source, list):
        for part, other in zip(source, target, strict=True):
            copy_rows(part, rows, other, to)
    else:
        target[to] = source[rows]
