"""What a model-based sampler is shown of the results, so that nothing in them can lead its model astray.

A Gaussian process can take neither a missing score nor one of 1e30. Without a score for the trials that are
still training it would propose their neighbors again; without one for the failed trials it would see no
reason to leave the corner of the space where networks diverge.
"""

import math
from collections.abc import Mapping

import numpy
import scipy.stats

from automl.trial import Direction


def shown_scores(
    told: Mapping[int, float | None], num_trials: int, direction: Direction, num_initial: int
) -> list[float | None]:
    """The score that the model sees of each trial; None where it does not see the trial.

    A score of None, NaN or infinity means that the trial failed. Until `num_initial` trials have completed,
    the model rests, and the completed ones have their scores. From then on

    - the trials that are told are ranked, the failed ones all last, and each has the normal quantile of its
      rank: no score is out of scale, and a failure is bad news;
    - a trial that is not told yet has the mean of these, 0, until it is told (the "constant liar" of parallel
      Bayesian optimization).

    Args:
        told: Scores by number of trial.
        num_trials: Number of trials asked for.
        direction: Whether smaller or larger is better, in `told` and in what is returned.
        num_initial: Number of completed trials with which the model begins.
    """
    completed = {
        number: score for number, score in told.items() if score is not None and math.isfinite(score)
    }
    if len(completed) < num_initial:
        return [completed.get(number) for number in range(num_trials)]
    sign = 1.0 if direction is Direction.MINIMIZE else -1.0
    ranks = scipy.stats.rankdata([sign * completed.get(number, sign * math.inf) for number in told])
    quantiles = scipy.stats.norm.ppf((ranks - 0.5) / len(ranks))
    shown = dict(zip(told, numpy.asarray(sign * quantiles).tolist(), strict=True))
    return [shown.get(number, 0.0) for number in range(num_trials)]
