"""The events of a study: what happened, each written once. All else that is known of a study follows from them.

An event is a frozen record of plain values. `EVENTS` names the kinds; a kind is never renamed, a field is never given
another meaning, and a field that comes later has a default, so that older records stay readable.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from automl.records.outcomes import (
    Analyzed,
    Exported,
    TestReadingDone,
    TestReadingIntended,
    VerdictReached,
)
from automl.trial import Scalar

VERSION = 1
"""Of the events that this program writes. It refuses to go on with a study that has a newer one."""


@dataclass(frozen=True, slots=True)
class StudyStarted:
    """A run of a study begins.

    Attributes:
        name: The study's name.
        identifier: Of this run; the name of its folder.
        base: Folder that relative paths in the study file start from.
        text: The study file, without its secrets.
        metric: Ranks the trials.
        direction: `min` or `max`.
        metrics: Every metric of a trial's scores, the objective's first.
        num_trials: Trials at most.
        num_folds: Folds per trial.
        repeats: Times that the folds were drawn.
        num_epochs: Epochs of a network at most.
        searched: Hyperparameters with more than one value, in the order of the study file.
        log_scaled: Hyperparameters that are drawn on a logarithmic scale.
        bounds: Of each searched number the least and the largest value, and whether its scale is logarithmic.
        space: The search space, as in the study file.
        loss: The loss that is decomposed into bias and variance, `log_loss` or `squared_error`.
        constant: Loss of a constant prediction; None where it has no bearing.
        noise: The loss that no model can undercut, where the study file gives it.
        optimistic: Whether epochs are chosen on the rows that score them.
        time_limit: Seconds that the search may take; None without a limit.
        notes: What a person should know of the data and its splits, in sentences.
        facts: Environment, data and seeds, as text by name.
        digests: Of what must not change while the study goes on: `data`, `splits`, `builder:FILE`.
    """

    name: str
    identifier: str
    metric: str
    direction: str
    base: str = ""
    text: str = ""
    metrics: tuple[str, ...] = ()
    num_trials: int = 0
    num_folds: int = 0
    repeats: int = 1
    num_epochs: int = 0
    searched: tuple[str, ...] = ()
    log_scaled: tuple[str, ...] = ()
    bounds: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Any] = field(default_factory=dict)
    loss: str = "log_loss"
    constant: float | None = None
    noise: float | None = None
    optimistic: bool = False
    time_limit: float | None = None
    notes: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class StudyContinued:
    """Another process goes on with the run.

    Attributes:
        text: The study file as it is now, without its secrets.
        num_trials: Trials at most, from now on.
        time_limit: Seconds that this process may search; None without a limit.
        changes: Keys of the study file that have changed since, with their old and new values, in sentences.
        bounds: As in `StudyStarted`, where ranges have become wider.
        space: As in `StudyStarted`, likewise.
        phase: What the last process was doing when it ended.
    """

    text: str
    num_trials: int
    time_limit: float | None = None
    changes: tuple[str, ...] = ()
    bounds: Mapping[str, Any] = field(default_factory=dict)
    space: Mapping[str, Any] = field(default_factory=dict)
    phase: str = ""


@dataclass(frozen=True, slots=True)
class CohortAsked:
    """Trials have been proposed, and train together from now on.

    Attributes:
        number: Of the cohort, from 0.
        first: Number of its first trial; the others follow.
        hyperparameters: Active values of each trial.
        notes: Why the sampler could not propose as it should, where that was so.
        failed: Numbers of the trials for which the search algorithm failed, so that they were drawn at random.
        told: How many cohorts, the first ones, had been told to the sampler; None for all before it, as it was in
            earlier versions.
    """

    number: int
    first: int
    hyperparameters: tuple[Mapping[str, Scalar], ...]
    notes: tuple[str, ...] = ()
    failed: tuple[int, ...] = ()
    told: int | None = None

    @property
    def num_told(self) -> int:
        """How many cohorts, the first ones, it was asked, planned and compared with."""
        return self.number if self.told is None else self.told

    @property
    def numbers(self) -> range:
        """The numbers of its trials."""
        return range(self.first, self.first + len(self.hyperparameters))


@dataclass(frozen=True, slots=True)
class TrialEnded:
    """A trial has ended. Its scores by other metrics, curves and predictions lie in files beside the record.

    Attributes:
        number: Of the trial.
        state: `complete`, `pruned` or `failed`.
        scores: The objective on the validation rows of each fold that ended.
        epochs: Epochs after which the kept weights stood, of each of these folds.
        capacity: Number of trainable weights; None when the network could not be built.
        seconds: Of training; of networks that trained together, a share.
        reason: Why it failed or was pruned.
        cut: Whether the time limit ended its training early.
        folds: Numbers of these folds; empty where they are the first ones, as those of a complete trial are.
        counts: How much each counts in the mean score; empty where all count alike.
        reports: What it was compared by at each rung that it reached.
        scale: Of these losses, where they are not on the usual one.
    """

    number: int
    state: str
    scores: tuple[float, ...] = ()
    epochs: tuple[int, ...] = ()
    capacity: int | None = None
    seconds: float = 0.0
    reason: str = ""
    cut: bool = False
    folds: tuple[int, ...] = ()
    counts: tuple[float, ...] = ()
    reports: tuple[float, ...] = ()
    scale: str = ""


@dataclass(frozen=True, slots=True)
class PhaseBegun:
    """The study turns to `name`: search, refit, verdict, export or an analysis."""

    name: str


@dataclass(frozen=True, slots=True)
class PhaseEnded:
    """The study is done with `name`."""

    name: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A process has ended its work on the run.

    Attributes:
        status: `finished`, `failed` or `stopped`.
        seconds: Wall time of this process.
        reason: Why it failed or stopped.
    """

    status: str
    seconds: float = 0.0
    reason: str = ""


Event = (
    StudyStarted
    | StudyContinued
    | CohortAsked
    | TrialEnded
    | PhaseBegun
    | PhaseEnded
    | TestReadingIntended
    | TestReadingDone
    | VerdictReached
    | Analyzed
    | Exported
    | Finished
)

EVENTS: Mapping[str, type[Any]] = {
    "study_started": StudyStarted,
    "study_continued": StudyContinued,
    "cohort_asked": CohortAsked,
    "trial_ended": TrialEnded,
    "phase_begun": PhaseBegun,
    "phase_ended": PhaseEnded,
    "test_reading_intended": TestReadingIntended,
    "test_reading_done": TestReadingDone,
    "verdict_reached": VerdictReached,
    "analyzed": Analyzed,
    "exported": Exported,
    "finished": Finished,
}


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event in its place.

    Attributes:
        seq: From 1, without gaps within a run; the only order that counts.
        time: Seconds since 1970, for people.
        event: What happened.
    """

    seq: int
    time: float
    event: Event
