"""Which hyperparameters the score depends on."""

import math
import statistics
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy
import threadpoolctl

from automl.trial import Direction, Objective, Scalar, Trial, TrialState

Array = numpy.ndarray

FEWEST_TRIALS, MOST_TRIALS = 10, 1000
_NUM_TREES, _FEWEST_IN_LEAF = 100, 2
_NUM_POINTS, _NUM_CONFIGURATIONS = 24, 4096
_MOST_INTERACTIONS, _SMALLEST_INTERACTION = 5, 0.01
_ALMOST_NONE = 1e-12  # variance of scores between 0 and 1, from rounding alone
_LEAST_EXPLAINED = 0.3
_RANGES_ABOVE_MEDIAN = 3.0


@dataclass(frozen=True, slots=True)
class Importance:
    """How much of the variance of the score over the space is due to which hyperparameter.

    The shares and the means are those of a model of the trials. Where its `r2` is low, they say little.

    Attributes:
        names: Hyperparameters with more than one value, the one with the largest main effect first.
        main: Share of the variance, from 0 to 1, that each explains alone.
        interactions: The five pairs at most that explain a hundredth or more beyond their main effects, with the share
            that they do, the largest first.
        partial_dependence: Values of each, and at each value the mean score over all values of the others. Where many
            were tried, the values are even steps through their range, and not whole for whole numbers.
        r2: Share of the variance of the scores that the model explains in trials that a tree has not seen; negative
            when it is worse than their mean.
    """

    names: tuple[str, ...]
    main: Mapping[str, float]
    interactions: tuple[tuple[str, str, float], ...]
    partial_dependence: Mapping[str, tuple[tuple[Scalar, ...], tuple[float, ...]]]
    r2: float

    @property
    def is_known(self) -> bool:
        """Whether the model explains enough of unseen trials for its shares and means to be shown."""
        return self.r2 >= _LEAST_EXPLAINED


@dataclass(frozen=True, slots=True)
class Axis:
    """One hyperparameter as numbers.

    Attributes:
        codes: Of the trials, (trial,).
        grid: Codes at which effects are computed, each as probable as the others.
        values: What the grid stands for.
    """

    codes: Array
    grid: Array
    values: tuple[Scalar, ...]


def importance(
    trials: Sequence[Trial], objective: Objective, log_scaled: Collection[str] = ()
) -> Importance | None:
    """Functional analysis of variance of a random forest that predicts the score of a configuration.

    The effects are exact: a tree is constant on boxes, and the mean over a box needs no samples; only the variance of
    the whole forest does. All hyperparameters count as independent and evenly distributed over the values tried.
    Source: Hutter, Hoos, Leyton-Brown, "An efficient approach for assessing hyperparameter importance" (2014).

    A configuration that diverged is as bad as a score can be, and would be all that the forest explains. Scores that
    are worse than the median by more than three times the interquartile range count as that bad. As range counts
    twice the distance of the median from the better quartile: more than a quarter of the trials may have diverged.

    Of more than a thousand trials the forest is fitted to a thousand that are drawn at random, the same ones each time,
    and the best have no better chance than the others: the shares are those of the whole space, and a forest with more
    trials where scores are good would weigh its leaves and its r2 by them. Ranges, categories and the limit for
    diverged trials are those of all trials.

    A trial that was ended early has no score, and to leave it out would leave only good regions: it counts as bad as
    the worst trial that was not.

    Args:
        trials: Ended trials; failed ones are left out.
        objective: Metric and direction.
        log_scaled: Names of the hyperparameters that are drawn on a logarithmic scale.

    Returns:
        None when fewer than ten trials completed or were ended early, or no hyperparameter has two values.
    """
    used, scores = _scored(trials, objective)
    axes = axes_of(used, log_scaled)
    if len(used) < FEWEST_TRIALS or not axes:
        return None
    lowest, span = scores.min(), numpy.ptp(scores)
    codes = numpy.stack([axis.codes for axis in axes.values()], axis=1)
    forest = fitted_forest(codes, (scores - lowest) / (span or 1.0))
    with threadpoolctl.threadpool_limits(1, user_api="blas"):  # its products are too narrow for two
        effects = _Effects(forest, [axis.grid for axis in axes.values()])
        interactions = effects.largest_pairs(tuple(axes))
    shares = dict(zip(axes, effects.main(), strict=True))
    names = tuple(sorted(axes, key=lambda name: -shares[name]))
    return Importance(
        names=names,
        main={name: shares[name] for name in names},
        interactions=interactions,
        partial_dependence={
            name: (axis.values, tuple((lowest + span * curve).tolist()))
            for (name, axis), curve in zip(axes.items(), effects.curves, strict=True)
        },
        r2=float(getattr(forest, "oob_score_", 0.0)),
    )


