"""Actors on a Ray cluster, by Ray Core; the only user of Ray. The process that runs the study is a driver there.

An actor is a process with a share of a machine: so many CPUs, so many GPUs. Ray restarts none and repeats no call:
which cohort is trained again, and where, is decided by `ActorBoard`.
"""

import logging
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, final

from automl.errors import ClusterError
from automl.execution.acting import Actor, Answer, Equipment, Step
from automl.execution.actors import ActorLostError, Cluster, RemoteActor

LOGGER = logging.getLogger(__name__)

INSTALL = "pip install 'automl[ray]'"

_ADDRESS = "RAY_ADDRESS"


@dataclass(frozen=True, slots=True)
class Machine:
    """What Ray may use of a machine."""

    cpus: float
    gpus: float = 0.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for; None where the cluster decides.

    Attributes:
        actors: How many.
        cpus: Of each.
        gpus: Of each; a part of one is shared.
    """

    actors: int | None = None
    cpus: int | None = None
    gpus: float | None = None


@dataclass(frozen=True, slots=True)
class Shares:
    """How a cluster is cut: so many actors at most, each with so many CPUs and GPUs."""

    actors: int
    cpus: int
    gpus: float


def cut(machines: Sequence[Machine], in_flight: int, wanted: Wanted) -> Shares:
    """Shares of a cluster: a GPU each where there are some, and as many CPUs as let all actors train at once.

    More actors than cohorts in flight would have nothing to do.

    >>> cut([Machine(8), Machine(8)], 3, Wanted())
    Shares(actors=3, cpus=4, gpus=0.0)
    >>> cut([Machine(8), Machine(16, gpus=2)], 8, Wanted())
    Shares(actors=2, cpus=8, gpus=1.0)
    """
    gpus = wanted.gpus
    if gpus is None:
        gpus = 1.0 if any(machine.gpus >= 1.0 for machine in machines) else 0.0
    actors = wanted.actors or min(in_flight, max(1, num_places(machines, Shares(1, wanted.cpus or 1, gpus))))
    most = max((int(machine.cpus) for machine in machines), default=1)
    fitting = [cpus for cpus in range(1, most + 1) if num_places(machines, Shares(1, cpus, gpus)) >= actors]
    return Shares(actors, wanted.cpus or max(fitting, default=1), gpus)


def num_places(machines: Sequence[Machine], shares: Shares) -> int:
    """How many actors of such a share have room at the same time."""

    def places(machine: Machine) -> float:
        by_cpus = machine.cpus // shares.cpus
        return min(by_cpus, machine.gpus // shares.gpus) if shares.gpus else by_cpus

    return int(sum(map(places, machines)))


@final
class RayCluster(Cluster):
    """The cluster on which this process is a driver.

    Args:
        wanted: Shares that were asked for.

    Raises:
        ClusterError: Ray is not installed, or there is no cluster.
    """

    def __init__(self, wanted: Wanted) -> None:
        self._ray, self._wanted = _ray(), wanted
        self._shares = Shares(1, 1, 0.0)
        _connect(self._ray)

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

    def close(self) -> None:
        """Leave the cluster; whatever actors are left end."""
        self._ray.shutdown()

    def _machines(self) -> list[Machine]:
        resources = [node["Resources"] for node in self._ray.nodes() if node["Alive"]]
        return [Machine(float(has.get("CPU", 0.0)), float(has.get("GPU", 0.0))) for has in resources]


@final
class RayActor(RemoteActor):
    """An actor of Ray."""

    def __init__(self, ray: Any, handle: Any) -> None:
        self._ray, self._handle, self._asked = ray, handle, None

    def ask(self, steps: Sequence[Step], seconds_left: float) -> None:
        """See `RemoteActor.ask`."""
        self._asked = self._handle.ask.remote(list(steps), seconds_left)

    def answer(self) -> Answer | None:
        """See `RemoteActor.answer`."""
        ready, _ = self._ray.wait([self._asked], timeout=0)
        if not ready:
            return None
        try:
            answer: Answer = self._ray.get(self._asked)
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


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise ClusterError(
            f"`--on ray` needs the package {error.name}. Install it with `{INSTALL}`."
        ) from None
    return ray


def _connect(ray: Any) -> None:
    """Become a driver on the cluster of `RAY_ADDRESS`, or of this machine."""
    if ray.is_initialized():
        return
    address = os.environ.get(_ADDRESS, "auto")
    if address.startswith("ray://"):
        cure = "Send the command to the cluster: `ray job submit -- automl run …` (docs/ray.md)."
        raise ClusterError(f"{_ADDRESS} is an address of Ray Client, which is not used. {cure}")
    try:
        ray.init(address=address, log_to_driver=False, logging_level="WARNING")
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        reason = str(error).partition("\n")[0]
        cure = "Start one with `ray start --head`, or send the command to one with `ray job submit` (docs/ray.md)."
        raise ClusterError(f"no Ray cluster is reached at {address!r}: {reason} {cure}") from None
