"""A PostgreSQL server of our own for the tests: in a temporary folder, reached through a Unix socket."""

import atexit
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import pytest

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")
"""Where the server's programs are when they are not on PATH."""

SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "60",
    "shared_buffers": "16MB",
}


def binaries() -> Path | None:
    """The folder of the server's programs, of the newest version; None where there is none."""
    program = shutil.which("initdb")
    if program:
        return Path(program).resolve().parent
    folders = [folder for place in PLACES for folder in Path("/").glob(place[1:])]
    versions = {float("".join(filter(str.isdigit, str(folder)))): folder for folder in folders}
    known = [versions[version] for version in sorted(versions) if (versions[version] / "initdb").is_file()]
    return known[-1] if known else None


def unprivileged() -> str | None:
    """The user that runs the server: it refuses root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody") if name in names)


@cache
def made_once(programs: Path, user: str | None) -> Path:
    """The files of an empty server, which all servers of this process begin with: making them takes seconds."""
    folder = Path(tempfile.mkdtemp(prefix="pg", dir="/tmp"))
    atexit.register(shutil.rmtree, folder)
    if user is not None:
        shutil.chown(folder, user)
    options = ["--auth=trust", "--username=automl", "--encoding=UTF8", "--locale=C", "--no-sync"]
    command = [programs / "initdb", "-D", folder / "data", *options]
    subprocess.run(command, check=True, user=user, capture_output=True, cwd=folder)
    return folder / "data"


class Postgres:
    """A server.

    Args:
        programs: The folder of its programs.
        folder: Its own folder; short, for the name of a socket is limited.
    """

    def __init__(self, programs: Path, folder: Path) -> None:
        self.programs, self.folder = programs, folder
        self.user = unprivileged()
        self.process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count()
        if self.user is not None:
            shutil.chown(folder, self.user)
        copied = ["cp", "-R", made_once(programs, self.user), folder / "data"]
        subprocess.run(copied, check=True, user=self.user, cwd=folder)
        (folder / "data").chmod(0o700)

    def start(self) -> None:
        """Start it and wait until it answers."""
        settings = itertools.chain.from_iterable(
            ("-c", f"{name}={value}") for name, value in SETTINGS.items()
        )
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.folder / "data", "-k", self.folder, *settings],
                user=self.user,
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        ready = [self.programs / "pg_isready", "-q", "-h", self.folder, "-U", "automl", "-d", "postgres"]
        until = time.monotonic() + 60.0
        while subprocess.run(ready, check=False).returncode:
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError((self.folder / "log").read_text())
            time.sleep(0.05)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """End it: at once, with its connections."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(60.0)

    def uri(self, database: str) -> str:
        """The address of a database."""
        return f"postgresql://automl@/{database}?host={self.folder}"

    def execute(self, statement: str, database: str = "postgres") -> None:
        """Execute SQL as the superuser."""
        import psycopg

        with psycopg.connect(self.uri(database), autocommit=True) as connection:
            connection.execute(statement)

    def new_database(self, options: str = "") -> str:
        """Make an empty database and return its address."""
        name = f"test_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name} {options}")
        return self.uri(name)


def missing() -> str:
    """Why there can be no server; empty where there can."""
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "psycopg is not installed: pip install automl[postgres]"
    return "" if binaries() else "PostgreSQL's initdb is not installed: apt-get install postgresql"


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server that runs while the block does. Where there is none the test is skipped, and in CI it fails."""
    reason, programs = missing(), binaries()
    if reason or programs is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
    with tempfile.TemporaryDirectory(prefix="pg", dir="/tmp") as folder:
        server = Postgres(programs, Path(folder))
        server.start()
        try:
            yield server
        finally:
            if server.process is not None and server.process.poll() is None:
                server.stop(signal.SIGQUIT)
