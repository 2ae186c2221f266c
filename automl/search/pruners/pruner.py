"""The interface of what ends weak trials early. A pruner sees how trials compare at a rung, never the study."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from automl.trial import Report, Rung

Reports = Mapping[int, Report]
"""What trials are compared by at a rung, by number."""


class Pruner(ABC):
    """Decides where trials are compared and which of them end there; a function of its arguments alone."""

    @abstractmethod
    def rungs(self, num_epochs: int, num_folds: int) -> tuple[Rung, ...]:
        """Where the trials of a study are compared, in order; none where that would not pay.

        Args:
            num_epochs: Epochs of a network at most.
            num_folds: Folds of a trial.
        """

    @abstractmethod
    def num_going_on(self, number: int, num_trials: int) -> int:
        """How many of so many trials pass a rung.

        Args:
            number: Of the rung, from 0.
            num_trials: Trials that come there.
        """

    @abstractmethod
    def judge(self, number: int, reports: Reports, pool: Reports) -> dict[int, str]:
        """The trials that end at a rung, each with the reason in a sentence without its stop.

        Args:
            number: Of the rung where they are, from 0.
            reports: Of the trials that have just come there.
            pool: Of all trials that have come there so far, these among them.
        """
