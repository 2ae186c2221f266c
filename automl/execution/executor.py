"""The interface of an executor: cohorts that train beside each other, and their trials as they end.

A study asks for a cohort with exactly the results of the first so many cohorts before it, and submits it then. What an
executor plans and compares depends on these cohorts, and on which others had been submitted, but never on how far they
have come: any executor gives the same bits, on any number of threads, processes or machines of one kind.
"""

import threading
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import final

from automl.training.engine import Cohort
from automl.trial import Report, Trial


@final
@dataclass(frozen=True, slots=True)
class Order:
    """A cohort that is to be trained.

    Attributes:
        number: Of the cohort, from 0.
        members: Those of each trial.
        pool: For each rung, what the trials were compared by that are known to it, by number of the trial; those of
            the cohort itself are added as they come there.
        recorded: Numbers of its trials that have ended in an earlier process; see `Engine.train`.
        passed: How many rungs each of those has passed.
    """

    number: int
    members: Cohort
    pool: tuple[Mapping[int, Report], ...] = ()
    recorded: frozenset[int] = field(default_factory=frozenset)
    passed: Mapping[int, int] = field(default_factory=dict)

    def with_ended(self, trials: Iterable[Trial]) -> "Order":
        """The order when trials of the cohort have ended and are recorded, or about to be."""
        ended = list(trials)
        pool = tuple(
            {
                **reports,
                **{trial.number: _report(trial, rung) for trial in ended if len(trial.reports) > rung},
            }
            for rung, reports in enumerate(self.pool)
        )
        recorded = self.recorded | {trial.number for trial in ended}
        passed = {**self.passed, **{trial.number: trial.num_passed for trial in ended}}
        return Order(self.number, self.members, pool, recorded, passed)


def _report(trial: Trial, rung: int) -> Report:
    return Report(trial.reports[rung], trial.scale)


@final
@dataclass(frozen=True, slots=True)
class CohortEnded:
    """Nothing of a cohort trains any more. Trials that could not begin in time have not been given.

    Attributes:
        number: Of the cohort.
    """

    number: int


@final
class CancelToken:
    """Tells an executor, from any thread, that nobody wants further results."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def cancel(self) -> None:
        """End whatever trains. It cannot be taken back."""
        self._event.set()

    @property
    def is_cancelled(self) -> bool:
        """Whether that was said."""
        return self._event.is_set()


class Executor(ABC):
    """Trains cohorts. All methods are called by one thread, in this order for every cohort.

    `submit` or `replay`, in the order of their numbers; of a submitted one `results`; then `settle`, in the order of
    their numbers too. The cohorts that were settled when one was submitted are those whose results it was asked with.
    """

    @abstractmethod
    def submit(self, order: Order) -> None:
        """Have a cohort trained. One that is submitted again has its trials trained that are not recorded."""

    @abstractmethod
    def replay(self, order: Order, passed: Mapping[int, int]) -> None:
        """In the place of `submit`, for a cohort that has ended in an earlier process.

        Args:
            order: The cohort.
            passed: How many rungs each of its trials has passed.
        """

    @abstractmethod
    def settle(self, number: int) -> None:
        """The results of a cohort are known to those that are submitted from now on."""

    @abstractmethod
    def results(self) -> Iterator[Trial | CohortEnded]:
        """Trials as they end, in any order, and the end of each cohort behind its last trial.

        Ends when no submitted cohort trains, or when the executor is cancelled: then without further results. Cohorts
        may be submitted and settled between two results.
        """

    @abstractmethod
    def close(self) -> None:
        """End whatever trains, and wait for it. The cohorts that are not settled are settled."""
