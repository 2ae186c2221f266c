"""The record of studies: runs, their events in order, and who may append to them."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TypeVar, final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from automl.errors import RecordError
from automl.records import database
from automl.records.addresses import RecordAddress
from automl.records.database import in_words, is_away, remove_empty, writing
from automl.records.events import Event, Recorded, StudyStarted
from automl.records.leases import LEASE_SECONDS, Lease, is_held, this_process
from automl.records.rows import LISTED, advanced, decoded, new_row, run_of, where
from automl.records.runs import Run, holder
from automl.records.tables import COHORT_PARTS, COHORTS, EVENTS, RUN_FILES, STUDIES, SUBMISSIONS
from automl.records.transactions import (
    add_events,
    are_there,
    holds,
    insert_events,
    locked,
)

LOGGER = logging.getLogger(__name__)

Value = TypeVar("Value")

PATIENCE_SECONDS = 30.0
"""How long a server that went away is waited for."""


@final
class Records:
    """The record of the studies of a folder.

    Args:
        address: Where the database is.
        engine: The database.
        mlruns: The folder that holds the files of the runs.
        clock: Seconds since 1970; also its `now`.
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
        self.now = clock

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
        row = new_row(started, self._where(folder), code_version, at) | {
            "lease_owner": owner,
            "lease_token": 1,
            "lease_since": at,
            "lease_until": at + LEASE_SECONDS,
        }
        with in_words(self.address), writing(self._engine).begin() as connection:
            number = connection.execute(insert(STUDIES).values(row).returning(STUDIES.c.id)).scalar_one()
            lease = Lease(number, owner, 1)
            add_events(connection, lease, [started], at)
        return self.run(number), lease

    def enter(self, folder: Path, past: Sequence[Recorded], code_version: str) -> bool:
        """Enter a run that took place before, with all of its events and their times; nobody holds it.

        Args:
            folder: Where its files are, within the folder of the record.
            past: Its events, the first of which begins the study.
            code_version: Of the automl that ran it.

        Returns:
            Whether it was not in the record yet.

        Raises:
            RecordError: The database cannot be written.
        """
        started, events = past[0].event, [recorded.event for recorded in past]
        assert isinstance(started, StudyStarted)
        row = new_row(started, self._where(folder), code_version, past[0].time)
        query = select(STUDIES.c.id).where(
            STUDIES.c.name == started.name, STUDIES.c.identifier == started.identifier
        )
        try:
            with in_words(self.address), writing(self._engine).begin() as connection:
                if connection.execute(query).first() is not None:
                    return False
                inserted = insert(STUDIES).values(row | advanced(row, events)).returning(STUDIES.c.id)
                insert_events(connection, connection.execute(inserted).scalar_one(), None, past)
        except RecordError:
            with in_words(self.address), self._engine.connect() as connection:
                if connection.execute(query).first() is not None:  # another process was faster
                    return False
            raise
        return True

    def _where(self, folder: Path) -> str:
        return where(folder, self.mlruns, is_shared=self.address.file is None)

    def runs(self, name: str | None = None) -> list[Run]:
        """Every run, or those of one study, in the order in which they began.

        Raises:
            RecordError: The database cannot be read.
        """
        wanted = select(*LISTED).order_by(STUDIES.c.id)
        if name is not None:
            wanted = wanted.where(STUDIES.c.name == name)
        with in_words(self.address), self._engine.connect() as connection:
            return [run_of(row, self.mlruns, self._clock()) for row in connection.execute(wanted)]

    def run(self, number: int) -> Run:
        """A run by its number.

        Raises:
            RecordError: There is none.
        """
        wanted = select(*LISTED).where(STUDIES.c.id == number)
        row = self.read(lambda connection: connection.execute(wanted).one_or_none())
        if row is None:
            raise RecordError(f"{self.address.shown}: there is no run {number}.")
        return run_of(row, self.mlruns, self._clock())

    def events(self, run: Run, since: int = 0, limit: int | None = None) -> Iterator[Recorded]:
        """The events of a run after number `since`, in order, `limit` at most. A broken one is ignored with a warning.

        Raises:
            RecordError: The database cannot be read, or an event was written by a newer version.
        """
        wanted = (
            select(EVENTS).where(EVENTS.c.study == run.number, EVENTS.c.seq > since).order_by(EVENTS.c.seq)
        )
        for row in self.read(lambda connection: connection.execute(wanted.limit(limit)).all()):
            recorded = decoded(row, run.title)
            if recorded is not None:
                yield recorded

    def all_of(self, kind: str) -> Iterator[tuple[str, Recorded]]:
        """Every event of a kind, of all runs in order, each with the `NAME/IDENTIFIER` of its run.

        One that cannot be read is ignored with a warning: another study's record must not stop this one.

        Raises:
            RecordError: The database cannot be read.
        """
        columns = (STUDIES.c.name, STUDIES.c.identifier, EVENTS)
        joined = select(*columns).join(STUDIES, STUDIES.c.id == EVENTS.c.study).where(EVENTS.c.kind == kind)
        ordered = joined.order_by(EVENTS.c.study, EVENTS.c.seq)
        for row in self.read(lambda connection: connection.execute(ordered).all()):
            which = f"{row.name}/{row.identifier}"
            recorded = decoded(row, which, strict=False)
            if recorded is not None:
                yield which, recorded

    def claim(self, run: Run) -> Lease:
        """Take over a run that no living process holds.

        Raises:
            RecordError: Another process works on it.
        """
        at, owner = self._clock(), this_process()
        with in_words(self.address), writing(self._engine).begin() as connection:
            row = locked(connection, run.number)
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
        """Go on holding a run; False when another process has taken it over, or it was released."""
        until = self._clock() + LEASE_SECONDS
        with in_words(self.address), writing(self._engine).begin() as connection:
            renewed = update(STUDIES).where(*holds(lease), STUDIES.c.lease_until.is_not(None))
            return connection.execute(renewed.values(lease_until=until)).rowcount == 1

    def release(self, lease: Lease) -> None:
        """Let others take the run over at once; if the database does not answer, when the lease runs out."""
        with suppress(RecordError), in_words(self.address), writing(self._engine).begin() as connection:
            connection.execute(update(STUDIES).where(*holds(lease)).values(lease_until=None))

    def remove(self, lease: Lease) -> None:
        """Undo `create` for a run that could not begin."""
        with in_words(self.address), writing(self._engine).begin() as connection:
            if connection.execute(select(STUDIES.c.id).where(*holds(lease))).first() is not None:
                sent = SUBMISSIONS.c.run == lease.study
                cohorts = select(COHORTS.c.id).where(COHORTS.c.study == lease.study)
                connection.execute(delete(COHORT_PARTS).where(COHORT_PARTS.c.cohort.in_(cohorts)))
                connection.execute(update(SUBMISSIONS).where(sent).values(run=None))
                for table, column in (
                    (COHORTS, COHORTS.c.study),
                    (RUN_FILES, RUN_FILES.c.study),
                    (EVENTS, EVENTS.c.study),
                    (STUDIES, STUDIES.c.id),
                ):
                    connection.execute(delete(table).where(column == lease.study))

    def remove_if_empty(self) -> None:
        """Delete a SQLite file without content that no other process has open; this record is not used any more."""
        remove_empty(self._engine, self.address)

    def append(self, lease: Lease, *events: Event) -> list[Recorded]:
        """Write events, all or none; they are on disk when this returns.

        A PostgreSQL server that goes away is waited for, for a while.

        Returns:
            The events as they will be read back.

        Raises:
            RecordError: The disk is full, the database does not answer, or another process has taken the run over.
        """
        at = self._clock()
        written: list[Recorded] = []

        def write(connection: Connection) -> None:
            if not are_there(connection, lease.study, written):  # the answer to a commit may have been lost
                written[:] = add_events(connection, lease, events, at)

        if events:
            self.write(write)
        return written

    def read(self, look: Callable[[Connection], Value]) -> Value:
        """What a transaction that only reads gives.

        Raises:
            RecordError: The database cannot be read.
        """
        with in_words(self.address), self._engine.connect() as connection:
            return look(connection)

    def write(self, change: Callable[[Connection], Value]) -> Value:
        """What a transaction that writes gives. It is run again where the server went away, so it must bear that.

        Raises:
            RecordError: The database cannot be written.
        """
        until = time.monotonic() + PATIENCE_SECONDS
        with in_words(self.address):
            while True:
                try:
                    with writing(self._engine).begin() as connection:
                        return change(connection)
                except SQLAlchemyError as error:
                    if self.address.file is not None or not is_away(error) or time.monotonic() > until:
                        raise
                    LOGGER.warning("%s does not respond; trying again.", self.address.shown)
                    time.sleep(1.0)
