"""The events of the end of a study: readings of the test set, the verdict, analyses and the model. See `events`."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class TestReadingIntended:
    """The locked test rows are about to be scored. Recorded before they are read.

    Attributes:
        trial: The winner.
        digest: Of the table and its test rows.
        num_rows: Number of test rows.
    """

    trial: int
    digest: str
    num_rows: int


@dataclass(frozen=True, slots=True)
class TestReadingDone:
    """The locked test rows have been scored. Attempts of one study on the same trial count as one reading.

    Attributes:
        trial: The winner.
        digest: Of the table and its test rows.
        scores: By metric.
        interval: The objective with its 95 % interval: value, low, high.
        earlier: Other studies that had read the same rows, as `NAME/RUN`.
        ensemble: How much each trial counts in the ensemble that was scored in the same reading, by its number.
        ensemble_scores: Of that ensemble, by metric; empty where there was none.
        ensemble_interval: Its objective: value, low, high.
    """

    trial: int
    digest: str
    scores: Mapping[str, float]
    interval: tuple[float, ...] = ()
    earlier: tuple[str, ...] = ()
    ensemble: Mapping[str, float] = field(default_factory=dict)
    ensemble_scores: Mapping[str, float] = field(default_factory=dict)
    ensemble_interval: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class VerdictReached:
    """What is known of the winner beyond its mean score.

    Attributes:
        trial: The winner.
        rows: Names of scores and their values, as text, in reading order.
        sentences: What else must be known of them. How the models compare follows from the numbers.
        baselines: Scores of plain models on the same folds, by name.
        corrected: Value, low and high of the score corrected for choosing; None where it could not be computed.
        test: The same of the locked test rows; None where they were not read.
        threshold: Probability of the second of two classes from which it is the label.
        num_trials: Trials that it was chosen from.
        baseline_losses: Log losses or mean squared errors of the plain models, whatever the objective is.
        differences: How far the corrected score is above that of plain models: value, low, high, by name.
        scores: Scores of the plain models that were fitted on every fold: value, low, high, by name.
        between: How far the score of a plain model is above that of another, by both names, of each pair once.
        num_units: How many rows, groups or blocks of time the intervals were drawn from; 0 where that is not known.
        unit: What they are, in the plural.
        settings: Of a plain model that has several, the one that each fold's stopping rows have chosen, by name.
        ensemble: How much each trial counts in the ensemble, by its number; empty where there is none.
        ensemble_score: Mean over the folds of its out-of-fold predictions.
        ensemble_corrected: That score corrected for choosing: value, low, high.
        ensemble_test: Its score on the locked test rows, likewise.
        ensemble_threshold: As `threshold`, of the ensemble.
        ensemble_temperature: Of its probabilities.
    """

    trial: int = -1
    rows: tuple[tuple[str, str], ...] = ()
    sentences: tuple[str, ...] = ()
    baselines: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    corrected: tuple[float, ...] | None = None
    test: tuple[float, ...] | None = None
    threshold: float = 0.5
    num_trials: int = 0
    baseline_losses: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    differences: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    scores: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    between: Mapping[str, Mapping[str, tuple[float, ...]]] = field(default_factory=dict)
    num_units: int = 0
    unit: str = ""
    settings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    ensemble: Mapping[str, float] = field(default_factory=dict)
    ensemble_score: float | None = None
    ensemble_corrected: tuple[float, ...] | None = None
    ensemble_test: tuple[float, ...] | None = None
    ensemble_threshold: float = 0.5
    ensemble_temperature: float = 1.0


@dataclass(frozen=True, slots=True)
class Analyzed:
    """An analysis has an answer, which lies in a file beside the record.

    Attributes:
        analysis: Its name, in `study.analyses.ANALYSES`.
        trial: The trial that it is about.
        file: Path of the answer within the folder of the run.
    """

    analysis: str
    trial: int
    file: str


@dataclass(frozen=True, slots=True)
class Exported:
    """A trial has been written as a SavedModel into the folder of the run.

    Attributes:
        trial: The trial.
        epochs: Epochs that its refit was trained.
        asked: `ensemble` of the study file then.
        ensemble: Whether the model is the ensemble in place of the trial's network.
    """

    trial: int
    epochs: int = 0
    asked: str = "none"
    ensemble: bool = False
