"""Files with a title above their names, without names, or with a name twice: what is said, and the keys that help."""

import shutil
from pathlib import Path
from typing import Any

import pandas
import pytest
from click.testing import CliRunner, Result

from automl.cli import cli
from automl.config.reading import load_study, make_study
from automl.data.dataset import Dataset
from automl.data.files.headers import Beginning, find_beginning
from automl.data.reading import read_dataset
from automl.errors import AutoMLError, DataError

NAMED = "age,work,pay\n" + "39,State,low\n50,Self,high\n38,State,low\n" * 4
BARE = NAMED.partition("\n")[2]
TITLED = f"Survey of 1994\n\n{NAMED}"
TWICE = NAMED.replace("age,work", "pay,work")


def read(folder: Path, text: str, name: str = "t.csv", **data: Any) -> Dataset:
    (folder / name).write_text(text)
    study = make_study({"name": "s", "data": {"path": name, "target": "pay", **data}})
    return read_dataset(study, folder, lambda *keys: ".".join(map(str, keys)))


def init(folder: Path, text: str, *options: str, name: str = "t.csv") -> Result:
    (folder / name).write_text(text)
    to = ["--target", "pay", "--to", str(folder / "s.yaml"), "--force"]
    return CliRunner().invoke(cli, ["init", str(folder / name), *to, *options])


def rows(text: str, separator: str = ",") -> list[tuple[int, list[str]]]:
    return [(n, line.split(separator)) for n, line in enumerate(text.splitlines(), start=1) if line]


@pytest.mark.parametrize(
    ("text", "skip", "has_names"),
    [
        (NAMED, 0, True),
        (TITLED, 2, True),
        (BARE, 0, False),
        (f"Survey\nof 1994\n{NAMED}", 2, True),
        (f"Survey,,\n{NAMED}", 1, True),
        ("Sales,,2019,\nland,unit,first,second\nAT,kg,7,8\nDE,kg,9,8\n", 1, True),
        (",,,y\n1,2,3,4\n5,6,7,8\n", 0, True),
        (f"Survey\n{BARE}", 1, False),
        (",Sales report,,\n,day,amount,y\n,mon,5,1\n,tue,6,0\n", 1, True),
        ("a,b\n1,2\n3,4\n", 0, True),
        (",b,c\n1,2,3\n2,3,4\n", 0, True),
        ("0,1,2\n5,6,7\n1,2,3\n", 0, True),
        ("land,1990,1995,2005\nAT,5,6,7\nDE,1,2,3\n", 0, True),
        ("land,2020\nAT,7\nDE,3\n", 0, True),
        ("x,s,n,t\nx,s,y,t\nb,s,n,p\n", 0, False),
        ("39,State,77516,<=50K\n77,Private,28946,>50K\n57,Private,38169,>50K\n", 0, False),
        ("5.1,3.5,1.4\n4.9,3.0,1.4\n", 0, False),
        ("a\n1\n2\n", 0, True),
        ("a,b,c\n", 0, True),
        ("a,b,y\n1,2,u\n3,4,v\na,b,y\n5,6,u\n", 0, True),
        ("Region,,Sales,,Target\nn,m,2019,2020,y\n1,2,3,4,a\n2,3,4,5,b\n", 1, True),
        ("name,,age\nAnn,x,33\nBob,y,35\n", 0, True),
        ("name,,town\nAnn,x,Rome\nBob,y,Oslo\n", 0, True),
        ("", 0, True),
    ],
)
def test_how_a_file_begins(text: str, skip: int, has_names: bool) -> None:
    beginning = find_beginning(rows(text))
    assert (beginning.skip, beginning.has_names) == (skip, has_names)
    assert (beginning.cure == "") == (skip == 0 and has_names) == beginning.is_usual


