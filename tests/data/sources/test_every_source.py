"""What every source of tables holds to: one that is added to `SOURCES` is tested here by how to give it a table."""

import hashlib
import sqlite3
import threading
import traceback
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar, final

import numpy
import pandas
import pytest
import sklearn.datasets

from automl.config.sections import DataConfig
from automl.config.study import StudyConfig
from automl.data.dataset import Dataset
from automl.data.reading import read_dataset, wanted_columns
from automl.data.sources.source import ReadRequest, Source
from automl.data.sources.table import SOURCES
from automl.errors import DataError
from automl.trial import Task

SECRET = "qvzxj"


def where(*keys: str | int) -> str:
    return "study.yaml:" + ".".join(map(str, keys))


@dataclass(frozen=True)
class StoredTable:
    """A table that stands somewhere: what the study file says of it, and what Python gives."""

    folder: Path
    data: Mapping[str, Any]
    frame: pandas.DataFrame | None = None

    def dataset(self, **data: Any) -> Dataset:
        return read_dataset(self._config(data), self.folder, where, self.frame)

    def read(self, **data: Any) -> pandas.DataFrame:
        """What the source gives, before it is checked."""
        config = self._config(data)
        [source] = [source for key, source in SOURCES.items() if getattr(config.data, key)]
        return source.read(
            ReadRequest(config.data, self.folder, where, wanted_columns(config), self.frame)
        ).frame

    def refusal(self, **data: Any) -> str:
        """The message of a table that cannot be used. Neither it nor its traceback holds a secret."""
        with pytest.raises(DataError) as caught:
            self.dataset(**data)
        raised = "".join(traceback.format_exception_only(caught.value))
        assert SECRET not in str(caught.value) + raised
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
        return str(caught.value)

    def _config(self, data: Mapping[str, Any]) -> StudyConfig:
        return StudyConfig(name="t", data=DataConfig(**{"target": "target", **self.data, **data}))


class Place(ABC):
    """How a source is given a table.

    Attributes:
        key: The source's key in the study file.
        takes_any: Whether it takes any table; if not, it has the irises of scikit-learn.
    """

    key: ClassVar[str]
    takes_any: ClassVar[bool] = True

    def __init__(self, folder: Path, host: str) -> None:
        self.folder, self.host = folder, host

    @abstractmethod
    def put(self, table: pandas.DataFrame) -> StoredTable:
        """Make a table the source's."""

    @abstractmethod
    def missing(self) -> Iterator[tuple[StoredTable, str]]:
        """Tables that are not there, with a secret in their names where there can be one; and the key to blame."""


@final
class Paths(Place):
    key = "path"

    def put(self, table: pandas.DataFrame) -> StoredTable:
        table.to_csv(self.folder / "t.csv", index=False)
        return StoredTable(self.folder, {"path": "t.csv"})

    def missing(self) -> Iterator[tuple[StoredTable, str]]:
        yield StoredTable(self.folder, {"path": "none.csv"}), "data.path"
        yield StoredTable(self.folder, {"path": "."}), "data.path"


@final
class Urls(Place):
    key = "url"

    def put(self, table: pandas.DataFrame) -> StoredTable:
        table.to_csv(self.folder / "t.csv", index=False)
        return StoredTable(Path("/nowhere"), {"url": f"http://{self.host}/t.csv?token={SECRET}"})

    def missing(self) -> Iterator[tuple[StoredTable, str]]:
        for url in (f"http://{self.host}/none.csv?token={SECRET}", f"http://me:{SECRET}@[::x]/t.csv"):
            yield StoredTable(self.folder, {"url": url}), "data.url"


@final
class DatabaseTables(Place):
    key = "sql"

    def put(self, table: pandas.DataFrame) -> StoredTable:
        with closing(sqlite3.connect(self.folder / "d.db")) as connection:
            table.to_sql("t", connection, index=False)
        return StoredTable(self.folder, {"sql": "sqlite:///d.db", "table": "t"})

    def missing(self) -> Iterator[tuple[StoredTable, str]]:
        known = self.put(pandas.DataFrame({"a": [1]})).data
        yield StoredTable(self.folder, {**known, "table": "none"}), "data.table"
        yield StoredTable(self.folder, {"sql": "sqlite:///none.db", "table": "t"}), "data.sql"
        address = f"postgresql://me:{SECRET}@127.0.0.1:1/d"
        yield StoredTable(self.folder, {"sql": address, "table": "t"}), "data.sql"


