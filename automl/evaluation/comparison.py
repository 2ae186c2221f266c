"""Which of two trials is better, judged on the folds they share, and which trials the best one cannot be told from.

The training sets of folds overlap, so their scores are not independent. A plain paired t test takes them for it and
finds a difference between equal trials in about half of all studies; the tests here do not.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy
from scipy import special

from automl.trial import Direction, Objective, Trial, TrialState

LEVEL = 0.05
"""Share of equal pairs that a test may call different."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How one trial stands against another on the same folds.

    Attributes:
        difference: Mean over the folds of the one's score minus the other's, in units of the metric.
        standard_error: Of the difference, with the overlap of the training sets taken into account.
        p_value: Two-sided, of the corrected t test that the two are equally good.
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

    Args:
        one: Scores of one trial, one a fold of each repeat.
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
    below, above = _tail(-rope - mean, error, len(one)), _tail(mean - rope, error, len(one))
    better, worse = (below, above) if direction is Direction.MINIMIZE else (above, below)
    p_value = 1.0 if mean == 0.0 else min(1.0, 2.0 * _tail(-abs(mean), error, len(one)))
    return Comparison(mean, error, p_value, better, max(0.0, 1.0 - below - above), worse)


def corrected_error(values: Sequence[float], num_folds: int) -> float:
    """Standard error of the mean of values that come one a fold: √(s² (1/J + 1/(K − 1))), after Nadeau and Bengio.

    Args:
        values: One for each of the K folds of each repeat, J in all.
        num_folds: K; the second term is the share of the rows that score over the share that trains.

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
    return math.sqrt(float(numpy.var(values, ddof=1)) * (1.0 / len(values) + 1.0 / (num_folds - 1)))


def tied(trials: Sequence[Trial], objective: Objective, num_folds: int, level: float = LEVEL) -> list[Trial]:
    """The best trial and those that cannot be told from it, best first.

    The p-values are not corrected for the number of trials: with each trial that is compared, the list errs toward
    being short. Where a trial has one score, nothing can be told apart and all of them are tied.

    Args:
        trials: Ended trials; failed ones, and those with another number of folds than the best, are left out.
        objective: Metric and direction that rank them.
        num_folds: Folds of one repeat.
        level: A trial whose p-value against the best is smaller is told apart.
    """
    peers = _peers(trials, objective)
    if not peers or len(peers[0].folds) < 2:
        return peers
    best, metric = peers[0].fold_scores(objective.metric), objective.metric

    def p_value(trial: Trial) -> float:
        return compare(trial.fold_scores(metric), best, num_folds, objective.direction, 0.0).p_value

    return [peers[0], *(trial for trial in peers[1:] if p_value(trial) >= level)]


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
    scores = peers[0].fold_scores(objective.metric)
    # One score has no error; then only its equals are within it.
    error = corrected_error(scores, num_folds) if len(scores) > 1 else 0.0
    reference = peers[0].mean(objective.metric)
    within = [trial for trial in peers if abs(trial.mean(objective.metric) - reference) <= error]
    # The trials are ranked, and of equals min keeps the first.
    return min(within, key=lambda trial: math.inf if trial.capacity is None else trial.capacity)


def _peers(trials: Sequence[Trial], objective: Objective) -> list[Trial]:
    """Completed trials with as many folds as the best of them, best first."""
    completed = [trial for trial in trials if trial.state is TrialState.COMPLETE]
    ranked = objective.rank(completed)
    return [trial for trial in ranked if len(trial.folds) == len(ranked[0].folds)]


def _tail(value: float, scale: float, num_scores: int) -> float:
    """Probability below a value under a Student distribution around 0; all of it is at 0 when it has no width."""
    if scale == 0.0:
        return float(value > 0.0)
    return float(special.stdtr(num_scores - 1, value / scale))
