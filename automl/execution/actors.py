"""Cohorts that are trained by actors of a cluster: who gets which, and what becomes of those of an actor that is lost.

What an actor trains follows from its order and from the steps that all actors take, so that it does not matter which
one trains a cohort, nor how many there are.
"""

import logging
import math
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

from automl.errors import ClusterError
from automl.execution.acting import Answer, Equipment, Planned, Replayed, Settled, Step, Submitted
from automl.execution.board import Board, Standing
from automl.execution.executor import Order
from automl.progress import Progress
from automl.records.cohort_results import unpacked_content
from automl.records.cohort_states import MOST_ATTEMPTS, CohortState
from automl.trial import Trial

LOGGER = logging.getLogger(__name__)

_START_SECONDS = 180.0
"""That the first actor may take until this process trains in its place."""


class ActorLostError(Exception):
    """An actor has ended, or its machine is gone."""


class RemoteActor(ABC):
    """An actor as the process sees it that runs the study. Nothing here waits."""

    @abstractmethod
    def ask(self, steps: Sequence[Step], seconds_left: float) -> None:
        """Ask it; see `Actor.ask`. The answer to the question before has come."""

    @abstractmethod
    def answer(self) -> Answer | None:
        """Its answer; None as long as there is none.

        Raises:
            ActorLostError: There will be none.
        """

    @abstractmethod
    def end(self) -> None:
        """End its process, whatever it does."""


class Cluster(ABC):
    """Machines on which actors run."""

    @abstractmethod
    def num_actors(self, in_flight: int) -> int:
        """How many actors train a study that has so many cohorts in flight, at least 1."""

    @abstractmethod
    def hire(self, prepare: Callable[[], Equipment], limited: bool) -> RemoteActor:
        """Start an actor, or have it wait until there is room for it; see `Actor`."""

    @abstractmethod
    def room(self) -> str:
        """What an actor needs and what there is, in words."""


@dataclass(slots=True)
class _Seat:
    """The place of an actor; when one is lost, another takes it."""

    actor: RemoteActor
    hired: float
    is_ready: bool = False
    is_asked: bool = False
    has_answered: bool = False
    num_taken: int = 0
    cohorts: dict[int, Order] = field(default_factory=dict)
    trained: set[int] = field(default_factory=set)
    num_lost: int = 0


@dataclass(slots=True)
class _Offered:
    """A cohort that was offered."""

    state: CohortState = CohortState.WAITING
    progress: Progress | None = None
    trials: list[Trial] = field(default_factory=list)
    num_lost: int = 0


