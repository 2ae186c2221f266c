"""Reading tables: what stands in the file is what is read, or the error says what is wrong with it."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy
import pandas
import pytest
import sklearn.datasets
from small_tables import where

from automl.config import DataConfig
from automl.data.readers import SKLEARN_TABLES, read_csv, read_dataset
from automl.errors import DataError
from automl.trial import Task

Write = Callable[..., Path]
ROWS = "a,b,y\n1,2.5,yes\n3,-4e2,no\n5,6,yes\n"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str | bytes, name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_a_csv_file_is_read_as_it_stands(write: Write) -> None:
    path = write(ROWS)
    dataset = read_dataset(DataConfig(path="t.csv", target="y"), path.parent, where)
    assert dataset.feature_names == ("a", "b")
    assert dataset.features.tolist() == [[1.0, 2.5], [3.0, -400.0], [5.0, 6.0]]
    assert dataset.classes == ("no", "yes")
    assert dataset.target.tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (gzip.compress(ROWS.encode(), mtime=0), "t.csv.gz"),
        (b"\xef\xbb\xbf" + ROWS.encode(), "bom.csv"),
        (ROWS.replace("\n", "\r\n").encode(), "windows.csv"),
        (ROWS.rstrip("\n").encode(), "unended.csv"),
        (("\n\n" + ROWS.replace("\n", "\n\n")).encode(), "blank_lines.csv"),
        (b"a,b,y\n1,2.5,yes,\n3,-4e2,no,\n5,6,yes,\n", "separator_at_the_end.csv"),
        (b'"a","b","y"\n"1","2.5","yes"\n3,-4e2,no\n5,6,yes\n', "quoted.csv"),
    ],
)
def test_the_same_table_in_another_dress(write: Write, content: bytes, name: str) -> None:
    plain = read_csv(write(ROWS))
    pandas.testing.assert_frame_equal(read_csv(write(content, name)), plain)


def test_an_absolute_path_needs_no_folder(write: Write) -> None:
    path = write(ROWS)
    dataset = read_dataset(DataConfig(path=str(path), target="y"), Path("/nowhere"), where)
    assert len(dataset.target) == 3


def test_the_first_column_is_never_taken_for_row_names(write: Write) -> None:
    """With pandas' defaults, every value here moves one column to the left in silence."""
    path = write("a,y\n0,1,2\n1,4,5\n2,7,8\n")
    with pytest.raises(DataError, match=r"more cells than there are column names\. Name every column"):
        read_csv(path)


BROKEN = {
    "empty": (b"", "is empty. It must begin with a line of column names."),
    "blank": (b"\n\n", "is empty. It must begin with a line of column names."),
    "a long row": (
        b"a,y\n1,2\n3,4,5\n",
        "is not a CSV table: Error tokenizing data. C error: Expected 2 fields in line 3",
    ),
    "an open quote": (b'a,y\n1,"2\n3,4\n', "is not a CSV table"),
    "column twice": (b"a,b,a\n1,2,3\n", "the column name 'a' stands twice. Rename one."),
    "column twice in quotes": (b'a,"a",y\n1,2,3\n', "the column name 'a' stands twice. Rename one."),
    "Latin-1": ("a,y\n1,café\n".encode("latin-1"), "is not UTF-8 text"),
    "Latin-1 header": ("é,y\n1,2\n".encode("latin-1"), "is not UTF-8 text"),
    "UTF-16": ("a,y\n1,2\n".encode("utf-16"), "is not UTF-8 text"),
}


