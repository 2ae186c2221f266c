"""What bias is measured from: the noise where it is known, else other trials and baselines. Never a trial itself.

Bias + noise of a trial less that of another, or less the loss of a baseline, is bias alone: the noise of the rows is
the same. It is a lower bound of the bias, for what it is measured from may have some too.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import final

from automl.evaluation.bias_variance import BiasVariance
from automl.evaluation.pairing import Loss, Measured, Term, contrast
from automl.records.state import BIAS_VARIANCE, StudyState
from automl.records.sums import baseline_file, read_sums
from automl.trial import Trial

LARGER = 1.5
"""A network of so many times the weights is a larger one."""

BASELINES_WITH_A_FLOOR = ("linear", "gradient boosting")

_MOST_OTHERS = 10
"""Trials of the least bias + noise that each trial is compared with."""

_POWERS: Mapping[str, int] = {"log_loss": 1, "rmse": 2}
"""What makes a loss of a baseline's score, in records of versions that held no losses."""


@dataclass(frozen=True, slots=True)
class Excess:
    """How far a trial's bias + noise lie above a floor.

    Attributes:
        source: What the floor is, in words.
        floor: The floor.
        bias: The bias above it: the trial's bias + noise less the floor, paired by row where both have rows.
        lead: The variance less that bias.
        final: Whether nothing can undercut the floor, as noise that is known.
    """

    source: str
    floor: float
    bias: Measured
    lead: Measured
    final: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a trial stands beside all floors that a study knows.

    Attributes:
        margin: Its variance less all of its bias and noise: above 0, variance dominates whatever the floor is.
        excesses: One for each floor, at most those of the ten other trials with the least bias + noise.
        choices: How many floors there were to choose from.
        baselines: Whether a baseline is among them.
        larger: Whether a larger network was analyzed.
    """

    margin: Measured
    excesses: tuple[Excess, ...] = ()
    choices: int = 0
    baselines: bool = False
    larger: bool = False


@final
class Floors:
    """The floors of a study, as far as it has been recorded when this object is made.

    Args:
        state: The study.
    """

    def __init__(self, state: StudyState) -> None:
        self._folder = state.folder
        self._noise = state.started.noise
        self._parts: dict[int, BiasVariance] = dict(state.bias_variance)
        self._files = {
            trial: event.file for (name, trial), event in state.analyzed.items() if name == BIAS_VARIANCE
        }
        self._capacities = {trial.number: trial.capacity for trial in state.trials}
        self._baseline_losses = _baseline_losses(state)
        self._losses: dict[int | str, Loss] = {}

    def of(self, trial: Trial) -> Standing | None:
        """Where a trial stands; None when it was not analyzed."""
        if trial.number not in self._parts:
            return None
        loss = self._of_trial(trial.number)
        margin = contrast([Term(loss, -1.0, 2.0)])
        if self._noise is not None:
            floor = Loss(Measured(self._noise, 0.0))
            rest = contrast([Term(loss, 1.0, -1.0)])
            bias = Measured(rest.value - self._noise, rest.error, rest.degrees)
            lead = Measured(margin.value + self._noise, margin.error, margin.degrees)
            source = "the noise set in the study file"
            return Standing(margin, (Excess(source, floor.risk.value, bias, lead, final=True),), 1)
        excesses = tuple(_excess(source, loss, other) for source, other in self._others(trial.number))
        choices = len(self._parts) - 1 + len(self._baseline_losses)
        return Standing(
            margin, excesses, choices, bool(self._baseline_losses), self._larger_than(trial.capacity)
        )

    def _larger_than(self, capacity: int | None) -> bool:
        sizes = (self._capacities.get(number) for number in self._parts)
        return capacity is not None and any(size is not None and size >= LARGER * capacity for size in sizes)

    def _others(self, number: int) -> Iterator[tuple[str, Loss]]:
        """Name and loss of what else the study has."""
        ranked = sorted(
            (other for other in self._parts if other != number),
            key=lambda other: sum(self._parts[other].at(self._parts[other].rest)),
        )
        for other in ranked[:_MOST_OTHERS]:
            yield f"{self._parts[other].rest_name} of trial {other}", self._of_trial(other)
        for name in self._baseline_losses:
            yield f"the loss of {name}", self._of_baseline(name)

    def _of_trial(self, number: int) -> Loss:
        if number not in self._losses:
            sums = read_sums(self._folder, self._files[number]) if number in self._files else None
            self._losses[number] = self._parts[number].loss_parts(sums)
        return self._losses[number]

    def _of_baseline(self, name: str) -> Loss:
        if name not in self._losses:
            sums = read_sums(self._folder, baseline_file(name))
            self._losses[name] = Loss(_mean(self._baseline_losses[name]), sums=sums)
        return self._losses[name]


def _excess(source: str, loss: Loss, other: Loss) -> Excess:
    """Variance counts twice in the lead, as the bias is what it leaves of the loss."""
    with_variance = 1.0 if other.variance.value else 0.0
    bias = contrast([Term(loss, 1.0, -1.0), Term(other, -1.0, with_variance)])
    lead = contrast([Term(loss, -1.0, 2.0), Term(other, 1.0, -with_variance)])
    return Excess(source, other.risk.value - other.variance.value, bias, lead)


def _baseline_losses(state: StudyState) -> dict[str, tuple[float, ...]]:
    """Losses by fold of the baselines that can be a floor, in the loss that trials are analyzed by."""
    losses = dict(state.verdict.baseline_losses)
    power = _POWERS.get(state.objective.metric)
    if not losses and power:
        losses = {
            name: tuple(score**power for score in scores) for name, scores in state.verdict.baselines.items()
        }
    return {name: losses[name] for name in BASELINES_WITH_A_FLOOR if len(losses.get(name, ())) > 1}


def _mean(losses: tuple[float, ...]) -> Measured:
    mean = sum(losses) / len(losses)
    spread = sum((loss - mean) ** 2 for loss in losses) / (len(losses) - 1)
    return Measured(mean, math.sqrt(spread / len(losses)), len(losses) - 1.0)
