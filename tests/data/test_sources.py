"""Tables from databases and from the web, and the keys of the study file that go together."""

import sqlite3
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas
import pytest
import sqlalchemy
from small_tables import where
from sqlalchemy.exc import OperationalError

from automl.config.sections import DataConfig
from automl.config.study import StudyConfig
from automl.data.dataset import Dataset
from automl.data.reading import read_dataset
from automl.data.sources import downloads
from automl.data.sources.downloads import public_url
from automl.errors import DataError
from automl.trial import Task


def read(folder: Path, **data: Any) -> Dataset:
    """The dataset of a study with this data section."""
    return read_dataset(StudyConfig(name="t", data=DataConfig(**data)), folder, where)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A folder with a database: 8 patients, and a view of the old ones."""
    with sqlite3.connect(tmp_path / "clinic.db") as connection:
        connection.execute(
            "CREATE TABLE patients (id INTEGER, age REAL, born DATE, city TEXT, cost NUMERIC(9, 2), ill BOOLEAN)"
        )
        rows = [
            (i, None if i == 3 else 20.5 + i, f"19{50 + i}-01-02", "ab"[i % 2], i * 1.25, i > 3)
            for i in range(8)
        ]
        connection.executemany("INSERT INTO patients VALUES (?, ?, ?, ?, ?, ?)", rows)
        connection.execute("CREATE VIEW old AS SELECT age, city, ill FROM patients WHERE id > 1")
    connection.close()
    return tmp_path


def test_a_table_of_a_database(database: Path) -> None:
    dataset = read(database, sql="sqlite:///clinic.db", table="patients", target="ill")
    kinds = {column.name: str(column.kind) for column in dataset.schema.columns}
    assert kinds["age"] == kinds["cost"] == "numeric"
    assert kinds["born"] == "date" and kinds["city"] == "categorical"
    assert dataset.task is Task.BINARY and dataset.target.tolist() == [0] * 4 + [1] * 4
    assert dataset.table["cost"].tolist() == [1.25 * i for i in range(8)]
    assert dataset.table["age"].isna().tolist() == [i == 3 for i in range(8)]


def test_a_view_and_a_query_and_an_absolute_path(database: Path) -> None:
    view = read(database, sql="sqlite:///clinic.db", table="old", target="ill")
    query = "SELECT age, city, ill FROM patients WHERE id > 1 AND city <> ':x' AND city NOT LIKE '%z'"
    by_query = read(Path("/nowhere"), sql=f"sqlite:///{database}/clinic.db", query=query, target="ill")
    assert view.feature_names == by_query.feature_names == ("age", "city")
    pandas.testing.assert_frame_equal(view.table, by_query.table)
    assert view.target.tolist() == by_query.target.tolist() == [1, 1, 0, 0, 0, 0]


@pytest.mark.parametrize("source", [{"table": "patients"}, {"query": "SELECT * FROM patients"}])
def test_only_the_columns_that_are_used(database: Path, source: dict[str, str]) -> None:
    dataset = read(database, sql="sqlite:///clinic.db", target="ill", features=["cost"], **source)
    assert [column.name for column in dataset.schema.columns] == ["cost"]
    with pytest.raises(DataError, match=r"got 'csot'\. Did you mean `cost`\? Known: id, age, born, city"):
        read(database, sql="sqlite:///clinic.db", target="ill", features=["csot"], **source)


WRONG: dict[str, tuple[dict[str, str], str]] = {
    "no file": (
        {"sql": "sqlite:///none.db", "table": "t"},
        r"^study.yaml:data.sql: there is no file .*none\.db\. ",
    ),
    "no database": ({"sql": "sqlite:///t.csv", "table": "t"}, r"t\.csv is not a SQLite database\."),
    "no table": (
        {"sql": "sqlite:///clinic.db", "table": "patient"},
        r"^study.yaml:data.table: .* got 'patient'\. Did you mean `patients`\? Known: patients, old\.",
    ),
    "no such column": (
        {"sql": "sqlite:///clinic.db", "query": "SELECT agee FROM patients"},
        r"^study.yaml:data.query: .* refuses the query: no such column: agee\. Check `data.query`\.$",
    ),
    "no SELECT": (
        {"sql": "sqlite:///clinic.db", "query": "DELETE FROM patients"},
        r"^study.yaml:data.query: `data.query` must begin with SELECT, WITH or VALUES, got DELETE\. Write a",
    ),
    "no rows": (
        {"sql": "sqlite:///clinic.db", "query": "SELECT * FROM patients WHERE id > 9"},
        "must have rows, got none",
    ),
    "twice": (
        {"sql": "sqlite:///clinic.db", "query": "SELECT ill, ill FROM patients"},
        "^study.yaml:data.query: sqlite:.*the column name 'ill' occurs twice",
    ),
    "no URL": ({"sql": "me:secret@host", "table": "t"}, r"^study.yaml:data.sql: `data.sql` must be a URL"),
    "unknown database": (
        {"sql": "dbase://me:secret@host/d", "table": "t"},
        "that SQLAlchemy knows, got 'dbase'",
    ),
    "no form": (
        {"sql": "sqlite://me:secret@/clinic.db", "table": "t"},
        "must be a whole URL of a sqlite database",
    ),
    "no driver": (
        {"sql": "mssql+pymssql://me:secret@host/d", "table": "t"},
        r"mssql database needs the package pymssql\. Install it with `pip install pymssql`\.",
    ),
}


@pytest.mark.parametrize(("config", "says"), WRONG.values(), ids=WRONG)
def test_what_a_database_refuses(database: Path, config: dict[str, str], says: str) -> None:
    (database / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=says) as caught:
        read(database, target="ill", **config)
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)
    assert not (database / "none.db").exists()
    connection = sqlite3.connect(database / "clinic.db")
    assert connection.execute("SELECT count(*) FROM patients").fetchone() == (8,)
    connection.close()


def test_a_password_that_the_database_repeats_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Silent:
        """An engine of a database that does not let us in."""

        def connect(self) -> None:
            raise OperationalError(None, None, Exception("no entry for me:s%40crt or 's@crt'\nDETAIL: more"))

        def dispose(self) -> None:
            pass

    monkeypatch.setattr(sqlalchemy, "create_engine", lambda _: Silent())
    with pytest.raises(DataError) as caught:
        read(tmp_path, sql="postgresql://me:s%40crt@host/clinic?key=s", table="t", target="y")
    assert str(caught.value) == (
        "study.yaml:data.sql: postgresql://me:***@host/clinic does not respond: no entry for me:*** or '***'. "
        "Check the URL, and that the server runs."
    )


TABLE = "a,y\n1,yes\n2,no\n3,yes\n"


class Files(BaseHTTPRequestHandler):
    """Serves the table under several names, whole and cut."""

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        if path == "/none.csv":
            self.send_error(404)
            return
        content = TABLE.replace(",", "\t") if path.endswith(".tsv") else TABLE
        self.send_response(200)
        self.send_header("Content-Length", str(len(content) + (path == "/cut.csv")))
        self.end_headers()
        if path != "/slow.csv":
            self.wfile.write(content.encode())
        else:
            self.server.stop.wait(5)  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        """Be silent."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    httpd = ThreadingHTTPServer(("127.0.0.1", 0), Files)
    httpd.stop = threading.Event()  # type: ignore[attr-defined]
    threading.Thread(target=httpd.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{httpd.server_port}"
    httpd.stop.set()  # type: ignore[attr-defined]
    httpd.shutdown()
    httpd.server_close()


@pytest.mark.parametrize("path", ["/t.csv", "/a/t.tsv?version=2", "/export", "/my%20table.csv"])
def test_a_file_from_the_web(server: str, path: str) -> None:
    dataset = read(Path("/nowhere"), url=server + path, target="y")
    assert dataset.columns.numbers.tolist() == [[1.0], [2.0], [3.0]]
    assert dataset.classes == ("yes", "no")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (
            "/none.csv?token=secret",
            r"/none\.csv cannot be read: the server answers 404 Not Found\. Check the address",
        ),
        ("/cut.csv", r"/cut\.csv cannot be read: 21 of 22 bytes were received\. Try again\.$"),
        ("/t.html", r"/t\.html has an unknown format, '\.html'\. "),
        ("/t.parquet", r"/t\.parquet is not a whole Parquet file: "),
        ("/slow.csv", r"/slow\.csv cannot be read: .*timed out\. Check the address and the network"),
    ],
)
def test_a_url_that_gives_no_table(
    server: str, path: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(downloads, "TIMEOUT", 0.3)
    with pytest.raises(DataError, match=says) as caught:
        read(Path(), url=server + path, target="y")
    assert str(caught.value).startswith(f"study.yaml:data.url: {server}/")
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there() -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), Files) as httpd:
        url = f"http://127.0.0.1:{httpd.server_port}/t.csv"
    with pytest.raises(
        DataError, match=r"^study\.yaml:data\.url: http://127.* cannot be read: .*refused\. Check the"
    ):
        read(Path(), url=url, target="y")


