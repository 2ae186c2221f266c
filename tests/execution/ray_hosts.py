"""Actors on Ray that take one study after another: to start a process for each test would take half a minute."""

from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

from automl.execution.acting import Actor, Answer, Equipment, Step
from automl.execution.actors import Cluster, RemoteActor
from automl.execution.ray_cluster import RayActor


class Host:
    """The process of an actor."""

    def begin(self, prepare: Callable[[], Equipment], limited: bool) -> None:
        self.actor = Actor(prepare, limited)

    def ask(self, steps: Sequence[Step], seconds_left: float) -> Answer:
        return self.actor.ask(steps, seconds_left)

    def leave(self) -> None:
        self.actor.leave()


class HostedActor(RemoteActor):
    def __init__(self, ray: ModuleType, host: Any) -> None:
        self.actor, self.host = RayActor(ray, host), host

    def ask(self, steps: Sequence[Step], seconds_left: float) -> None:
        self.actor.ask(steps, seconds_left)

    def answer(self) -> Answer | None:
        return self.actor.answer()

    def end(self) -> None:
        self.host.leave.remote()


class Hosts(Cluster):
    """So many of these processes."""

    def __init__(self, ray: ModuleType, count: int) -> None:
        self.ray = ray
        self.hosts = [ray.remote(num_cpus=1)(Host).remote() for _ in range(count)]
        self.num_wanted = count
        self.num_hired = 0

    def num_actors(self, in_flight: int) -> int:
        return self.num_wanted

    def hire(self, prepare: Callable[[], Equipment], limited: bool) -> RemoteActor:
        host = self.hosts[self.num_hired % len(self.hosts)]
        self.num_hired += 1
        host.begin.remote(prepare, limited)
        return HostedActor(self.ray, host)

    def room(self) -> str:
        return ""