@pytest.mark.parametrize(("content", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_explained(write: Write, content: bytes, says: str) -> None:
    path = write(content)
    with pytest.raises(DataError) as caught:
        read_dataset(DataConfig(path="t.csv", target="y"), path.parent, where)
    assert str(caught.value).startswith(f"study.yaml:data.path: {path}")
    assert says in str(caught.value)
    assert str(caught.value).endswith(".")


PACKED = gzip.compress(
    b"a,y\n" + b"".join(b"%d,%d\n" % (i * 7919 % 1000, i % 2) for i in range(500)), mtime=0
)


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"a,y\n1,2\n", "plain.csv.gz"),
        (PACKED[: len(PACKED) // 2], "cut.csv.gz"),
        (PACKED[:10] + b"\xff" * 60, "garbage.csv.gz"),
        (PACKED[:-8] + bytes(8), "wrong_sum.csv.gz"),
        (b"a,y\n1,2\n", "plain.csv.zip"),
        (b"a,y\n1,2\n", "plain.csv.xz"),
    ],
)
def test_a_file_that_is_not_packed_as_its_name_says(write: Write, content: bytes, name: str) -> None:
    with pytest.raises(DataError, match=f"{name} cannot be read: .* packed as its name says"):
        read_csv(write(content, name))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read_dataset(DataConfig(path="none.csv", target="y"), tmp_path, where)
    assert str(caught.value) == (
        f"study.yaml:data.path: there is no file {tmp_path / 'none.csv'}. "
        "Paths start from the folder of the study file."
    )
    with pytest.raises(DataError, match=r"^there is no file .*none\.csv\. Check the path\.$"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"cannot be read: .*Is a directory"):
        read_csv(tmp_path)


def test_column_names_without_rows(write: Write) -> None:
    path = write("a,y\n")
    with pytest.raises(DataError, match=r"^study\.yaml:data: the table must have rows, got none\.$"):
        read_dataset(DataConfig(path="t.csv", target="y"), path.parent, where)


SHAPES = {
    "breast_cancer": (569, 30, Task.BINARY, ("benign", "malignant"), (357, 212)),
    "diabetes": (442, 10, Task.REGRESSION, (), ()),
    "digits": (
        1797,
        64,
        Task.MULTICLASS,
        tuple(range(10)),
        (178, 182, 177, 183, 181, 182, 181, 179, 174, 180),
    ),
    "iris": (150, 4, Task.MULTICLASS, ("setosa", "versicolor", "virginica"), (50, 50, 50)),
    "wine": (178, 13, Task.MULTICLASS, ("class_0", "class_1", "class_2"), (59, 71, 48)),
}


@pytest.mark.parametrize("name", SHAPES)
def test_the_tables_of_scikit_learn(name: str) -> None:
    rows, features, task, classes, counts = SHAPES[name]
    dataset = read_dataset(DataConfig(sklearn=name), Path(), where)
    assert dataset.features.shape == (rows, features)
    assert (dataset.task, dataset.classes) == (task, classes)
    assert tuple(numpy.bincount(dataset.target.astype(int))) == counts or task is Task.REGRESSION
    values = getattr(sklearn.datasets, f"load_{name}")().data
    assert numpy.array_equal(dataset.features, values)


def test_every_bundled_table_is_tested() -> None:
    assert set(SHAPES) == set(SKLEARN_TABLES)


def test_the_order_of_class_names_of_a_bundled_table_keeps_the_rows() -> None:
    """Breast cancer has code 0 for malignant; sorted by name it is 1."""
    dataset = read_dataset(DataConfig(sklearn="breast_cancer"), Path(), where)
    assert numpy.array_equal(dataset.target, 1 - sklearn.datasets.load_breast_cancer().target)


def test_an_unknown_bundled_table() -> None:
    with pytest.raises(
        DataError, match=r"^study\.yaml:data\.sklearn: .* got 'digit'\. Did you mean `digits`\?"
    ):
        read_dataset(DataConfig(sklearn="digit"), Path(), where)


def test_another_column_of_a_bundled_table_as_target() -> None:
    target = "petal width (cm)"
    dataset = read_dataset(
        DataConfig(sklearn="iris", target=target, features=["sepal length (cm)"]), Path(), where
    )
    assert (dataset.task, dataset.target_name) == (Task.REGRESSION, target)
    assert numpy.array_equal(dataset.target, sklearn.datasets.load_iris().data[:, 3])