def _scored(trials: Sequence[Trial], objective: Objective) -> tuple[list[Trial], Array]:
    """The trials that count, and their scores: one that was ended early is as bad as the worst that was not."""
    metric = objective.metric
    complete = [
        trial for trial in trials if trial.state is TrialState.COMPLETE and math.isfinite(trial.mean(metric))
    ]
    if not complete:
        return [], numpy.array([])
    pruned = [trial for trial in trials if trial.state is TrialState.PRUNED]
    scores = clipped(numpy.array([trial.mean(metric) for trial in complete]), objective.direction)
    worst = scores.max() if objective.direction is Direction.MINIMIZE else scores.min()
    return [*complete, *pruned], numpy.concatenate([scores, numpy.full(len(pruned), worst)])


def fitted_forest(codes: Array, scores: Array) -> Any:
    """A forest of the trials, (trial, hyperparameter) to (trial,); of many, of a sample of them."""
    # Loading it takes half a second, which a study of few trials does not need.
    from sklearn.ensemble import RandomForestRegressor

    if len(scores) > MOST_TRIALS:
        drawn = numpy.random.default_rng(0).choice(len(scores), MOST_TRIALS, replace=False)
        codes, scores = codes[drawn], scores[drawn]
    varied = bool(numpy.ptp(scores) > 0.0)
    return RandomForestRegressor(
        _NUM_TREES, min_samples_leaf=_FEWEST_IN_LEAF, oob_score=varied, random_state=0
    ).fit(codes, scores)


def axes_of(trials: Sequence[Trial], log_scaled: Collection[str]) -> dict[str, Axis]:
    """The hyperparameters that have more than one value, by name.

    Where a hyperparameter is absent it gets its median, or its most frequent category: in the midst of the others, so
    that what makes the difference is the hyperparameter that it depends on and not that it is absent.
    """
    axes = {}
    for name in dict.fromkeys(name for trial in trials for name in trial.hyperparameters):
        given = [trial.hyperparameters.get(name) for trial in trials]
        present = [value for value in given if value is not None]
        if len(set(present)) < 2:
            continue
        numbers = [
            value for value in present if isinstance(value, int | float) and not isinstance(value, bool)
        ]
        if len(numbers) == len(present):
            usual, following = statistics.median_low(numbers), iter(numbers)
            codes = [usual if value is None else next(following) for value in given]
            axes[name] = _numeric(codes, name in log_scaled)
        else:
            most_frequent = statistics.mode(present)
            axes[name] = _categorical([most_frequent if value is None else value for value in given])
    return axes


