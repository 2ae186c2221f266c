"""Whether the signal reaches every layer of a network: gradients by layer, and units that answer nothing."""

from collections.abc import Sequence

import numpy

from automl.trial import Health

MOST_ROWS = 256
"""Fit rows that are looked at."""


def make_health(start: Sequence[numpy.ndarray], end: Sequence[numpy.ndarray]) -> Health:
    """Health from gradients with respect to the kernels, layer by layer.

    Args:
        start: Of the mean loss, at the initial weights; the last axis of each holds the units.
        end: Of the sum of the outputs, at the kept weights. A unit is dead when no weight of its kernel has a slope on
            any row, as with a ReLU below zero everywhere. The outputs are taken, for the loss of a network that is
            right everywhere has no slope either.
    """
    roots = tuple(float(numpy.sqrt(numpy.mean(numpy.square(gradient, dtype=float)))) for gradient in start)
    dead = tuple(
        float((gradient.reshape(-1, gradient.shape[-1]) == 0.0).all(axis=0).mean()) for gradient in end[:-1]
    )
    return Health(roots, dead)
