"""The records a study is made of: tasks, hyperparameters, members, fold results, trials.

Plain frozen data; knows nothing of YAML, Keras or MLflow.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import numpy

from automl.means import corrected_error, weighted_mean

Scalar = bool | int | float | str
Hyperparameters = Mapping[str, Scalar]

_NO_RESAMPLE = 0
"""Stands in the names of seeds where the number of a resample could."""


def is_number(value: Scalar) -> bool:
    """Whether a value is a number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


class Task(StrEnum):
    """What the target asks for."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"


class Direction(StrEnum):
    """Whether a smaller or a larger score is better."""

    MINIMIZE = "min"
    MAXIMIZE = "max"


@dataclass(frozen=True, slots=True)
class Objective:
    """A metric and its direction, always together."""

    metric: str
    direction: Direction

    def best(self, trials: "list[Trial]") -> "Trial | None":
        """The completed trial with the best mean score; the earlier one when two are equal."""
        ranked = self.rank(trials)
        return ranked[0] if ranked and ranked[0].state is TrialState.COMPLETE else None

    def rank(self, trials: "list[Trial]") -> "list[Trial]":
        """Trials from best to worst mean score; then those that were pruned, then failed ones, in order of number."""
        sign = 1.0 if self.direction is Direction.MINIMIZE else -1.0

        def key(trial: "Trial") -> tuple[int, float, int]:
            group = PLACES[trial.state]
            score = 0.0 if group else sign * trial.mean(self.metric)
            return group, math.inf if math.isnan(score) else score, trial.number

        return sorted(trials, key=key)


class TrialState(StrEnum):
    """How a trial ended."""

    COMPLETE = "complete"
    PRUNED = "pruned"
    FAILED = "failed"


PLACES = {state: number for number, state in enumerate(TrialState)}
"""States as a leaderboard lists them."""


@dataclass(frozen=True, slots=True)
class Rung:
    """Where trials wait to be compared: those that are weak there end early.

    Attributes:
        epochs: Epochs that a network has trained there, of the epochs that the study gives it; a trial with more or
            fewer of them waits at the same share.
        num_folds: Folds that it has trained on, the first ones.
    """

    epochs: int
    num_folds: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a trial is compared by at a rung.

    Attributes:
        value: Mean over the folds of the rung of the smallest loss on the stopping rows so far.
        scale: Losses are compared within one scale only: a transformed target has another.
    """

    value: float
    scale: str = ""


@dataclass(frozen=True, slots=True)
class Member:
    """One network to train: a trial on one fold.

    Attributes:
        trial: Number of the trial, from 0.
        fold: Number of the fold, from 0; -1 for a refit on all training rows.
        hyperparameters: Active values by name.
        study_seed: The seed of the study file; every random stream of the member derives from it by name.
        repeat: Tells members apart that differ in nothing but their seeds.
        resample: 0 trains on the fit rows; from 1 on, on a bootstrap resample of them.
        share: Share of the fit rows to train on.
        snapshots: Epochs, ascending, after which its predictions are kept; the last one ends the training. Empty for a
            member that stops early and keeps its best weights.
        epochs: Epochs at most, which a schedule is made for; 0 for as many as all others of the study.
        patience: Epochs without a better stopping loss before it stops; 0 for as many as all others.
    """

    trial: int
    fold: int
    hyperparameters: Hyperparameters
    study_seed: int
    repeat: int = 0
    resample: int = 0
    share: float = 1.0
    snapshots: tuple[int, ...] = ()
    epochs: int = 0
    patience: int = 0

    def seed(self, stream: str) -> int:
        """Seed of one random stream of this member, `weights` or `dropout`: the same for every resample.

        What the rows do to a network can then be told from what its seeds do, by their repeats.
        """
        return derive_seed(self.study_seed, self.trial, self.fold, self.repeat, _NO_RESAMPLE, stream)

    @property
    def order_seed(self) -> int:
        """Seed of the row order, which is the same for every trial: they are compared on the same batches."""
        return derive_seed(self.study_seed, self.fold, self.repeat, _NO_RESAMPLE, "rows")

    @property
    def rows_seed(self) -> int:
        """Seed of the rows that a resample or a share takes."""
        return derive_seed(self.study_seed, self.fold, self.resample, "resample")


