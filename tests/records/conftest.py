"""A record of each kind, empty: a SQLite file and a PostgreSQL database."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from postgres import Postgres, running_postgres
from record_samples import Open

from automl.records.addresses import find_records
from automl.records.database import connect
from automl.records.store import Records


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server for all tests of this process."""
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def uri(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty record."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'records.db'}"
    return request.getfixturevalue("postgres").new_database()


@pytest.fixture
def opened(uri: str, tmp_path: Path) -> Iterator[Open]:
    """Opens the record, each time as another process would: with a connection of its own."""
    engines = []

    def opens(**options: object) -> Records:
        address = find_records(tmp_path, uri)
        engines.append(connect(address))
        return Records(address, engines[-1], tmp_path, **options)

    yield opens
    for engine in engines:
        engine.dispose()


@pytest.fixture
def records(opened: Open) -> Records:
    """The record, open."""
    return opened()
