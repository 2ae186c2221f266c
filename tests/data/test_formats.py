"""Files by the end of their name: one table in every format, and what is said of broken files."""

import bz2
import gzip
import io
import json
import lzma
import sys
import zipfile
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy
import pandas
import pyarrow
import pyarrow.parquet
import pytest

from automl.data.features.cells import plain_cells
from automl.data.files.formats import FORMATS, find_format, read_file, with_separator
from automl.data.files.table_file import PACKINGS, TableFile
from automl.data.schema import inspect_columns
from automl.errors import DataError

TABLE = pandas.DataFrame(
    {
        "size": [1.5, None, 3.0, 4.0],
        "city": ["Zürich", "a, b", None, "7"],
        "n": [1, 2, 3, 4],
        "y": [True, False] * 2,
    }
)


def as_json(table: pandas.DataFrame) -> bytes:
    return table.to_json(orient="records", lines=True, force_ascii=False).encode()


def as_csv(table: pandas.DataFrame, separator: str = ",") -> bytes:
    return table.to_csv(index=False, sep=separator).encode()


def as_parquet(table: pandas.DataFrame) -> bytes:
    return table.to_parquet() or b""


def as_feather(table: pandas.DataFrame) -> bytes:
    stream = io.BytesIO()
    table.to_feather(stream)
    return stream.getvalue()


def as_excel(table: pandas.DataFrame) -> bytes:
    pytest.importorskip("openpyxl")
    stream = io.BytesIO()
    table.to_excel(stream, index=False)
    return stream.getvalue()


WRITERS: dict[str, Callable[[pandas.DataFrame], bytes]] = {
    ".csv": as_csv,
    ".tsv": lambda table: as_csv(table, "\t"),
    ".json": lambda table: table.to_json(orient="records", force_ascii=False, indent=1).encode(),
    ".jsonl": as_json,
    ".ndjson": as_json,
    ".parquet": as_parquet,
    ".feather": as_feather,
    ".xlsx": as_excel,
}


def as_zip(*contents: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for number, content in enumerate(contents):
            archive.writestr(f"{number}.txt", content)
    return stream.getvalue()


def as_zstandard(content: bytes) -> bytes:
    return pyarrow.Codec("zstd").compress(content, asbytes=True)


PACKERS: dict[str, Callable[[bytes], bytes]] = {
    ".gz": gzip.compress,
    ".bz2": bz2.compress,
    ".xz": lzma.compress,
    ".zip": as_zip,
    ".zst": as_zstandard,
}


def test_every_format_and_packing_is_tested() -> None:
    assert (set(WRITERS), set(PACKERS)) == (set(FORMATS), set(PACKINGS))


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_same_table_from_every_format(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"my.table{suffix.upper()}"
    path.write_bytes(WRITERS[suffix](TABLE))
    table = read_file(TableFile(path))
    pandas.testing.assert_frame_equal(table, TABLE, check_dtype=False)
    assert [values.dtype.kind for _, values in table.items()] == ["f", "O", "i", "b"]


@pytest.mark.parametrize("packing", PACKINGS)
@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".json", ".jsonl", ".ndjson", ""])
def test_packed_text(tmp_path: Path, suffix: str, packing: str) -> None:
    path = tmp_path / f"t{suffix}{packing}"
    path.write_bytes(PACKERS[packing](WRITERS[suffix or ".csv"](TABLE)))
    table = read_file(TableFile(path), {"y", "city"})
    pandas.testing.assert_frame_equal(table, TABLE[["city", "y"]], check_dtype=False)


@pytest.mark.parametrize("suffix", FORMATS)
def test_only_some_columns_in_the_order_of_the_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    path.write_bytes(WRITERS[suffix](TABLE))
    assert list(read_file(TableFile(path), {"y", "city", "size"}).columns) == ["size", "city", "y"]
    assert list(read_file(TableFile(path), {"y", "other"}).columns) == list(TABLE.columns)  # to name them all


@pytest.mark.parametrize("suffix", [".parquet", ".feather"])
def test_typed_columns_become_plain_ones(tmp_path: Path, suffix: str) -> None:
    table = pandas.DataFrame(
        {
            "a.b": pandas.Categorical(["x", "y", None]),
            "money": [Decimal("1.5"), None, Decimal("2")],
            "lasted": pandas.to_timedelta([1.5, None, 60], unit="s"),
            "when": pandas.to_datetime(["2024-01-02", None, "2024-01-03"]),
        }
    )
    path = tmp_path / f"t{suffix}"
    path.write_bytes(WRITERS[suffix](table))
    read = read_file(TableFile(path))
    assert read["a.b"].dtype != "category" and read["a.b"].isna().tolist() == [False, False, True]
    for name, values in {"money": [1.5, numpy.nan, 2.0], "lasted": [1.5, numpy.nan, 60.0]}.items():
        numpy.testing.assert_array_equal(read[name].to_numpy(float), values)
    assert pandas.api.types.is_datetime64_any_dtype(read["when"])
    assert list(read_file(TableFile(path), {"a.b"}).columns) == ["a.b"]


