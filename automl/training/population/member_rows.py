"""What a population holds of its members: arrays with a row for each place, on the host or on the device.

On a CPU the best weights and predictions so far are NumPy arrays, which the members' rows are copied into. To and from
an accelerator such copies would take longer than an epoch: there they stay on the device, and only the rows of members
that enter or leave travel.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, final

import numpy
from keras import ops

from automl.networks.layers.layer import Shape
from automl.training.backend import Function, backend_name, compiled
from automl.training.population.nests import copy_rows, map_nest, rows_of, select_rows, to_numpy, to_tensors
from automl.training.population.structure import Structure
from automl.training.population.updates import UPDATES

Nest = dict[str, Any]
"""By name: `state` as a program takes it, `best` (weights, then moments) and `predictions` of a member's best epoch."""


class MemberRows(ABC):
    """The rows of the places of one population, all zeros at first. Not shared between threads.

    Args:
        structure: What the members have in common.
        num_places: Members that train at once.
        num_measured: Rows of a view that are predicted.
    """

    def __init__(self, structure: Structure, num_places: int, num_measured: int) -> None:
        self._structure, self._num_places, self._num_measured = structure, num_places, num_measured
        self.state: dict[str, Any] = {}

    @abstractmethod
    def keep(self, improved: numpy.ndarray, predictions: Any) -> None:
        """Remember the weights and the predictions of members that have just been better than before."""

    @abstractmethod
    def put(self, places: Sequence[int], nests: Sequence[Nest]) -> None:
        """Write members into places, each from arrays with a leading axis of length 1; all with the same names."""

    @abstractmethod
    def take(self, places: Sequence[int], names: Sequence[str]) -> list[Nest]:
        """Copies of the rows of some places, as `put` takes them."""

    @abstractmethod
    def moved(self, places: Sequence[int], num_places: int) -> "MemberRows":
        """Rows for so many places, the first ones those of the places that are named."""

    def averaged(self) -> list[Any]:
        """The weights that predict, then the moments."""
        update = UPDATES[self._structure.optimizer]
        return [*update.averaged(self.state["weights"], self.state["slots"]), *self.state["moments"]]


def _zeros(structure: Structure, num_places: int, num_measured: int, zeros: Callable[..., Any]) -> Nest:
    """A nest of zeros."""

    def arrays(shapes: list[Shape]) -> list[Any]:
        return [zeros((num_places, *shape), "float32") for shape in shapes]

    state = {
        "weights": arrays(structure.shapes),
        "slots": [arrays(structure.shapes) for _ in range(UPDATES[structure.optimizer].num_slots)],
        "moments": arrays(structure.moment_shapes),
        "times": zeros((num_places,), "int32"),
    }
    best = arrays(structure.shapes) + arrays(structure.moment_shapes)
    return {
        "state": state,
        "best": best,
        "predictions": zeros((num_places, num_measured, structure.num_outputs), "float32"),
    }


def entering(structure: Structure, weights: list[numpy.ndarray], moments: list[numpy.ndarray]) -> Nest:
    """The rows of a member that begins, from its initial weights and moments."""
    slots = [
        [numpy.zeros((1, *array.shape), numpy.float32) for array in weights]
        for _ in range(UPDATES[structure.optimizer].num_slots)
    ]
    state = {
        "weights": [array[None] for array in weights],
        "slots": slots,
        "moments": [array[None] for array in moments],
        "times": numpy.zeros(1, numpy.int32),
    }
    return {"state": state}


@final
class HostRows(MemberRows):
    """The best epochs in NumPy arrays."""

    def __init__(self, structure: Structure, num_places: int, num_measured: int) -> None:
        super().__init__(structure, num_places, num_measured)
        zeros = _zeros(structure, num_places, num_measured, numpy.zeros)
        self.state = to_tensors(zeros.pop("state"))
        self._kept = zeros

    def keep(self, improved: numpy.ndarray, predictions: Any) -> None:
        """See `MemberRows.keep`."""
        if not improved.any():
            return
        self._kept["predictions"][improved] = ops.convert_to_numpy(predictions)[improved]
        for best, now in zip(self._kept["best"], self.averaged(), strict=True):
            best[improved] = ops.convert_to_numpy(now)[improved]

    def put(self, places: Sequence[int], nests: Sequence[Nest]) -> None:
        """See `MemberRows.put`."""
        whole = {"state": to_numpy(self.state), **self._kept}
        for place, nest in zip(places, nests, strict=True):
            copy_rows(nest, [0], {name: whole[name] for name in nest}, slice(place, place + 1))
        self.state = to_tensors(whole["state"])

    def take(self, places: Sequence[int], names: Sequence[str]) -> list[Nest]:
        """See `MemberRows.take`."""
        whole = {"state": to_numpy(self.state) if "state" in names else None, **self._kept}
        wanted = {name: whole[name] for name in names}
        return [rows_of(wanted, place) for place in places]

    def moved(self, places: Sequence[int], num_places: int) -> MemberRows:
        """See `MemberRows.moved`."""
        fresh = HostRows(self._structure, num_places, self._num_measured)
        state, to = to_numpy(fresh.state), slice(0, len(places))
        copy_rows(to_numpy(self.state), list(places), state, to)
        copy_rows(self._kept, list(places), fresh._kept, to)
        fresh.state = to_tensors(state)
        return fresh


