"""What a population trains and what comes of it: jobs, the places they take, outcomes."""

from dataclasses import dataclass, field
from typing import Any

import numpy

from automl.networks.recipe import Recipe
from automl.training.early_stopping import Stopping
from automl.training.population.structure import Structure
from automl.trial import Member


@dataclass(frozen=True, slots=True)
class Job:
    """A member and what it needs to train.

    Attributes:
        member: The member.
        recipe: Its network, and how it is trained.
        view: Number of its view.
        num_epochs: Epochs at most.
        patience: Epochs without a better stopping loss before it ends; 0 to train all epochs and keep the last.
        horizon: Epochs that the schedule of its learning rate is made for; `num_epochs` when 0.
        until: Epochs after which it leaves its place to wait at a rung; 0 for never.
        begun: Epochs that it has trained when it begins, as far as a plan knows.
        past: Where it stood when it left its place; None for a member that begins.
    """

    member: Member
    recipe: Recipe
    view: int
    num_epochs: int
    patience: int
    horizon: int = 0
    until: int = 0
    begun: int = 0
    past: "Past | None" = field(default=None, compare=False, repr=False)

    @property
    def last_epoch(self) -> int:
        """Epochs after which it leaves its place at the latest."""
        return min(self.until or self.num_epochs, self.num_epochs)


@dataclass(slots=True)
class Outcome:
    """A member that has ended.

    Attributes:
        job: What was to be done.
        structure: Of the program that trained it.
        losses: Losses after each epoch on fit, stopping and validation rows, float64 (epoch, part).
        best_epoch: Epochs after which the kept weights stood, from 1; 0 when it diverged at once.
        diverged: Whether a loss was infinite or NaN, in the last epoch.
        predictions: Of the kept weights for the measured rows of its view, float32 (row, output).
        weights: The kept weights, trainable ones first, then moving moments, in the order of `Structure`.
        snapshots: Predictions for the validation rows after each of the member's snapshots that it reached, float32
            (row, output).
        seconds: Its share of the time that the program took.
        cut: Whether the time was over before it would have ended.
        waits: Whether it has not ended but waits at a rung.
        past: Where it stands while it waits; None where that was not kept, and it must begin again.
    """

    job: Job
    structure: Structure
    losses: numpy.ndarray
    best_epoch: int
    diverged: bool
    predictions: numpy.ndarray
    weights: list[numpy.ndarray]
    snapshots: list[numpy.ndarray]
    seconds: float
    cut: bool = False
    waits: bool = False
    past: "Past | None" = None


@dataclass(frozen=True, slots=True)
class Broken:
    """A member that ended with an error of its program.

    Attributes:
        job: What was to be done.
        reason: The error in one line.
    """

    job: Job
    reason: str


@dataclass(slots=True)
class Place:
    """One place of a population while a member is in it; it leaves when no more than `end` seconds are left."""

    job: Job
    end: float = 0.0
    losses: list[numpy.ndarray] = field(default_factory=list)
    snapshots: list[numpy.ndarray] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def is_measured(self) -> bool:
        """Whether anybody asks what the coming epoch makes of the member."""
        wanted = self.job.member.snapshots
        return not wanted or len(self.losses) + 1 in wanted

    @property
    def has_arrived(self) -> bool:
        """Whether the member has come to its rung."""
        return 0 < self.job.until <= len(self.losses)


@dataclass(frozen=True, slots=True)
class Past:
    """A member that has left its place and may go on, in a program of the same structure, as if it had never left.

    Attributes:
        losses: As in `Place`.
        seconds: As in `Place`.
        arrays: Its rows of the population's arrays, each with a leading axis of length 1.
        stopping: Where its early stopping stands, the same.
    """

    losses: tuple[numpy.ndarray, ...]
    seconds: float
    arrays: dict[str, Any]
    stopping: Stopping

    @classmethod
    def of(cls, place: Place, arrays: dict[str, Any], stopping: Stopping) -> "Past":
        """What is kept of a place that is left."""
        return cls(tuple(place.losses), place.seconds, arrays, stopping)

    def place(self, job: Job, end: float) -> Place:
        """A place in which the member goes on."""
        return Place(job, end, list(self.losses), seconds=self.seconds)
