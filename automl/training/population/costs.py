"""What programs cost, by estimates that depend on their shapes alone.

Seconds of one core of the machine that the population was developed on (DECISIONS.md); only their proportions matter.
"""

import math
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import final

from automl.training.population.jobs import Job
from automl.training.population.structure import Structure

_COMPILE_SECONDS, _COMPILE_LAYER_SECONDS = 0.7, 0.4
_FLOP_SECONDS, _WEIGHT_SECONDS, _ACTIVATION_SECONDS = 2e-11, 1.5e-9, 1e-9

EPOCH_SHARE = 0.6
"""Share of the epochs that members train before they stop, by experience."""

_GO_ON = 4
"""One of so many members that begin is trained to its end where there are rungs, by experience."""


@dataclass(frozen=True, slots=True)
class Epochs:
    """Epochs that members train, all together; whole numbers, whose sum does not depend on the order of the members.

    Attributes:
        stopping: Of members that stop early, at most.
        others: Of those that do not.
    """

    stopping: int
    others: int

    @classmethod
    def of(cls, jobs: Iterable[Job]) -> "Epochs":
        """Those of some jobs."""
        stopping, others = 0, 0
        for job in jobs:
            rest = job.num_epochs - job.begun
            if job.until:
                others += job.last_epoch - job.begun
                stopping += (job.num_epochs - job.last_epoch) // _GO_ON
            elif job.patience:
                stopping += rest
            else:
                others += rest
        return cls(stopping, others)

    def __add__(self, more: "Epochs") -> "Epochs":
        return Epochs(self.stopping + more.stopping, self.others + more.others)

    @property
    def expected(self) -> float:
        """How many they are likely to be."""
        return self.stopping * EPOCH_SHARE + self.others


def _matrix_flops(structure: Structure) -> int:
    """Of the optimizer's products of kernels in a step: five iterations of Newton and Schulz, three products each."""
    if structure.optimizer != "muon":
        return 0
    shapes = (sorted(weight.shape) for weight in structure.network.weights if weight.is_hidden)
    return sum(10 * least * least * (2 * most + least) for least, most in shapes)


@final
class Costs:
    """Estimates for the programs of one study.

    Args:
        num_rows: Rows of a view.
        num_measured: Rows of it that are evaluated after each epoch.
        compiled: Structures that cost no compilation any more.
    """

    def __init__(self, num_rows: int, num_measured: int, compiled: Collection[Structure] = ()) -> None:
        self._num_rows, self._num_measured, self._compiled = num_rows, num_measured, compiled
        self._epochs: dict[Structure, float] = {}

    def compile_seconds(self, structure: Structure) -> float:
        """What compilation costs, if it is still to be done."""
        if structure in self._compiled:
            return 0.0
        return _COMPILE_SECONDS + _COMPILE_LAYER_SECONDS * len(structure.network.widths)

    def epoch_seconds(self, structure: Structure) -> float:
        """One epoch of one member: steps, then an evaluation of all rows."""
        seconds = self._epochs.get(structure)  # one hash of all layers
        if seconds is None:
            seconds = self._epochs[structure] = self._estimate(structure)
        return seconds

    def run_seconds(self, structure: Structure, epochs: Epochs) -> float:
        """What members of a structure cost without compilation."""
        return epochs.expected * self.epoch_seconds(structure)

    def seconds(self, structure: Structure, epochs: Epochs) -> float:
        """What they cost with it."""
        return self.compile_seconds(structure) + self.run_seconds(structure, epochs)

    def _estimate(self, structure: Structure) -> float:
        cost, batch_size = structure.network.cost, structure.batch_size
        steps = math.ceil(self._num_rows / batch_size)
        flops = 6 * cost.products * steps * batch_size + 2 * cost.products * self._num_measured
        flops += steps * _matrix_flops(structure)
        activations = 4 * cost.activations * self._num_rows
        traffic = steps * structure.capacity
        return flops * _FLOP_SECONDS + traffic * _WEIGHT_SECONDS + activations * _ACTIVATION_SECONDS
