"""What a report is made of. All of it is read from the record of a study or computed from it; nothing is trained."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import pandas

from automl.evaluation.importance import Importance
from automl.evaluation.learning_curve import LearningCurve
from automl.explanation.evidence import Diagnosis
from automl.records.journal import StudyLog
from automl.trial import Direction, Scalar, Trial, TrialState
from automl.wording import number, score

PROBABILITY = "probability_"
"""Begins the name of a column of the out-of-fold file that holds the probability of a class."""


@dataclass(frozen=True)
class ReportContent:
    """What a report shows. Whatever is missing is left out of it.

    Attributes:
        log: The record of the study.
        answer: What the study found, in sentences, the most important first.
        diagnoses: What limits each trial, by number.
        tied: Trials that the best one cannot be told from, by number, it among them.
        smallest: The smallest network within one standard error of the best, by number.
        importance: Which hyperparameters the score depends on.
        learning_curve: How the winner's loss falls with rows.
        out_of_fold: What the winner said of rows it had not seen: row, target, then `prediction` or
            `probability_LABEL` for each class, as `read_out_of_fold` reads it.
        study_text: The study file.
    """

    log: StudyLog
    answer: Sequence[str] = ()
    diagnoses: Mapping[int, Diagnosis] = field(default_factory=dict)
    tied: Sequence[int] = ()
    smallest: int | None = None
    importance: Importance | None = None
    learning_curve: LearningCurve | None = None
    out_of_fold: pandas.DataFrame | None = None
    study_text: str = ""

    @cached_property
    def winner(self) -> Trial | None:
        """The best trial."""
        return self.log.best

    @cached_property
    def completed(self) -> list[Trial]:
        """Completed trials in order of number."""
        return [trial for trial in self.log.trials if trial.state is TrialState.COMPLETE]

    @property
    def metric(self) -> str:
        """The metric that ranks the trials."""
        return self.log.objective.metric

    @property
    def better(self) -> str:
        """`smaller` or `larger`."""
        return "smaller" if self.log.objective.direction is Direction.MINIMIZE else "larger"

    @property
    def searched(self) -> list[str]:
        """Hyperparameters that were searched, in the order of the study file, each once."""
        return list(dict.fromkeys(map(str, self.log.start.get("searched", ()))))

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
        score = self.score(trial) if trial.state is TrialState.COMPLETE else trial.reason
        return ", ".join([f"trial {trial.number}: {score}", *given])


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
