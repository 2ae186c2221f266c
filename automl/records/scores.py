"""The score that a trial is ranked by, of whatever numbers were recorded."""

import math

from automl.trial import Direction


def rank(mean: float, direction: Direction) -> float:
    """A mean score as a number that is smaller for a better one; what is not a number is worst."""
    if math.isnan(mean):
        return math.inf
    return mean if direction is Direction.MINIMIZE else -mean
