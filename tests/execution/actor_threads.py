"""A cluster of this process: actors that are threads, and an executor that trains by them with a stand-in engine."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from stand_in_engine import StandInEngine

from automl.execution.acting import Actor, Answer, Equipment, Step
from automl.execution.actors import ActorBoard, ActorLostError, Cluster, RemoteActor
from automl.execution.executor import CancelToken
from automl.execution.workers import WorkersExecutor
from automl.search.pruners.rungs import Rungs
from automl.training.engine import Watch
from automl.trial import Rung

POLL = 0.001


def equip(looks: Mapping[int, int], rungs: tuple[Rung, ...]) -> Equipment:
    """What an actor trains with, in a thread or on Ray."""
    return Equipment(StandInEngine(looks, POLL), Rungs(), rungs)


class ThreadActor(RemoteActor):
    def __init__(self, actor: Actor) -> None:
        self.actor, self.waiting, self.steps, self.is_lost = actor, None, list[Step](), False

    def ask(self, steps: Sequence[Step], seconds_left: float) -> None:
        assert self.waiting is None
        self.steps += steps
        self.waiting = self.actor.ask(steps, seconds_left)

    def answer(self) -> Answer | None:
        if self.is_lost:
            raise ActorLostError("its process has ended")
        answer, self.waiting = self.waiting, None
        return answer

    def end(self) -> None:
        self.actor.leave()


@dataclass
class Threads(Cluster):
    """So many actors; each that was hired is kept."""

    count: int
    hired: list[ThreadActor] = field(default_factory=list)

    def num_actors(self, in_flight: int) -> int:
        return self.count

    def hire(self, prepare: Callable[[], Equipment], limited: bool) -> RemoteActor:
        self.hired.append(ThreadActor(Actor(prepare, limited)))
        return self.hired[-1]

    def room(self) -> str:
        return "There is room for none."


def acted(
    cluster: Cluster, looks: Mapping[int, int], watch: Watch, token: CancelToken, in_flight: int = 3
) -> WorkersExecutor:
    """An executor that trains by actors of a cluster."""
    board = ActorBoard(cluster, partial(equip, dict(looks), watch.rungs), watch.limited, in_flight)
    return WorkersExecutor(StandInEngine(looks, POLL), Rungs(), watch, token, board, POLL)
