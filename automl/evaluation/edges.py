"""Whether the best values of hyperparameters are at the edge of their ranges, where a wider range may hold better."""

import math
import statistics
from collections.abc import Collection, Mapping, Sequence

import numpy

from automl.evaluation.importance import (
    FEWEST_TRIALS,
    MOST_TRIALS,
    axes_of,
    clipped,
    fitted_forest,
)
from automl.trial import Direction, Objective, Trial, TrialState

Array = numpy.ndarray
Bound = tuple[float, float, bool]

_EDGE, _OUTER = 0.10, 0.25
_FEWEST_VALUES, _FEW_VALUES = 3, 8

_LEVEL = 0.05
"""Share of studies whose scores depend on nothing that may be said to have an edge."""


def edges(
    trials: Sequence[Trial],
    objective: Objective,
    bounds: Mapping[str, Bound],
    log_scaled: Collection[str] = (),
) -> dict[str, str]:
    """Hyperparameters whose best values are at an edge of their range, where a wider range may hold better ones.

    The best trial must lie in the outer tenth of the range, and the median of the best quarter of the trials in the
    outer quarter on the same side: one trial alone is there by chance too often. And the trials at the edge must be
    better than those in the middle of the range, by more than chance explains: a one-sided rank test (Mann, Whitney
    1947) of their scores, less what a forest predicts from the other hyperparameters for trials that it has not seen,
    since a model-based search goes to an edge when the others are good already. Its level of 5 % is divided by the
    number of ends that could be edges (Bonferroni). Of two values both are edges, and nothing is said.

    Args:
        trials: Ended trials; failed ones are left out.
        objective: Metric and direction that rank them.
        bounds: Of each numeric hyperparameter the low and the high end, and whether its scale is logarithmic.
        log_scaled: Names of the hyperparameters that are drawn on a logarithmic scale.

    Returns:
        "low" or "high" by name.
    """
    ranked = objective.rank([trial for trial in trials if trial.state is TrialState.COMPLETE])
    ranges = {name: bound for name, bound in bounds.items() if _num_values(ranked, name) >= _FEWEST_VALUES}
    ends = {}
    for name, bound in ranges.items():
        end = _edge_of_the_best(ranked, name, bound)
        if not end:
            continue
        p_value = _edge_p_value(_sampled(ranked), objective, name, bound, log_scaled)[end]
        if p_value <= _LEVEL / (2 * len(ranges)):
            ends[name] = end
    return ends


def _sampled(trials: Sequence[Trial]) -> Sequence[Trial]:
    """Of many trials some, drawn at random, the same ones each time."""
    if len(trials) <= MOST_TRIALS:
        return trials
    drawn = numpy.random.default_rng(0).choice(len(trials), MOST_TRIALS, replace=False)
    return [trials[index] for index in drawn]


def _num_values(trials: Sequence[Trial], name: str) -> int:
    """Different values of a hyperparameter that were tried."""
    return len({trial.hyperparameters[name] for trial in trials if name in trial.hyperparameters})


def _edge_of_the_best(ranked: Sequence[Trial], name: str, bound: Bound) -> str:
    """At which edge the best trials lie, the best first; empty where at none."""
    if not ranked or name not in ranked[0].hyperparameters:
        return ""
    best = _positions(ranked[: math.ceil(len(ranked) / 4)], name, bound)
    middle = statistics.median(best)
    # A bound that floating point has missed by a digit is still the bound.
    if best[0] <= _EDGE + 1e-9 and middle <= _OUTER:
        return "low"
    return "high" if best[0] >= 1.0 - _EDGE - 1e-9 and middle >= 1.0 - _OUTER else ""


def _edge_p_value(
    trials: Sequence[Trial],
    objective: Objective,
    name: str,
    bound: Bound,
    log_scaled: Collection[str],
) -> dict[str, float]:
    """How probable such a difference between the trials at either edge and those in the middle is by chance."""
    from scipy import stats  # half a second, which a study of few trials does not need

    scored = [
        trial
        for trial in trials
        if name in trial.hyperparameters and math.isfinite(trial.mean(objective.metric))
    ]
    positions = numpy.round(_positions(scored, name, bound), 9)
    values = numpy.unique(positions)
    few = len(values) <= _FEW_VALUES
    low, high = (values[0], values[-1]) if few else (_OUTER, 1.0 - _OUTER)
    middle = (positions > low) & (positions < high)
    losses = _rest(scored, objective, name, log_scaled)
    return {
        end: float(stats.mannwhitneyu(losses[edge], losses[middle], alternative="less").pvalue)
        if edge.any() and middle.any()
        else 1.0
        for end, edge in (("low", positions <= low), ("high", positions >= high))
    }


def _rest(trials: Sequence[Trial], objective: Objective, name: str, log_scaled: Collection[str]) -> Array:
    """Losses of trials less what the other hyperparameters predict for them, of shape (trial,)."""
    scores = clipped(numpy.array([trial.mean(objective.metric) for trial in trials]), objective.direction)
    losses = scores if objective.direction is Direction.MINIMIZE else -scores
    others = [axis.codes for other, axis in axes_of(trials, log_scaled).items() if other != name]
    if not others or len(trials) < FEWEST_TRIALS or not numpy.ptp(losses) > 0.0:
        return losses
    codes, span = numpy.stack(others, axis=1), numpy.ptp(losses)
    forest = fitted_forest(codes, (losses - losses.min()) / span)
    # predictions that explain nothing would add their noise
    return losses - span * forest.oob_prediction_ if forest.oob_score_ > 0.0 else losses


def _positions(trials: Sequence[Trial], name: str, bound: Bound) -> list[float]:
    """Where the values of trials that have one lie in a range."""
    return [
        _position(float(trial.hyperparameters[name]), *bound)
        for trial in trials
        if name in trial.hyperparameters
    ]


def _position(value: float, low: float, high: float, log: bool) -> float:
    """Where a value lies between the ends of a range, from 0 to 1."""
    if log:
        return math.log(value / low) / math.log(high / low)
    return (value - low) / (high - low)
