"""Members that train together: places of one compiled program, filled, emptied and filled again."""

import math
import time
from collections.abc import Sequence
from typing import Any, final

import numpy
from keras import ops
from numpy.typing import NDArray

from automl.networks.layers.layer import Shape
from automl.training.backend import Function
from automl.training.early_stopping import Stopping, begin, update
from automl.training.population.jobs import Job, Outcome, Past, Place
from automl.training.population.nests import copy_rows, rows_of, to_numpy, to_tensors
from automl.training.population.stacking import member_values, no_values, set_values, stacked_weights
from automl.training.population.structure import Structure
from automl.training.population.updates import UPDATES
from automl.training.rows import row_order
from automl.training.views import Tables

Floats = NDArray[numpy.float64]


@final
class Population:
    """The places of one program. Not shared between threads.

    Args:
        structure: What the members have in common.
        program: Its epoch, from `compile_epoch`.
        tables: The views of the table.
        num_places: Members that train at once.
    """

    def __init__(self, structure: Structure, program: Function, tables: Tables, num_places: int) -> None:
        self._structure, self._program, self._tables = structure, program, tables
        self._state: dict[str, Any] = {}
        self._stopping = begin(0)
        self._num_steps = tables.num_steps(self._structure.batch_size)
        self._resize(num_places)

    @property
    def num_places(self) -> int:
        """Members that train at once."""
        return len(self._places)

    @property
    def num_free(self) -> int:
        """Places without a member."""
        return sum(place is None for place in self._places)

    @property
    def jobs(self) -> list[Job]:
        """What is training."""
        return [place.job for place in self._places if place is not None]

    @property
    def most_epochs_left(self) -> int:
        """Epochs that any member may still take."""
        return max((place.job.last_epoch - len(place.losses) for place in self._places if place), default=0)

    def admit(self, jobs: Sequence[Job], ends: Sequence[float] = ()) -> None:
        """Put members into free places; one with a past goes on from there.

        Args:
            jobs: No more than there are free places.
            ends: For each, how many seconds must be left when it ends at the latest; 0 for all when empty.
        """
        free = [number for number, place in enumerate(self._places) if place is None]
        state = to_numpy(self._state)
        for number, job, end in zip(free, jobs, ends or [0.0] * len(jobs), strict=False):
            if job.past is None:
                self._places[number] = Place(job, end)
                self._enter(number, job, state)
            else:
                self._places[number] = job.past.place(job, end)
                self._go_on(number, job, job.past, state)
        self._state, self._tensors = to_tensors(state), to_tensors(self._values)

    def run_epoch(self) -> None:
        """Train every member for one epoch."""
        began = time.perf_counter()
        measured = any(place is not None and place.is_measured for place in self._places)
        batches = to_tensors(self._batches() | {"measured": numpy.array(measured)})
        self._state, *results = self._program(self._tables.arrays, self._tensors, batches, self._state)
        losses, predictions = (ops.convert_to_numpy(result) for result in results)
        finite = numpy.isfinite(losses).all(axis=1)
        traced = numpy.array(
            [place is not None and bool(place.job.member.snapshots) for place in self._places]
        )
        last = numpy.array([place is not None and place.job.patience == 0 for place in self._places])
        stopping: Floats = numpy.where(last, -self._stopping.epoch, losses[:, 1]).astype(numpy.float64)
        self._stopping = update(self._stopping, stopping, finite)
        self._keep(self._stopping.improved & ~traced, predictions)
        share = (time.perf_counter() - began) / max(1, len(self._places) - self.num_free)
        for number, place in enumerate(self._places):
            if place is not None:
                place.losses.append(losses[number].astype(numpy.float64))
                place.seconds += share
                self._take_snapshot(place, predictions[number])

    def _take_snapshot(self, place: Place, predictions: numpy.ndarray) -> None:
        """Keep the predictions of a member that has just reached one of its snapshots."""
        if len(place.losses) in place.job.member.snapshots:
            view = self._tables.views[place.job.view]
            place.snapshots.append(predictions[view.places(view.fold.validation)])

    def take_finished(self, seconds_left: float = math.inf) -> list[Outcome]:
        """Members that have ended, wait at a rung, or whose time is over; their places are free."""
        epochs = numpy.array([place.job.num_epochs if place else 0 for place in self._places])
        patience = numpy.array([place.job.patience if place else 0 for place in self._places])
        finished = self._stopping.finished(epochs, numpy.where(patience > 0, patience, epochs.max() + 1))
        leaving = [
            (number, place)
            for number, place in enumerate(self._places)
            if place is not None and (finished[number] or place.has_arrived or seconds_left <= place.end)
        ]
        waits = any(place.job.until and not finished[number] for number, place in leaving)
        arrays = self._arrays(to_numpy(self._state)) if waits else {}
        outcomes = []
        for number, place in leaving:
            outcome = self._outcome(number, place, cut=not (finished[number] or place.has_arrived))
            if place.job.until and not finished[number]:
                outcome.waits = True
                outcome.past = Past.of(place, rows_of(arrays, number))
            outcomes.append(outcome)
            self._places[number] = None
        return outcomes

    def _arrays(self, state: dict[str, Any]) -> dict[str, Any]:
        """Whatever a member has rows of, but for its hyperparameters."""
        stopping = {name: getattr(self._stopping, name) for name in Stopping.__slots__}
        return {"state": state, "best": self._best, "predictions": self._predictions, "stopping": stopping}

    def shrink(self, num_places: int) -> None:
        """Move the members that are left into fewer places, where these are fewer."""
        if num_places >= len(self._places):
            return
        kept = [number for number, place in enumerate(self._places) if place is not None]
        state, values, stopping = to_numpy(self._state), self._values, self._stopping
        places, best, predictions = self._places, self._best, self._predictions
        self._resize(num_places)
        to = slice(0, len(kept))
        self._places[to] = [places[number] for number in kept]
        fresh = to_numpy(self._state)
        copy_rows(state, kept, fresh, to)
        copy_rows(values, kept, self._values, to)
        copy_rows(best, kept, self._best, to)
        self._predictions[to] = predictions[kept]
        for name in Stopping.__slots__:
            getattr(self._stopping, name)[to] = getattr(stopping, name)[kept]
        self._state, self._tensors = to_tensors(fresh), to_tensors(self._values)

    def _resize(self, num_places: int) -> None:
        """Empty places."""
        structure = self._structure
        self._places: list[Place | None] = [None] * num_places

        def zeros(shapes: list[Shape]) -> list[numpy.ndarray]:
            return [numpy.zeros((num_places, *shape), numpy.float32) for shape in shapes]

        state = {
            "weights": zeros(structure.shapes),
            "slots": [zeros(structure.shapes) for _ in range(UPDATES[structure.optimizer].num_slots)],
            "moments": zeros(structure.moment_shapes),
            "times": numpy.zeros(num_places, numpy.int32),
        }
        self._best = zeros(structure.shapes) + zeros(structure.moment_shapes)
        self._predictions = numpy.zeros(
            (num_places, self._tables.num_measured, structure.num_outputs), numpy.float32
        )
        self._values = no_values(structure, num_places)
        self._stopping = begin(num_places)
        self._state, self._tensors = to_tensors(state), to_tensors(self._values)

    def _enter(self, number: int, job: Job, state: dict[str, Any]) -> None:
        """A member's initial weights and its hyperparameters, in place."""
        weights, moments = stacked_weights(self._structure, job)
        for array, initial in zip(state["weights"], weights, strict=True):
            array[number] = initial
        for slot in state["slots"]:
            for array in slot:
                array[number] = 0.0
        for array, initial in zip(state["moments"], moments, strict=True):
            array[number] = initial
        state["times"][number] = 0
        fresh = begin(1)
        for name in Stopping.__slots__:
            getattr(self._stopping, name)[number] = getattr(fresh, name)[0]
        self._set_values(number, job)

    def _go_on(self, number: int, job: Job, past: Past, state: dict[str, Any]) -> None:
        """A member's rows as they were when it left, in place, and its hyperparameters."""
        copy_rows(past.arrays, [0], self._arrays(state), slice(number, number + 1))
        self._set_values(number, job)

    def _set_values(self, number: int, job: Job) -> None:
        structure = self._structure
        steps = -(-len(self._tables.views[job.view].fit) // structure.batch_size)
        values = member_values(structure, job) | {
            "view": job.view,
            "num_steps": (job.horizon or job.num_epochs) * steps,
        }
        set_values(self._values, number, values)

    def _batches(self) -> dict[str, numpy.ndarray]:
        size, num_places = self._structure.batch_size, len(self._places)
        rows = numpy.zeros((num_places, self._num_steps * size), numpy.int32)
        counts = numpy.zeros((num_places, self._num_steps), numpy.int32)
        for number, place in enumerate(self._places):
            if place is None:
                continue
            fit = self._tables.views[place.job.view].fit
            order = row_order(place.job.member.order_seed, len(fit), len(place.losses))
            rows[number, : len(fit)] = fit[order]
            full, rest = divmod(len(fit), size)
            counts[number, :full] = size
            if rest:
                counts[number, full] = rest
        return {"rows": rows.reshape(num_places, self._num_steps, size), "counts": counts}

    def _keep(self, improved: numpy.ndarray, predictions: numpy.ndarray) -> None:
        """Remember the weights and predictions of members that have just been better than before."""
        if not improved.any():
            return
        self._predictions[improved] = predictions[improved]
        weights = UPDATES[self._structure.optimizer].averaged(self._state["weights"], self._state["slots"])
        for best, now in zip(self._best, [*weights, *self._state["moments"]], strict=True):
            best[improved] = ops.convert_to_numpy(now)[improved]

    def _outcome(self, number: int, place: Place, cut: bool) -> Outcome:
        num_rows = self._tables.views[place.job.view].num_measured
        return Outcome(
            job=place.job,
            structure=self._structure,
            losses=numpy.array(place.losses),
            best_epoch=int(self._stopping.best_epoch[number]),
            diverged=bool(self._stopping.diverged[number]),
            predictions=self._predictions[number, :num_rows].copy(),
            weights=[array[number].copy() for array in self._best],
            snapshots=place.snapshots,
            seconds=place.seconds,
            cut=cut,
        )
