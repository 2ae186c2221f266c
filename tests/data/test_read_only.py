"""A table in a database is read, and nothing is ever written: by the check of the query, and by the connection."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas
import pytest
from postgres import Postgres, running_postgres
from small_tables import where

from automl.config.sections import DataConfig
from automl.data.sources import databases
from automl.data.sources.databases import read_database
from automl.errors import DataError


def read(folder: Path, sql: str, **data: Any) -> pandas.DataFrame:
    """The table that a study file names."""
    return read_database(DataConfig(sql=sql, target="y", **data), folder, where, None)


def content(file: Path) -> list[Any]:
    """All that is in a SQLite database."""
    connection = sqlite3.connect(file)
    names = [name for (name,) in connection.execute("SELECT name FROM sqlite_master ORDER BY name")]
    rows = [connection.execute(f"SELECT * FROM [{name}]").fetchall() for name in names]
    connection.close()
    return [*zip(names, rows, strict=True)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A database with a table and a view, in a folder whose name is special in URLs."""
    folder = tmp_path / "a b%20c?d#e"
    folder.mkdir()
    connection = sqlite3.connect(folder / "t.db")
    connection.executescript(
        "CREATE TABLE r (a, y); INSERT INTO r VALUES (1, 'p'), (2, 'q'); CREATE VIEW v AS SELECT a, y FROM r;"
    )
    connection.close()
    return folder / "t.db"


WRITES = ["DROP TABLE r", "INSERT INTO r VALUES (3, 'z')", "ATTACH 'new.db' AS n", "SELECT 1; DROP TABLE r"]


@pytest.mark.parametrize("query", WRITES)
def test_a_query_that_writes_is_refused_with_its_line(file: Path, query: str) -> None:
    before = content(file)
    with pytest.raises(
        DataError, match=r"^study\.yaml:data\.query: `data\.query` must .*(DROP|INSERT|ATTACH)"
    ):
        read(file.parent, "sqlite:///t.db", query=query)
    assert content(file) == before
    assert [path.name for path in file.parent.iterdir()] == ["t.db"]


@pytest.mark.parametrize(
    "sql", ["sqlite:///t.db", "sqlite:///file:{}?uri=true", "sqlite:///file:{}?uri=true&mode=rwc"]
)
@pytest.mark.parametrize("query", ["DROP TABLE r", "INSERT INTO r VALUES (3, 'z')", "CREATE TABLE n (x)"])
def test_the_connection_refuses_it_too(
    file: Path, query: str, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(databases, "check_query", lambda *_: None)
    name = str(file).replace("%", "%25").replace("?", "%3f").replace("#", "%23")
    before = content(file)
    with pytest.raises(DataError, match="refuses the query: attempt to write a readonly database"):
        read(file.parent, sql.format(name.replace("%", "%25")) if "{" in sql else sql, query=query)
    assert content(file) == before


@pytest.mark.parametrize(
    "source", [{"table": "r"}, {"table": "v"}, {"query": "SELECT a, y FROM v -- all; of it"}]
)
def test_tables_views_and_queries_are_read_from_any_folder(file: Path, source: dict[str, str]) -> None:
    expected = pandas.DataFrame({"a": [1, 2], "y": ["p", "q"]})
    pandas.testing.assert_frame_equal(read(file.parent, "sqlite:///t.db", **source), expected)


@pytest.mark.parametrize(
    "sql", ["sqlite:///none.db", "sqlite:///file:none.db?uri=true", "sqlite:///file:none.db"]
)
def test_a_file_that_is_missing_is_not_made(
    tmp_path: Path, sql: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=r"^study\.yaml:data\.sql: "):
        read(tmp_path, sql, query="SELECT 1")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_may_not_be_written_is_read(file: Path) -> None:
    file.chmod(0o444)
    assert len(read(file.parent, "sqlite:///t.db", table="r")) == 2


def test_a_database_that_another_program_writes_is_read_as_it_stands(file: Path) -> None:
    """Also in the journal mode in which SQLite keeps what is new in a file of its own."""
    writer = sqlite3.connect(file)
    writer.execute("PRAGMA journal_mode = WAL")
    writer.execute("INSERT INTO r VALUES (3, 'z')")
    writer.commit()
    assert read(file.parent, "sqlite:///t.db", table="r")["a"].tolist() == [1, 2, 3]
    writer.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    with running_postgres() as server:
        yield server


@pytest.fixture
def address(server: Postgres) -> str:
    """A database with a table, a view, a sequence, and a function that writes."""
    uri = server.new_database()
    name = uri.partition("@/")[2].partition("?")[0]
    for statement in (
        "CREATE TABLE r (a int, y text)",
        "INSERT INTO r VALUES (1, 'p'), (2, 'it''s; q')",
        "CREATE VIEW v AS SELECT a, y FROM r",
        "CREATE SEQUENCE s",
        "CREATE FUNCTION writes() RETURNS int LANGUAGE sql AS 'DELETE FROM r RETURNING a'",
    ):
        server.execute(statement, name)
    return uri.replace("postgresql://", "postgresql+psycopg://")


@pytest.mark.parametrize(
    "query",
    [
        "SELECT writes() AS y",
        "SELECT nextval('s') AS y",
        "SELECT set_config('transaction_read_only', 'off', false), writes()",
    ],
)
def test_postgresql_refuses_what_only_it_can_know(address: str, query: str) -> None:
    with pytest.raises(DataError, match=r"refuses the query: .*(read-only transaction|before any query)"):
        read(Path(), address, query=query)
    assert len(read(Path(), address, table="r")) == 2


@pytest.mark.parametrize(
    "query", ["DROP TABLE r", "CREATE TABLE n (x int)", "DELETE FROM r", "SELECT 1 INTO n"]
)
def test_postgresql_refuses_what_the_check_refuses(
    address: str, query: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(DataError, match=r"`data\.query` must "):
        read(Path(), address, query=query)
    monkeypatch.setattr(databases, "check_query", lambda *_: None)
    with pytest.raises(DataError, match=r"refuses the query: cannot execute .* in a read-only transaction"):
        read(Path(), address, query=query)
    assert len(read(Path(), address, query="SELECT * FROM r")) == 2


@pytest.mark.parametrize(
    "source",
    [
        {"table": "r"},
        {"table": "v"},
        {"query": "SELECT a, y FROM r WHERE y <> $x$;'$x$ AND y <> E'\\'; DROP' /* /* */ ; */ ORDER BY a;"},
        {"query": "WITH x AS (SELECT * FROM v) SELECT * FROM x WHERE y LIKE '%' ORDER BY a"},
    ],
)
def test_postgresql_gives_tables_views_and_queries(address: str, source: dict[str, str]) -> None:
    expected = pandas.DataFrame({"a": [1, 2], "y": ["p", "it's; q"]})
    pandas.testing.assert_frame_equal(read(Path(), address, **source), expected)


def test_a_string_ends_where_the_check_says_whatever_the_server_is_set_to(
    server: Postgres, address: str
) -> None:
    name = address.partition("@/")[2].partition("?")[0]
    server.execute(f"ALTER DATABASE {name} SET standard_conforming_strings = off", name)
    assert read(Path(), address, query="SELECT 'a\\' AS y")["y"].tolist() == ["a\\"]
