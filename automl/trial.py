"""The records a study is made of: tasks, hyperparameters, members, fold results, trials.

Plain frozen data; knows nothing of YAML, Keras or MLflow.
"""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

Scalar = bool | int | float | str
Hyperparameters = Mapping[str, Scalar]


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
        """Trials from best to worst mean score; failed ones last, in order of number."""
        sign = 1.0 if self.direction is Direction.MINIMIZE else -1.0

        def key(trial: "Trial") -> tuple[bool, float, int]:
            failed = trial.state is not TrialState.COMPLETE
            return failed, 0.0 if failed else sign * trial.mean(self.metric), trial.number

        return sorted(trials, key=key)


class TrialState(StrEnum):
    """How a trial ended."""

    COMPLETE = "complete"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Member:
    """One network to train: a trial on one fold.

    Attributes:
        trial: Number of the trial, from 0.
        fold: Number of the fold, from 0; -1 for a refit on all training rows.
        hyperparameters: Active values by name.
        study_seed: The seed of the study file; every random stream of the member derives from it by name.
    """

    trial: int
    fold: int
    hyperparameters: Hyperparameters
    study_seed: int

    def seed(self, stream: str) -> int:
        """Seed of one random stream (`weights`, `dropout`, `rows`) of this member."""
        return derive_seed(self.study_seed, self.trial, self.fold, stream)


@dataclass(frozen=True, slots=True)
class FoldResult:
    """One member after training.

    Attributes:
        fold: Number of the fold, from 0.
        training_loss: Loss after each epoch on the fit rows, without dropout and without penalties.
        stopping_loss: The same on the stopping rows, which choose the epoch.
        validation_loss: The same on the validation rows, which score and choose nothing.
        best_epoch: Number of epochs after which the kept weights stood, from 1.
        scores: Metric values on the validation rows with the kept weights.
        training_scores: The same on the fit rows.
        seconds: Wall time of building, training and scoring.
    """

    fold: int
    training_loss: tuple[float, ...]
    stopping_loss: tuple[float, ...]
    validation_loss: tuple[float, ...]
    best_epoch: int
    scores: Mapping[str, float]
    training_scores: Mapping[str, float]
    seconds: float


@dataclass(frozen=True, slots=True)
class Trial:
    """One hyperparameter configuration and its results over folds.

    Attributes:
        number: From 0, in the order in which they were asked for.
        hyperparameters: Active values by name.
        state: How it ended.
        folds: Results of the folds that finished; all of them when the state is COMPLETE.
        capacity: Number of trainable weights; None when the network could not be built.
        seconds: Wall time of the whole trial.
        reason: Why it failed; empty when it did not.
    """

    number: int
    hyperparameters: Hyperparameters
    state: TrialState
    folds: tuple[FoldResult, ...] = ()
    capacity: int | None = None
    seconds: float = 0.0
    reason: str = ""

    def fold_scores(self, metric: str) -> tuple[float, ...]:
        """Validation scores, one a fold."""
        return tuple(fold.scores[metric] for fold in self.folds)

    def mean(self, metric: str) -> float:
        """Mean validation score over the folds."""
        return _mean(self.fold_scores(metric))

    def training_mean(self, metric: str) -> float:
        """Mean score on the fit rows over the folds."""
        return _mean(tuple(fold.training_scores[metric] for fold in self.folds))

    def standard_error(self, metric: str) -> float:
        """Standard deviation of the fold scores (ddof 1) over the square root of their number."""
        scores = self.fold_scores(metric)
        if len(scores) < 2:
            return math.nan
        mean = _mean(scores)
        variance = sum((score - mean) ** 2 for score in scores) / (len(scores) - 1)
        return math.sqrt(variance / len(scores))

    @property
    def best_epoch(self) -> float:
        """Mean over the folds of the epoch whose weights were kept."""
        return _mean(tuple(float(fold.best_epoch) for fold in self.folds))


def derive_seed(*names: object) -> int:
    """A seed in 1 … 2³¹−1 that depends on nothing but the names.

    Never 0, which KerasTuner reads as "no seed", and without the overlap of neighboring seeds.
    """
    digest = hashlib.blake2b("/".join(map(str, names)).encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % (2**31 - 1) + 1


def _mean(values: tuple[float, ...]) -> float:
    return math.fsum(values) / len(values) if values else math.nan
