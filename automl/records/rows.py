"""Events and runs as rows of the tables, and back."""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from automl.errors import RecordError
from automl.means import weighted_mean
from automl.records.encoding import from_json, kind_of, to_json
from automl.records.events import (
    VERSION,
    CohortAsked,
    Event,
    Finished,
    Recorded,
    StudyContinued,
    StudyStarted,
    TrialEnded,
)
from automl.records.leases import is_held
from automl.records.runs import RUNNING, Run
from automl.records.scores import rank
from automl.records.tables import STUDIES
from automl.trial import Direction, TrialState

LOGGER = logging.getLogger(__name__)

LISTED = [column for column in STUDIES.c if column.name != "config"]
"""Columns of a run but for its study file, which is long."""

_DONE = "done"


def run_of(row: Any, mlruns: Path, now: float) -> Run:
    """A run from its row.

    Args:
        row: The columns of `LISTED`.
        mlruns: The folder of the record.
        now: Seconds since 1970, for its lease.
    """
    folder = _folder_of(row.folder, mlruns)
    return Run(
        number=row.id,
        name=row.name,
        identifier=row.identifier,
        folder=folder,
        state=row.state,
        created=row.created,
        num_trials=row.num_trials,
        owner=row.lease_owner,
        since=row.lease_since,
        held=is_held(row.lease_owner, row.lease_until, now),
        planned=row.planned,
        metric=row.metric,
        best=row.best,
        elsewhere=not folder.is_relative_to(mlruns),
    )


def where(folder: Path, mlruns: Path, is_shared: bool) -> str:
    """The folder of a run as it is recorded: within the folder of the record, whole where other folders share it.

    Args:
        folder: Of the run.
        mlruns: The folder of the record.
        is_shared: Whether the record is a server's.
    """
    return str(folder if is_shared else folder.relative_to(mlruns))


def _folder_of(recorded: str, mlruns: Path) -> Path:
    """Where the files of a run are: in `mlruns` where they are found there, however that folder has been moved."""
    folder = mlruns.joinpath(*Path(recorded).parts[-3:])
    return folder if folder.is_dir() else mlruns / recorded


def new_row(started: StudyStarted, folder: str, code_version: str, created: float) -> dict[str, Any]:
    """The row of a run that has no events yet."""
    return {
        "name": started.name,
        "identifier": started.identifier,
        "folder": folder,
        "config": started.text,
        "code_version": code_version,
        "state": RUNNING,
        "priority": 0,
        "created": created,
        "seq": 0,
        "num_trials": 0,
        "planned": started.num_trials,
        "metric": started.metric,
        "direction": started.direction,
        "best": None,
        "lease_token": 0,
    }


def advanced(row: Mapping[str, Any], events: Sequence[Event]) -> dict[str, Any]:
    """Columns of a run that change when events are added to it.

    Args:
        row: The run before.
        events: What is added, in order.
    """
    values: dict[str, Any] = {"seq": row["seq"] + len(events)}
    best, num_trials = row["best"], row["num_trials"]
    for event in events:
        match event:
            case TrialEnded():
                num_trials += 1
                best = _better(best, event, Direction(row["direction"]))
            case StudyContinued():
                values |= {"state": RUNNING, "planned": event.num_trials}
                values |= {"config": event.text} if event.text else {}
            case Finished():
                values["state"] = event.status
    return values | {"num_trials": num_trials, "best": best}


def _better(best: float | None, event: TrialEnded, direction: Direction) -> float | None:
    if event.state != TrialState.COMPLETE:
        return best
    mean = weighted_mean(event.scores, event.counts)
    return mean if best is None or rank(mean, direction) < rank(best, direction) else best


def event_row(study: int, recorded: Recorded) -> dict[str, Any]:
    """The row of an event."""
    return {
        "study": study,
        "seq": recorded.seq,
        "kind": kind_of(recorded.event),
        "version": VERSION,
        "time": recorded.time,
        "payload": to_json(recorded.event),
    }


def cohort_rows(study: int, owner: str | None, events: Sequence[Event]) -> list[dict[str, Any]]:
    """The rows of the cohorts that are asked in these events; one whose trials all end in them is done."""
    ended = {event.number for event in events if isinstance(event, TrialEnded)}
    rows = []
    for event in events:
        if isinstance(event, CohortAsked):
            content = f"{study}/{event.number}/{to_json(event)}"
            done = ended.issuperset(range(event.first, event.first + len(event.hyperparameters)))
            rows.append(
                {
                    "id": hashlib.blake2b(content.encode(), digest_size=16).hexdigest(),
                    "study": study,
                    "number": event.number,
                    "attempt": 1,
                    "state": _DONE if done else RUNNING,
                    "lease_owner": None if done else owner,
                }
            )
    return rows


def readable(event: Event) -> Event:
    """The event as it will be read back: what a run knows while it is recorded is what it knows afterwards.

    Raises:
        RecordError: It could not be read back.
    """
    return from_json(kind_of(event), to_json(event))


def decoded(row: Any, which: str, strict: bool = True) -> Recorded | None:
    """An event from its row; None for a broken one, which is said.

    Args:
        row: The row.
        which: Its run, for messages.
        strict: Whether to refuse what cannot be ignored.

    Raises:
        RecordError: It was written by a newer version, or it is the first event, without which nothing is known.
    """
    try:
        return Recorded(row.seq, float(row.time), from_json(row.kind, row.payload, row.version))
    except (RecordError, TypeError, ValueError) as error:  # SQLite keeps any value in any column
        newer = isinstance(row.version, int) and row.version > VERSION
        reason = str(error) if isinstance(error, RecordError) else f"the row is broken: {error}."
        message = f"{which}: event {row.seq}: {reason}"
        if strict and newer:
            raise RecordError(message) from None
        if strict and row.kind == "study_started":
            cure = "Restore the record from a copy, or run the study again with `--fresh`."
            raise RecordError(f"{message} {cure}") from None
        LOGGER.warning("%s It is ignored.", message)
        return None
