"""Sheets of workbooks: which one is read, what is said of the others, and the key that chooses."""

from pathlib import Path

import pandas
import pytest
from click.testing import CliRunner, Result

from automl.cli import cli
from automl.config.reading import load_study
from automl.data.dataset import Dataset
from automl.data.files.formats import read_file
from automl.data.files.table_file import TableFile
from automl.data.reading import read_dataset
from automl.errors import DataError
from automl.study.predicting import read_rows

openpyxl = pytest.importorskip("openpyxl")

PAID = pandas.DataFrame({"age": [39, 50, 38] * 4, "pay": ["low", "high", "low"] * 4})


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """Of four sheets: a remark, a table, one below a title, and an empty one."""
    path = tmp_path / "book.xlsx"
    with pandas.ExcelWriter(path) as writer:
        pandas.DataFrame({"Read me": ["first"]}).to_excel(writer, sheet_name="Notes", index=False)
        PAID.to_excel(writer, sheet_name="2023", index=False)
        PAID.assign(age=PAID["age"] + 1).to_excel(writer, sheet_name="Titled", index=False, startrow=2)
        pandas.DataFrame().to_excel(writer, sheet_name="Empty", index=False)
    return path


def hide(book: Path, sheet: str) -> None:
    workbook = openpyxl.load_workbook(book)
    workbook[sheet].sheet_state = "hidden"
    workbook.active = 1
    workbook.save(book)


def study(book: Path, keys: str = "") -> Dataset:
    file = book.parent / "s.yaml"
    file.write_text(f"data: {{path: {book.name}, target: pay{keys}}}\n")
    config = load_study(file)
    return read_dataset(config, book.parent, config.where)


def init(book: Path, *options: str) -> Result:
    to = str(book.parent / "s.yaml")
    return CliRunner().invoke(cli, ["init", str(book), "--target", "pay", "--to", to, "--force", *options])


def test_a_sheet_is_chosen_by_name_and_nothing_is_said_of_the_others(book: Path) -> None:
    for keys in (', sheet: "2023"', ", sheet: 2023"):
        dataset = study(book, keys)
        assert dataset.columns.numbers[:, 0].tolist() == PAID["age"].tolist()
        assert not any("sheet" in note for note in dataset.notes)
    assert study(book, ", sheet: Titled, skip: 2").columns.numbers[0, 0] == 40


def test_without_the_key_the_first_sheet_that_can_be_seen_is_read_and_said(book: Path) -> None:
    hide(book, "Notes")
    note = study(book).notes[0]
    assert note == (
        "the sheet '2023' is read, and not 'Titled', 'Empty', 'Notes': `sheet: NAME` under `data` reads another"
    )
    PAID.to_excel(book.parent / "one.xlsx", index=False)
    assert not any("sheet" in note for note in study(book.parent / "one.xlsx").notes)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        (
            ", sheet: titled",
            r"s\.yaml:1: .*book\.xlsx: `data\.sheet` must name a sheet, got 'titled'\. Did you mean",
        ),
        (", sheet: Empty", r"the sheet 'Empty' is empty.* Its other sheets are 'Notes', '2023', 'Titled'"),
        ("", r"The sheet 'Notes' is read, and not '2023', 'Titled', 'Empty': `sheet: NAME`"),
    ],
)
def test_a_wrong_or_empty_sheet_lists_the_others(book: Path, keys: str, says: str) -> None:
    with pytest.raises(DataError, match=says):
        study(book, keys)


def test_the_key_is_for_workbooks(book: Path) -> None:
    PAID.to_csv(book.parent / "t.csv", index=False)
    with pytest.raises(
        DataError, match=r"`data\.sheet` is for Excel; a CSV file has no sheets\. Remove it\."
    ):
        study(book.parent / "t.csv", ", sheet: x")


def test_init_writes_the_sheet_and_the_lines_above_its_names(book: Path) -> None:
    assert "The sheet 'Notes' is read, and not '2023', 'Titled', 'Empty'" in init(book).output
    assert "Here: `--sheet NAME`." in init(book).output
    assert init(book, "--sheet", "Titled").exit_code == 0
    data = load_study(book.parent / "s.yaml").data
    assert (data.sheet, data.skip) == ("Titled", 2)
    hide(book, "Notes")
    assert init(book).exit_code == 0
    assert load_study(book.parent / "s.yaml").data.sheet == "2023"
    assert "Did you mean `Titled`?" in init(book, "--sheet", "titled").output


def test_init_writes_its_file_for_a_workbook_that_must_be_fixed(tmp_path: Path) -> None:
    twice = pandas.DataFrame([["pay", "pay"], [1, 2]])
    twice.to_excel(tmp_path / "twice.xlsx", header=False, index=False)
    result = init(tmp_path / "twice.xlsx")
    assert result.exit_code == 0 and "the column name 'pay' occurs twice in line 1" in result.output
    (tmp_path / "broken.xlsx").write_bytes(b"no workbook")
    (tmp_path / "s.yaml").unlink()
    assert init(tmp_path / "broken.xlsx").exit_code == 2 and not (tmp_path / "s.yaml").exists()


def test_cells_are_what_they_are_in_the_workbook(tmp_path: Path) -> None:
    cells = {
        "code": ["007", "012", "100"],
        "flag": [True, None, False],
        "number": [1, None, 2.5],
        "text": ["1", "x", None],
    }
    pandas.DataFrame(cells, dtype=object).to_excel(tmp_path / "t.xlsx", index=False)
    read = read_file(TableFile(tmp_path / "t.xlsx"))
    plain = read.astype(object).where(read.notna(), None)
    assert {name: plain[name].tolist() for name in plain} == cells
    assert read["number"].dtype == "float64"


def test_rows_to_predict_are_read_from_the_sheet_of_the_study_or_as_told(book: Path) -> None:
    def ages(path: Path, *recorded: object, **options: object) -> list[int]:
        file = dict(zip(("sheet", "skip"), recorded, strict=False))
        contract = {"columns": {"age": {"kind": "numeric"}}, "file": file}
        return read_rows(contract, path, options)["age"].tolist()

    first, second = PAID["age"].tolist(), (PAID["age"] + 1).tolist()
    assert ages(book, "2023") == first
    assert ages(book, "Titled", 2) == second
    assert ages(book, "2023", sheet="Titled", skip=2) == second
    PAID.to_excel(book.parent / "new.xlsx", index=False)
    PAID.to_csv(book.parent / "new.csv", index=False)
    PAID.to_parquet(book.parent / "new.parquet")
    for name in ("new.xlsx", "new.csv", "new.parquet"):
        assert ages(book.parent / name, "Titled", 2) == first
    with pytest.raises(DataError, match="must name a sheet, got 'none'"):
        ages(book, "2023", sheet="none")


def test_names_below_merged_cells_are_found(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    sheet = workbook.active
    for row in [["Region", None, "Sales", None], ["age", "land", 2019, "pay"]]:
        sheet.append(row)
    for row in range(12):
        sheet.append([30 + row, "AT", row, "low" if row % 3 else None if row == 9 else "high"])
    sheet.merge_cells("A1:B1")
    workbook.save(tmp_path / "merged.xlsx")
    result = init(tmp_path / "merged.xlsx")
    assert result.exit_code == 0, result.output
    assert load_study(tmp_path / "s.yaml").data.skip == 1