@pytest.mark.parametrize("url", ["http://[::1/t.csv", "http://h:x/t.csv?key=secret", "http://"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(DataError, match=r"^study\.yaml:data\.url: .*\.$") as caught:
        read(Path(), url=url, target="y")
    assert "secret" not in str(caught.value)


def test_secrets_of_a_url_are_not_shown() -> None:
    assert public_url("https://me:word@host.org/a/table.csv?token=1") == "https://host.org/a/table.csv"


SOURCES: dict[str, tuple[dict[str, Any], str]] = {
    "two sources": (
        {"path": "a.csv", "sql": "x://me:word@h/d", "target": "y"},
        "exactly one of `path`, `url`, `sql`, `sklearn` and `frame`, got `path` and `sql`",
    ),
    "none": ({"target": "y"}, "got none of them"),
    "no target": ({"url": "http://h/t.csv"}, "must name its `target`, the column to predict"),
    "another protocol": ({"url": "file:///t.csv", "target": "y"}, "begins with http:// or https://"),
    "query without sql": ({"path": "a.csv", "query": "x", "target": "y"}, "`query` only together with `sql`"),
    "sql alone": (
        {"sql": "sqlite:///a.db", "target": "y"},
        "exactly one of `query` and `table`.*got neither",
    ),
    "both": ({"sql": "sqlite:///a", "target": "y", "query": "q", "table": "t"}, "got both"),
    "encoding of a database": (
        {"sql": "sqlite:///a", "target": "y", "table": "t", "encoding": "utf-8"},
        "`encoding` only together with `path` or `url`, got 'utf-8'",
    ),
    "separator of a bundled table": ({"sklearn": "iris", "separator": ";"}, "`separator` only together with"),
    "unknown encoding": (
        {"path": "a.csv", "target": "y", "encoding": "ltin"},
        "must have an `encoding` that Python knows, got 'ltin'",
    ),
}


@pytest.mark.parametrize(("config", "says"), SOURCES.values(), ids=SOURCES)
def test_keys_that_do_not_fit_together(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says) as caught:
        DataConfig(**config)
    assert "Value error, must " in str(caught.value)
