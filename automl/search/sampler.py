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
class EndedEarly:
    """What is known of a trial that was ended before its folds and epochs: where it stood, and no score.

    Attributes:
        rung: Number of the rung at which it was ended; a later rung is a larger number.
        loss: What it was judged by there; smaller is better, for every objective.
        scale: Losses are compared within one scale only: a transformed target has another.
    """

    rung: int
    loss: float
    scale: str = ""


Result: TypeAlias = float | EndedEarly | None
"""A score. None, NaN and infinity mean that the trial failed."""

Results: TypeAlias = Sequence[tuple[int, Result]]
"""Trial numbers and what became of them."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A trial that has been asked for and not yet been trained.

    Attributes:
        number: The trial's number, from 0 in the order of asking. A result is told under this number.
        hyperparameters: Active values by name, in the order of the space, in plain Python types.
        note: Why the algorithm did not choose this configuration itself, in one sentence; empty when it did.
        failed: Whether it failed, so that the configuration is a random one.
    """

    number: int
    hyperparameters: Hyperparameters
    note: str = ""
    failed: bool = False


class Sampler(ABC):
    """Proposes trials and learns from their scores.

    A sampler never proposes a configuration twice. What it proposes is a function of its arguments, of the
    configurations asked for so far and of the results told so far, in any process: `restore` continues a search
    exactly. Any thread may call.
    """

    @abstractmethod
    def ask(self, count: int) -> list[Proposal]:
        """The next trials, fewer than `count` when the space has no more; an empty list when it is exhausted.

        A whole cohort may be asked for before any result is told.
        """

    @abstractmethod
    def cohort_size(self) -> int | None:
        """How many trials may be asked for together, now, without harm to the search; None for any number.

        It depends on the number of trials asked for so far and on nothing else.
        """

    @abstractmethod
    def tell(self, results: Results) -> None:
        """Trial numbers and their scores, in any order and in any parts.

        A trial that is told twice has its later score.

        Raises:
            ValueError: No trial of such a number was asked for.
        """

    @abstractmethod
    def restore(self, proposals: Sequence[Hyperparameters], results: Results) -> None:
        """Continue a recorded search: called once, before anything is asked.

        Afterwards the sampler proposes what it would propose had it been asked for these trials, in cohorts of any
        sizes, and been told these results. A study asks for each cohort with exactly the results of all the cohorts
        before it; then a continued study proposes the same trials as one that was never interrupted.

        Args:
            proposals: The configurations of the trials 0, 1, … that were asked for, whether or not they ended.
            results: The results of those that are told.

        Raises:
            ValueError: The sampler has been asked already, or a result is of a trial that was not asked for.
        """
