"""The servers and workers of a service, each listed for as long as it renews its row."""

import functools
from dataclasses import dataclass
from typing import Any, final

from sqlalchemy import delete, insert, select, update
from sqlalchemy.engine import Connection

from automl.errors import RecordError
from automl.records.leases import LEASE_SECONDS, is_held, this_process
from automl.records.store import Records
from automl.records.tables import SERVICE_PROCESSES

SERVER, WORKER = "server", "worker"


@dataclass(frozen=True, slots=True)
class ServiceProcess:
    """A server or a worker.

    Attributes:
        owner: Its name, as in a lease.
        role: `server` or `worker`.
        version: Of its automl.
        since: When it began, in seconds since 1970.
        submission: Number of the study that it runs; None where it runs none.
        lost_leases: Studies and cohorts that it has taken over from processes that had died.
        helps: Whether it trains cohorts of studies that other workers run.
    """

    owner: str
    role: str
    version: str
    since: float
    submission: int | None
    lost_leases: int
    helps: bool = False

    @property
    def machine(self) -> str:
        """The machine that it runs on."""
        return self.owner.partition(":")[0] + self.owner.rpartition("@")[2].partition("/")[0]


@final
class ServiceProcesses:
    """The processes of a service that are alive.

    Args:
        records: The record.
    """

    def __init__(self, records: Records) -> None:
        self._records = records

    def alive(self) -> list[ServiceProcess]:
        """All of them, the oldest first.

        Raises:
            RecordError: The database cannot be read.
        """
        return self._records.read(self._alive)

    def _alive(self, connection: Connection) -> list[ServiceProcess]:
        rows = connection.execute(select(SERVICE_PROCESSES).order_by(SERVICE_PROCESSES.c.since)).all()
        now = self._records.now()
        return [
            ServiceProcess(
                row.owner, row.role, row.version, row.since, row.submission, row.lost_leases, bool(row.helps)
            )
            for row in rows
            if is_held(row.owner, row.until, now)
        ]

    def enter(self, role: str, version: str, helps: bool = False) -> None:
        """List this process.

        Args:
            role: `server` or `worker`.
            version: Of its automl.
            helps: Whether it trains cohorts of studies that other workers run.

        Raises:
            RecordError: It does not fit those that are alive: it is of another version, or on another machine although
                the record is a SQLite file.
        """
        row = {
            "owner": this_process(),
            "role": role,
            "version": version,
            "lost_leases": 0,
            "helps": int(helps),
        }
        self._records.write(functools.partial(self._enter, row=row))

    def _enter(self, connection: Connection, row: dict[str, Any]) -> None:
        others = [process for process in self._alive(connection) if process.owner != row["owner"]]
        at = self._records.now()
        for other in others:
            self._check(other, row)
        gone = SERVICE_PROCESSES.c.owner.not_in([process.owner for process in others])
        connection.execute(delete(SERVICE_PROCESSES).where(gone))
        connection.execute(insert(SERVICE_PROCESSES).values(row | {"since": at, "until": at + LEASE_SECONDS}))

    def _check(self, other: ServiceProcess, row: dict[str, Any]) -> None:
        shown = self._records.address.shown
        host = other.owner.partition(":")[0]
        if other.version != row["version"]:
            message = f"{shown} is used by a {other.role} on {host} with automl {other.version}"
            raise RecordError(
                f"{message}, and this {row['role']} is automl {row['version']}. Update one of them."
            )
        process = ServiceProcess(row["owner"], row["role"], row["version"], 0.0, None, 0)
        if self._records.address.file is not None and other.machine != process.machine:
            message = f"{shown} is a SQLite file that a {other.role} on {host} uses"
            cure = "Use a database server: `--records postgresql://USER@HOST/DATABASE` for all of them."
            raise RecordError(f"{message}. SQLite serves the processes of one machine. {cure}")

    def renew(self, submission: int | None = None, lost_leases: int = 0) -> None:
        """Stay listed.

        Args:
            submission: Number of the study that this process runs.
            lost_leases: Studies and cohorts that it has taken over.

        Raises:
            RecordError: The database cannot be written.
        """
        values = {
            "until": self._records.now() + LEASE_SECONDS,
            "submission": submission,
            "lost_leases": lost_leases,
        }
        changed = (
            update(SERVICE_PROCESSES).where(SERVICE_PROCESSES.c.owner == this_process()).values(**values)
        )
        self._records.write(lambda connection: connection.execute(changed))

    def leave(self) -> None:
        """Be listed no longer.

        Raises:
            RecordError: The database cannot be written.
        """
        statement = delete(SERVICE_PROCESSES).where(SERVICE_PROCESSES.c.owner == this_process())
        self._records.write(lambda connection: connection.execute(statement))
