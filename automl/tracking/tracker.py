"""The interface of everything that follows a study from outside: MLflow, the terminal.

A tracker is told at visible places of `study/run.py`; it sees finished records and never trains or decides.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

import pandas

from automl.evaluation.bias_variance import LOG_LOSS, BiasVariance
from automl.evaluation.verdict import Verdict
from automl.explanation.evidence import Diagnosis
from automl.trial import Hyperparameters, Objective, Progress, Task, Trial


@dataclass(frozen=True, slots=True)
class StudyRecord:
    """What is known of a study before its first trial.

    Attributes:
        name: The study's name.
        identifier: Unique name of this run of the study; sorts by time.
        text: The study file.
        objective: Metric and direction that rank the trials.
        metrics: Every metric of a trial's scores, the objective's first.
        num_trials: Trials at most.
        num_folds: Folds a trial.
        log_scaled: Hyperparameters drawn on a logarithmic scale.
        searched: Hyperparameters with more than one value, in the order of the study file.
        facts: Environment, data and seeds, as text by name.
        folder: Where the study's own files are.
        time_limit: Seconds after which no new trial starts; None without a limit.
        optimistic: Whether epochs are chosen on the rows that score them.
        notes: What a person should know of the data and its splits, in sentences.
        loss: What is taken apart into bias and variance: log_loss or squared_error.
    """

    name: str
    identifier: str
    text: str
    objective: Objective
    metrics: tuple[str, ...]
    num_trials: int
    num_folds: int
    log_scaled: frozenset[str]
    searched: tuple[str, ...]
    facts: Mapping[str, str]
    folder: Path
    time_limit: float | None = None
    optimistic: bool = False
    notes: tuple[str, ...] = ()
    loss: str = LOG_LOSS


@dataclass(frozen=True, slots=True)
class ExportedModel:
    """A SavedModel on disk and what a caller must know of it.

    Attributes:
        folder: Holds `saved_model.pb` and `model.json`.
        task: What it predicts.
        example: A few raw rows, one column a feature, by name and in order.
        classes: Class labels in the order of the probabilities; empty for a regression.
    """

    folder: Path
    task: Task
    example: pandas.DataFrame
    classes: tuple[str | int | float | bool, ...]


class StudyStatus(StrEnum):
    """How a study ended, in MLflow's words."""

    FINISHED = "FINISHED"
    FAILED = "FAILED"
    KILLED = "KILLED"


@dataclass(frozen=True, slots=True)
class StudySummary:
    """What is known of a study after its last trial.

    Attributes:
        status: How it ended.
        trials: Every trial, by number.
        best: The best completed trial, if any.
        test_scores: Scores of the refitted best trial on the locked test set, by metric; empty when there is none.
        model: The exported model, if any.
        files: Local files for the study's own page (`leaderboard.csv`, figures), by path within it.
        seconds: Wall time of the whole study.
        verdict: What is known of the best trial beyond its mean score.
        remarks: What the study has found beside its scores, in sentences.
        bias_variance: What the loss is made of, of the trials that were looked into, by number.
        diagnoses: What limits each trial, by number.
    """

    status: StudyStatus
    trials: tuple[Trial, ...]
    best: Trial | None = None
    test_scores: Mapping[str, float] = field(default_factory=dict)
    model: ExportedModel | None = None
    files: Mapping[str, Path] = field(default_factory=dict)
    seconds: float = 0.0
    verdict: Verdict | None = None
    remarks: tuple[str, ...] = ()
    bias_variance: Mapping[int, BiasVariance] = field(default_factory=dict)
    diagnoses: Mapping[int, Diagnosis] = field(default_factory=dict)


class Tracker(ABC):
    """Follows one study. The methods are called in the order in which they stand here."""

    @abstractmethod
    def start_study(self, record: StudyRecord) -> None:
        """Called once, before the first trial.

        Raises:
            TrackingError: The tracker cannot follow; the study does not begin.
        """

    @abstractmethod
    def start_cohort(self, trials: Mapping[int, Hyperparameters]) -> None:
        """Called when trials, by number, are about to train together."""

    @abstractmethod
    def start_phase(self, name: str) -> None:
        """Called when the study turns from its trials to something else, as `refit` or `bias and variance`."""

    @abstractmethod
    def log_progress(self, progress: Progress) -> None:
        """Called often while networks train; must return at once."""

    @abstractmethod
    def log_trial(self, trial: Trial) -> None:
        """Called when a trial has ended, completed or failed. Must not raise."""

    @abstractmethod
    def finish_study(self, summary: StudySummary) -> None:
        """Called once, also when the study failed or was interrupted. Must not raise."""
