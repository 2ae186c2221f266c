"""The mean of scores that come one per fold, and its standard error."""

import math
from collections.abc import Sequence


def weighted_mean(values: Sequence[float], counts: Sequence[float] = ()) -> float:
    """Mean of values, each as it counts, or all alike where no counts are given; NaN of none.

    Where none counts anything, as no fold does for the F1 of labels that nobody has, all count alike.
    """
    if not values:
        return math.nan
    if counts and min(counts) != max(counts):
        total = math.fsum(counts)
        return math.fsum(value * count / total for value, count in zip(values, counts, strict=True) if count)
    try:
        return math.fsum(values) / len(values)
    except (
        OverflowError,
        ValueError,
    ):  # scores of a network that is about to diverge: near the largest number, or ±∞
        return sum(value / len(values) for value in values)


def corrected_error(values: Sequence[float], num_folds: int, counts: Sequence[float] = ()) -> float:
    """Standard error of the mean of values that come one per fold: √(s² (1/J + 1/(K − 1))).

    The training sets of folds overlap, so that their scores are not independent, and repeats of the division tell
    little that is new: s/√J would be too small by a fifth to a third, with ten repeats by a factor of four. No unbiased
    estimate exists (Bengio, Grandvalet 2004). Sources: Nadeau, Bengio, "Inference for the generalization error" (2003);
    of repeats, Bouckaert, Frank, "Evaluating the replicability of significance tests" (2004).

    Args:
        values: One for each of the K folds of each repeat, J in all.
        num_folds: K; 1/(K − 1) is the share of the rows that score over the share that does not.
        counts: How much each value counts in the mean; all alike where none are given.

    Returns:
        In units of the values; NaN when one value says nothing of their spread.

    Raises:
        ValueError: There are fewer than two folds a repeat, or the values do not fill the repeats.
    """
    if len(values) < 2:
        return math.nan
    if num_folds < 2 or len(values) % num_folds:
        raise ValueError(
            f"need whole repeats of two folds or more, got {len(values)} values, {num_folds} folds"
        )
    mean = weighted_mean(values, counts)
    spread = weighted_mean([(value - mean) * (value - mean) for value in values], counts)
    variance = spread * len(values) / (len(values) - 1)
    return math.sqrt(variance * (1.0 / len(values) + 1.0 / (num_folds - 1)))
