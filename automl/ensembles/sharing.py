"""How many networks each trial of an ensemble has."""

from collections.abc import Callable, Mapping

MOST_NETWORKS = 8
"""Networks that are averaged at most, or one for each trial where there are more; RealMLP averages as many."""


def shared_out(weights: Mapping[int, float], num_networks: int) -> dict[int, int]:
    """So many networks dealt out to trials in proportion to their weights, at least one to each.

    Each further network goes to the trial whose networks count most; of equal ones to the trial that comes first. The
    trials that count least have none where there are more trials than networks.

    >>> shared_out({7: 0.5, 3: 0.3, 1: 0.2}, 5)
    {7: 2, 3: 2, 1: 1}
    >>> shared_out({7: 0.5, 3: 0.3, 1: 0.2}, 2)
    {7: 1, 3: 1}
    """
    counts = dict.fromkeys(sorted(weights, key=lambda trial: -weights[trial])[:num_networks], 1)
    while counts and sum(counts.values()) < num_networks:
        heaviest = max(counts, key=lambda trial: weights[trial] / counts[trial])
        counts[heaviest] += 1
    return counts


def affordable(
    weights: Mapping[int, float], seconds: Callable[[Mapping[int, int]], float], available: float
) -> dict[int, int]:
    """As many networks as there is time for, dealt out to the trials; empty where there is not enough for one.

    Args:
        weights: How much each trial counts, by its number.
        seconds: What so many networks of each trial take together.
        available: Seconds in all.
    """
    for num_networks in range(max(MOST_NETWORKS, len(weights)), 0, -1):
        counts = shared_out(weights, num_networks)
        if seconds(counts) <= available:
            return counts
    return {}
