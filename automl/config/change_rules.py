"""Which keys of a study file may change while its study goes on: one table, and the rules it refers to."""

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from automl.config.ranges import Choice, FloatRange, IntRange, Section
from automl.config.study import StudyConfig

RESTORE = "restore the old value"
"""The cure of most refusals."""


@dataclass(frozen=True, slots=True)
class Compared:
    """A value of both files, and what else the rules need.

    Attributes:
        old: The recorded value; None for a hyperparameter that was not in the space.
        new: The value now; None for a hyperparameter that is not in the space.
        shown: The recorded value as messages show it.
        num_recorded: Number of trials that are recorded.
        grid: Whether the study searches a grid.
    """

    old: object
    new: object
    shown: str
    num_recorded: int
    grid: bool


Refused: TypeAlias = tuple[str, str]
"""What the value must be, and the cure."""

Rule: TypeAlias = Callable[[Compared], Refused | None]


def rule_of(key: str) -> Rule:
    """The rule of the longest prefix of a key that the table has.

    Raises:
        KeyError: The table has none.
    """
    parts = key.split(".")
    for end in range(len(parts), 0, -1):
        if (prefix := ".".join(parts[:end])) in RULES:
            return RULES[prefix]
    raise KeyError(key)


def leaf_keys(model: type[Section] = StudyConfig, prefix: str = "") -> Iterator[str]:
    """Every key of a study file that holds a value, with its sections."""
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from leaf_keys(field.annotation, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}"


def _free(_: Compared) -> None:
    """It does not touch what is recorded."""


def _fixed(compared: Compared) -> Refused:
    """The recorded trials depend on it."""
    return f"stay {compared.shown}", RESTORE


def _enough(compared: Compared) -> Refused | None:
    """More trials, or fewer, but not fewer than there are."""
    fewest = compared.num_recorded
    if isinstance(compared.new, int) and compared.new >= fewest:
        return None
    must = f"be at least {fewest}, the number of recorded trials (it was {compared.shown})"
    return must, f"set `search.trials` to {fewest} or more"


def _wider(compared: Compared) -> Refused | None:
    """A range that contains the old one; a grid's points are counted, so it stays."""
    old, new = compared.old, compared.new
    if old is None:
        return "be left out, as it was", RESTORE
    if compared.grid:
        return f"stay {compared.shown} with `algorithm: grid`", RESTORE
    if isinstance(old, Choice) and isinstance(new, Choice) and old.per_layer == new.per_layer:
        new_values = {(isinstance(value, bool), value) for value in new.values}  # true is not 1
        if all((isinstance(value, bool), value) in new_values for value in old.values):
            return None
        return f"contain every value of {compared.shown}", RESTORE
    for kind in (IntRange, FloatRange):
        if isinstance(old, kind) and isinstance(new, kind):
            must = f"contain {compared.shown}, with the same `step` and `log`"
            return None if _contains(new, old) else (must, RESTORE)
    return f"stay {compared.shown}", RESTORE


def _contains(new: IntRange | FloatRange, old: IntRange | FloatRange) -> bool:
    """Whether a range has all values of another, also where both have steps."""
    low, high = old.bounds
    if (new.log, _step(new)) != (old.log, _step(old)) or new.bounds[0] > low or new.bounds[1] < high:
        return False
    step = _step(old)
    if step is None:
        return True
    steps = math.log(low / new.bounds[0], step) if old.log else (low - new.bounds[0]) / step
    return abs(steps - round(steps)) < 1e-6


def _step(entry: IntRange | FloatRange) -> float | None:
    return 1 if isinstance(entry, IntRange) and not entry.log and entry.step is None else entry.step


RULES: Mapping[str, Rule] = MappingProxyType(
    {
        "name": _fixed,
        "data": _fixed,
        "splits": _fixed,
        "objective": _fixed,
        "direction": _fixed,
        "space": _wider,
        "network": _fixed,
        "search.algorithm": _fixed,
        "search.pruner": _fixed,
        "search.trials": _enough,
        "search.cohort": _free,
        "search.in_flight": _free,
        "search.minutes": _free,
        "search.first": _fixed,
        "search.seed": _fixed,
        "budget": _free,
        "training": _fixed,
        "ensemble": _free,
        "baselines": _free,
        "bias_variance": _free,
        "tracking": _free,
        "records": _free,
    }
)
"""By the beginning of a key; the longest one counts."""
