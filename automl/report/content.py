"""What a report is made of. All of it is read from the record of a study or computed from it; nothing is trained."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas

from automl.errors import RecordError
from automl.evaluation.bias_variance import BiasVariance
from automl.evaluation.importance import Importance
from automl.evaluation.learning_curve import LearningCurve
from automl.evaluation.out_of_fold import PROBABILITY
from automl.evaluation.spacing import evenly_spaced
from automl.explanation.evidence import Diagnosis
from automl.explanation.verdict import StudyVerdict
from automl.records.state import StudyState
from automl.trial import Direction, Scalar, Trial, TrialState
from automl.wording import number, score

MOST_BEST, MOST_OTHERS = 200, 300
"""Trials of a chart with a mark for each: the best ones, and of the others evenly spaced ones."""


@dataclass(frozen=True)
class ReportContent:
    """What a report shows. Whatever is missing is left out of it.

    Attributes:
        state: The record of the study.
        standing: How far the run has come, in words; empty where it is finished.
        verdict: Which model to take, and the scores of all of them.
        answer: What the study found, in sentences, the most important first.
        diagnoses: What limits each trial, by number; asked for the trials that are shown, and no others.
        tied: Trials that are not significantly different from the best one, by number, it among them.
        smallest: The smallest network within one standard error of the best, by number.
        importance: Which hyperparameters the score depends on.
        importance_trials: Number of trials that the importance rests on.
        learning_curve: How the winner's loss falls with rows.
        out_of_fold: What the winner said of rows it had not seen: row, target, then `prediction` or
            `probability_LABEL` for each class, as `read_out_of_fold` reads it.
        study_text: The study file.
        links: Other pages about the study: their names and addresses.
    """

    state: StudyState
    standing: str = ""
    verdict: StudyVerdict = field(default_factory=StudyVerdict)
    answer: Sequence[str] = ()
    diagnoses: Mapping[int, Diagnosis] = field(default_factory=dict)
    tied: Sequence[int] = ()
    smallest: int | None = None
    importance: Importance | None = None
    importance_trials: int = 0
    learning_curve: LearningCurve | None = None
    out_of_fold: pandas.DataFrame | None = None
    study_text: str = ""
    links: Sequence[tuple[str, str]] = ()

    @cached_property
    def winner(self) -> Trial | None:
        """The best trial, light."""
        return self.state.best

    @cached_property
    def trials(self) -> tuple[Trial, ...]:
        """Ended trials in order of number, light."""
        return self.state.trials

    @cached_property
    def completed(self) -> list[Trial]:
        """Completed trials in order of number, light."""
        return self.state.completed

    @cached_property
    def ranked(self) -> list[Trial]:
        """Ended trials from the best to the worst, failed ones last."""
        return self.state.objective.rank(list(self.trials))

    @cached_property
    def parts(self) -> Mapping[int, BiasVariance]:
        """What the losses of trials are made of, by number."""
        return dict(self.state.bias_variance)

    @cached_property
    def is_tied(self) -> frozenset[int]:
        """`tied`, to look numbers up in."""
        return frozenset(self.tied)

    @property
    def metric(self) -> str:
        """The metric that ranks the trials."""
        return self.state.started.metric

    @property
    def better(self) -> str:
        """`smaller` or `larger`."""
        return "smaller" if self.state.objective.direction is Direction.MINIMIZE else "larger"

    @property
    def searched(self) -> list[str]:
        """Hyperparameters that were searched, in the order of the study file, each once."""
        return list(dict.fromkeys(self.state.started.searched))

    def whole(self, trial: Trial) -> Trial | None:
        """A trial with its curves and all of its scores; None where its files cannot be read."""
        try:
            return self.state.whole(trial.number)
        except RecordError:
            return None

    def training_mean(self, trial: Trial) -> float:
        """A trial's mean score on the rows it trained on, which takes its files; NaN where they cannot be read."""
        if trial.number not in self._training_means:
            whole = self.whole(trial)
            self._training_means[trial.number] = (
                math.nan if whole is None else whole.training_mean(self.metric)
            )
        return self._training_means[trial.number]

    @cached_property
    def _training_means(self) -> dict[int, float]:
        return {}

    def drawn(self, ranked: Sequence[Trial]) -> list[Trial]:
        """Of ranked trials those that a chart with a mark for each can hold: the best, and evenly spaced others."""
        return [*ranked[:MOST_BEST], *evenly_spaced(ranked[MOST_BEST:], MOST_OTHERS)]

    def left_out(self, num_trials: int) -> str:
        """What `drawn` leaves out, as a sentence; empty where it leaves out nothing."""
        if num_trials <= MOST_BEST + MOST_OTHERS:
            return ""
        return (
            f" Of {num_trials:,} trials, the {MOST_BEST} best are drawn and of the others {MOST_OTHERS}, evenly spaced "
            "by rank."
        )

    def score(self, trial: Trial) -> str:
        """A trial's mean score with its standard error, as text."""
        return score(trial, self.metric)

    def tip(self, trial: Trial) -> str:
        """A trial in one line: number, score, and what was searched."""
        given = [
            f"{name} {value_text(trial.hyperparameters[name])}"
            for name in self.searched
            if name in trial.hyperparameters
        ]
        score = self.score(trial) if trial.state is TrialState.COMPLETE else ended_how(trial)
        return ", ".join([f"trial {trial.number}: {score}", *given])


def ended_how(trial: Trial) -> str:
    """How a trial without a score ended, in words."""
    if trial.state is TrialState.PRUNED:
        return f"ended early: {trial.reason}"
    return trial.reason or "failed"


def num_failed(content: ReportContent) -> int:
    """Trials that failed."""
    return content.state.num_in(TrialState.FAILED)


def counted(content: ReportContent) -> str:
    """Number of the trials, and of those that were ended early, that failed, or that the time limit cut short."""
    state = content.state
    counts = {
        "ended early": state.num_in(TrialState.PRUNED),
        "failed": state.num_in(TrialState.FAILED),
        "with fewer epochs because of the time limit": sum(trial.cut for trial in state.completed),
    }
    words = [f"{count:,} {word}" for word, count in counts.items() if count]
    return ", ".join([f"{len(content.trials):,} trials", *words])


def value_text(value: Scalar) -> str:
    """A value of a hyperparameter as text."""
    if isinstance(value, bool):
        return str(value).lower()
    return number(value, 3) if isinstance(value, float) else str(value)


def read_out_of_fold(path: Path) -> pandas.DataFrame | None:
    """The winner's predictions of rows it had not seen, labels as text; None where the study wrote none."""
    if not path.is_file():
        return None
    names = list(pandas.read_csv(path, nrows=0).columns)
    labels = {names[1]: str} if any(name.startswith(PROBABILITY) for name in names) else {}
    # A class may be called NA.
    return pandas.read_csv(path, dtype=labels, keep_default_na=not labels)
