"""Members that train together: places of one compiled program, filled, emptied and filled again."""

import math
import time
from collections.abc import Sequence
from typing import Any, final

import numpy
from keras import ops
from numpy.typing import NDArray

from automl.training.backend import Function, on_accelerator
from automl.training.early_stopping import Stopping, begin, update
from automl.training.population.jobs import Job, Outcome, Past, Place
from automl.training.population.member_rows import DeviceRows, HostRows, MemberRows, Nest, entering
from automl.training.population.nests import copy_rows, to_tensors
from automl.training.population.stacking import member_values, no_values, set_values, stacked_weights
from automl.training.population.structure import Structure
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
        kind: type[MemberRows] = DeviceRows if on_accelerator() else HostRows
        self._stopping = begin(0)
        self._num_members = 0
        self._epoch_seconds: float | None = None
        self._num_steps = tables.num_steps(self._structure.batch_size)
        self._resize(num_places)
        self._rows: MemberRows = kind(structure, num_places, tables.num_measured)

    @property
    def num_places(self) -> int:
        """Members that train at once."""
        return len(self._places)

    @property
    def num_free(self) -> int:
        """Places without a member."""
        return len(self._places) - self._num_members

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
        free = [number for number, place in enumerate(self._places) if place is None][: len(jobs)]
        began: dict[int, Nest] = {}
        going_on: dict[int, Nest] = {}
        for number, job, end in zip(free, jobs, ends or [0.0] * len(jobs), strict=True):
            if job.past is None:
                self._places[number] = Place(job, end)
                began[number] = entering(self._structure, *stacked_weights(self._structure, job))
                self._set_stopping(number, begin(1))
            else:
                self._places[number] = job.past.place(job, end)
                going_on[number] = job.past.arrays
                self._set_stopping(number, job.past.stopping)
            self._set_values(number, job)
        self._num_members += len(free)
        for entered in filter(None, (began, going_on)):
            self._rows.put(list(entered), list(entered.values()))
        self._tensors = to_tensors(self._values)

    def run_epoch(self) -> None:
        """Train every member for one epoch."""
        began = time.perf_counter()
        measured = any(place is not None and place.is_measured for place in self._places)
        batches = to_tensors(self._batches() | {"measured": numpy.array(measured)})
        self._rows.state, losses, predictions = self._program(
            self._tables.arrays, self._tensors, batches, self._rows.state
        )
        losses = ops.convert_to_numpy(losses)
        finite = numpy.isfinite(losses).all(axis=1)
        traced = numpy.array(
            [place is not None and bool(place.job.member.snapshots) for place in self._places]
        )
        last = numpy.array([place is not None and place.job.patience == 0 for place in self._places])
        stopping: Floats = numpy.where(last, -self._stopping.epoch, losses[:, 1]).astype(numpy.float64)
        self._stopping = update(self._stopping, stopping, finite)
        self._rows.keep(self._stopping.improved & ~traced, predictions)
        seconds = time.perf_counter() - began
        self._epoch_seconds = 0.0 if self._epoch_seconds is None else seconds
        share = seconds / max(1, len(self._places) - self.num_free)
        for number, place in enumerate(self._places):
            if place is not None:
                place.losses.append(losses[number].astype(numpy.float64))
                place.seconds += share
        self._take_snapshots(predictions)

    def _take_snapshots(self, predictions: Any) -> None:
        """Keep the predictions of members that have just reached one of their snapshots."""
        for number, place in enumerate(self._places):
            if place is not None and len(place.losses) in place.job.member.snapshots:
                view = self._tables.views[place.job.view]
                predicted = ops.convert_to_numpy(predictions[number])
                place.snapshots.append(predicted[view.places(view.fold.validation)])

    def take_finished(self, seconds_left: float = math.inf) -> list[Outcome]:
        """Members that have ended, wait at a rung, or whose time is over; their places are free.

        Args:
            seconds_left: Seconds until training must end; a member ends where another epoch would not end in time.
        """
        seconds_left -= self._epoch_seconds or 0.0
        epochs = numpy.array([place.job.num_epochs if place else 0 for place in self._places])
        patience = numpy.array([place.job.patience if place else 0 for place in self._places])
        finished = self._stopping.finished(epochs, numpy.where(patience > 0, patience, epochs.max() + 1))
        leaving = [
            (number, place)
            for number, place in enumerate(self._places)
            if place is not None and (finished[number] or place.has_arrived or seconds_left <= place.end)
        ]
        waiting = [place.job.until > 0 and not finished[number] for number, place in leaving]
        names = ("state", "best", "predictions") if any(waiting) else ("best", "predictions")
        taken = self._rows.take([number for number, _ in leaving], names)
        outcomes = []
        for (number, place), waits, rows in zip(leaving, waiting, taken, strict=True):
            outcome = self._outcome(number, place, rows, cut=not (finished[number] or place.has_arrived))
            if waits:
                outcome.waits, outcome.past = True, Past.of(place, rows, self._stopping_of(number))
            outcomes.append(outcome)
            self._places[number] = None
        self._num_members -= len(outcomes)
        return outcomes

    def shrink(self, num_places: int) -> None:
        """Move the members that are left into fewer places, where these are fewer."""
        if num_places >= len(self._places):
            return
        occupied = [number for number, place in enumerate(self._places) if place is not None]
        values, seeds, stopping, places = self._values, self._seeds, self._stopping, self._places
        self._rows = self._rows.moved(occupied, num_places)
        self._resize(num_places)
        to = slice(0, len(occupied))
        self._places[to] = [places[number] for number in occupied]
        self._num_members = len(occupied)
        self._seeds[to] = [seeds[number] for number in occupied]
        copy_rows(values, occupied, self._values, to)
        for name in Stopping.__slots__:
            getattr(self._stopping, name)[to] = getattr(stopping, name)[occupied]
        self._tensors = to_tensors(self._values)

    def _resize(self, num_places: int) -> None:
        """Empty places. Their first epoch compiles the program, so that it does not tell what the next one takes."""
        self._places: list[Place | None] = [None] * num_places
        self._num_members = 0
        self._values: dict[str, Any] = no_values(self._structure, num_places)
        self._seeds: list[int] = [0] * num_places
        self._stopping = begin(num_places)
        self._tensors = to_tensors(self._values)
        self._epoch_seconds = None

    def _set_stopping(self, number: int, stopping: Stopping) -> None:
        for name in Stopping.__slots__:
            getattr(self._stopping, name)[number] = getattr(stopping, name)[0]

    def _stopping_of(self, number: int) -> Stopping:
        rows = slice(number, number + 1)
        return Stopping(**{name: getattr(self._stopping, name)[rows].copy() for name in Stopping.__slots__})

    def _set_values(self, number: int, job: Job) -> None:
        structure = self._structure
        steps = -(-len(self._tables.views[job.view].fit) // structure.batch_size)
        values = member_values(structure, job) | {
            "view": job.view,
            "num_steps": (job.horizon or job.num_epochs) * steps,
        }
        set_values(self._values, number, values)
        self._seeds[number] = job.member.order_seed

    def _batches(self) -> dict[str, numpy.ndarray]:
        """The rows of every step. Members of one fold in one epoch have them in common: they are drawn once."""
        size, num_steps = self._structure.batch_size, self._num_steps
        orders: dict[tuple[int, int, int], int] = {}
        which = [
            0
            if place is None
            else orders.setdefault((place.job.view, self._seeds[number], len(place.losses)), len(orders) + 1)
            for number, place in enumerate(self._places)
        ]
        rows = numpy.zeros((len(orders) + 1, num_steps * size), numpy.int32)
        counts = numpy.zeros((len(orders) + 1, num_steps), numpy.int32)
        for (view, seed, epoch), row in orders.items():
            fit = self._tables.views[view].fit
            rows[row, : len(fit)] = fit[row_order(seed, len(fit), epoch)]
            full, rest = divmod(len(fit), size)
            counts[row, :full] = size
            if rest:
                counts[row, full] = rest
        return {"rows": rows[which].reshape(-1, num_steps, size), "counts": counts[which]}

    def _outcome(self, number: int, place: Place, rows: dict[str, Any], cut: bool) -> Outcome:
        num_rows = self._tables.views[place.job.view].num_measured
        return Outcome(
            job=place.job,
            structure=self._structure,
            losses=numpy.array(place.losses),
            best_epoch=int(self._stopping.best_epoch[number]),
            diverged=bool(self._stopping.diverged[number]),
            predictions=rows["predictions"][0, :num_rows].copy(),
            weights=[array[0].copy() for array in rows["best"]],
            snapshots=place.snapshots,
            seconds=place.seconds,
            cut=cut,
        )