@final
class DeviceRows(MemberRows):
    """Everything on the device.

    Rows are taken and put by programs that are compiled for a few numbers of rows; the last row is repeated up to one.
    """

    def __init__(self, structure: Structure, num_places: int, num_measured: int) -> None:
        super().__init__(structure, num_places, num_measured)
        zeros = _zeros(structure, num_places, num_measured, ops.zeros)
        self.state = zeros.pop("state")
        self._kept = zeros

    def keep(self, improved: numpy.ndarray, predictions: Any) -> None:
        """See `MemberRows.keep`."""
        if improved.any():
            now = {"best": self.averaged(), "predictions": predictions}
            self._kept = _program("select")(ops.convert_to_tensor(improved), now, self._kept)

    def put(self, places: Sequence[int], nests: Sequence[Nest]) -> None:
        """See `MemberRows.put`."""
        index = _filled_up(places, self._num_places)
        given = [*nests, *[nests[-1]] * (len(index) - len(nests))]
        rows = to_tensors(_joined(given))
        whole = {"state": self.state, **self._kept}
        written = _program("write")(
            {name: whole[name] for name in rows}, ops.convert_to_tensor(index[:, None]), rows
        )
        self.state = written.pop("state", self.state)
        self._kept |= written

    def take(self, places: Sequence[int], names: Sequence[str]) -> list[Nest]:
        """See `MemberRows.take`."""
        if not places:
            return []
        whole = {"state": self.state, **self._kept}
        index = _filled_up(places, self._num_places)
        taken = _program("read")({name: whole[name] for name in names}, ops.convert_to_tensor(index))
        taken = map_nest(taken, ops.convert_to_numpy)
        return [rows_of(taken, number) for number in range(len(places))]

    def moved(self, places: Sequence[int], num_places: int) -> MemberRows:
        """See `MemberRows.moved`."""
        fresh = DeviceRows(self._structure, num_places, self._num_measured)
        index = numpy.array([*places, *[places[-1]] * (num_places - len(places))], numpy.int32)
        whole = {"state": self.state, **self._kept}
        fresh._kept = _program("read")(whole, ops.convert_to_tensor(index))
        fresh.state = fresh._kept.pop("state")
        return fresh


def _filled_up(places: Sequence[int], num_places: int) -> numpy.ndarray:
    """Numbers of places, the last one repeated up to one of a few counts."""
    count = 1
    while count < len(places):
        count *= 4
    count = max(len(places), min(count, num_places))
    return numpy.array([*places, *[places[-1]] * (count - len(places))], numpy.int32)


def _joined(nests: Sequence[Any]) -> Any:
    """One nest of nests of the same form, one after another along the leading axis."""
    first = nests[0]
    if isinstance(first, dict):
        return {name: _joined([nest[name] for nest in nests]) for name in first}
    if isinstance(first, list):
        return [_joined([nest[number] for nest in nests]) for number in range(len(first))]
    return numpy.concatenate(nests)


def _read(whole: Any, index: Any) -> Any:
    return map_nest(whole, lambda array: ops.take(array, index, axis=0))


def _write(whole: Any, index: Any, rows: Any) -> Any:
    if isinstance(whole, dict):
        return {name: _write(whole[name], index, rows[name]) for name in whole}
    if isinstance(whole, list):
        return [_write(part, index, new) for part, new in zip(whole, rows, strict=True)]
    return ops.scatter_update(whole, index, rows)


_PROGRAMS: Mapping[str, Function] = {"read": _read, "write": _write, "select": select_rows}


@lru_cache
def _program(name: str) -> Function:
    """One of the programs, which all populations share; TensorFlow's operations need no compilation."""
    return compiled(_PROGRAMS[name]) if backend_name() == "jax" else _PROGRAMS[name]