def test_the_cure_is_a_key_with_its_value() -> None:
    assert Beginning(1, True, 3).cure == (
        "Line 2 looks like the names, and line 1 like a title: write `skip: 1` under `data`."
    )
    cure = Beginning(3, False, 3).cure
    assert "lines 1 to 3 like a title" in cure and "`skip: 3` and `header: none`" in cure


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (TITLED, {"skip": 2}),
        (BARE, {"header": "none", "names": ["age", "work", "pay"]}),
        (f"Survey\n{BARE}", {"skip": 1, "header": "none", "names": ["age", "work", "pay"]}),
        (TWICE, {"names": ["age", "work", "pay"]}),
        (BARE, {"header": "none", "target": "column_3"}),
        (NAMED + ",,\n,,\n", {}),
    ],
)
@pytest.mark.parametrize("features", [False, True])
@pytest.mark.parametrize("name", ["t.csv", "t.tsv"])
def test_the_keys_read_the_table(
    tmp_path: Path, text: str, keys: dict[str, Any], features: bool, name: str
) -> None:
    plain = read(tmp_path, NAMED)
    text = text.replace(",", "\t") if name == "t.tsv" else text
    chosen = {"features": ["age", "work"]} if features and keys.get("target") is None else {}
    dataset = read(tmp_path, text, name, **keys, **chosen)
    pandas.testing.assert_frame_equal(
        dataset.table, plain.table.set_axis(dataset.table.columns, axis=1), check_dtype=False
    )
    assert dataset.target.tolist() == plain.target.tolist()


@pytest.mark.parametrize(
    ("text", "keys", "says"),
    [
        (TITLED, {}, r"has 3 cells, .*: write `skip: 2` under `data`\.$"),
        (f"Survey,,\n{NAMED}", {}, r"^data.target: .*: write `skip: 1` under `data`\.$"),
        (BARE, {}, r"^data.target: .*Line 1 looks like data.*`header: none`"),
        (TWICE, {}, r"'pay' occurs twice in line 1\. Rename one, or write `names"),
        (
            "2,2,38.5,2\n3,4,36.6,1\n3,2,37.5,1\n",
            {},
            r"'2' occurs twice in line 1\. Line 1 looks like data.*`header: none`",
        ),
        (f"Survey\n{TWICE}", {"skip": 1}, r"'pay' occurs twice in line 2\."),
        (
            NAMED,
            {"names": ["a", "pay"]},
            r"`data.names` must contain a name for every column, got 2 for 3 columns",
        ),
        (f"{TITLED}1,2,3,4\n", {"skip": 2}, r"line 16 has 4 cells"),
    ],
)
def test_what_is_odd_is_said_with_the_line_and_the_key(
    tmp_path: Path, text: str, keys: dict[str, Any], says: str
) -> None:
    with pytest.raises(DataError, match=says):
        read(tmp_path, text, **keys)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ({"sklearn": "iris", "skip": 1}, "must have `skip` only together with `path` or `url`"),
        ({"path": "t.csv", "target": "y", "names": ["a", "b", "a"]}, "different `names`, got 'a' twice"),
        ({"path": "t.csv", "target": "y", "header": "no"}, "header"),
    ],
)
def test_keys_that_cannot_be(data: dict[str, Any], says: str) -> None:
    with pytest.raises(AutoMLError, match=says):
        make_study({"name": "s", "data": data})


@pytest.mark.parametrize(
    ("text", "options", "keys"),
    [
        (TITLED, (), {"skip": 2}),
        (TITLED.replace(",", ";"), (), {"skip": 2, "separator": ";"}),
        (
            BARE,
            ("--header", "none", "--names", "age,work,pay"),
            {"header": "none", "names": ["age", "work", "pay"]},
        ),
        (TWICE, ("--names", "age,work,pay"), {"names": ["age", "work", "pay"]}),
        (f"Survey,,\n{NAMED}", ("--skip", "1"), {"skip": 1}),
    ],
)
def test_init_writes_the_keys_that_it_was_given_or_has_found(
    tmp_path: Path, text: str, options: tuple[str, ...], keys: dict[str, Any]
) -> None:
    result = init(tmp_path, text, *options)
    assert result.exit_code == 0, result.output
    study = load_study(tmp_path / "s.yaml")
    assert {name: getattr(study.data, name) for name in keys} == keys
    assert read_dataset(study, tmp_path, study.where).classes == ("low", "high")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TWICE, "'pay' occurs twice in line 1"),
        (NAMED + "1,2,3,4\n", "line 14 has 4 cells"),
        (NAMED.replace("high", "low"), "two different values"),
        ("pay\nlow\nhigh\n", "a column other than its target"),
        (NAMED.replace("low", "").replace("high", ""), "every cell is a gap"),
        ("age,pay\n" + "1,2.5\n1,inf\n" * 5, "must be finite"),
        ('age,pay\n"1,2\n', "is not a CSV table"),
    ],
)
def test_init_writes_a_file_of_a_table_that_cannot_be_used(tmp_path: Path, text: str, says: str) -> None:
    result = init(tmp_path, text)
    assert result.exit_code == 0, result.output
    written = " ".join((tmp_path / "s.yaml").read_text().replace("#", " ").split())
    assert says in result.output and says in written and "to fix: " in written
    study = load_study(tmp_path / "s.yaml")
    assert (study.data.path, study.data.target) == ("t.csv", "pay")


