"""Where the record of studies is: a SQLite file or a PostgreSQL database."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError

from automl.errors import RecordError, explain
from automl.secrets import masked

VARIABLE = "AUTOML_RECORDS"
"""Environment variable with the URI of the record, where neither the study file nor the command names one."""

_FILE = "records.db"


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
        kind = url.drivername.partition("+")[0]
        if kind in ("postgresql", "postgres"):
            return url.set(drivername="postgresql+psycopg")
        if kind != "sqlite":
            raise RecordError(self._wrong(kind))
        if url.query:
            raise RecordError(self._wrong("sqlite with options"))
        if url.host or url.database in (None, "", ":memory:"):
            raise RecordError(self._wrong("sqlite without the name of a file"))
        return url.set(drivername="sqlite")

    @property
    def shown(self) -> str:
        """What it is for messages: a file, or an address without its secrets."""
        return str(self.file or masked(self.url.render_as_string(hide_password=True), self.uri))

    @property
    def file(self) -> Path | None:
        """The SQLite file; None for PostgreSQL."""
        url = self.url
        return Path(url.database or "") if url.drivername == "sqlite" else None

    def _wrong(self, got: str) -> str:
        must = "be a SQLite (sqlite:///FILE) or PostgreSQL (postgresql://USER@HOST/DATABASE) database"
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
        return RecordAddress(_address_of(mlruns.absolute() / _FILE), "mlruns")

    def value(match: re.Match[str]) -> str:
        if match[1] not in os.environ:
            must = "name environment variables that are set"
            raise RecordError(explain(source, must, match[0], f"Set {match[1]}."))
        return os.environ[match[1]]

    return RecordAddress(re.sub(r"\$\{(\w+)\}", value, uri), source)


def _address_of(file: Path) -> str:
    try:
        return URL.create("sqlite", database=str(file)).render_as_string(hide_password=False)
    except UnicodeEncodeError:
        raise RecordError(f"{file!r} is not UTF-8. Choose another folder with --mlruns.") from None
