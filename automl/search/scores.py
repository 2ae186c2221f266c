"""What a model-based sampler is shown of the results, so that nothing in them can lead its model astray.

A Gaussian process can take neither a missing score nor one of 1e30. Without a score for the trials that are
still training it would propose their neighbors again; without one for the failed trials it would see no
reason to leave the corner of the space where networks diverge.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy
import scipy.stats

from automl.search.sampler import EndedEarly, Result
from automl.trial import Direction

MOST_SHOWN = 500
"""Trials that a model is fitted to; the time that a fit takes grows with the third power of their number."""


def num_ranked(results: Mapping[int, Result]) -> int:
    """Number of trials that did not fail: a score of None, NaN or infinity means that one did."""
    return sum(_has_score(result) or isinstance(result, EndedEarly) for result in results.values())


def finite_scores(results: Mapping[int, Result], direction: Direction) -> dict[int, float]:
    """Results as scores without gaps and extremes, by number of trial: normal quantiles of their ranks.

    - Trials with a score come first. Behind them are those that were ended early, later rungs before earlier ones and,
      at one rung, by what they were judged by, by its rank within its scale of losses: never a mean of some folds among
      means of all. The failed ones are last.
    - Equals have one score.

    Args:
        results: Results by number of trial.
        direction: Whether smaller or larger is better, in `results` and in what is returned.
    """
    if not results:
        return {}
    sign = 1.0 if direction is Direction.MINIMIZE else -1.0
    shares = _shares(results.values())
    keys = [_place(result, sign, shares) for result in results.values()]
    order = {key: index for index, key in enumerate(sorted(set(keys)))}
    ranks = scipy.stats.rankdata([order[key] for key in keys])
    quantiles = scipy.stats.norm.ppf((ranks - 0.5) / len(keys))
    return dict(zip(results, numpy.asarray(sign * quantiles).tolist(), strict=True))


def shown_scores(results: Mapping[int, Result], num_trials: int, direction: Direction) -> list[float]:
    """The score that a model sees of each trial, `finite_scores`.

    A trial that is not told yet has the mean of these, 0, until it is told (the "constant liar" of parallel Bayesian
    optimization).

    Args:
        results: Results by number of trial.
        num_trials: Number of trials asked for.
        direction: Whether smaller or larger is better, in `results` and in what is returned.
    """
    shown = finite_scores(results, direction)
    return [shown.get(number, 0.0) for number in range(num_trials)]


def shown_numbers(scores: Sequence[float], direction: Direction, most: int = MOST_SHOWN) -> list[int]:
    """Numbers of the trials that a model sees, ascending: all of them up to `most`.

    Of more, it sees the last half of that number, which are not all told yet, and the best half of the others.

    Args:
        scores: What `shown_scores` gives, by number of trial.
        direction: Whether smaller or larger is better.
        most: How many it sees.
    """
    if len(scores) <= most:
        return list(range(len(scores)))
    sign = 1.0 if direction is Direction.MINIMIZE else -1.0
    start = len(scores) - most // 2
    earlier = sorted(range(start), key=lambda number: sign * scores[number])
    return sorted(earlier[: most - most // 2]) + list(range(start, len(scores)))


def best_and_newest(scores: Mapping[int, float], direction: Direction, most: int) -> list[int]:
    """Numbers of trials, ascending: of more than `most` the newest half of so many, and the best of the others.

    Args:
        scores: What `finite_scores` gives.
        direction: Whether smaller or larger is better.
        most: How many.
    """
    numbers = sorted(scores)
    shown = shown_numbers([scores[number] for number in numbers], direction, most)
    return [numbers[index] for index in shown]


def _has_score(result: Result) -> bool:
    return isinstance(result, int | float) and math.isfinite(result)


def _place(result: Result, sign: float, shares: Mapping[EndedEarly, float]) -> tuple[int, int, float]:
    """What trials are put in order by, the best first."""
    if isinstance(result, EndedEarly):
        return 1, -result.rung, shares[result]
    return (0, 0, sign * result) if result is not None and math.isfinite(result) else (2, 0, 0.0)


def _shares(results: Iterable[Result]) -> dict[EndedEarly, float]:
    """Of trials that were ended early, the share of those of the same rung and scale that were better."""
    groups: dict[tuple[int, str], list[EndedEarly]] = defaultdict(list)
    for result in results:
        if isinstance(result, EndedEarly):
            groups[result.rung, result.scale].append(result)
    shares: dict[EndedEarly, float] = {}
    for group in groups.values():
        losses = [trial.loss if math.isfinite(trial.loss) else math.inf for trial in group]
        ranks = (scipy.stats.rankdata(losses) - 0.5) / len(group)
        shares |= dict(zip(group, ranks.tolist(), strict=True))
    return shares
