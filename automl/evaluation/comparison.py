"""Which of two trials is better, judged on the folds they share, and which trials the best one cannot be told from.

The training sets of folds overlap, so their scores are not independent. A plain paired t test takes them for it and
finds a difference between equal trials in about half of all studies; the tests here do not. And the best of many trials
is ahead of the others because it was chosen: what is said of it beside the others allows for that.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from scipy import special

from automl.means import corrected_error
from automl.trial import Direction, Objective, Trial, TrialState

LEVEL = 0.05
"""Share of equal pairs that a test may call different."""

_ROUNDING = 1e-9
"""A spread below this share of the difference is rounding."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How one trial stands against another on the same folds.

    Attributes:
        difference: Mean over the folds of the one's score minus the other's, in units of the metric.
        standard_error: Of the difference, with the overlap of the training sets taken into account.
        p_value: Two-sided, of the corrected t test that the two are equally good.
            It does not allow for a choice of either of them.
        better: Probability that the one is better by more than the region of practical equality.
        equal: Probability that they differ by less.
        worse: Probability that the one is worse by more.
    """

    difference: float
    standard_error: float
    p_value: float
    better: float
    equal: float
    worse: float


def compare(
    one: Sequence[float], other: Sequence[float], num_folds: int, direction: Direction, rope: float
) -> Comparison:
    """The corrected resampled t test and the correlated Bayesian t test of two trials.

    Both rest on one Student distribution of J − 1 degrees of freedom around the mean difference, J being the number
    of scores. Sources: Nadeau, Bengio, "Inference for the generalization error" (2003); Bouckaert, Frank, "Evaluating
    the replicability of significance tests" (2004); Benavoli, Corani, Demšar, Zaffalon, "Time for a change" (2017).

    Where every fold has the same difference there is no spread to measure it by, and that is no certainty: then the
    sign test takes over, by which J folds with one winner have the probability 2⁻ᴶ if both are equally good.

    Args:
        one: Scores of one trial, one per fold of each repeat.
        other: Scores of the other trial on the same folds in the same order.
        num_folds: Folds of one repeat.
        direction: Whether smaller or larger scores are better.
        rope: Half the width of the region of practical equality, in units of the metric.

    Raises:
        ValueError: The trials have different numbers of scores or fewer than two, or the region is negative.
    """
    if len(one) != len(other) or len(one) < 2:
        raise ValueError(f"need two scores or more a trial, as many of each, got {len(one)} and {len(other)}")
    if rope < 0.0:
        raise ValueError(f"rope must be 0 or more, got {rope}")
    differences = numpy.subtract(one, other)
    mean, error = float(differences.mean()), corrected_error(differences.tolist(), num_folds)
    if mean != 0.0 and error <= _ROUNDING * abs(mean):
        return _by_signs(mean, error, len(one), direction, rope)
    below, above = _tail(-rope - mean, error, len(one)), _tail(mean - rope, error, len(one))
    better, worse = (below, above) if direction is Direction.MINIMIZE else (above, below)
    p_value = 1.0 if mean == 0.0 else min(1.0, 2.0 * _tail(-abs(mean), error, len(one)))
    return Comparison(mean, error, p_value, better, max(0.0, 1.0 - below - above), worse)


def tied(trials: Sequence[Trial], objective: Objective, num_folds: int, level: float = LEVEL) -> list[Trial]:
    """The best trial and those that are not significantly worse than it, best first.

    Multiple comparisons with the best: the list holds a trial that is in truth the best with a probability of 1 − level
    or more, however many there are and although the best is chosen by the same scores. A trial leaves it where the best
    is ahead by more than the largest of as many t statistics of equal trials would be. Sources: Hsu, "Constrained
    simultaneous confidence intervals for multiple comparisons with the best" (1984), with the standard errors of Nadeau
    and Bengio, and Bonferroni's bound for the largest (of 99 equal trials a simulation gives 7.9 for its 8.6). Where a
    trial has one score, no difference is significant and all of them are tied.

    Args:
        trials: Ended trials; failed ones, and those with another number of folds than the best, are left out.
        objective: Metric and direction that rank them.
        num_folds: Folds of one repeat.
        level: Probability that a trial that is the best in truth is left out.
    """
    peers = _peers(trials, objective)
    if len(peers) < 2 or len(peers[0].folds) < 2:
        return peers
    scores = numpy.array([trial.fold_scores(objective.metric) for trial in peers])
    behind = scores - scores[0] if objective.direction is Direction.MINIMIZE else scores[0] - scores
    means, num_scores = behind.mean(axis=1), scores.shape[1]
    errors = numpy.array([corrected_error(own, num_folds) for own in behind.tolist()])
    critical = errors_needed(num_scores, len(peers), level)
    # Without any spread, as many folds with one winner as there are: the sign test, by Bonferroni.
    flat = (errors <= _ROUNDING * numpy.abs(means)) & (0.5**num_scores * (len(peers) - 1) >= level)
    worse = (means > critical * errors) & ~flat
    worse[0] = False
    return [trial for trial, out in zip(peers, worse, strict=True) if not out]


def errors_needed(num_scores: int, num_trials: int, level: float = LEVEL) -> float:
    """By how many standard errors the best of some trials must be ahead for a difference that is significant.

    Args:
        num_scores: Of each trial, one for each fold of each repeat.
        num_trials: Among which the best was chosen.
        level: Probability that a trial that is the best in truth is left out.

    Returns:
        Infinity for a single score, which has no spread.

    >>> [round(errors_needed(num, 100), 1) for num in (2, 3, 5, 10)]
    [630.3, 31.4, 8.6, 4.8]
    """
    if num_scores < 2:
        return math.inf
    return float(special.stdtrit(num_scores - 1, 1.0 - level / max(1, num_trials - 1)))


def smallest(trials: Sequence[Trial], objective: Objective, num_folds: int) -> Trial:
    """The smallest network whose mean score is within one standard error of the best: the one-standard-error rule.

    The error is the best trial's own, corrected for the overlap of the training sets. Of networks of equal capacity
    the better one is taken. Source: Breiman, Friedman, Olshen, Stone, "Classification and regression trees" (1984),
    section 3.4.3.

    Args:
        trials: Ended trials; failed ones, and those with another number of folds than the best, are left out.
        objective: Metric and direction that rank them.
        num_folds: Folds of one repeat.

    Raises:
        ValueError: No trial completed.
    """
    peers = _peers(trials, objective)
    if not peers:
        raise ValueError("need a completed trial, got none")
    scores, counts = peers[0].fold_scores(objective.metric), peers[0].fold_counts(objective.metric)
    # One score has no error; then only its equals are within it.
    error = corrected_error(scores, num_folds, counts) if len(scores) > 1 else 0.0
    reference = peers[0].mean(objective.metric)
    within = [trial for trial in peers if abs(trial.mean(objective.metric) - reference) <= error]
    # The trials are ranked, and of equals min keeps the first.
    return min(within, key=lambda trial: math.inf if trial.capacity is None else trial.capacity)


def _peers(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """Completed trials with as many folds as the best of them, best first."""
    completed = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    ranked = objective.rank(completed)
    return [trial for trial in ranked if len(trial.folds) == len(ranked[0].folds)]


def _by_signs(mean: float, error: float, num_scores: int, direction: Direction, rope: float) -> Comparison:
    """Of scores that differ by the same in every fold."""
    doubt = 0.5**num_scores
    ahead = (mean < 0.0) == (direction is Direction.MINIMIZE)
    if abs(mean) <= rope:
        return Comparison(mean, error, min(1.0, 2.0 * doubt), doubt, 1.0 - 2.0 * doubt, doubt)
    better, worse = (1.0 - doubt, doubt) if ahead else (doubt, 1.0 - doubt)
    return Comparison(mean, error, min(1.0, 2.0 * doubt), better, 0.0, worse)


def _tail(value: float, scale: float, num_scores: int) -> float:
    """Probability below a value under a Student distribution around 0; all of it is at 0 when it has no width."""
    if scale == 0.0:
        return float(value > 0.0)
    return float(special.stdtr(num_scores - 1, value / scale))
