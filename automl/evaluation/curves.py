"""Training curves of several folds as one."""

import math
from collections.abc import Sequence
from itertools import zip_longest


def mean_curve(curves: Sequence[Sequence[float]]) -> list[float]:
    """Mean at each epoch over the curves that reached it.

    >>> mean_curve([(1.0, 2.0, 3.0), (3.0,)])
    [2.0, 2.0, 3.0]
    """
    epochs = zip_longest(*curves)
    reached = [[value for value in epoch if value is not None] for epoch in epochs]
    return [math.fsum(values) / len(values) for values in reached]
