"""This process as a driver on a Ray cluster, and how the cluster is cut. Loads neither Ray nor TensorFlow by itself."""

import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from automl.errors import ClusterError

INSTALL = "pip install 'automl[ray]'"

_ADDRESS = "RAY_ADDRESS"
_REACH_SECONDS = 10.0


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


def connect() -> Any:
    """Become a driver on the cluster of `RAY_ADDRESS`, or of this machine, where this process is not one; gives Ray.

    Raises:
        ClusterError: Ray is not installed, or there is no cluster.
    """
    try:
        import ray
    except ImportError as error:
        cure = f"Install it with `{INSTALL}`."
        raise ClusterError(f"`--on ray` needs the package {error.name}. {cure}") from None
    if not ray.is_initialized():
        _join(ray)
    return ray


def _join(ray: Any) -> None:
    address = os.environ.get(_ADDRESS, "auto")
    if address.startswith("ray://"):
        cure = "Send the command to the cluster: `ray job submit -- automl run …` (docs/ray.md)."
        raise ClusterError(f"{_ADDRESS} is an address of Ray Client, which is not used. {cure}")
    try:
        _reach(address)
        ray.init(address=address, log_to_driver=False, logging_level="WARNING")
    except (ConnectionError, RuntimeError, ValueError, OSError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        cure = "Start one with `ray start --head`, or send the command to one with `ray job submit` (docs/ray.md)."
        raise ClusterError(f"no Ray cluster is reached at {address!r}: {reason}. {cure}") from None


def _reach(address: str) -> None:
    """See whether the cluster answers: Ray itself asks for minutes.

    Raises:
        OSError: It does not, or there is none.
    """
    from ray._private import services  # no public function tells where the cluster of this machine is

    if address == "local":
        return
    host, _, port = services.canonicalize_bootstrap_address(address).rpartition(":")
    socket.create_connection((host, int(port)), timeout=_REACH_SECONDS).close()
