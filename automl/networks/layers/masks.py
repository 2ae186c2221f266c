"""Dropout masks from a counter: a function of (member, step, layer, row, unit) and of nothing else.

A member's masks do not depend on its neighbors, on padding or on its place in a population. The mixing function is
the 32-bit finalizer of two multiplications whose constants Ellis (2018, "hash-prospector") found by search; it costs
a few integer operations a number, where a general generator costs dozens.
"""

from typing import Any

import numpy
from keras import ops

_STEP, _LAYER, _ROW, _UNIT = (
    numpy.uint32(value) for value in (0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D, 0x27D4EB2F)
)
_FIRST, _SECOND = numpy.uint32(0x7FEB352D), numpy.uint32(0x846CA68B)
_RANGE = float(1 << 24)


def keep_mask(seeds: Any, steps: Any, layer: int, shape: tuple[int, int], rates: Any) -> Any:
    """Which units a step keeps.

    Args:
        seeds: Uint32 array of shape (member,).
        steps: Int32 array of shape (member,): steps that each member has taken.
        layer: Number of the layer.
        shape: Rows of a batch and units of the layer.
        rates: Array of shape (member, 1, 1): the share that is dropped.

    Returns:
        Boolean array of shape (member, row, unit).
    """
    rows, units = (numpy.arange(count, dtype=numpy.uint32) for count in shape)
    with numpy.errstate(over="ignore"):
        layer_key = numpy.uint32(layer + 1) * _LAYER
        row_keys, unit_keys = rows * _ROW, units * _UNIT
    keys = _mix(ops.bitwise_xor(seeds, _mix(ops.cast(steps, "uint32") * _STEP + layer_key)))
    keys = _mix(keys[:, None] + row_keys[None, :])
    numbers = _mix(keys[:, :, None] + unit_keys[None, None, :])
    uniform = ops.cast(ops.cast(ops.right_shift(numbers, numpy.uint32(8)), "int32"), "float32")
    return uniform >= rates * _RANGE


def _mix(values: Any) -> Any:
    values = ops.bitwise_xor(values, ops.right_shift(values, numpy.uint32(16))) * _FIRST
    values = ops.bitwise_xor(values, ops.right_shift(values, numpy.uint32(15))) * _SECOND
    return ops.bitwise_xor(values, ops.right_shift(values, numpy.uint32(16)))
