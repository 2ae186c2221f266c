"""Actors on a Ray cluster, by Ray Core; what runs on it. `ray_driver.py` connects to it.

An actor is a process with a share of a machine: so many CPUs, so many GPUs. Ray restarts none and repeats no call:
which cohort is trained again, and where, is decided by `ActorBoard`.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, final

from automl.execution.acting import Actor, Answer, Equipment, Step
from automl.execution.actors import ActorLostError, Cluster, RemoteActor
from automl.execution.ray_driver import Machine, Shares, Wanted, cut, num_places

LOGGER = logging.getLogger(__name__)


@final
class RayCluster(Cluster):
    """The cluster on which this process is a driver.

    Args:
        ray: What `connect` gives.
        wanted: Shares that were asked for.
    """

    def __init__(self, ray: Any, wanted: Wanted) -> None:
        self._ray, self._wanted = ray, wanted
        self._shares = Shares(1, 1, 0.0)

    def num_actors(self, in_flight: int) -> int:
        """See `Cluster.num_actors`."""
        machines = self._machines()
        self._shares = shares = cut(machines, in_flight, self._wanted)
        there = num_places(machines, shares)
        if there < shares.actors:
            LOGGER.warning("Now there is room for %d of %d actors. %s", there, shares.actors, self.room())
        return shares.actors

    def hire(self, prepare: Callable[[], Equipment], limited: bool) -> RemoteActor:
        """See `Cluster.hire`."""
        shares = self._shares
        options = {"num_cpus": shares.cpus, "num_gpus": shares.gpus}
        remote = self._ray.remote(max_restarts=0, max_task_retries=0, **options)(Actor)
        return RayActor(self._ray, remote.remote(prepare, limited, shares.cpus))

    def room(self) -> str:
        """See `Cluster.room`."""
        shares, machines = self._shares, self._machines()
        there = "; ".join(_counted(machine.cpus, machine.gpus) for machine in machines)
        needs = _counted(shares.cpus, shares.gpus)
        return f"An actor needs {needs} of one machine; the machines have {there}."

    def _machines(self) -> list[Machine]:
        resources = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        return [Machine(float(has.get("CPU", 0.0)), float(has.get("GPU", 0.0))) for has in resources]


@final
class RayActor(RemoteActor):
    """An actor of Ray."""

    def __init__(self, ray: Any, handle: Any) -> None:
        self._ray, self._handle, self._question = ray, handle, None

    def ask(self, steps: Sequence[Step], seconds_left: float) -> None:
        """See `RemoteActor.ask`."""
        self._question = self._handle.ask.remote(list(steps), seconds_left)

    def answer(self) -> Answer | None:
        """See `RemoteActor.answer`."""
        ready, _ = self._ray.wait([self._question], timeout=0)
        if not ready:
            return None
        try:
            answer: Answer = self._ray.get(self._question)
        except self._ray.exceptions.RayError as error:
            raise ActorLostError(_reason(str(error))) from None
        return answer

    def end(self) -> None:
        """See `RemoteActor.end`."""
        with suppress(self._ray.exceptions.RayError, ValueError):
            self._ray.kill(self._handle)


def _counted(cpus: float, gpus: float) -> str:
    """CPUs and GPUs in words.

    >>> _counted(1, 0.5), _counted(8, 0)
    ('1 CPU and 0.5 GPUs', '8 CPUs')
    """
    parts = [(cpus, "CPU"), *([(gpus, "GPU")] if gpus else [])]
    return " and ".join(f"{count:g} {name}{'' if count == 1 else 's'}" for count, name in parts)


def _reason(text: str) -> str:
    """The line of Ray's message that says why."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "because" in line or line.startswith("ray.exceptions")]
    reason = (telling or lines or ["its process has ended"])[-1]
    return reason.partition(" Some common causes")[0].rstrip(".")
