"""Reading CSV files and bundled tables: what stands there is what is read, or the error says what is wrong."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
import sklearn.datasets
from small_tables import where

from automl.config.sections import DataConfig, SplitsConfig
from automl.config.study import StudyConfig
from automl.data import reading
from automl.data.dataset import Dataset
from automl.data.files.formats import FORMATS, read_as, read_file
from automl.data.files.table_file import TableFile
from automl.data.reading import read_dataset
from automl.data.sources import bundled
from automl.errors import DataError
from automl.trial import Task

Write = Callable[..., Path]
ROWS = "a,b,y\n1,2.5,yes\n3,-4e2,no\n5,6,yes\n"


def read_csv(path: Path) -> pandas.DataFrame:
    """A CSV file as a table, whatever the end of the file's name."""
    return read_as(FORMATS[".csv"], TableFile(path))


def read(folder: Path, splits: SplitsConfig | None = None, **data: Any) -> Dataset:
    """The dataset of a study with this data section."""
    config = StudyConfig(name="t", data=DataConfig(**data), splits=splits or SplitsConfig())
    return read_dataset(config, folder, where)


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write(content: str | bytes, name: str = "t.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_a_csv_file_is_read_as_it_stands(write: Write) -> None:
    path = write(ROWS)
    dataset = read(path.parent, path="t.csv", target="y")
    assert dataset.feature_names == ("a", "b")
    assert dataset.columns.numbers.tolist() == [[1.0, 2.5], [3.0, -400.0], [5.0, 6.0]]
    assert dataset.classes == ("yes", "no")
    assert dataset.target.tolist() == [0, 1, 0]


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
        (b'a,   b, "y"\n1, 2.5,  "yes"\n3,  -4e2,   no\n5,6, "yes"\n', "aligned.csv"),
    ],
)
def test_the_same_table_in_another_dress(write: Write, content: bytes, name: str) -> None:
    plain = read_csv(write(ROWS))
    pandas.testing.assert_frame_equal(read_csv(write(content, name)), plain)


@pytest.mark.parametrize("features", [None, ["a"]])
def test_cells_in_quotes_may_stand_behind_blanks(write: Write, features: list[str] | None) -> None:
    """A column of such a file was called ` y`, its cells `"yes"` with the marks, and a comma in them ended a cell."""
    path = write('a,    "y"\n1,    "yes, it is"\n2,    "no"\n3,    "no"\n')
    dataset = read(path.parent, path="t.csv", target="y", features=features)
    assert dataset.feature_names == ("a",)
    assert dataset.classes == ("no", "yes, it is")


def test_an_absolute_path_needs_no_folder(write: Write) -> None:
    path = write(ROWS)
    dataset = read(Path("/nowhere"), path=str(path), target="y")
    assert len(dataset.target) == 3


def test_the_first_column_is_never_taken_for_row_names(write: Write) -> None:
    """With pandas' defaults, every value here moves one column to the left in silence."""
    path = write("a,y\n0,1,2\n1,4,5\n2,7,8\n")
    with pytest.raises(DataError, match=r"line 2 has 3 cells, more than there are column names \(2\)"):
        read_csv(path)


BROKEN = {
    "empty": (b"", "is empty. It must begin with a line of column names."),
    "blank": (b"\n\n", "is empty. It must begin with a line of column names."),
    "a long row": (
        b"a,y\n1,2\n3,4,5\n",
        "line 3 has 3 cells, more than there are column names (2). Name every column in the first line",
    ),
    "an open quote": (b'a,y\n1,"2\n3,4\n', "is not a CSV table: EOF inside string starting at row 1. Fix"),
    "column twice": (
        b"a,b,a\n1,2,3\n",
        "the column name 'a' occurs twice in line 1. Rename one, or write `names",
    ),
    "column twice in quotes": (b'a,"a",y\n1,2,3\n', "the column name 'a' occurs twice in line 1."),
    "Latin-1": (
        "a,y\n1,café\n".encode("latin-1"),
        "is not UTF-8 text: the byte 0xe9 in line 2. Save it as UTF-8, or name its encoding under `data` in the "
        "study file, as in `encoding: latin-1`.",
    ),
    "Latin-1 header": ("é,y\n1,2\n".encode("latin-1"), "is not UTF-8 text: the byte 0xe9 in line 1"),
    "UTF-16": ("a,y\n1,2\n".encode("utf-16"), "as in `encoding: utf-16`."),
}


