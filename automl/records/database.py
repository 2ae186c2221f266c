"""Where the record of studies is, and its database: SQLite in a file, or PostgreSQL."""

import contextlib
import fcntl
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import SQLAlchemyError

from automl.errors import RecordError, explain
from automl.records.tables import STUDIES, VERSION_TABLE

VARIABLE = "AUTOML_RECORDS"
"""Environment variable with the URI of the record, where neither the study file nor the command names one."""

SCHEMA = "0001"
"""Newest version of the schema, in `migrations/versions/`."""

_FILE = "records.db"
_BUSY_SECONDS = 60.0
_MIGRATION_LOCK = 7_260_413
"""Number of PostgreSQL's advisory lock that one process at a time holds while it makes or changes tables."""


@dataclass(frozen=True, slots=True)
class RecordAddress:
    """Where the record is.

    Attributes:
        uri: As SQLAlchemy writes it.
        source: The setting that it came from, for messages.
    """

    uri: str
    source: str

    @property
    def url(self) -> URL:
        """The parsed address; PostgreSQL is reached through psycopg 3.

        Raises:
            RecordError: It is not an address of SQLite or PostgreSQL.
        """
        try:
            url = make_url(self.uri)
        except (SQLAlchemyError, ValueError):
            raise RecordError(self._wrong("text of another form")) from None
        if url.drivername in ("postgresql", "postgres"):
            return url.set(drivername="postgresql+psycopg")
        if url.get_backend_name() not in ("sqlite", "postgresql"):
            raise RecordError(self._wrong(url.get_backend_name()))
        return url

    @property
    def shown(self) -> str:
        """The address without its password, for messages."""
        return self.url.render_as_string(hide_password=True)

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for PostgreSQL."""
        url = self.url
        return Path(url.database or "") if url.get_backend_name() == "sqlite" else None

    def _wrong(self, got: str) -> str:
        must = "be a database of SQLite (sqlite:///FILE) or PostgreSQL (postgresql://USER@HOST/DATABASE)"
        return explain(self.source, must, got, "Correct it, or leave it out to record in mlruns/.")


def find_records(mlruns: Path, uri: str | None = None, source: str = "records.uri") -> RecordAddress:
    """The record of the studies of a folder: the URI that is given, else AUTOML_RECORDS, else a file in the folder.

    Args:
        mlruns: The folder.
        uri: What the study file or the command says; `${NAME}` stands for an environment variable.
        source: Where it says so.

    Raises:
        RecordError: An environment variable in it is not set.
    """
    if not uri:
        uri, source = os.environ.get(VARIABLE), VARIABLE
    if not uri:
        return RecordAddress(f"sqlite:///{mlruns.absolute() / _FILE}", "mlruns")

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            must = "name environment variables that are set"
            raise RecordError(explain(source, must, found[0], f"Set {found[1]}."))
        return os.environ[found[1]]

    return RecordAddress(re.sub(r"\$\{(\w+)\}", value, uri), source)


def connect(address: RecordAddress, create: bool = True) -> Engine:
    """The database, its schema up to date.

    Args:
        address: Where it is.
        create: Whether to make a SQLite file that is not there.

    Raises:
        RecordError: It cannot be reached, read or written, is not a record of automl, or is of a newer version.
    """
    file = address.file
    with in_words(address):
        if file is not None:
            if not create and not file.is_file():
                raise RecordError(
                    f"{file}: there is no record here. Run a study with `automl run study.yaml`."
                )
            file.parent.mkdir(parents=True, exist_ok=True)
        engine = _engine(address)
        with engine.connect() as connection:
            version = _version(connection)
        if version != SCHEMA:
            with _alone(address, engine):
                _migrate(engine, address)
    return engine


@contextlib.contextmanager
def in_words(address: RecordAddress) -> Iterator[None]:
    """Turn what the database, its driver and the system raise into one message with its cure."""
    try:
        yield
    except ModuleNotFoundError as error:
        cure = "Install it with `pip install automl[postgres]`."
        raise RecordError(
            f"{address.shown} needs the package {error.name}, which is not here. {cure}"
        ) from None
    except OSError as error:
        cure = "Free the disk, or choose another folder with --mlruns."
        raise RecordError(f"{address.shown} cannot be written: {error.strerror}. {cure}") from None
    except SQLAlchemyError as error:
        said = str(getattr(error, "orig", None) or error).strip().splitlines()
        what = said[0].rstrip(".") if said else type(error).__name__
        raise RecordError(f"{address.shown} cannot be used: {what}. {_cure(address, what)}") from None


def _cure(address: RecordAddress, what: str) -> str:
    if "full" in what or "No space" in what:
        return "Free the disk; what was recorded stays readable."
    if "readonly" in what or "unable to open" in what:
        return "Make the folder writable, or choose another one with --mlruns."
    if "malformed" in what or "not a database" in what:
        return "Restore the file from a copy, or move it away; the files of each run stay in studies/."
    if "locked" in what:
        return "Another process holds it; try again when it has ended."
    return f"Start the database, or correct {address.source}."


def _engine(address: RecordAddress) -> Engine:
    if address.file is None:
        return sqlalchemy.create_engine(
            address.url,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10},
            isolation_level="READ COMMITTED",
        )
    engine = sqlalchemy.create_engine(address.url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # SQLAlchemy's own BEGIN below, not the driver's late one
        for pragma in ("foreign_keys=ON", "synchronous=FULL"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(connection.get_execution_options().get("begin", "BEGIN"))

    return engine


def writing(engine: Engine) -> Engine:
    """The same database for transactions that write: SQLite takes its lock at once, not at the first change."""
    return engine.execution_options(begin="BEGIN IMMEDIATE")


def _version(connection: Connection) -> str | None:
    if not sqlalchemy.inspect(connection).has_table(VERSION_TABLE):
        return None
    version: sqlalchemy.Select[tuple[str]] = sqlalchemy.select(sqlalchemy.column("version_num")).select_from(
        sqlalchemy.table(VERSION_TABLE)
    )
    found = connection.execute(version).scalar()
    return None if found is None else str(found)


@contextlib.contextmanager
def _alone(address: RecordAddress, engine: Engine) -> Iterator[None]:
    """One process at a time changes the schema."""
    if address.file is None:
        with engine.connect() as connection:
            connection.execute(sqlalchemy.text(f"SELECT pg_advisory_lock({_MIGRATION_LOCK})"))
            connection.commit()
            try:
                yield
            finally:
                connection.execute(sqlalchemy.text(f"SELECT pg_advisory_unlock({_MIGRATION_LOCK})"))
                connection.commit()
        return
    with address.file.with_name(address.file.name + ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _migrate(engine: Engine, address: RecordAddress) -> None:
    """Bring the schema up to date.

    Raises:
        RecordError: The database belongs to something else, or to a newer version.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with writing(engine).connect() as connection:
        version = _version(connection)
        if version == SCHEMA:  # another process was faster
            return
        if version is not None and version not in known:
            cure = "Update automl, or choose another folder with --mlruns."
            raise RecordError(f"{address.shown} was written by a newer version of automl ({version}). {cure}")
        if version is None and sqlalchemy.inspect(connection).has_table(STUDIES.name):
            cure = "Name another database, or another folder with --mlruns."
            raise RecordError(f"{address.shown} has a table `studies` that automl did not make. {cure}")
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def now() -> float:
    """Seconds since 1970."""
    return time.time()
