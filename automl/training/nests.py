"""Arrays in lists and dictionaries, as programs take and give them: to NumPy, to the device, row by row."""

from typing import Any

import numpy
from keras import ops


def to_numpy(nest: Any) -> Any:
    """Writable copies."""
    if isinstance(nest, dict):
        return {name: to_numpy(part) for name, part in nest.items()}
    if isinstance(nest, list):
        return [to_numpy(part) for part in nest]
    return numpy.array(ops.convert_to_numpy(nest))


def to_tensors(nest: Any) -> Any:
    """Copies on the device: the backend may go on reading what it is given."""
    if isinstance(nest, dict):
        return {name: to_tensors(part) for name, part in nest.items()}
    if isinstance(nest, list):
        return [to_tensors(part) for part in nest]
    return ops.convert_to_tensor(numpy.array(nest))


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