@pytest.mark.parametrize(("content", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_explained(write: Write, content: bytes, says: str) -> None:
    path = write(content)
    with pytest.raises(DataError) as caught:
        read(path.parent, path="t.csv", target="y")
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
    with pytest.raises(DataError, match=f"{name} cannot be read: .* compressed as its suffix says"):
        read_csv(write(content, name))


def test_a_missing_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError) as caught:
        read(tmp_path, path="none.csv", target="y")
    assert str(caught.value) == (
        f"study.yaml:data.path: there is no file {tmp_path / 'none.csv'}. "
        "Paths are relative to the folder of the study file."
    )
    with pytest.raises(DataError, match=r"^there is no file .*none\.csv\. Check the path\.$"):
        read_csv(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"cannot be read: .*Is a directory"):
        read_csv(tmp_path)


def test_column_names_without_rows(write: Write) -> None:
    path = write("a,y\n")
    with pytest.raises(DataError, match=r"^study\.yaml:data: the table must have rows, got none\.$"):
        read(path.parent, path="t.csv", target="y")


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
    dataset = read(Path(), sklearn=name)
    assert (len(dataset.target), len(dataset.schema.columns)) == (rows, features)
    assert (dataset.task, dataset.classes) == (task, classes)
    assert tuple(numpy.bincount(dataset.target.astype(int))) == counts or task is Task.REGRESSION
    values = getattr(sklearn.datasets, f"load_{name}")().data
    learned = [column in dataset.schema.learned for column in dataset.schema.columns]
    assert numpy.array_equal(dataset.columns.numbers, values[:, learned])


def test_every_bundled_table_is_tested() -> None:
    assert set(SHAPES) == set(bundled.TABLES)


def test_the_order_of_class_names_of_a_bundled_table_keeps_the_rows() -> None:
    """Breast cancer has code 0 for malignant; sorted by name it is 1."""
    dataset = read(Path(), sklearn="breast_cancer")
    assert numpy.array_equal(dataset.target, 1 - sklearn.datasets.load_breast_cancer().target)


def test_an_unknown_bundled_table() -> None:
    with pytest.raises(
        DataError, match=r"^study\.yaml:data\.sklearn: .* got 'digit'\. Did you mean `digits`\?"
    ):
        read(Path(), sklearn="digit")


def test_another_column_of_a_bundled_table_as_target() -> None:
    target = "petal width (cm)"
    dataset = read(Path(), sklearn="iris", target=target, features=["sepal length (cm)"])
    assert (dataset.task, dataset.target_name) == (Task.REGRESSION, target)
    assert numpy.array_equal(dataset.target, sklearn.datasets.load_iris().data[:, 3])


def test_another_separator_and_another_encoding(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes("größe;y\n1,5;no\n2;ja, é\n".encode("cp1252"))
    dataset = read(tmp_path, path="t.csv", target="y", separator=";", encoding="cp1252")
    assert dataset.feature_names == ("größe",)
    assert dataset.classes == ("ja, é", "no")


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1", "UTF8"])
def test_an_encoding_that_is_named(tmp_path: Path, encoding: str) -> None:
    (tmp_path / "t.csv").write_bytes("ä,y\n1,é\n2,b\n".encode(encoding))
    assert read(tmp_path, path="t.csv", target="y", encoding=encoding).feature_names == ("ä",)


def test_a_named_encoding_that_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"a,y\n1,2\n\n3,\x81\n")
    with pytest.raises(DataError, match=r"t\.csv is not cp1252 text: the byte 0x81 in line 4\. "):
        read(tmp_path, path="t.csv", target="y", encoding="cp1252")


@pytest.mark.parametrize(("separator", "written"), [(";", ";"), ("\t", r"\t"), ("|", "|")])
def test_a_header_with_another_separator_is_told_from_a_missing_target(
    tmp_path: Path, separator: str, written: str
) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,3\n2,3,4\n".replace(",", separator))
    with pytest.raises(
        DataError, match=r"^study\.yaml:data\.target: `data.target` must name a column"
    ) as caught:
        read(tmp_path, path="t.csv", target="y")
    assert str(caught.value).endswith(f'Write `separator: "{written}"` under `data`.')


def test_decimal_commas_under_the_wrong_separator(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a;y\n1,5;2,5\n")
    with pytest.raises(DataError, match=r'line 2 has 3 cells, .* Write `separator: ";"` under `data`\.$'):
        read(tmp_path, path="t.csv", target="y")


def test_a_missing_target_names_the_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("price,b,c\n1,2,3\n")
    with pytest.raises(DataError, match=r"got 'prize'\. Did you mean `price`\? Known: price, b, c\."):
        read(tmp_path, path="t.csv", target="prize", features=["b"])


WIDE = "id,a,b,w,g,y,long\n" + "".join(
    f"{i},{i % 3},x,{1 + i % 2},g{i % 5},{i % 2},{i}{i}\n" for i in range(20)
)


def test_only_the_columns_that_are_used_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    column_names: list[list[str]] = []
    real = reading.make_dataset
    monkeypatch.setattr(
        reading,
        "make_dataset",
        lambda table, *arguments, **_: column_names.append(list(table.columns)) or real(table, *arguments),
    )
    (tmp_path / "t.csv").write_text(WIDE)
    wanted = {"features": ["b", "a"], "weights": "w", "columns": {"a": "categorical", "id": "drop"}}
    dataset = read(tmp_path, SplitsConfig(kind="group", by="g"), path="t.csv", target="y", **wanted)
    assert column_names == [["id", "a", "b", "w", "g", "y"]]
    assert [column.name for column in dataset.schema.columns] == ["b", "a"]
    assert dataset.by is not None and dataset.by[:2].tolist() == ["g0", "g1"]
    read(tmp_path, path="t.csv", target="y")
    assert column_names[1] == WIDE.split("\n")[0].split(",")


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (
            {"features": ["a", "bb"]},
            r"data\.features\.1: `data\.features` must name columns, got 'bb'\. .*`b`\?.*long",
        ),
        ({"features": ["a"], "weights": "v"}, r"data\.weights: .* got 'v'\. .*Known: id, a, b, w"),
        (
            {"features": ["a"], "columns": {"c": "drop"}},
            r"data\.columns\.c: .* got 'c'\. .*Known: id, a, b, w",
        ),
    ],
)
def test_a_column_that_the_file_lacks_is_told_with_all_its_columns(
    tmp_path: Path, config: dict[str, Any], says: str
) -> None:
    (tmp_path / "t.csv").write_text(WIDE)
    with pytest.raises(DataError, match=says):
        read(tmp_path, path="t.csv", target="y", **config)


