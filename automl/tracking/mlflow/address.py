"""Where the MLflow store of a study is, and whether it answers. Needs no MLflow."""

import contextlib
import os
import socket
import sqlite3
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit

from automl.errors import TrackingError, explain
from automl.secrets import masked

PROBE_SECONDS = 3.0

_EMBEDDED = "mlruns"
_PORTS = {"postgresql": 5432, "mysql": 3306, "mssql": 1433}


@dataclass(frozen=True, slots=True)
class StoreAddress:
    """Where a store is.

    Attributes:
        uri: MLflow's tracking URI.
        source: The setting that it came from, for messages.
        files: Folder for the files of a new study; None when the store knows itself.
    """

    uri: str = field(repr=False)  # it may hold a password
    source: str
    files: Path | None

    @property
    def shown(self) -> str:
        """The URI as messages, logs and pages show it: without a password or a token."""
        return masked(self.uri)

    @property
    def is_server(self) -> bool:
        """Whether it is an MLflow server, not a database that this process opens itself."""
        return self.uri.startswith(("http://", "https://"))

    @property
    def database(self) -> Path | None:
        """The SQLite file, when it is one."""
        if _dialect(self.uri) != "sqlite":
            return None
        return Path(self.uri.partition(":///")[2].partition("?")[0]).absolute()


def find_store(uri: str | None, folder: Path) -> StoreAddress:
    """The store of a study: the URI it names, else MLFLOW_TRACKING_URI, else a database in the folder."""
    source = "tracking.uri"
    if not uri:
        uri, source = os.environ.get("MLFLOW_TRACKING_URI"), "MLFLOW_TRACKING_URI"
    if not uri:
        uri, source = f"sqlite:///{folder.absolute() / 'mlflow.db'}", _EMBEDDED
    database = StoreAddress(uri, source, None).database
    if database is not None:
        return StoreAddress(uri, source, database.parent / "artifacts")
    return StoreAddress(uri, source, folder.absolute() / "artifacts" if _dialect(uri) in _PORTS else None)


def probe(address: StoreAddress) -> str:
    """Why the store does not answer within a few seconds; empty when it does, or when only use can tell."""
    try:
        if address.is_server:
            return _probe_server(address.uri)
        if address.database is not None:
            return _probe_sqlite(address.database)
        return _probe_port(address.uri)
    except (OSError, ValueError, sqlite3.Error) as error:
        return f"It reports: {first_line(error, address.uri)}."


def silent(address: StoreAddress, reason: str) -> TrackingError:
    """The error for a store that does not answer."""
    must = "name an MLflow store that responds"
    cure = f"{reason} Start it, correct {address.source}, or unset it to use the store in mlruns/."
    return TrackingError(explain(address.source, must, address.shown, cure))


def refused(address: StoreAddress, error: Exception) -> TrackingError:
    """The error for a store that was reached and cannot be used."""
    report = f"MLflow reports: {first_line(error, address.uri)}."
    if address.database is not None and isinstance(error, OSError):
        report = f"The system reports: {first_line(error, address.uri)}."
        must, got = "be in a folder that can be written", str(address.database.parent)
    else:
        must, got = (
            "be a server (http://host:port) or a database (sqlite:///file.db) that can be used",
            address.shown,
        )
    if address.source == _EMBEDDED:
        cure = "Repair it, start the study in another folder, or set MLFLOW_TRACKING_URI."
    else:
        cure = f"Correct {address.source}, or unset it to use the store in mlruns/."
    return TrackingError(explain(address.source, must, got, f"{report} {cure}"))


def first_line(error: BaseException, uri: str = "") -> str:
    """What an error says, cut to one line that ends without a period.

    Args:
        error: Anything that was raised.
        uri: Tracking URI of the store that it is about: its secrets are not repeated.
    """
    lines = masked(str(error), uri).strip().splitlines() or [type(error).__name__]
    return lines[0].strip()[:400].rstrip(".")


def _dialect(uri: str) -> str:
    return uri.partition(":")[0].partition("+")[0].lower()


def _probe_server(uri: str) -> str:
    import requests

    try:
        response = requests.get(uri.rstrip("/") + "/health", timeout=PROBE_SECONDS)
    except requests.exceptions.SSLError:
        return ""  # somebody answers; whether the certificate is good enough is MLflow's to say
    except requests.exceptions.Timeout:
        return f"It does not respond within {PROBE_SECONDS:.0f} seconds."
    except requests.exceptions.ConnectionError:
        return "No server responds there."
    reason = masked(str(response.reason), uri)
    return f"It responds {response.status_code} {reason}." if response.status_code >= 500 else ""


def _probe_sqlite(database: Path) -> str:
    uri = f"file:{quote(str(database))}?mode=rw"
    with contextlib.closing(sqlite3.connect(uri, uri=True, timeout=PROBE_SECONDS)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.rollback()
    return ""


def _probe_port(uri: str) -> str:
    parts = urlsplit(uri)
    port = parts.port or _PORTS.get(_dialect(uri))
    if parts.hostname and port:
        socket.create_connection((parts.hostname, port), timeout=PROBE_SECONDS).close()
    return ""
