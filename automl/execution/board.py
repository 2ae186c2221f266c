"""Where the process that runs a study offers its cohorts to others, and takes in what they have trained."""

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from automl.execution.executor import Order
from automl.progress import Progress
from automl.records.cohort_states import CohortState
from automl.trial import Trial


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a cohort is that was offered.

    Attributes:
        state: Waiting, training, trained; or running, where this process has taken it.
        held: Whether whoever trains it is alive.
        progress: How far they are, where that is known.
        trials: What they have given since the last look.
        is_broken: Whether something that they gave since then cannot be read.
        is_left: Whether nobody is going to train it but this process.
    """

    state: CohortState
    held: bool
    progress: Progress | None = None
    trials: tuple[Trial, ...] = ()
    is_broken: bool = False
    is_left: bool = False

    @property
    def is_free(self) -> bool:
        """Whether nobody trains it, although somebody should."""
        return self.state is CohortState.WAITING or (self.state is CohortState.TRAINING and not self.held)


class Board(ABC):
    """The cohorts that are offered. All methods are called by one thread.

    Attributes:
        joins: Whether the process that offers them trains as well, beside the others.
    """

    joins = True

    @abstractmethod
    def offer(self, order: Order, ends: float | None) -> None:
        """A cohort may be trained by others. It comes again where some of its trials could not begin in time.

        Args:
            order: The cohort.
            ends: When its training must end, in seconds since 1970; None without a limit.

        Raises:
            RecordError: The offer cannot be recorded.
        """

    @abstractmethod
    def take(self, number: int, anyway: bool = False) -> bool:
        """This process trains a cohort itself, unless somebody else does.

        Args:
            number: Of the cohort.
            anyway: Take it also from whoever seems to train it, or has trained it.
        """

    @abstractmethod
    def end_at(self, numbers: Collection[int], ends: float) -> None:
        """Training of cohorts must end then, in seconds since 1970."""

    @abstractmethod
    def look(self) -> Mapping[int, Standing]:
        """What was offered and is not settled, by number.

        Raises:
            RecordError: Nothing can be known at this moment.
            ClusterError: Whoever should train cannot train this study.
        """

    @abstractmethod
    def num_helpers(self) -> int:
        """How many others could train at the last look, those included that did."""

    @abstractmethod
    def now(self) -> float:
        """Seconds since 1970."""

    @abstractmethod
    def withdraw(self) -> None:
        """Nobody is to train any more what has been offered."""

    @abstractmethod
    def settle(self, number: int) -> None:
        """A cohort is told: all of its trials are recorded."""

    def replay(self, order: Order, passed: Mapping[int, int]) -> None:  # noqa: B027  most need not know
        """A cohort has ended: those who plan later ones plan it with these rungs passed, by number of the trial."""

    def give_out(self, orders: Mapping[int, Order]) -> None:  # noqa: B027  workers of a record come for themselves
        """Hand out what waits, as it is now, by number."""

    def close(self) -> None:  # noqa: B027
        """Let go of whoever trains."""
