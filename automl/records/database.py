"""The database of the record: its connections, its schema, and its errors in words."""

import contextlib
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError

from automl.errors import RecordError
from automl.records.addresses import RecordAddress
from automl.records.presence import announce, delete_alone
from automl.records.tables import METADATA, STUDIES, SUBMISSIONS, VERSION_TABLE
from automl.secrets import masked

SCHEMA = "0004"
"""Newest version of the schema, in `migrations/versions/`."""

_BUSY_SECONDS = 60.0
_CONNECTION = {
    "client_encoding": "utf8",
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
"""Of PostgreSQL: how its text is read, and how long a server that no longer answers is waited for."""

_MIGRATION_LOCK = 7_260_413
"""Number of PostgreSQL's advisory lock that one process at a time holds while it makes or changes tables."""


def connect(address: RecordAddress, create: bool = True) -> Engine:
    """The database, its schema up to date.

    Args:
        address: Where it is.
        create: Whether to make the file and the tables where there are none.

    Raises:
        RecordError: There is none, it cannot be reached, read or written, is not a record of automl, or is of a newer
            version.
    """
    file, lock = address.file, None
    with in_words(address):
        if file is not None:
            lock = announce(file, create) if create or file.is_file() else None
            if not create and not file.is_file():
                raise RecordError(_nothing(address))
        engine = _engine(address, lock)
        try:
            _prepare_schema(engine, address, create)
        except BaseException:
            engine.dispose()
            raise
    return engine


def _prepare_schema(engine: Engine, address: RecordAddress, create: bool) -> None:
    with engine.connect() as connection:
        version = _version(connection)
    if version is None and not create:
        raise RecordError(_nothing(address))
    if version != SCHEMA:
        with _alone(address, engine):
            _migrate(engine, address)


def remove_empty(engine: Engine, address: RecordAddress) -> None:
    """Delete a SQLite file without any run, and its folder where it holds nothing else; not while others have it open.

    Raises:
        RecordError: It cannot be read.
    """

    def is_empty() -> bool:
        with engine.connect() as connection:
            rows = [
                connection.execute(sqlalchemy.select(table.c.id).limit(1)).first()
                for table in (STUDIES, SUBMISSIONS)
            ]
        engine.dispose()
        return rows == [None, None]

    lock = engine.get_execution_options().get("lock")
    if address.file is not None and lock is not None:
        engine.dispose()
        with in_words(address):
            delete_alone(address.file, lock, is_empty)


def _nothing(address: RecordAddress) -> str:
    return f"{address.shown}: there is no study here. Run one with `automl run study.yaml`."


@contextlib.contextmanager
def in_words(address: RecordAddress) -> Iterator[None]:
    """Turn what the database, its driver and the system raise into one message with its cure."""
    try:
        yield
    except ModuleNotFoundError as error:
        cure = "Install it with `pip install automl[postgres]`."
        raise RecordError(
            f"{address.shown} needs the package {error.name}, which is not installed. {cure}"
        ) from None
    except OSError as error:
        cure = "Free the disk, or choose another folder with --mlruns."
        raise RecordError(f"{address.shown} cannot be written: {error.strerror}. {cure}") from None
    except SQLAlchemyError as error:
        lines = str(getattr(error, "orig", None) or error).strip().splitlines()
        reason = masked(lines[0].rstrip("."), address.uri) if lines else type(error).__name__
        raise RecordError(f"{address.shown} cannot be used: {reason}. {_cure(address, reason)}") from None


_CURES = (
    (r"full|no space", "Free the disk; what was recorded stays readable."),
    (r"disk i/o error", "Check the disk; what was recorded stays readable."),
    (
        r"readonly|read-only|unable to open",
        "Make the file and its folder writable, or choose another folder with --mlruns.",
    ),
    (
        r"malformed|not a database",
        "Restore the file from a copy, or move it away; the files of each run stay in studies/.",
    ),
    (r"database \S+ does not exist", "Create it with `createdb`."),
    (r"permission denied", "Ask its owner to grant this user the right to create and change tables."),
    (
        r"no such (table|column)|(relation|column) \S+ does not exist",
        "This is not a record of automl, or a part of it was deleted: restore it from a copy, or name another one.",
    ),
    (r"no equivalent in encoding", "Use a database whose encoding is UTF8."),
    (r"locked|lock timeout", "Another process has locked it; try again when that process has ended."),
)


def _cure(address: RecordAddress, reason: str) -> str:
    cures = (cure for pattern, cure in _CURES if re.search(pattern, reason, re.I))
    return next(cures, f"Start the database, or correct {address.source}." if address.file is None else "")


def is_away(error: SQLAlchemyError) -> bool:
    """Whether an error says that PostgreSQL does not answer at the moment, so that it may answer soon."""
    state = getattr(getattr(error, "orig", None), "sqlstate", "")
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(error, OperationalError) and (state is None or state[:2] in ("08", "57"))


def _engine(address: RecordAddress, lock: IO[str] | None) -> Engine:
    if address.file is None:
        engine = sqlalchemy.create_engine(
            address.url, pool_pre_ping=True, connect_args=_CONNECTION, isolation_level="READ COMMITTED"
        )
        event.listen(engine, "connect", _prepare_postgresql)
        return engine
    engine = sqlalchemy.create_engine(
        address.url, connect_args={"timeout": _BUSY_SECONDS}, execution_options={"lock": lock}
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_postgresql(connection: Any, _: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SET synchronous_commit = on"
        )  # what was recorded is on disk, whatever the server's default
        cursor.execute(f"SET lock_timeout = '{_BUSY_SECONDS:.0f}s'")
    connection.commit()


def _prepare_sqlite(connection: Any, _: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's late one
    connection.text_factory = _text
    for pragma in ("foreign_keys=ON", "synchronous=EXTRA"):  # EXTRA: a commit outlasts a power failure
        connection.execute(f"PRAGMA {pragma}")


def _text(value: bytes) -> str:
    """Text of SQLite, which may be broken: one broken row must not hide the others."""
    return value.decode("utf-8", "surrogateescape")


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))


def writing(engine: Engine) -> Engine:
    """The same database for transactions that write: SQLite takes its lock at once, not at the first change."""
    return engine.execution_options(begin="BEGIN IMMEDIATE")


def _version(connection: Connection) -> str | None:
    if not sqlalchemy.inspect(connection).has_table(VERSION_TABLE):
        return None
    version: sqlalchemy.Select[tuple[str]] = sqlalchemy.select(sqlalchemy.column("version_num")).select_from(
        sqlalchemy.table(VERSION_TABLE)
    )
    current = connection.execute(version).scalar()
    return None if current is None else str(current)


@contextlib.contextmanager
def _alone(address: RecordAddress, engine: Engine) -> Iterator[None]:
    """One process at a time changes the schema."""
    if address.file is not None:
        yield  # the transaction of the migration is alone by itself
        return
    with engine.connect() as connection:
        connection.execute(sqlalchemy.text(f"SELECT pg_advisory_lock({_MIGRATION_LOCK})"))
        connection.commit()
        try:
            yield
        finally:
            connection.execute(sqlalchemy.text(f"SELECT pg_advisory_unlock({_MIGRATION_LOCK})"))
            connection.commit()


def _migrate(engine: Engine, address: RecordAddress) -> None:
    """Bring the schema up to date.

    Raises:
        RecordError: The database belongs to something else, or to a newer version.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    revisions = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with writing(engine).connect() as connection:
        version = _version(connection)
        if version == SCHEMA:  # another process was faster
            return
        if version is not None and version not in revisions:
            cure = "Update automl, or choose another folder with --mlruns."
            raise RecordError(f"{address.shown} was written by a newer version of automl ({version}). {cure}")
        if version is None:
            _refuse_others(connection, address)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def _refuse_others(connection: Connection, address: RecordAddress) -> None:
    """Leave a database alone that has tables of these names already."""
    for name in METADATA.tables:
        if sqlalchemy.inspect(connection).has_table(name):
            cure = "Name another database, or another folder with --mlruns."
            raise RecordError(f"{address.shown} has a table `{name}` that automl did not create. {cure}")


def now() -> float:
    """Seconds since 1970."""
    return time.time()