def _numeric(given: Sequence[float], log: bool) -> Axis:
    """Numbers as they are or as logarithms; on the grid are the values if they are few, else even steps."""
    distinct = sorted(set(given))
    log = log and distinct[0] > 0.0
    if len(distinct) > min(_NUM_POINTS, len(given) // 2):
        steps = numpy.geomspace if log else numpy.linspace
        distinct = steps(distinct[0], distinct[-1], _NUM_POINTS).tolist()

    def codes(values: Sequence[float]) -> Array:
        numbers = numpy.array(values, dtype=float)
        # A tree compares in single precision: a point of the grid must fall on the side of the trial it equals.
        return (numpy.log10(numbers) if log else numbers).astype(numpy.float32)

    return Axis(codes(given), codes(distinct), tuple(distinct))


def _categorical(values: Sequence[Scalar]) -> Axis:
    categories = sorted(set(values), key=str)
    indices = {category: index for index, category in enumerate(categories)}
    codes = numpy.array([indices[value] for value in values], dtype=numpy.float32)
    return Axis(codes, numpy.arange(len(categories), dtype=numpy.float32), tuple(categories))


def clipped(scores: Array, direction: Direction) -> Array:
    """Scores of which those of configurations that diverged are as bad as `importance` says."""
    losses = scores if direction is Direction.MINIMIZE else -scores
    better_quartile, median = numpy.quantile(losses, [0.25, 0.5])
    worst = median + _RANGES_ABOVE_MEDIAN * 2.0 * (median - better_quartile)
    # When many trials share the best score there is no range to measure by.
    losses = numpy.minimum(losses, worst) if median > better_quartile else losses
    return losses if direction is Direction.MINIMIZE else -losses


class _Effects:
    """Effects of a forest over the product of grids, after Hutter et al. (2014), section 4.

    Attributes:
        curves: Partial dependence on each hyperparameter, each of shape (point,).
    """

    def __init__(self, forest: Any, grids: Sequence[Array]) -> None:
        leaves = [_leaves(tree, grids) for tree in forest.estimators_]
        self._values = numpy.concatenate([values for values, _ in leaves]) / len(leaves)
        self._inside = [
            numpy.concatenate(parts) for parts in zip(*(masks for _, masks in leaves), strict=True)
        ]
        self._shares = [inside.mean(axis=1) for inside in self._inside]
        generator = numpy.random.default_rng(0)
        drawn = [generator.permutation(numpy.resize(grid, _NUM_CONFIGURATIONS)) for grid in grids]
        self._total = float(forest.predict(numpy.stack(drawn, axis=1)).var())
        self.curves = [self._weights(i) @ inside for i, inside in enumerate(self._inside)]
        self._main = [float(curve.var()) for curve in self.curves]

    def main(self) -> list[float]:
        """Share of each hyperparameter alone."""
        return [self._share(variance) for variance in self._main]

    def largest_pairs(self, names: Sequence[str]) -> tuple[tuple[str, str, float], ...]:
        """Pairs of names with their shares beyond those of their members, the largest first."""
        pairs = []
        for i, j in combinations(range(len(names)), 2):
            means = (self._inside[i].T * self._weights(i, j)) @ self._inside[j]
            share = self._share(float(means.var()) - self._main[i] - self._main[j])
            if share >= _SMALLEST_INTERACTION:
                pairs.append((names[i], names[j], share))
        return tuple(sorted(pairs, key=lambda pair: -pair[2]))[:_MOST_INTERACTIONS]

    def _weights(self, *fixed: int) -> Array:
        """Value of each leaf times the probability that the hyperparameters which are not fixed are inside."""
        others = [shares for i, shares in enumerate(self._shares) if i not in fixed]
        return self._values * numpy.prod(others, axis=0)

    def _share(self, variance: float) -> float:
        return float(numpy.clip(variance / self._total, 0.0, 1.0)) if self._total > _ALMOST_NONE else 0.0


def _leaves(tree: Any, grids: Sequence[Array]) -> tuple[Array, list[Array]]:
    """Values of the leaves, (leaf,), and for each hyperparameter the points in their boxes, float (leaf, point)."""
    nodes = tree.tree_
    above = numpy.full((nodes.node_count, len(grids)), -math.inf)
    up_to = numpy.full((nodes.node_count, len(grids)), math.inf)
    is_leaf = nodes.children_left < 0
    # A parent comes before its children.
    for node in numpy.flatnonzero(~is_leaf):
        left, right, split = nodes.children_left[node], nodes.children_right[node], nodes.feature[node]
        above[left] = above[right] = above[node]
        up_to[left] = up_to[right] = up_to[node]
        up_to[left, split] = above[right, split] = nodes.threshold[node]
    above, up_to = above[is_leaf], up_to[is_leaf]
    inside = [
        ((grid > above[:, [axis]]) & (grid <= up_to[:, [axis]])).astype(float)
        for axis, grid in enumerate(grids)
    ]
    return nodes.value[is_leaf, 0, 0], inside