@pytest.mark.parametrize("row", ["1,2,3,4", '1,"2\n2",3,4'])
def test_a_long_row_is_refused_also_where_a_part_of_the_columns_is_read(tmp_path: Path, row: str) -> None:
    """Pandas takes such rows in silence then."""
    (tmp_path / "t.csv").write_text(f"a,b,y\n1,2,3\n{row}\n")
    line = 3 + row.count("\n")
    with pytest.raises(DataError, match=rf"t\.csv: line {line} has 4 cells, more than .* \(3\)\."):
        read(tmp_path, path="t.csv", target="y", features=["a"])


def test_empty_cells_at_the_end_of_rows_are_no_cells(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("a,b,y\n1,2,3,\n2,3,4,\n")
    assert read(tmp_path, path="t.csv", target="y", features=["b"]).columns.numbers.tolist() == [[2.0], [3.0]]


@pytest.mark.parametrize(
    ("cells", "levels"),
    [
        (["007", "7", "007", ""], ("", "007", "7")),
        (["1E5", "100000", "1e5", "2"], ("100000", "1E5", "1e5", "2")),
        (
            ["12345678901234567891", "12345678901234567892"] * 2,
            ("12345678901234567891", "12345678901234567892"),
        ),
        (["7", " 8", "7.0", "9"], ("7", "8", "9")),
        (["7", "", "8", "9"], ("", "7", "8", "9")),
        (["true", "FALSE", "", "True"], ("", "False", "True")),
        (["true", "FALSE", "maybe", "True"], ("FALSE", "True", "maybe", "true")),
    ],
)
@pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
def test_codes_are_kept_as_they_are_written(
    write: Write, name: str, cells: list[str], levels: tuple[str, ...]
) -> None:
    separator = "," if name == "t.csv" else "\t"
    rows = "".join(f"{cell}{separator}{number % 2}\n" for number, cell in enumerate(cells))
    path = write(f"code{separator}y\n{rows}", name)
    dataset = read(path.parent, path=name, target="y", columns={"code": "categorical"})
    assert dataset.columns.levels == (levels,)


def test_a_file_with_decimal_commas_is_read_as_one_with_points(tmp_path: Path) -> None:
    """`1.234` is more than a thousand there, `01.03.2004` a day and `18.00.00` a time of day."""
    shares, amounts = [row / 8 + 0.25 for row in range(60)], [1234 + 7 * row for row in range(60)]
    with (tmp_path / "t.csv").open("w") as file:
        print("day;at;share;amount;y", file=file)
        for row in range(60):
            share, amount = str(shares[row]).replace(".", ","), f"{amounts[row]:,}".replace(",", ".")
            print(f"{1 + row % 28:02}.03.2004;{row % 24:02}.00.00;{share};{amount};{row % 3}", file=file)
    dataset = read(tmp_path, path="t.csv", target="y", separator=";", decimal=",")
    assert {column.name: (column.kind, dict(column.reading)) for column in dataset.schema.columns} == {
        "day": ("date", {"form": "european"}),
        "at": ("date", {"form": "dotted clock"}),
        "share": ("numeric", {"decimal": ","}),
        "amount": ("numeric", {"decimal": ",", "thousands": "."}),
    }
    numbers = dict(zip(dataset.columns.names, dataset.columns.numbers.T, strict=True))
    assert numbers["share"].tolist() == shares
    assert numbers["amount"].tolist() == amounts


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (["007", "012", "100"], ["007", "012", "100"]),
        (["007", "", "100"], ["007", None, "100"]),
        (["7", "12", "0"], [7, 12, 0]),
        (["0.5", "00.5", "1"], [0.5, 0.5, 1.0]),
        (["1", "2", "3 0"], ["1", "2", "3 0"]),
    ],
)
def test_leading_zeros_of_whole_numbers_stay(
    tmp_path: Path, cells: list[str], expected: list[object]
) -> None:
    lines = "".join(f"{cell},{row}\n" for row, cell in enumerate(cells))
    (tmp_path / "t.csv").write_text(f"code,x\n{lines}")
    read = read_file(TableFile(tmp_path / "t.csv"))
    assert [None if pandas.isna(cell) else cell for cell in read["code"]] == expected
    assert read["x"].tolist() == [0, 1, 2]