@dataclass(frozen=True, slots=True)
class Health:
    """Whether the signal reaches every layer of a network.

    Attributes:
        gradients: Root mean square of the loss's gradient with respect to each kernel, first layer first, before
            training.
        dead_units: Share of the units of each hidden layer that answer nothing to any row, with the kept weights.
    """

    gradients: tuple[float, ...]
    dead_units: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class FoldResult:
    """One member after training.

    Attributes:
        fold: Number of the fold, from 0.
        training_loss: Loss after each epoch on the fit rows (of many, on a sample), without dropout and penalties.
        stopping_loss: The same on the stopping rows, which choose the epoch.
        validation_loss: The same on the validation rows, which score and choose nothing.
        best_epoch: Number of epochs after which the kept weights stood, from 1.
        scores: Metric values on the validation rows with the kept weights.
        training_scores: The same on the fit rows.
        seconds: Wall time of building, training and scoring; of networks trained together, a share of it.
        predictions: Of the kept weights for the validation rows, float32 (row, class) or (row,); None when not kept.
        health: Of the network of a trial's first fold; None of the others.
        cut: Whether the budget ended its training.
        counts: How much the fold counts in the mean over folds, by metric; 1 of metrics that are not named.
    """

    fold: int
    training_loss: tuple[float, ...]
    stopping_loss: tuple[float, ...]
    validation_loss: tuple[float, ...]
    best_epoch: int
    scores: Mapping[str, float]
    training_scores: Mapping[str, float]
    seconds: float
    predictions: "numpy.ndarray | None" = field(default=None, compare=False, repr=False)
    health: Health | None = field(default=None, compare=False)
    cut: bool = False
    counts: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """One hyperparameter configuration and its results over folds.

    Attributes:
        number: From 0, in the order in which they were asked for.
        hyperparameters: Active values by name.
        state: How it ended.
        folds: Results of the folds that finished; all of them when the state is COMPLETE. Of a trial that was pruned
            they are what its networks had reached, and no score of the trial.
        capacity: Number of trainable weights; None when the network could not be built.
        seconds: Wall time of the whole trial; of networks trained together, a share of it.
        reason: Why it failed or was pruned; empty when it completed.
        repeats: How often the rows were divided into folds anew; the folds of the first division come first.
        reports: What it was compared by at each rung that it reached: the mean over folds of the smallest loss on the
            stopping rows. A trial that was pruned did not get past the last one.
        scale: Of these losses; see `Report`.
    """

    number: int
    hyperparameters: Hyperparameters
    state: TrialState
    folds: tuple[FoldResult, ...] = ()
    capacity: int | None = None
    seconds: float = 0.0
    reason: str = ""
    repeats: int = 1
    reports: tuple[float, ...] = ()
    scale: str = ""

    def fold_scores(self, metric: str) -> tuple[float, ...]:
        """Validation scores, one per fold."""
        return tuple([fold.scores[metric] for fold in self.folds])

    def fold_counts(self, metric: str) -> tuple[float, ...]:
        """How much each fold counts in the mean, one per fold."""
        return tuple([fold.counts.get(metric, 1.0) for fold in self.folds])

    def mean(self, metric: str) -> float:
        """Mean validation score over the folds, each as it counts."""
        return weighted_mean(self.fold_scores(metric), self.fold_counts(metric))

    def training_mean(self, metric: str) -> float:
        """Mean score on the fit rows over the folds."""
        return weighted_mean(tuple(fold.training_scores[metric] for fold in self.folds))

    def standard_error(self, metric: str) -> float:
        """Standard error of the mean score, corrected for training sets that overlap; NaN of a single fold.

        See `corrected_error`.
        """
        if len(self.folds) < 2 * self.repeats or len(self.folds) % self.repeats:
            return math.nan
        scores, counts = self.fold_scores(metric), self.fold_counts(metric)
        return corrected_error(scores, len(self.folds) // self.repeats, counts)

    @property
    def num_passed(self) -> int:
        """Rungs that it has passed."""
        return len(self.reports) - (self.state is TrialState.PRUNED)

    @property
    def cut(self) -> bool:
        """Whether the budget ended the training of any fold."""
        return any(fold.cut for fold in self.folds)

    @property
    def best_epoch(self) -> float:
        """Mean over the folds of the epoch whose weights were kept."""
        return weighted_mean(tuple(float(fold.best_epoch) for fold in self.folds))


def derive_seed(*names: object) -> int:
    """A seed in 1 … 2³¹−1 that depends on nothing but the names.

    Never 0, which KerasTuner reads as "no seed", and without the overlap of neighboring seeds.
    """
    digest = hashlib.blake2b("/".join(map(str, names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % (2**31 - 1) + 1
