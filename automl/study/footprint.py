"""Memory and disk that a study needs, counted before it runs."""

import os
import re
import resource
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from automl.evaluation.out_of_fold import OutOfFold
from automl.study.analyses.bias_variance import Design
from automl.study.analyses.learning_curve import SHARES
from automl.study.network_sizes import SizedNetwork, places_of, setting_of, structure_for
from automl.study.preparation import PreparedStudy
from automl.study.workload import Workload
from automl.training.backend import on_accelerator
from automl.training.population.programs import BLOCK
from automl.trial import Scalar, Task

_FLOAT_BYTES, _DOUBLE_BYTES = 4, 8
_PARTS = 3
"""Losses on fit, stopping and validation rows."""

_EVENT_BYTES = 2000
"""Of a trial: its event, and its scores by every metric."""

_MODEL_BYTES = 400_000
"""Of an exported model without its weights (measured)."""

_COPIES = 2.5
"""More of the views of one width, while these are stacked and brought to the device (measured)."""

_PROGRAM_BYTES = 30_000_000
"""Of a compiled program (measured)."""

_STATE_COPIES = 8
"""Arrays of a network's shape for each place: weights, gradient, two moments, best weights, copies on the way."""

_SEQUENTIAL_COPIES = 4
"""Of the inputs of one fold, while Keras trains on them."""


@dataclass(frozen=True, slots=True)
class Memory:
    """Memory in bytes.

    Attributes:
        process: What this process has taken so far: TensorFlow, the table.
        views: The encoded table of each fold, for every encoding and target transform that may be searched.
        networks: Networks that train at once.
        analyses: The encoded tables of resamples and shares, beside those of the search.
        available: What this machine or this container has left; None where that is unknown.
        on_device: Whether views and networks are in the memory of an accelerator, whose size is not known here.
    """

    process: int
    views: int
    networks: int
    analyses: int
    available: int | None
    on_device: bool

    @property
    def needed(self) -> int:
        """What is still to be taken."""
        return self.views + self.networks + self.analyses

    @property
    def suffices(self) -> bool:
        """Whether it is there, as far as is known."""
        return self.available is None or self.needed <= self.available


@dataclass(frozen=True, slots=True)
class Disk:
    """Disk in bytes, without MLflow's own store.

    Attributes:
        trial: Of one trial: predictions, curves, scores.
        trials: Of all trials.
        model: Of the exported model, at most.
    """

    trial: int
    trials: int
    model: int


def count_memory(
    prepared: PreparedStudy, largest: SizedNetwork, workload: Workload, design: Design
) -> Memory:
    """Memory of a search and its analyses, at their peaks.

    Args:
        prepared: The study.
        largest: Its largest network.
        workload: What it trains.
        design: Its analysis of bias and variance.
    """
    process, available, on_device = _process_bytes(), available_bytes(), on_accelerator()
    by_inputs = _view_bytes(prepared)
    if prepared.make_engine().cohort_size == 1:  # one view after another, in the analyses too
        networks = _STATE_COPIES * _FLOAT_BYTES * largest.capacity
        encoded = _SEQUENTIAL_COPIES * max(map(max, by_inputs.values()))
        return Memory(process, encoded, networks, 0, available, on_device)
    num_folds = len(prepared.splits.folds)
    kept_bytes = num_folds * sum(map(sum, by_inputs.values()))
    widest = max(sum(views) for views in by_inputs.values())
    views: float = kept_bytes + _COPIES * num_folds * widest
    peak = views
    if design.trials:
        resampled = design.num_folds + design.num_resamples * design.num_seeds
        resampled_bytes = resampled * sum(map(sum, by_inputs.values()))
        shares = len(SHARES) * num_folds * max(map(max, by_inputs.values()))
        together = _COPIES * (num_folds * widest + shares)
        peak = kept_bytes + max(resampled_bytes + _COPIES * resampled * widest, shares + together)
    networks = _places_bytes(prepared, largest, workload) + _PROGRAM_BYTES * workload.num_programs
    return Memory(process, round(views), networks, round(max(0, peak - views)), available, on_device)


def count_disk(prepared: PreparedStudy, largest: SizedNetwork) -> Disk:
    """Disk of a study's trials and of its model."""
    splits, dataset = prepared.splits, prepared.dataset
    validation = [fold.validation for fold in splits.folds]
    predictions = OutOfFold(
        validation, len(dataset.classes), prepared.config.search.seed, prepared.config.splits.repeats
    ).bytes_per_trial
    curves = prepared.plan.epochs * len(splits.folds) * _PARTS * _DOUBLE_BYTES
    trial = predictions + curves + _EVENT_BYTES
    return Disk(trial, trial * prepared.num_trials, _MODEL_BYTES + _FLOAT_BYTES * largest.capacity)


def available_bytes() -> int | None:
    """Memory that is free or can be freed, within the limits of the container and of the process."""
    limits: list[int] = []
    with suppress(OSError, ValueError):
        text = Path("/proc/meminfo").read_text()
        if match := re.search(r"^MemAvailable:\s*(\d+) kB", text, re.M):
            limits.append(int(match[1]) << 10)
    with suppress(OSError, ValueError):  # "max" is no number
        cgroup = Path("/sys/fs/cgroup")
        limit, used = ((cgroup / name).read_text() for name in ("memory.max", "memory.current"))
        limits.append(int(limit) - int(used))
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        limits.append(soft - _process_bytes())
    if not limits:
        with suppress(OSError, ValueError):
            limits.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return max(0, min(limits)) if limits else None


def _process_bytes() -> int:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak << 10


def _view_bytes(prepared: PreparedStudy) -> dict[int, list[int]]:
    """Of one fold, by the number of inputs, under each encoding and target transform that the space holds."""
    setting, outputs = setting_of(prepared), prepared.dataset.num_outputs
    num_rows, transforms = max(setting.num_rows, setting.num_measured), 1
    if prepared.dataset.task is Task.REGRESSION:
        transforms = len(_values(prepared, "target_transform", "none"))
    by_inputs: dict[int, list[int]] = {}
    for name in _values(prepared, "numeric_encoding", "standard"):
        inputs = prepared.layout.num_inputs(str(name))
        floats = num_rows * (inputs + outputs + 1) + _PARTS * setting.num_measured
        by_inputs.setdefault(inputs, []).extend([_FLOAT_BYTES * floats] * transforms)
    return by_inputs


def _values(prepared: PreparedStudy, name: str, default: str) -> list[Scalar]:
    parameter = prepared.space.find(name)
    return (parameter.possible() or [default]) if parameter else [default]


def _places_bytes(prepared: PreparedStudy, largest: SizedNetwork, workload: Workload) -> int:
    """Of the largest networks in all places of all threads: weights, predictions, and what layers give for a block."""
    structure = structure_for(prepared, largest.hyperparameters)
    if structure is None:
        return _FLOAT_BYTES * _STATE_COPIES * largest.capacity
    places = min(
        workload.num_workers * places_of(prepared, largest.hyperparameters),
        prepared.num_trials * len(prepared.splits.folds),
    )
    units = max(structure.batch_size, BLOCK) * (structure.num_features + 2 * sum(structure.network.widths))
    predictions = 2 * setting_of(prepared).num_measured * structure.num_outputs
    return places * _FLOAT_BYTES * (_STATE_COPIES * structure.capacity + predictions + units)
