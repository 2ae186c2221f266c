"""The interface of everything that proposes trials. A sampler sees a space and scores, never the study.

The table of samplers is `table.py`; one file an algorithm.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from automl.trial import Hyperparameters, Scalar

Given: TypeAlias = Sequence[Mapping[str, Scalar]]
"""Configurations to propose before any other; what one leaves out is drawn at random."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A trial that has been asked for and not yet been trained.

    Attributes:
        number: The trial's number, from 0 in the order of asking. A result is told under this number.
        hyperparameters: Active values by name, in the order of the space, in plain Python types.
    """

    number: int
    hyperparameters: Hyperparameters


class Sampler(ABC):
    """Proposes trials and learns from their scores.

    A sampler never proposes a configuration twice. The same seed, the same asks and the same results told
    between them give the same proposals, in any process: a study resumes by asking and telling again. Any
    thread may call.
    """

    @abstractmethod
    def ask(self, count: int) -> list[Proposal]:
        """The next trials, fewer than `count` when the space has no more; an empty list when it is exhausted.

        A whole cohort may be asked for before any result is told.

        Raises:
            RecordError: The sampler broke, now or in an earlier call.
        """

    @abstractmethod
    def cohort_size(self) -> int | None:
        """How many trials may be asked for together, now, without harm to the search; None for any number."""

    @abstractmethod
    def tell(self, results: Sequence[tuple[int, float | None]]) -> None:
        """Trial numbers and their scores, in any order and in any parts.

        None, NaN and infinite scores mean that the trial failed. A trial that is told twice has its later
        score.

        Raises:
            ValueError: No trial of such a number was asked for.
            RecordError: The sampler broke in an earlier call.
        """