@pytest.mark.parametrize(
    ("text", "options", "says"),
    [
        (BARE, (), "--target must name a column, got 'pay'"),
        (BARE, (), "`header: none`"),
        (NAMED, ("--target", "wage"), "--target must name a column, got 'wage'"),
    ],
)
def test_init_needs_a_target_that_is_there(
    tmp_path: Path, text: str, options: tuple[str, ...], says: str
) -> None:
    refused = init(tmp_path, text, *options)
    assert refused.exit_code == 2 and says in refused.output
    assert not (tmp_path / "s.yaml").exists()


def test_init_needs_a_source_that_can_be_opened(tmp_path: Path) -> None:
    for name in ("t.docx", "t.parquet", "t.csv.gz"):
        refused = init(tmp_path, NAMED, name=name)
        assert refused.exit_code == 2 and not (tmp_path / "s.yaml").exists(), refused.output


def test_a_workbook_with_a_title_and_without_names(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    cells = pandas.DataFrame([line.split(",") for line in NAMED.splitlines()])
    title = pandas.DataFrame([["Survey of 1994", None, None]])
    book = tmp_path / "t.xlsx"
    pandas.concat([title, cells]).to_excel(book, header=False, index=False)
    shutil.copy(book, tmp_path / "titled.xlsx")
    data = {"path": "titled.xlsx", "target": "pay"}
    study = make_study({"name": "s", "data": {**data, "skip": 1}})
    assert read_dataset(study, tmp_path, study.where).classes == ("low", "high")
    names = {"skip": 2, "header": "none", "names": ["a", "b", "pay"], "features": ["b"]}
    study = make_study({"name": "s", "data": {**data, **names}})
    dataset = read_dataset(study, tmp_path, study.where)
    assert dataset.feature_names == ("b",) and len(dataset.target) == 12


def test_a_table_below_empty_rows_of_a_sheet_and_behind_another_sheet(tmp_path: Path) -> None:
    pytest.importorskip("openpyxl")
    cells = pandas.DataFrame([line.split(",") for line in NAMED.splitlines()])
    cells.to_excel(tmp_path / "t.xlsx", header=False, index=False, startrow=3)
    to = str(tmp_path / "s.yaml")
    result = CliRunner().invoke(cli, ["init", str(tmp_path / "t.xlsx"), "--target", "pay", "--to", to])
    assert result.exit_code == 0, result.output
    study = load_study(Path(to))
    assert study.data.skip == 3 and read_dataset(study, tmp_path, study.where).classes == ("low", "high")
    with pandas.ExcelWriter(tmp_path / "two.xlsx") as book:
        pandas.DataFrame({"Read me": ["first"]}).to_excel(book, sheet_name="Notes", index=False)
        cells.to_excel(book, sheet_name="Data", header=False, index=False)
    refused = CliRunner().invoke(
        cli, ["init", str(tmp_path / "two.xlsx"), "--target", "pay", "--to", to, "--force"]
    )
    assert "The sheet 'Notes' is read, and not 'Data': `sheet: NAME`" in refused.output
    (tmp_path / "u.yaml").write_text("name: s\ndata: {path: two.xlsx, target: pay}\n")
    study = load_study(tmp_path / "u.yaml")
    with pytest.raises(DataError, match="The sheet 'Notes' is read"):
        read_dataset(study, tmp_path, study.where)


def test_init_takes_a_decimal_mark_and_writes_it(tmp_path: Path) -> None:
    rows = "".join(f"1.{100 + row},{row % 2}\n" for row in range(20))
    for options, decimal in (((), None), (("--decimal", ","), ","), (("--decimal", "."), ".")):
        assert init(tmp_path, "amount,pay\n" + rows, *options).exit_code == 0
        assert load_study(tmp_path / "s.yaml").data.decimal == decimal


def test_the_target_is_found_whatever_blanks_its_name_ends_with(tmp_path: Path) -> None:
    result = init(tmp_path, NAMED.replace("pay", "pay\u00a0 ", 1))
    assert result.exit_code == 0, result.output
    assert load_study(tmp_path / "s.yaml").data.target == "pay\u00a0 "
