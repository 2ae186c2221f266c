"""The axis of a hyperparameter, as its values ask for."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from automl.report.content import ReportContent, value_text
from automl.report.scales import Scale, categories, fit_scale
from automl.trial import Scalar, Trial, is_number

CAPACITY = "capacity"

FEW_VALUES = 6
"""Numbers of so few values stand evenly apart, as they were chosen."""


@dataclass(frozen=True, slots=True)
class Axis:
    """One hyperparameter, or another property of trials.

    Attributes:
        name: Its name.
        scale: Where values stand.
        values: Of each trial by number; trials that have none are left out.
        ordered: Whether its values have an order.
    """

    name: str
    scale: Scale
    values: Mapping[int, float]
    ordered: bool


def axis_of(content: ReportContent, trials: Sequence[Trial], name: str) -> Axis | None:
    """The axis of a hyperparameter; None where fewer than two values were tried."""
    given = {trial.number: trial.hyperparameters[name] for trial in trials if name in trial.hyperparameters}
    values = sorted(set(given.values()), key=lambda value: (not _is_number(value), _order(value)))
    if len(values) < 2:
        return None
    numeric = all(map(_is_number, values))
    if not numeric or len(values) <= FEW_VALUES:
        places = {value: float(place) for place, value in enumerate(values)}
        scale = categories([value_text(value) for value in values])
        return Axis(name, scale, {number: places[value] for number, value in given.items()}, numeric)
    numbers = {number: float(value) for number, value in given.items()}
    return Axis(
        name, fit_scale(list(numbers.values()), is_log(content, name, list(numbers.values()))), numbers, True
    )


def capacity_axis(trials: Sequence[Trial]) -> Axis | None:
    """The axis of the number of weights; None where all trials have as many."""
    sizes = {trial.number: float(trial.capacity) for trial in trials if trial.capacity}
    if len(set(sizes.values())) < 2:
        return None
    wide = max(sizes.values()) > 10.0 * min(sizes.values())
    return Axis(CAPACITY, fit_scale(list(sizes.values()), wide, whole=True), sizes, True)


def ordered_axes(content: ReportContent, trials: Sequence[Trial]) -> list[Axis]:
    """The axis of the number of weights, and those of the searched hyperparameters whose values have an order."""
    found = [capacity_axis(trials), *(axis_of(content, trials, name) for name in content.searched)]
    return [axis for axis in found if axis is not None and axis.ordered]


def place_text(axis: Axis, trial: Trial) -> str:
    """Where a trial stands on an axis, as text."""
    if axis.name == CAPACITY:
        return f"{trial.capacity or 0:,} weights"
    return value_text(trial.hyperparameters[axis.name])


def is_log(content: ReportContent, name: str, values: Sequence[float]) -> bool:
    """Whether a hyperparameter was drawn on a logarithmic scale, by the record of the study."""
    return name in content.state.started.log_scaled and min(values) > 0.0


def _is_number(value: Scalar) -> bool:
    return is_number(value) and math.isfinite(float(value))


def _order(value: Scalar) -> tuple[float, str]:
    return (float(value), "") if _is_number(value) else (0.0, str(value))
