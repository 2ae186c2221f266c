"""What the trials of a study show about a change of one hyperparameter, from the value of one of them."""

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy

from automl.evaluation.importance import clipped
from automl.evaluation.pairing import half_width
from automl.trial import Direction, Objective, Scalar, Trial, TrialState, is_number

Array = numpy.ndarray

_NEAR = 0.1
"""Values within this share of the tried range count as the trial's own."""

_FEWEST_AT_EACH = 3
_FEWEST_DEGREES = 6

SCALES = ("width", "learning_rate", "weight_decay", "l2")
"""Hyperparameters of which a factor counts, also where the study file lists values."""

FACTOR, NEXT, UNIT = "factor", "next", "unit"
"""A step: a factor of two; where 0 is among such values, the next value that was tried; else that of `STEPS`, or 1."""

STEPS = {"dropout": 0.1}
"""What one step of a hyperparameter is, where it is neither a factor of two nor 1."""


@dataclass(frozen=True, slots=True)
class TriedChange:
    """What a step of a hyperparameter has changed, the others as they were.

    Attributes:
        name: The hyperparameter.
        sign: 1 for larger values, −1 for smaller ones.
        value: Change of the mean score for one step in that direction.
        error: Its standard error.
        degrees: Degrees of freedom of the error.
        num_trials: Trials that it rests on.
        step: What a step is: `FACTOR`, `NEXT` or `UNIT`.
        direction: Whether smaller or larger scores are better.
    """

    name: str
    sign: int
    value: float
    error: float
    degrees: float
    num_trials: int
    step: str
    direction: Direction

    @property
    def half(self) -> float:
        """Half of the 95 % interval."""
        return half_width(self.error, self.degrees)

    @property
    def is_better(self) -> bool:
        """Whether the change improves the score significantly."""
        return self._gain > self.half

    @property
    def is_worse(self) -> bool:
        """Whether it makes the score significantly worse."""
        return -self._gain > self.half

    def is_less_than(self, notable: float) -> bool:
        """Whether a gain of so much or more is ruled out."""
        return self._gain + self.half < notable

    @property
    def _gain(self) -> float:
        return -self.value if self.direction is Direction.MINIMIZE else self.value


def tried_change(
    trial: Trial,
    trials: Sequence[Trial],
    objective: Objective,
    change: tuple[str, int],
    log_scaled: Collection[str] = (),
) -> TriedChange | None:
    """What larger or smaller values of a hyperparameter than a trial's have changed; None where too few were tried.

    Least squares over the trials with such values and those with about the trial's own, linear in this hyperparameter
    and in the others; scores far from the rest are clipped. The trial itself is left out, for it may have been chosen
    for its luck. Of the others, as many count as the trials can tell apart, those that go with the score most.

    Args:
        trial: Whose value is left.
        trials: Completed trials.
        objective: Metric and direction.
        change: Name of the hyperparameter, and 1 for larger values or −1 for smaller ones.
        log_scaled: Names of the hyperparameters that are drawn on a logarithmic scale.
    """
    name, sign = change
    others = [
        other
        for other in trials
        if other.state is TrialState.COMPLETE
        and other.number != trial.number
        and is_number(other.hyperparameters.get(name, ""))
        and math.isfinite(other.mean(objective.metric))
    ]
    if not others or not is_number(trial.hyperparameters.get(name, "")):
        return None
    numbers = [float(other.hyperparameters[name]) for other in (trial, *others)]
    positions, step = _places(name, numpy.array(numbers), name in log_scaled)
    steps = sign * (positions[1:] - positions[0])
    near = _NEAR * max(float(numpy.ptp(positions)), 1e-12)
    used, beyond = steps >= -near, steps > near
    if min(int(beyond.sum()), int((used & ~beyond).sum())) < _FEWEST_AT_EACH:
        return None
    some = [other for other, is_used in zip(others, used, strict=True) if is_used]
    scores = clipped(numpy.array([other.mean(objective.metric) for other in some]), objective.direction)
    fitted = _slope(steps[used], _others(some, name, log_scaled), scores)
    if fitted is None:
        return None
    return TriedChange(name, sign, *fitted, len(some), step, objective.direction)


def _places(name: str, values: Array, log: bool) -> tuple[Array, str]:
    """Values in steps, and what a step is."""
    if not log and name not in SCALES:
        return values / STEPS.get(name, 1.0), UNIT
    if values.min() > 0.0:
        return numpy.log2(values), FACTOR
    return numpy.unique(values, return_inverse=True)[1].astype(float), NEXT


def _slope(steps: Array, others: Array, scores: Array) -> tuple[float, float, float] | None:
    """Slope of scores over steps, its standard error and degrees of freedom; None for too few trials."""
    most = max(0, min(others.shape[1], len(steps) // 4))
    ranked = numpy.argsort(-_correlations(others, scores), kind="stable")[:most]
    design = numpy.column_stack([numpy.ones(len(steps)), steps, others[:, ranked]])
    degrees = len(steps) - numpy.linalg.matrix_rank(design)
    if degrees < _FEWEST_DEGREES:
        return None
    inverse = numpy.linalg.pinv(design.T @ design)
    weights = inverse @ design.T @ scores
    rest = scores - design @ weights
    error = math.sqrt(max(0.0, float(rest @ rest) / degrees * inverse[1, 1]))
    explained = numpy.linalg.matrix_rank(numpy.delete(design, 1, axis=1)) < numpy.linalg.matrix_rank(design)
    return (float(weights[1]), error, float(degrees)) if explained and error > 0.0 else None


def _correlations(others: Array, scores: Array) -> Array:
    centered, left = others - others.mean(axis=0), scores - scores.mean()
    spread = numpy.sqrt((centered**2).sum(axis=0) * (left @ left))
    products = numpy.abs(left @ centered)
    return numpy.divide(products, spread, out=numpy.zeros_like(products), where=spread > 0.0)


def _others(trials: Sequence[Trial], name: str, log_scaled: Collection[str]) -> Array:
    """The other hyperparameters as columns, (trial, column): numbers, and whether a name is the value."""
    names = dict.fromkeys(key for trial in trials for key in trial.hyperparameters if key != name)
    columns: list[Array] = []
    for other in names:
        values = [trial.hyperparameters.get(other) for trial in trials]
        distinct = {value for value in values if value is not None}
        if len(distinct) < 2:
            continue
        if all(is_number(value) for value in distinct):
            columns.append(_numbers(values, other in log_scaled or other in SCALES))
        else:
            columns += [
                numpy.array([value == level for value in values], float)
                for level in sorted(distinct, key=str)[1:]
            ]
    return numpy.stack(columns, axis=1) if columns else numpy.zeros((len(trials), 0))


def _numbers(values: Sequence[Scalar | None], log: bool) -> Array:
    """Numbers about 0 in units of their spread, gaps at 0."""
    numbers = numpy.array([math.nan if value is None else float(value) for value in values])
    if log and numpy.nanmin(numbers) > 0.0:
        numbers = numpy.log2(numbers)
    return numpy.nan_to_num((numbers - numpy.nanmean(numbers)) / (numpy.nanstd(numbers) or 1.0))
