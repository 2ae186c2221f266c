"""What is done to the tables within one transaction: a run is locked, its holder is checked, its events are added."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import insert, select, update
from sqlalchemy.engine import Connection

from automl.errors import RecordError
from automl.records.events import Event, Recorded
from automl.records.leases import LEASE_SECONDS, Lease
from automl.records.rows import LISTED, advanced, cohort_rows, event_row, readable, run_of
from automl.records.runs import holder
from automl.records.tables import COHORTS, EVENTS, STUDIES


def holds(lease: Lease) -> tuple[Any, ...]:
    """The condition that a run was last taken over by this holder."""
    return STUDIES.c.id == lease.study, STUDIES.c.lease_token == lease.token


def locked(connection: Connection, number: int) -> Any:
    """The row of a run, which no other transaction changes until this one has ended.

    Raises:
        RecordError: There is none.
    """
    wanted = select(*LISTED).where(STUDIES.c.id == number).with_for_update()
    row = connection.execute(wanted).one_or_none()
    if row is None:
        raise RecordError(f"the run {number} is no longer in the record.")
    return row


def held(connection: Connection, lease: Lease) -> Any:
    """The row of a run that this process holds, locked.

    Raises:
        RecordError: It no longer holds it.
    """
    row = locked(connection, lease.study)
    if row.lease_token == lease.token and row.lease_until is not None:
        return row
    if row.lease_token == lease.token:
        message = f"the run {row.name}/{row.identifier} was released by this process."
    else:
        message = holder(run_of(row, Path(), 0.0), row.lease_owner, row.lease_since)
    raise RecordError(f"{message} This process records nothing more.")


def add_events(connection: Connection, lease: Lease, events: Sequence[Event], at: float) -> list[Recorded]:
    """Add events to a run that this process holds.

    Returns:
        The events as they will be read back.

    Raises:
        RecordError: It no longer holds it, or an event could not be read back.
    """
    row = held(connection, lease)
    events = list(map(readable, events))
    values = advanced(row._mapping, events) | {"lease_until": at + LEASE_SECONDS}
    connection.execute(update(STUDIES).where(STUDIES.c.id == lease.study).values(values))
    recorded = [Recorded(seq, at, event) for seq, event in enumerate(events, start=row.seq + 1)]
    insert_events(connection, lease.study, lease.owner, recorded)
    return recorded


def insert_events(
    connection: Connection, study: int, owner: str | None, recorded: Sequence[Recorded]
) -> None:
    """Write the rows of events, and of the cohorts that they ask for."""
    connection.execute(insert(EVENTS), [event_row(study, entry) for entry in recorded])
    cohorts = cohort_rows(study, owner, [entry.event for entry in recorded])
    if cohorts:
        connection.execute(insert(COHORTS), cohorts)


def are_there(connection: Connection, study: int, recorded: Sequence[Recorded]) -> bool:
    """Whether a transaction that was believed to have failed has written these events."""
    if not recorded:
        return False
    condition = (EVENTS.c.study == study, EVENTS.c.seq >= recorded[0].seq)
    rows = connection.execute(select(EVENTS).where(*condition).order_by(EVENTS.c.seq)).mappings().all()
    return [dict(row) for row in rows] == [event_row(study, entry) for entry in recorded]
