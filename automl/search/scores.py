"""What a model-based sampler is shown of the results, so that nothing in them can lead its model astray.

A Gaussian process can take neither a missing score nor one of 1e30. Without a score for the trials that are
still training it would propose their neighbors again; without one for the failed trials it would see no
reason to leave the corner of the space where networks diverge.
"""

import math
from collections.abc import Mapping, Sequence

import numpy
import scipy.stats

from automl.trial import Direction

MOST_SHOWN = 500
"""Trials that a model is fitted to; the time that a fit takes grows with the third power of their number."""


def num_completed(told: Mapping[int, float | None]) -> int:
    """Number of trials with a score; one of None, NaN or infinity means that the trial failed."""
    return sum(score is not None and math.isfinite(score) for score in told.values())


def shown_scores(told: Mapping[int, float | None], num_trials: int, direction: Direction) -> list[float]:
    """The score that the model sees of each trial.

    - The trials that are told are ranked, the failed ones all last, and each has the normal quantile of its
      rank: no score is out of scale, and a failure is bad news.
    - A trial that is not told yet has the mean of these, 0, until it is told (the "constant liar" of parallel
      Bayesian optimization).

    Args:
        told: Scores by number of trial; None, NaN or infinity for one that failed.
        num_trials: Number of trials asked for.
        direction: Whether smaller or larger is better, in `told` and in what is returned.
    """
    if not told:
        return [0.0] * num_trials
    sign = 1.0 if direction is Direction.MINIMIZE else -1.0
    losses = [
        sign * score if score is not None and math.isfinite(score) else math.inf for score in told.values()
    ]
    quantiles = scipy.stats.norm.ppf((scipy.stats.rankdata(losses) - 0.5) / len(losses))
    shown = dict(zip(told, numpy.asarray(sign * quantiles).tolist(), strict=True))
    return [shown.get(number, 0.0) for number in range(num_trials)]


def shown_numbers(scores: Sequence[float], direction: Direction) -> list[int]:
    """Numbers of the trials that the model sees, ascending: all of them up to `MOST_SHOWN`.

    Of more, it sees the last half of that number, which are not all told yet, and the best half of the others.

    Args:
        scores: What `shown_scores` gives, by number of trial.
        direction: Whether smaller or larger is better.
    """
    if len(scores) <= MOST_SHOWN:
        return list(range(len(scores)))
    sign = 1.0 if direction is Direction.MINIMIZE else -1.0
    start = len(scores) - MOST_SHOWN // 2
    earlier = sorted(range(start), key=lambda number: sign * scores[number])
    return sorted(earlier[: MOST_SHOWN - MOST_SHOWN // 2]) + list(range(start, len(scores)))