@final
class Queries(Place):
    key = "sql"

    def put(self, table: pandas.DataFrame) -> StoredTable:
        known = DatabaseTables(self.folder, self.host).put(table).data
        return StoredTable(self.folder, {"sql": known["sql"], "query": "SELECT * FROM t"})

    def missing(self) -> Iterator[tuple[StoredTable, str]]:
        known = self.put(pandas.DataFrame({"a": [1]})).data
        for query in ("SELECT * FROM none", "DELETE FROM t", "SELECT 1; DROP TABLE t"):
            yield StoredTable(self.folder, {**known, "query": query}), "data.query"


@final
class BundledTables(Place):
    key = "sklearn"
    takes_any = False

    def put(self, table: pandas.DataFrame) -> StoredTable:
        return StoredTable(self.folder, {"sklearn": "iris"})

    def missing(self) -> Iterator[tuple[StoredTable, str]]:
        yield StoredTable(self.folder, {"sklearn": "iriss"}), "data.sklearn"


@final
class Frames(Place):
    key = "frame"

    def put(self, table: pandas.DataFrame) -> StoredTable:
        return StoredTable(self.folder, {"frame": True}, table)

    def missing(self) -> Iterator[tuple[StoredTable, str]]:
        yield StoredTable(self.folder, {"frame": True}), "data.frame"


PLACES: tuple[type[Place], ...] = (Paths, Urls, DatabaseTables, Queries, BundledTables, Frames)


class Quiet(SimpleHTTPRequestHandler):
    """Serves a folder."""

    def log_message(self, *_: Any) -> None:
        """Be silent."""


