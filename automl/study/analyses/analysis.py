"""What every analysis is: a plan of members for an engine, and a summary of what they did, which becomes an event."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from automl.evaluation.pairing import BlockSums
from automl.study.preparation import PreparedStudy
from automl.training.engine import Engine, Watch
from automl.trial import Trial


@dataclass(frozen=True, slots=True)
class Subject:
    """What is analyzed.

    Attributes:
        prepared: The study.
        engine: What trained its trials.
        trials: Completed trials by number, light: scores by the objective and kept epochs.
        best: The winner, with all of its scores.
        answered: Trials that this analysis has answered already.
        seconds: Time that there is.
    """

    prepared: PreparedStudy
    engine: Engine
    trials: tuple[Trial, ...]
    best: Trial
    answered: frozenset[int]
    seconds: float


@dataclass(frozen=True, slots=True)
class Plan:
    """What is going to be trained.

    Attributes:
        title: What for, in words.
        num_networks: How many networks.
        design: How, as the analysis needs it.
    """

    title: str
    num_networks: int
    design: Any = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found out about a trial.

    Attributes:
        trial: The trial.
        content: Plain values.
        sums: What has a file of its own beside them: losses by block of rows, for comparisons.
    """

    trial: int
    content: Mapping[str, Any]
    sums: BlockSums | None = None


class Analysis(ABC):
    """A question about trials that costs training. Evaluation itself never trains."""

    @property
    @abstractmethod
    def name(self) -> str:
        """Of its events and files."""

    @abstractmethod
    def plan(self, subject: Subject) -> Plan | None:
        """What to train; None where there is nothing to ask, or no time for it."""

    @abstractmethod
    def answers(self, subject: Subject, plan: Plan, watch: Watch) -> Iterator[Answer]:
        """Train what is planned and summarize it, trial by trial as they end.

        What the time limit ends early gives no answer.
        """
