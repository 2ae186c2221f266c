"""The record of studies: runs, their events in order, and who may append to them."""

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection, Engine

from automl.errors import RecordError
from automl.records import database
from automl.records.database import RecordAddress, in_words, writing
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
from automl.records.leases import LEASE_SECONDS, Lease, is_held, this_process
from automl.records.runs import RUNNING, Run, holder
from automl.records.tables import COHORTS, EVENTS, STUDIES

LOGGER = logging.getLogger(__name__)


@final
class Records:
    """The record of the studies of a folder.

    Args:
        address: Where the database is.
        engine: The database.
        mlruns: The folder that holds the files of the runs.
        clock: Seconds since 1970.
    """

    def __init__(
        self,
        address: RecordAddress,
        engine: Engine,
        mlruns: Path,
        clock: Callable[[], float] = database.now,
    ) -> None:
        self.address, self.mlruns = address, mlruns
        self._engine, self._clock = engine, clock

    def create(self, folder: Path, started: StudyStarted, code_version: str) -> tuple[Run, Lease]:
        """Enter a run with its first event; this process holds it.

        Args:
            folder: Where its files are, within the folder of the record.
            started: The first event.
            code_version: Of automl.

        Raises:
            RecordError: The database cannot be written.
        """
        at, owner = self._clock(), this_process()
        row = {
            "name": started.name,
            "identifier": started.identifier,
            "folder": str(folder.relative_to(self.mlruns)),
            "config": started.text,
            "code_version": code_version,
            "state": RUNNING,
            "priority": 0,
            "created": at,
            "seq": 0,
            "num_trials": 0,
            "lease_owner": owner,
            "lease_token": 1,
            "lease_since": at,
            "lease_until": at + LEASE_SECONDS,
        }
        with in_words(self.address), writing(self._engine).begin() as connection:
            number = connection.execute(insert(STUDIES).values(row).returning(STUDIES.c.id)).scalar_one()
            lease = Lease(number, owner, 1)
            self._append(connection, lease, [started])
        return self.run(number), lease

    def runs(self, name: str | None = None) -> list[Run]:
        """Every run, or those of one study, in the order in which they began.

        Raises:
            RecordError: The database cannot be read.
        """
        wanted = select(STUDIES).order_by(STUDIES.c.id)
        if name is not None:
            wanted = wanted.where(STUDIES.c.name == name)
        with in_words(self.address), self._engine.connect() as connection:
            return [self._run(row) for row in connection.execute(wanted)]

    def run(self, number: int) -> Run:
        """A run by its number.

        Raises:
            RecordError: There is none.
        """
        with in_words(self.address), self._engine.connect() as connection:
            row = connection.execute(select(STUDIES).where(STUDIES.c.id == number)).one_or_none()
        if row is None:
            raise RecordError(f"{self.address.shown}: there is no run {number}.")
        return self._run(row)

    def events(self, run: Run, since: int = 0) -> Iterator[Recorded]:
        """The events of a run after number `since`, in order. A broken one is ignored with a warning.

        Raises:
            RecordError: The database cannot be read, or an event was written by a newer version.
        """
        wanted = (
            select(EVENTS).where(EVENTS.c.study == run.number, EVENTS.c.seq > since).order_by(EVENTS.c.seq)
        )
        with in_words(self.address), self._engine.connect() as connection:
            rows = connection.execute(wanted).all()
        for row in rows:
            recorded = _decoded(row, f"{run.name}/{run.identifier}")
            if recorded is not None:
                yield recorded

    def all_of(self, kind: str) -> Iterator[tuple[str, Recorded]]:
        """Every event of a kind, of all runs in order, each with the `NAME/IDENTIFIER` of its run.

        Raises:
            RecordError: The database cannot be read.
        """
        columns = (STUDIES.c.name, STUDIES.c.identifier, EVENTS)
        joined = select(*columns).join(STUDIES, STUDIES.c.id == EVENTS.c.study).where(EVENTS.c.kind == kind)
        with in_words(self.address), self._engine.connect() as connection:
            rows = connection.execute(joined.order_by(EVENTS.c.study, EVENTS.c.seq)).all()
        for row in rows:
            which = f"{row.name}/{row.identifier}"
            recorded = _decoded(row, which)
            if recorded is not None:
                yield which, recorded

    def claim(self, run: Run) -> Lease:
        """Take over a run that no living process holds.

        Raises:
            RecordError: Another process works on it.
        """
        at, owner = self._clock(), this_process()
        with in_words(self.address), writing(self._engine).begin() as connection:
            wanted = select(STUDIES).where(STUDIES.c.id == run.number).with_for_update()
            row = connection.execute(wanted).one()
            if is_held(row.lease_owner, row.lease_until, at):
                raise RecordError(holder(run, row.lease_owner, row.lease_since))
            token = row.lease_token + 1
            values = {
                "lease_owner": owner,
                "lease_token": token,
                "lease_since": at,
                "lease_until": at + LEASE_SECONDS,
            }
            connection.execute(update(STUDIES).where(STUDIES.c.id == run.number).values(values))
        return Lease(run.number, owner, token)

    def renew(self, lease: Lease) -> bool:
        """Go on holding a run; False when another process has taken it over."""
        with in_words(self.address), writing(self._engine).begin() as connection:
            renewed = update(STUDIES).where(*_holds(lease)).values(lease_until=self._clock() + LEASE_SECONDS)
            return connection.execute(renewed).rowcount == 1

    def release(self, lease: Lease) -> None:
        """Let others take the run over at once."""
        with in_words(self.address), writing(self._engine).begin() as connection:
            connection.execute(update(STUDIES).where(*_holds(lease)).values(lease_until=None))

    def remove(self, lease: Lease) -> None:
        """Undo `create` for a run that could not begin."""
        with in_words(self.address), writing(self._engine).begin() as connection:
            if connection.execute(select(STUDIES.c.id).where(*_holds(lease))).first() is not None:
                for table, column in (
                    (COHORTS, COHORTS.c.study),
                    (EVENTS, EVENTS.c.study),
                    (STUDIES, STUDIES.c.id),
                ):
                    connection.execute(delete(table).where(column == lease.study))

    def append(self, lease: Lease, *events: Event) -> list[Recorded]:
        """Write events, all or none; they are on disk when this returns.

        Raises:
            RecordError: The disk is full, the database does not answer, or another process has taken the run over.
        """
        with in_words(self.address), writing(self._engine).begin() as connection:
            return self._append(connection, lease, events)

    def end_cohort(self, lease: Lease, number: int) -> None:
        """Mark a cohort as done in the queue."""
        done = update(COHORTS).where(COHORTS.c.study == lease.study, COHORTS.c.number == number)
        with in_words(self.address), writing(self._engine).begin() as connection:
            connection.execute(done.values(state="done", lease_owner=None, lease_until=None))

    def retry_cohort(self, lease: Lease, number: int) -> None:
        """Note in the queue that another process trains a cohort again."""
        again = update(COHORTS).where(COHORTS.c.study == lease.study, COHORTS.c.number == number)
        values = {"attempt": COHORTS.c.attempt + 1, "lease_owner": lease.owner}
        with in_words(self.address), writing(self._engine).begin() as connection:
            connection.execute(again.values(values))

    def _append(self, connection: Connection, lease: Lease, events: Sequence[Event]) -> list[Recorded]:
        at = self._clock()
        num_ended = sum(isinstance(event, TrialEnded) for event in events)
        values: dict[str, Any] = {
            "seq": STUDIES.c.seq + len(events),
            "num_trials": STUDIES.c.num_trials + num_ended,
            "lease_until": at + LEASE_SECONDS,
        }
        for event in events:
            if isinstance(event, Finished):
                values["state"] = event.status
            elif isinstance(event, StudyContinued):
                values |= {"state": RUNNING, "config": event.text}
        changed = update(STUDIES).where(*_holds(lease)).values(values)
        if connection.execute(changed).rowcount != 1:
            raise RecordError(self._lost(connection, lease))
        last = connection.execute(select(STUDIES.c.seq).where(STUDIES.c.id == lease.study)).scalar_one()
        recorded = [
            Recorded(seq, at, event) for seq, event in enumerate(events, start=last - len(events) + 1)
        ]
        rows = [
            {
                "study": lease.study,
                "seq": one.seq,
                "kind": kind_of(one.event),
                "version": VERSION,
                "time": at,
                "payload": to_json(one.event),
            }
            for one in recorded
        ]
        connection.execute(insert(EVENTS), rows)
        for event in events:
            if isinstance(event, CohortAsked):
                connection.execute(insert(COHORTS).values(_cohort(lease, event)))
        return recorded

    def _lost(self, connection: Connection, lease: Lease) -> str:
        row = connection.execute(select(STUDIES).where(STUDIES.c.id == lease.study)).one()
        return (
            f"{holder(self._run(row), row.lease_owner, row.lease_since)} This process records nothing more."
        )

    def _run(self, row: Any) -> Run:
        return Run(
            number=row.id,
            name=row.name,
            identifier=row.identifier,
            folder=self.mlruns / row.folder,
            state=row.state,
            created=row.created,
            num_trials=row.num_trials,
            owner=row.lease_owner,
            since=row.lease_since,
            held=is_held(row.lease_owner, row.lease_until, self._clock()),
        )


def _decoded(row: Any, which: str) -> Recorded | None:
    """An event from its row; None for a broken one, which is said.

    Raises:
        RecordError: It was written by a newer version, or it is the first event, without which nothing is known.
    """
    try:
        return Recorded(row.seq, row.time, from_json(row.kind, row.payload, row.version))
    except RecordError as error:
        what = f"{which}: event {row.seq}: {error}"
        if row.version > VERSION or row.kind == "study_started":
            raise RecordError(what) from None
        LOGGER.warning("%s It is ignored.", what)
        return None


def _holds(lease: Lease) -> tuple[Any, ...]:
    return STUDIES.c.id == lease.study, STUDIES.c.lease_token == lease.token


def _cohort(lease: Lease, event: CohortAsked) -> dict[str, Any]:
    content = f"{lease.study}/{event.number}/{to_json(event)}"
    return {
        "id": hashlib.blake2b(content.encode(), digest_size=16).hexdigest(),
        "study": lease.study,
        "number": event.number,
        "attempt": 1,
        "state": RUNNING,
        "lease_owner": lease.owner,
    }