def test_leading_zeros_stay_beside_a_column_without_a_name(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text(",code\n1,007\n2,012\n")
    read = read_file(TableFile(tmp_path / "t.csv"))
    assert read["code"].tolist() == ["007", "012"] and read["Unnamed: 0"].tolist() == [1, 2]
    (tmp_path / "t.csv").write_text(",x\n007,1\n012,2\n")
    assert read_file(TableFile(tmp_path / "t.csv")).iloc[:, 0].tolist() == ["007", "012"]


@pytest.mark.parametrize(
    ("name", "cells", "kind"),
    [
        ("pickup_hour", [f"{row:02}" for row in range(24)], "numeric"),
        ("Month", [f"{row:02}" for row in range(1, 13)] + [""], "numeric"),
        ("hour", [f"{row:02}" for row in range(25)], "categorical"),
        ("hour", [f"{row:03}" for row in range(24)], "categorical"),
        ("hour", ["7", *(f"{row:02}" for row in range(24))], "categorical"),
        ("department", [f"{row:02}" for row in range(1, 13)], "categorical"),
    ],
)
def test_numbers_of_two_digits_are_amounts_only_where_the_name_says_so(
    tmp_path: Path, name: str, cells: list[str], kind: str
) -> None:
    """Departments and states have two digits too; hours have a name that says what they are."""
    rows = "".join(f"{cells[row % len(cells)]},{row % 2}\n" for row in range(10 * len(cells)))
    (tmp_path / "t.csv").write_text(f"{name},y\n{rows}")
    dataset = read(tmp_path, path="t.csv", target="y")
    [column] = dataset.schema.columns
    assert column.kind == kind
    if kind == "numeric":
        numbers = dataset.columns.numbers[: len(cells), 0]
        assert [None if numpy.isnan(number) else f"{int(number):02}" for number in numbers] == [
            cell or None for cell in cells
        ]
        assert "set it to categorical" in column.note