@pytest.fixture
def host(tmp_path: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(tmp_path)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(params=PLACES, ids=lambda place: place.__name__)
def place(request: pytest.FixtureRequest, tmp_path: Path, host: str) -> Place:
    parametrized: Place = request.param(tmp_path, host)
    return parametrized


@pytest.fixture(params=[place for place in PLACES if place.takes_any], ids=lambda place: place.__name__)
def any_place(request: pytest.FixtureRequest, tmp_path: Path, host: str) -> Place:
    parametrized: Place = request.param(tmp_path, host)
    return parametrized


def irises() -> pandas.DataFrame:
    bunch = sklearn.datasets.load_iris(as_frame=True)
    return bunch.frame.assign(target=bunch.target_names[bunch.target].astype(object))


def visits() -> pandas.DataFrame:
    """Columns of every sort that all sources can hold."""
    days = pandas.date_range("2023-01-30", periods=60).strftime("%Y-%m-%d").tolist()
    return pandas.DataFrame(
        {
            "age": [20 + row % 31 for row in range(60)],
            "cost": [None if row % 7 == 3 else row * 1.25 for row in range(60)],
            "city": [["Bern", "Zürich, West", None][row % 3] for row in range(60)],
            "day": [None if row == 5 else day for row, day in enumerate(days)],
            "code": [f"{row % 4:03}" for row in range(60)],
            "price": [f"$1,{row:03}.50" for row in range(60)],
            "target": [["yes", "no", "no"][row % 3] for row in range(60)],
        }
    )


def tree(folder: Path) -> dict[str, str]:
    """Every file under a folder with the digest of its bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_every_source_has_a_place_here() -> None:
    assert {place.key for place in PLACES} == set(SOURCES)
    assert all(isinstance(source, Source) and source.key == key for key, source in SOURCES.items())
    with pytest.raises(ValueError, match="exactly one of") as caught:
        DataConfig(target="y")
    assert all(f"`{key}`" in str(caught.value) for key in SOURCES), (
        "an error of the study file names them all"
    )


def test_the_same_rows_give_the_same_dataset_from_everywhere(place: Place) -> None:
    table = irises()
    dataset = place.put(table).dataset()
    assert dataset.feature_names == tuple(table.columns[:-1])
    assert numpy.array_equal(dataset.columns.numbers, sklearn.datasets.load_iris().data)
    assert numpy.array_equal(dataset.target, sklearn.datasets.load_iris().target)
    assert dataset.classes == ("setosa", "versicolor", "virginica")
    assert dataset.digest == StoredTable(Path(), {"frame": True}, irises()).dataset().digest


def test_columns_of_every_sort_are_the_same_from_everywhere(any_place: Place) -> None:
    dataset = any_place.put(visits()).dataset()
    assert {column.name: column.kind for column in dataset.schema.learned} == {
        "age": "numeric",
        "cost": "numeric",
        "city": "categorical",
        "day": "date",
        "code": "categorical",
        "price": "numeric",
    }
    numbers = dict(zip(dataset.columns.names, dataset.columns.numbers.T, strict=True))
    assert numbers["price"].tolist() == [1000.5 + row for row in range(60)]
    cost = [None if numpy.isnan(cell) else cell for cell in numbers["cost"].tolist()]
    assert cost == [None if row % 7 == 3 else row * 1.25 for row in range(60)]
    assert dataset.columns.levels == (("", "Bern", "Zürich, West"), ("000", "001", "002", "003"))
    assert dataset.task is Task.BINARY and dataset.classes == ("no", "yes")
    assert dataset.digest == StoredTable(Path(), {"frame": True}, visits()).dataset().digest


def test_a_target_that_is_not_there_is_named_with_its_line_and_a_cure(place: Place) -> None:
    message = place.put(irises()).refusal(target="tarjet")
    assert message.startswith("study.yaml:data.target: `data.target` must name a column, got 'tarjet'. ")
    assert "Did you mean `target`? Known: sepal length (cm), " in message


def test_a_table_that_is_not_there_is_named_with_its_line_and_a_cure(place: Place) -> None:
    for stored, key in place.missing():
        message = stored.refusal()
        assert message.startswith(f"study.yaml:{key}: ") and message.endswith(".") and "\n" not in message
        assert len(message.split(". ")) > 1, "what is wrong, and then what to do"


def test_a_table_without_rows_is_refused(any_place: Place) -> None:
    message = any_place.put(visits()[:0]).refusal()
    assert message == "study.yaml:data: the table must have rows, got none."


def test_a_table_with_nothing_but_the_target_is_refused(any_place: Place) -> None:
    assert any_place.put(visits()[["target"]]).refusal().startswith("study.yaml:data")


def test_nothing_is_written_whatever_happens(place: Place, tmp_path: Path) -> None:
    for stored, _ in place.missing():
        before = tree(tmp_path)
        stored.refusal()
        assert tree(tmp_path) == before
    for file in tmp_path.iterdir():
        file.unlink()
    table = irises()
    stored = place.put(table)
    before = tree(tmp_path)
    stored.dataset(features=["petal width (cm)"])
    stored.refusal(target="tarjet")
    first, second = stored.dataset(), stored.dataset()
    assert first.digest == second.digest
    assert tree(tmp_path) == before
    pandas.testing.assert_frame_equal(table, irises())


def test_only_the_wanted_columns_are_read(place: Place) -> None:
    stored = place.put(irises())
    wanted = ["petal width (cm)", "sepal width (cm)"]
    assert list(stored.read(features=wanted).columns) == ["sepal width (cm)", "petal width (cm)", "target"]
    whole = stored.dataset()
    part = stored.dataset(features=wanted)
    assert part.feature_names == tuple(wanted)
    places = [whole.columns.names.index(name) for name in wanted]
    assert numpy.array_equal(part.columns.numbers, whole.columns.numbers[:, places])


def test_a_wanted_column_that_is_not_there_is_told_with_all_names(place: Place) -> None:
    message = place.put(irises()).refusal(features=["petal_width"])
    assert message.startswith(
        "study.yaml:data.features.0: `data.features` must name columns, got 'petal_width'. "
    )
    assert all(name in message for name in irises().columns[:-1])


@pytest.mark.parametrize("kind", [Paths, Urls, Frames])  # no table of a database can have it
def test_a_name_that_stands_twice_is_refused(kind: type[Place], tmp_path: Path, host: str) -> None:
    twice = irises().rename(columns={"petal width (cm)": "sepal width (cm)"})
    message = kind(tmp_path, host).put(twice).refusal(features=["sepal width (cm)"])
    assert message.startswith("study.yaml:data") and "'sepal width (cm)' occurs twice" in message
