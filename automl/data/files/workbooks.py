"""Tables in the sheets of Excel workbooks."""

from dataclasses import replace

import pandas

from automl.data.files.headers import MOST_LINES, Beginning, Line, check_twice, find_beginning, make_names
from automl.data.files.table_file import TableFile, Wanted, choose, explained
from automl.errors import one_of

_NAMED_SHEETS = 5


def read_workbook(file: TableFile, wanted: Wanted) -> pandas.DataFrame:
    """A sheet of a workbook; its first row names the columns, where the study file does not say otherwise.

    Raises:
        DataError: There is no such sheet, it is empty, or a name stands twice.
    """
    with _open(file) as book:
        sheet = _sheet_of(book, file)
        top = pandas.read_excel(
            book, sheet, header=None, nrows=MOST_LINES, skiprows=file.skip, keep_default_na=False
        )
        if top.empty:
            others = _others(book, sheet)
            cure = (
                f" Its other sheets are {others}: `sheet: NAME` under `data` reads another." if others else ""
            )
            raise file.error(
                f": the sheet {sheet!r} is empty. It must begin with a row of column names.{cure}"
            )
        names = make_names(file, [str(name) for name in top.iloc[0]])
        lines = [(number, [str(cell) for cell in row]) for number, row in enumerate(top.to_numpy(), start=1)]
        cure = "" if file.skip or file.names else find_beginning(lines).cure
        check_twice(names, file.skip + 1, cure, file.error)
        columns = choose(names, wanted, file.error)
        indices = None if columns is None else [names.index(name) for name in columns]
        # As objects: pandas makes 7 of the text `007`, and 1.0 of a truth value above an empty cell.
        table: pandas.DataFrame = pandas.read_excel(
            book,
            sheet,
            usecols=indices,
            skiprows=file.skip,
            header=0 if file.header else None,
            dtype=object,
        ).infer_objects()
        if not file.header or file.names:
            table.columns = pandas.Index(columns or names)
        return table


def beginning_of_sheet(file: TableFile) -> Beginning:
    """What the first rows of a sheet look like, of which empty ones count."""
    import openpyxl  # noqa: F401  pandas says in its own words that it is missing

    try:
        with _open(file) as book:
            lines = _first_rows(book, _sheet_of(book, file))
    except (OSError, ImportError, MemoryError):
        raise
    except Exception:  # a broken file, or no such sheet; the reading itself says what is wrong
        return Beginning(0, True, 0)
    beginning = find_beginning(lines)
    empty = lines[0][0] - 1 if lines else 0
    return beginning if beginning.skip or not empty else replace(beginning, skip=empty)


def sheet_names(file: TableFile) -> list[str]:
    """The sheets with cells, those first that are not hidden."""
    with explained(file), _open(file) as book:
        return _names(book)


def said_of_sheets(file: TableFile) -> str:
    """Which sheet of several is read; empty of a workbook that has one."""
    with explained(file), _open(file) as book:
        sheet = _sheet_of(book, file)
        others = _others(book, sheet)
    if not others:
        return ""
    return f"the sheet {sheet!r} is read, and not {others}: `sheet: NAME` under `data` reads another"


def _open(file: TableFile) -> pandas.ExcelFile:
    import openpyxl  # noqa: F401  pandas says in its own words that it is missing

    return pandas.ExcelFile(file.path, engine="openpyxl")


def _names(book: pandas.ExcelFile) -> list[str]:
    hidden = {sheet.title for sheet in book.book.worksheets if sheet.sheet_state != "visible"}
    return sorted(map(str, book.sheet_names), key=lambda name: name in hidden)


def _sheet_of(book: pandas.ExcelFile, file: TableFile) -> str:
    """The sheet that the study file names, or the first one that a person sees."""
    names = _names(book)
    if file.sheet is not None and file.sheet not in names:
        raise file.error(f": `data.sheet` must name a sheet, got {file.sheet!r}. {one_of(names, file.sheet)}")
    return names[0] if file.sheet is None else file.sheet


def _others(book: pandas.ExcelFile, sheet: str) -> str:
    others = [name for name in _names(book) if name != sheet]
    return ", ".join(map(repr, others[:_NAMED_SHEETS])) + (", …" if len(others) > _NAMED_SHEETS else "")


def _first_rows(book: pandas.ExcelFile, sheet: str) -> list[Line]:
    """The first rows of a sheet that are not empty, with their numbers from 1."""
    top = pandas.read_excel(book, sheet, header=None, nrows=MOST_LINES, dtype=object)
    rows = [["" if pandas.isna(cell) else str(cell) for cell in row] for row in top.to_numpy(object)]
    return [(number, cells) for number, cells in enumerate(rows, start=1) if any(cells)]
