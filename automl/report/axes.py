"""The axis of a hyperparameter, as its values ask for, and the range of scores worth looking at."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from automl.report.charts.look import Along, log_along
from automl.report.content import ReportContent, value_text
from automl.trial import Scalar, Trial, is_number
from automl.wording import number

CAPACITY = "capacity"

FEW_VALUES = 6
"""Numbers of so few values stand evenly apart, as they were chosen."""

_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True, slots=True)
class Axis:
    """One hyperparameter, or another property of trials.

    Attributes:
        along: How it is drawn.
        values: Of each trial by number; trials that have none are left out. Where it shows names, their places.
        ordered: Whether its values have an order.
        ends: Its first and its last value.
    """

    along: Along
    values: Mapping[int, float]
    ordered: bool
    ends: tuple[float, float]

    @property
    def name(self) -> str:
        """The hyperparameter."""
        return self.along.title

    def share(self, value: float) -> float:
        """How far along the axis a value stands, from 0 to 1."""
        low, high = self.ends
        if self.along.log:
            value, low, high = math.log(value), math.log(low), math.log(high)
        return min(1.0, max(0.0, (value - low) / (high - low))) if high > low else 0.5

    def ticks(self) -> list[tuple[float, str]]:
        """Shares of the axis, with the values that stand there as text."""
        if self.along.labels:
            return [(self.share(float(index)), label) for index, label in enumerate(self.along.labels)]
        low, high = self.ends
        if self.along.log:
            return [(share, number(low * (high / low) ** share, 2)) for share in _TICKS]
        digits = 2 if not self.along.whole else 6
        values = [low + share * (high - low) for share in _TICKS]
        return [
            (share, number(round(value) if self.along.whole else value, digits))
            for share, value in zip(_TICKS, values, strict=True)
        ]


def make_axis(along: Along, values: Mapping[int, float], ordered: bool = True) -> Axis:
    """An axis from its first value to its last, or to the ends that are given."""
    if along.bounds is not None:
        return Axis(along, values, ordered, along.bounds)
    if along.labels:
        return Axis(along, values, ordered, (0.0, float(len(along.labels) - 1)))
    return Axis(along, values, ordered, (min(values.values()), max(values.values())))


def axis_of(content: ReportContent, trials: Sequence[Trial], name: str) -> Axis | None:
    """The axis of a hyperparameter; None where fewer than two values were tried."""
    given = {trial.number: trial.hyperparameters[name] for trial in trials if name in trial.hyperparameters}
    values = sorted(set(given.values()), key=lambda value: (not _is_number(value), _order(value)))
    if len(values) < 2:
        return None
    numeric = all(map(_is_number, values))
    if not numeric or len(values) <= FEW_VALUES:
        indices = {value: float(index) for index, value in enumerate(values)}
        along = Along(name, labels=tuple(value_text(value) for value in values))
        return make_axis(along, {number: indices[value] for number, value in given.items()}, numeric)
    numbers = {number: float(value) for number, value in given.items()}
    whole = all(isinstance(value, int) for value in values)
    is_log = log_scaled(content, name, list(numbers.values()))
    along = log_along(name, numbers.values()) if is_log else Along(name, whole=whole)
    return make_axis(along, numbers)


def capacity_axis(trials: Sequence[Trial]) -> Axis | None:
    """The axis of the number of weights; None where all trials have as many."""
    sizes = {trial.number: float(trial.capacity) for trial in trials if trial.capacity}
    if len(set(sizes.values())) < 2:
        return None
    wide = max(sizes.values()) > 10.0 * min(sizes.values())
    along = log_along(CAPACITY, sizes.values()) if wide else Along(CAPACITY, whole=True)
    return make_axis(along, sizes)


def ordered_axes(content: ReportContent, trials: Sequence[Trial]) -> list[Axis]:
    """The axis of the number of weights, and those of the searched hyperparameters whose values have an order."""
    candidates = [capacity_axis(trials), *(axis_of(content, trials, name) for name in content.searched)]
    return [axis for axis in candidates if axis is not None and axis.ordered]


def score_axis(content: ReportContent, scores: Sequence[float], ends: Sequence[float] = ()) -> Along:
    """The axis of scores: those worth looking at, and the ends of their whiskers; what is far worse is at its edge.

    Args:
        content: What the page shows.
        scores: All scores.
        ends: Other values that are to be on the axis.
    """
    low, high = score_bounds(scores, content.better == "larger")
    shown = [value for value in ends if math.isfinite(value)]
    low, high = min([low, *shown]), max([high, *shown])
    room = 0.04 * (high - low) or 0.5 * abs(low) or 0.5
    return Along(content.metric, bounds=(low - room, high + room))


def place_text(axis: Axis, trial: Trial) -> str:
    """Where a trial stands on an axis, as text."""
    if axis.name == CAPACITY:
        return f"{trial.capacity or 0:,} weights"
    return value_text(trial.hyperparameters[axis.name])


def log_scaled(content: ReportContent, name: str, values: Sequence[float]) -> bool:
    """Whether a hyperparameter was drawn on a logarithmic scale, by the record of the study."""
    return name in content.state.started.log_scaled and min(values) > 0.0


def score_bounds(scores: Sequence[float], larger_is_better: bool) -> tuple[float, float]:
    """The range of scores worth looking at: one that diverged is not to press all others together.

    Scores that are worse than the median by more than three times the interquartile range are beyond it, as for
    `evaluation.importance`; as range counts twice the distance of the median from the better quartile.
    """
    sign = -1.0 if larger_is_better else 1.0
    losses = sorted(sign * score for score in scores if math.isfinite(score))
    if not losses:
        return 0.0, 1.0
    better, median = (losses[int(share * (len(losses) - 1))] for share in (0.25, 0.5))
    worst = median + 6.0 * (median - better) if median > better else losses[-1]
    ends = sign * losses[0], sign * min(losses[-1], worst)
    return min(ends), max(ends)


def _is_number(value: Scalar) -> bool:
    return is_number(value) and math.isfinite(float(value))


def _order(value: Scalar) -> tuple[float, str]:
    return (float(value), "") if _is_number(value) else (0.0, str(value))
