"""Events to be recorded: one of each kind, with the values that are hard to keep; and runs that hold them."""

import dataclasses
import math
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from automl.records.events import (
    CohortAsked,
    Event,
    Finished,
    PhaseBegun,
    PhaseEnded,
    StudyContinued,
    StudyStarted,
    TrialEnded,
)
from automl.records.leases import Lease
from automl.records.outcomes import Analyzed, Exported, TestReadingDone, TestReadingIntended, VerdictReached
from automl.records.runs import Run
from automl.records.store import Records

Open = Callable[..., Records]
"""Opens a record, as the fixture `opened` does."""

AWKWARD = (0.1, 1 / 3, 1e-310, 5e-324, 1.7976931348623157e308, -0.0, 2.0**53 + 2.0, math.pi, 1e22)
ODD_TEXT = 'gelu ∞ \n\u2028\t"\\ \x00 \U0001f600 \ud800'

HYPERPARAMETERS = {
    "width": 64,
    "rate": 1e-05,
    "whole": 2.0,
    "huge": 2**70,
    "normalize": True,
    "off": False,
    "activation": ODD_TEXT,
    "ünï": -1,
}

STARTED = StudyStarted(
    name="wine",
    identifier="20260101-000000-aaaa",
    metric="log_loss",
    direction="min",
    base="/data/ünï",
    text="name: wine # ∞\n",
    metrics=("log_loss", "accuracy"),
    num_trials=24,
    num_folds=5,
    repeats=2,
    num_epochs=100,
    searched=("width", "rate"),
    log_scaled=("rate",),
    bounds={"rate": [1e-05, 0.1, True], "width": [8, 64, False]},
    space={"width": {"choice": [8, 64]}, "rate": {"float": [1e-05, 0.1], "log": True, "step": None}},
    constant=AWKWARD[1],
    noise=5e-324,
    optimistic=True,
    time_limit=300.5,
    notes=("stratified", "∞"),
    facts={"rows": "178", "task": "multiclass"},
    digests={"data": "d" * 64},
)

SAMPLES: tuple[Event, ...] = (
    STARTED,
    StudyContinued("name: wine\n", 50, 12.5, ("trials: 24 -> 50",), {"width": [8, 128, False]}, {}, "search"),
    CohortAsked(0, 0, (HYPERPARAMETERS, {}), ("trial 1: random",), (1,)),
    TrialEnded(0, "complete", AWKWARD, tuple(range(len(AWKWARD))), 12345678901, 0.1),
    TrialEnded(1, "failed", (math.inf, -math.inf), (3, 1), None, 0.0, 'says "no"\nand more', True, (1, 4)),
    PhaseBegun("search"),
    PhaseEnded("refit of the best trial"),
    TestReadingIntended(0, "e" * 64, 36),
    TestReadingDone(0, "e" * 64, {"log_loss": 0.1 + 0.2}, (0.3, 0.2, 0.4), ("iris/20250101-000000-bbbb",)),
    VerdictReached(
        0, (("mean", "0.3 ± 0.1"),), ("Good.",), {"linear": (0.5, 0.25)}, None, (0.3, 0.2, 0.4), 0.375, 24
    ),
    Analyzed("bias_variance", 0, "analyses/bias_variance-000000.json"),
    Exported(0, 17),
    Finished("finished", 9.5, "because"),
)
"""An event of every kind."""


def bits(value: Any) -> Any:
    """A value in which equality means the same bits and the same types."""
    if isinstance(value, float):
        return "nan" if math.isnan(value) else struct.pack("d", value)
    if isinstance(value, list | tuple):
        return type(value).__name__, [bits(entry) for entry in value]
    if isinstance(value, dict):
        return [(key, bits(entry)) for key, entry in value.items()]
    if dataclasses.is_dataclass(value):
        return type(value), [bits(getattr(value, field.name)) for field in dataclasses.fields(value)]
    return type(value), value


def started(name: str = "wine", run: str = "20260101-000000-aaaa", **changes: object) -> StudyStarted:
    """The first event of a run."""
    fields = {"metric": "log_loss", "direction": "min", "num_trials": 3} | changes
    return StudyStarted(name, run, **fields)


def created(
    records: Records, name: str = "wine", run: str = "20260101-000000-aaaa", **changes: object
) -> tuple[Run, Lease]:
    """A run that this process has just begun."""
    return records.create(records.mlruns / "studies" / name / run, started(name, run, **changes), "1.0")


def ended(number: int, *scores: float, state: str = "complete") -> TrialEnded:
    """A trial that has ended, with a fold a score."""
    return TrialEnded(number, state, scores, tuple(7 for _ in scores), 1234, 2.0)


def events_of(records: Records, run: Run, since: int = 0) -> list[Event]:
    """What happened in a run."""
    return [recorded.event for recorded in records.events(run, since)]


def folder_of(records: Records, name: str, run: str) -> Path:
    """Where the files of a run are."""
    return records.mlruns / "studies" / name / run