def test_row_names_of_a_parquet_file_are_no_column_unless_they_have_a_name(tmp_path: Path) -> None:
    table = pandas.DataFrame({"a": [1, 2]}, index=[5, 7])
    table.to_parquet(tmp_path / "t.parquet")
    assert list(read_file(TableFile(tmp_path / "t.parquet")).columns) == ["a"]
    table.rename_axis("who").to_parquet(tmp_path / "t.parquet")
    assert read_file(TableFile(tmp_path / "t.parquet"))["who"].tolist() == [5, 7]


def test_json_lines_need_not_have_the_same_names(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('\ufeff{"a": 1, "b": "007"}\n\n{"c": 2.5, "a": null}\r\n', encoding="utf-8")
    table = read_file(TableFile(path))
    assert list(table.columns) == ["a", "b", "c"]
    assert table["a"].tolist()[0] == 1.0 and table["a"].isna().tolist() == [False, True]
    assert table["b"][0] == "007" and table["c"].isna().tolist() == [True, False]


def two_names(_: pandas.DataFrame) -> bytes:
    stream = io.BytesIO()
    arrays = [pyarrow.array([1]), pyarrow.array([2])]
    pyarrow.parquet.write_table(pyarrow.table(arrays, names=["a", "a"]), stream)
    return stream.getvalue()


NESTED = pandas.DataFrame({"a": [[[1, 2]], [[3]]], "y": [1, 2]})
BROKEN: dict[str, tuple[str, bytes, str]] = {
    "empty": ("t.parquet", b"", " is empty. It must be a Parquet file."),
    "no lines": ("t.jsonl", b"", " is empty. It must hold one JSON object per line, or an array of objects."),
    "deep JSON": ("t.jsonl", b"[" * 100_000, ": the array cannot be read as JSON: maximum recursion"),
    "empty lines": (
        "t.jsonl",
        b"\n \n",
        " is empty. It must hold one JSON object per line, or an array of objects.",
    ),
    "no Parquet": ("t.parquet", b"a,b\n1,2\n" * 9, " is not a whole Parquet file: "),
    "half Parquet": ("t.parquet", as_parquet(TABLE)[:-50], " is not a whole Parquet file: "),
    "Parquet under another name": ("t.feather", as_parquet(TABLE), " is not a whole Feather file: "),
    "Parquet with a name twice": (
        "t.parquet",
        two_names(TABLE),
        ": the column name 'a' occurs twice. Rename one.",
    ),
    "lists": (
        "t.parquet",
        as_parquet(NESTED),
        ": the column 'a' must hold one value per cell, got a ndarray. Flatten it",
    ),
    "objects": (
        "t.jsonl",
        b'{"a": {"b": [[1]]}}\n',
        ": the column 'a.b' must hold one value per cell, got a list. Flatten",
    ),
    "no JSON": (
        "t.jsonl",
        b'{"a": 1}\n\n{"a": }\n',
        ": line 3 is not JSON: expecting value at character 7. Write one object per line, or an array",
    ),
    "a JSON list": (
        "t.jsonl",
        b'[{"a": 1}, [2]]\n',
        ': entry 2 of the array must be an object, as in {"a": 1}, got an array. Write one object',
    ),
    "a JSON number": (
        "t.jsonl",
        b'{"a": 1}\n7\n',
        ': line 2 must hold an object, as in {"a": 1}. Write one object',
    ),
    "half a JSON list": (
        "t.json",
        b'[{"a": 1},\n{"a": ]',
        ": line 2 is not JSON: expecting value at character 7. Write one object",
    ),
    "JSON that meets itself": (
        "t.json",
        b'[{"a": {"b": 1}, "a.b": 2}]',
        ": the name 'a.b' occurs twice in entry 1. Rename one.",
    ),
    "JSON name twice": (
        "t.jsonl",
        b'{"a": 1}\n{"b": 1, "b": 2}',
        ": the name 'b' occurs twice in line 2. Rename one.",
    ),
    "JSON in Latin-1": (
        "t.jsonl",
        '{"a": "é"}'.encode("latin-1"),
        "is not UTF-8 text: the byte 0xe9 in line 1",
    ),
    "unknown": (
        "t.docx",
        b"x",
        " has an unknown format, '.docx'. Convert or rename it. Known: .csv, .tsv, .json, .jsonl",
    ),
    "packed Parquet": ("t.parquet.gz", b"x", " has an unknown format, '.parquet.gz'."),
    "two files": (
        "t.csv.zip",
        as_zip(b"a", b"b"),
        " cannot be read: it holds 2 files ('0.txt', '1.txt') and must hold one. ",
    ),
    "half Zstandard": ("t.csv.zst", as_zstandard(b"a,b\n1,2\n")[:-6], " cannot be read: "),
}


@pytest.mark.parametrize(("name", "content", "says"), BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_explained(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_file(TableFile(path, "study.yaml:3"))
    message = str(caught.value)
    assert message.startswith(f"study.yaml:3: {path}") and says in message
    assert message.endswith(".") and "\n" not in message


@pytest.mark.parametrize("suffix", FORMATS)
def test_a_missing_file_and_a_folder(tmp_path: Path, suffix: str) -> None:
    with pytest.raises(DataError, match=r"^there is no file .*none.* Check the path\.$"):
        read_file(TableFile(tmp_path / f"none{suffix}"))
    (tmp_path / f"folder{suffix}").mkdir()
    with pytest.raises(DataError, match=r"cannot be read: .*Is a directory"):
        read_file(TableFile(tmp_path / f"folder{suffix}"))


@pytest.mark.parametrize(
    ("module", "name"), [("openpyxl", "t.xlsx"), ("pyarrow", "t.parquet"), ("pyarrow", "t.csv.zst")]
)
def test_a_missing_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, module: str, name: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(
        DataError,
        match=rf"^study.yaml:3: .*{name} needs the package {module}\. Install it with `pip install {module}`\.$",
    ):
        read_file(TableFile(tmp_path / name, "study.yaml:3"))


def test_excel(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in (["a", 2024, "y"], [1, 2.5, "NA"], [3, None, "yes"]):
        book.active.append(row)
    book.create_sheet("other").append(["not", "read"])
    book.save(tmp_path / "t.xlsx")
    table = read_file(TableFile(tmp_path / "t.xlsx"), {"2024", "y"})
    assert list(table.columns) == ["2024", "y"]
    assert table["2024"].tolist()[0] == 2.5
    book.active["B1"] = "a"
    book.save(tmp_path / "t.xlsx")
    with pytest.raises(DataError, match=r"the column name 'a' occurs twice"):
        read_file(TableFile(tmp_path / "t.xlsx"))
    (tmp_path / "t.xlsx").write_bytes(b"no workbook")
    with pytest.raises(DataError, match=r"t\.xlsx is not a whole Excel file: File is not a zip file\. "):
        read_file(TableFile(tmp_path / "t.xlsx"))


@pytest.mark.parametrize(
    ("name", "header", "separator"),
    [
        ("t.csv", "a;b", ";"),
        ("t.csv", "a\tb", "\t"),
        ("t.csv", "a,b;c", None),
        ("t.csv", "a", None),
        ("t.tsv", "a;b", None),
    ],
)
def test_the_separator_is_told_from_the_header(
    tmp_path: Path, name: str, header: str, separator: str | None
) -> None:
    (tmp_path / name).write_text(f"{header}\n")
    assert with_separator(TableFile(tmp_path / name)).separator == separator


COMMAS_IN_CELLS = {
    "in a name": ("day;late (to go, to come);y\n" + "1;2,5;7\n" * 5, ";"),
    "in texts": ("city, land\twhy\ty\n" + "Graz, AT\tfog, ice\t7\nRom, IT\t\t6\n" * 3, "\t"),
    "between cells": ("a,b;c\n" + "1,x;y\n" * 5, None),
    "in lines of other lengths": ("a,b;c\n" + "1,2,3\n4;5\n" * 5, None),
}


@pytest.mark.parametrize(("text", "separator"), COMMAS_IN_CELLS.values(), ids=COMMAS_IN_CELLS)
def test_the_separator_is_the_one_that_makes_all_lines_as_long(
    tmp_path: Path, text: str, separator: str | None
) -> None:
    (tmp_path / "t.csv").write_text(text)
    file = with_separator(TableFile(tmp_path / "t.csv"))
    assert file.separator == separator
    if separator:
        assert list(read_file(file).columns) == text.partition("\n")[0].split(separator)


@pytest.mark.parametrize(
    ("text", "separator"),
    [
        ("a b y\n1 2 x\n3 4 z\n5 6 x\n", " "),
        (" a  b   y\n1.5  2   x\n10   4   z\n5 6 x\n", " "),
        ("title of it\n1 2 x\n3 4\n5 6 x\n", None),
        ("free text\nso good\nso bad\nnot bad\n", None),
    ],
)
def test_cells_with_blanks_between_them(tmp_path: Path, text: str, separator: str | None) -> None:
    (tmp_path / "t.txt").write_text(text)
    file = with_separator(TableFile(tmp_path / "t.txt"))
    assert file.separator == separator
    if separator:
        assert read_file(file).shape == (3, 3) and read_file(file)["b"].tolist() == [2, 4, 6]


def test_lists_are_choices_and_objects_are_columns(tmp_path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    tools = [["Go", "Python"], ["Go"], ["SQL", "Go"], ["Python", "SQL"], None] * 12
    table = pyarrow.table(
        {
            "tools": pyarrow.array(tools),
            "at": pyarrow.array([{"x": row, "deep": {"z": "a"}} for row in range(60)]),
        }
    )
    parquet.write_table(table, tmp_path / "t.parquet")
    read = read_file(TableFile(tmp_path / "t.parquet"))
    assert list(read.columns) == ["tools", "at.x", "at.deep.z"]
    assert read["tools"].iloc[0] == "['Go', 'Python']" and read["at.x"].tolist() == list(range(60))
    inspected = inspect_columns(read[["tools"]]).columns[0]
    assert (inspected.kind, inspected.reading) == ("choices", {"separator": ","})
    later = plain_cells(pandas.Series([numpy.array(["Go", "Python"]), ["Go", "Python"], ("Go",)]))
    assert later.tolist() == ["['Go', 'Python']", "['Go', 'Python']", "('Go',)"]


def test_a_zip_file_of_a_mac_holds_one_file(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "t.csv.zip", "w") as archive:
        archive.writestr("t.csv", "a,y\n1,2\n")
        archive.writestr("__MACOSX/._t.csv", "x")
    assert read_file(TableFile(tmp_path / "t.csv.zip")).to_numpy().tolist() == [[1, 2]]


def test_the_format_of_a_name() -> None:
    names = {
        "t.txt": ".csv",
        "t.data.gz": ".csv",
        "t.tab": ".tsv",
        "t": ".csv",
        "t.gz": ".csv",
        "T.CSV": ".csv",
        "a.b.TSV.Xz": ".tsv",
        "t.ndjson.zst": ".ndjson",
    }
    assert all(find_format(TableFile(Path(name))) is FORMATS[suffix] for name, suffix in names.items())


@pytest.mark.parametrize("name", ["t.json", "t.jsonl"])
def test_objects_inside_objects_give_a_column_for_each_value(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text('[{"a": 1, "b": {"c": "x", "d": {"e": 2.5}}},\n {"a": 2, "b": {"c": null}}]')
    table = read_file(TableFile(tmp_path / name))
    assert list(table.columns) == ["a", "b.c", "b.d.e"]
    assert table["b.d.e"].tolist()[0] == 2.5 and table["b.c"].isna().tolist() == [False, True]


@pytest.mark.parametrize("suffix", [".json", ".parquet"])
def test_formats_with_names_of_their_own_take_no_keys_for_a_header(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"t{suffix}"
    path.write_bytes(WRITERS[suffix](TABLE))
    with pytest.raises(DataError, match=r"`data.skip` is for CSV, TSV and Excel.* Remove it\.$"):
        read_file(TableFile(path, skip=1))


@pytest.mark.parametrize(
    "orient", ["columns", "list", "split", "split without row names", "table", "wrapped"]
)
@pytest.mark.parametrize("indent", [None, 1])
def test_one_json_object_of_a_whole_table(tmp_path: Path, orient: str, indent: int | None) -> None:
    table = pandas.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"], "y": [0.5, 1.5, 2.5]})
    if orient in ("list", "wrapped"):
        cells = table.astype(object).where(table.notna(), None)
        content = (
            cells.to_dict("list")
            if orient == "list"
            else {"meta": {"n": 3}, "rows": cells.to_dict("records")}
        )
        text = json.dumps(content, indent=indent)
    else:
        orient, _, without = orient.partition(" ")
        text = table.to_json(orient=orient, index=orient != "table" and not without, indent=indent)
    (tmp_path / "t.json").write_text(text)
    read = read_file(TableFile(tmp_path / "t.json"))
    assert read["y"].tolist() == [0.5, 1.5, 2.5]
    assert read["b"].fillna("").tolist() == ["x", "", "z"] and list(read.columns) == ["a", "b", "y"]


def test_one_json_object_of_values_is_one_row(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text('{"a": {"b": 1},\n "y": 2}')
    read = read_file(TableFile(tmp_path / "t.json"))
    assert read.to_dict("records") == [{"a.b": 1, "y": 2}]
