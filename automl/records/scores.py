"""The score that a trial is ranked by, of whatever numbers were recorded."""

import math
from collections.abc import Sequence

from automl.trial import Direction


def mean_score(scores: Sequence[float]) -> float:
    """Mean of the folds' scores; not a number where there are none, or infinite ones that cancel out."""
    if not scores:
        return math.nan
    try:
        return math.fsum(scores) / len(scores)
    except (OverflowError, ValueError):  # beyond the largest number, or ∞ − ∞
        return sum(scores) / len(scores)


def rank(mean: float, direction: Direction) -> float:
    """A mean score as a number that is smaller for a better one; what is not a number is worst."""
    if math.isnan(mean):
        return math.inf
    return mean if direction is Direction.MINIMIZE else -mean