@final
class ActorBoard(Board):
    """Cohorts for the actors of one study.

    Args:
        cluster: Where they run.
        prepare: Prepares the study there; it travels.
        limited: Whether time may end the search.
        in_flight: How many cohorts train at the same time.
    """

    joins = False

    def __init__(
        self, cluster: Cluster, prepare: Callable[[], Equipment], limited: bool, in_flight: int
    ) -> None:
        self._cluster, self._prepare, self._limited = cluster, prepare, limited
        self._num_actors = cluster.num_actors(in_flight)
        self._seats: list[_Seat] = []
        self._steps: list[Step] = []
        self._offered: dict[int, _Offered] = {}
        self._planned: set[int] = set()
        self._ends: float | None = None
        self._has_hired = self._has_warned = False

    def offer(self, order: Order, ends: float | None) -> None:
        """See `Board.offer`."""
        if not self._has_hired:
            self._has_hired = True
            self._seats = [_Seat(self._hire(), time.monotonic()) for _ in range(self._num_actors)]
        if order.number not in self._planned:
            self._planned.add(order.number)
            self._steps.append(Planned(_members_of(order)))
        self._offered[order.number] = _Offered()
        self._ends = ends

    def replay(self, order: Order, passed: Mapping[int, int]) -> None:
        """See `Board.replay`."""
        self._planned.add(order.number)
        self._steps.append(Replayed(_members_of(order), dict(passed)))

    def settle(self, number: int) -> None:
        """See `Board.settle`."""
        self._offered.pop(number, None)
        self._steps.append(Settled(number))

    def take(self, number: int, anyway: bool = False) -> bool:
        """See `Board.take`."""
        offered = self._offered[number]
        if offered.state is CohortState.TRAINING:
            if not anyway:
                return False
            for seat in [seat for seat in self._seats if number in seat.cohorts]:
                self._lose(seat, "it does not end in time")
        offered.state = CohortState.RUNNING
        return True

    def end_at(self, numbers: Collection[int], ends: float) -> None:  # noqa: ARG002  all end with the search
        """See `Board.end_at`."""
        self._ends = ends

    def look(self) -> Mapping[int, Standing]:
        """See `Board.look`."""
        for seat in list(self._seats):
            self._hear(seat)
        self._warn()
        return {number: self._standing(offered) for number, offered in self._offered.items()}

    def num_helpers(self) -> int:
        """See `Board.num_helpers`."""
        return len(self._seats)

    def now(self) -> float:
        """See `Board.now`."""
        return time.time()

    def withdraw(self) -> None:
        """See `Board.withdraw`."""
        self.close()

    def close(self) -> None:
        """See `Board.close`."""
        seats, self._seats = self._seats, []
        for seat in seats:
            seat.actor.end()

    def give_out(self, orders: Mapping[int, Order]) -> None:
        """See `Board.give_out`: each to the actor that has the fewest."""
        coming = [seat for seat in self._seats if seat.is_ready or not _is_late(seat)]
        num_open = len(orders) + sum(len(seat.cohorts) for seat in self._seats)
        most = math.ceil(num_open / len(coming)) if coming else 0  # not all to the first that is there
        given: dict[int, list[Step]] = {}
        for number in sorted(orders):
            able = [seat for seat in coming if seat.is_ready and not seat.is_asked]
            seat = min(able, key=lambda seat: len(seat.cohorts), default=None)
            if seat is not None and len(seat.cohorts) < most:
                seat.cohorts[number] = orders[number]
                given.setdefault(id(seat), []).append(Submitted(orders[number]))
                self._offered[number].state = CohortState.TRAINING
        left = math.inf if self._ends is None else self._ends - self.now()
        for seat in self._seats:
            if not seat.is_asked:
                seat.actor.ask([*self._steps_for(seat), *given.get(id(seat), ())], left)
                seat.is_asked = True

    def _steps_for(self, seat: _Seat) -> list[Step]:
        """The steps that it has not taken; what it has trained is not planned as if another had."""
        steps, seat.num_taken = self._steps[seat.num_taken :], len(self._steps)
        return [
            step for step in steps if not (isinstance(step, Replayed) and step.order.number in seat.trained)
        ]

    def _hear(self, seat: _Seat) -> None:
        """Take in what an actor answers."""
        try:
            answer = seat.actor.answer() if seat.is_asked else None
        except ActorLostError as error:
            self._lose(seat, str(error))
            return
        if answer is None:
            return
        if answer.refusal:
            raise ClusterError(f"an actor cannot train this study: {answer.refusal}")
        if answer.failure:
            self._lose(seat, answer.failure.strip().rpartition("\n")[2])
            LOGGER.debug("%s", answer.failure)
            return
        seat.is_asked, seat.has_answered, seat.is_ready = False, True, answer.is_ready
        for number, progress in answer.progress.items():
            self._offered[number].progress = progress
        for number, content in answer.trials.items():
            self._offered[number].trials += unpacked_content(content)
        for number in answer.ended:
            self._offered[number].state = CohortState.TRAINED
            order, seat.num_lost = seat.cohorts.pop(number), 0
            if not self._limited and not order.recorded:
                seat.trained.add(number)

    def _lose(self, seat: _Seat, reason: str) -> None:
        """Another actor takes the place of one that is lost, and its cohorts wait."""
        seat.actor.end()
        numbers = sorted(seat.cohorts)
        again = f"; cohort {', '.join(map(str, numbers))} will be trained again" if numbers else ""
        LOGGER.warning("An actor was lost (%s)%s.", reason, again)
        for number in numbers:
            offered = self._offered[number]
            offered.state, offered.progress = CohortState.WAITING, None
            offered.num_lost += 1
        if seat.num_lost + 1 >= MOST_ATTEMPTS:
            LOGGER.warning("%d actors in a row were lost in one place. It stays empty.", MOST_ATTEMPTS)
            self._seats = [other for other in self._seats if other is not seat]
            return
        place = self._seats.index(seat)
        self._seats[place] = _Seat(self._hire(), time.monotonic(), num_lost=seat.num_lost + 1)

    def _standing(self, offered: _Offered) -> Standing:
        trials, offered.trials = tuple(offered.trials), []
        is_left = offered.num_lost >= MOST_ATTEMPTS or self._nobody_comes
        return Standing(offered.state, True, offered.progress, trials, is_left=is_left)

    @property
    def _nobody_comes(self) -> bool:
        """Whether there is no actor, and none was there soon enough."""
        return all(not seat.has_answered and _is_late(seat) for seat in self._seats)

    def _warn(self) -> None:
        if self._seats and self._nobody_comes and not self._has_warned:
            self._has_warned = True
            LOGGER.warning("No actor trains: this process does. %s", self._cluster.room())

    def _hire(self) -> RemoteActor:
        return self._cluster.hire(self._prepare, self._limited)


def _is_late(seat: _Seat) -> bool:
    return time.monotonic() > seat.hired + _START_SECONDS


def _members_of(order: Order) -> Order:
    """What a plan follows from, without what trials are compared with."""
    return Order(order.number, order.members)
