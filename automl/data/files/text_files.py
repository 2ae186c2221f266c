"""Tables in CSV files. Errors name the line."""

import csv
import io
import json
import re
import sys
import warnings
from collections.abc import Sequence
from itertools import islice

import pandas

from automl.data.files.headers import MOST_LINES, Line, check_twice, find_beginning, make_names
from automl.data.files.table_file import TableFile, Wanted, choose, first_line, open_file, text_encoding

NONE = "None"
"""A label as people write it; pandas takes it for a gap, since it is also what Python writes for one."""

_LEAST_LINES = 3
_SEPARATORS = (";", "\t", "|")
"""What else than a comma files have between their cells."""


def read_csv_file(file: TableFile, wanted: Wanted, separator: str = ",") -> pandas.DataFrame:
    """The table in a file with a line of column names and a line a row; empty lines at its end are no rows.

    Args:
        file: The file.
        wanted: The columns to read.
        separator: Between its cells, where the file does not say.
    """
    separator = file.separator or separator
    written = read_header(file, separator)
    names = make_names(file, written)
    _check_names(file, names, separator)
    columns = choose(names, wanted, file.error)
    if columns is not None:  # pandas does not look at the length of rows of which it reads a part
        _check_lengths(file, names, separator)
    try:
        table = _parse(file, names, separator, columns, file.texts)
    except (pandas.errors.ParserError, pandas.errors.ParserWarning) as error:
        _check_lengths(file, names, separator)
        reason = first_line(error).removeprefix("Error tokenizing data. C error: ")
        raise file.error(f" is not a CSV table: {reason}. Fix that line.") from None
    table = _with_codes(file, table, names, separator)
    table = _with_labels(file, table, names, separator)
    return _without_empty_end(table)


_LEADING_ZERO = re.compile(r"\s*[+-]?0[0-9]+\s*")


def _with_codes(
    file: TableFile, table: pandas.DataFrame, names: list[str], separator: str
) -> pandas.DataFrame:
    """With the columns as text in which pandas has made numbers of codes: 7 of 007."""
    whole = [name for name in table.columns if _is_whole(table[name])]
    edge = re.escape(separator)
    with open_file(file) as stream:
        content = stream.read().decode(file.encoding, errors="replace") if whole else ""
    if not re.search(rf'(?:^|["\s]|{edge})[+-]?0[0-9]+(?:["\s]|{edge}|$)', content):
        return table
    texts = _parse(file, names, separator, whole, whole)
    codes = [name for name in whole if texts[name].str.fullmatch(_LEADING_ZERO.pattern).any()]
    return table.assign(**{name: texts[name] for name in codes})


def _with_labels(
    file: TableFile, table: pandas.DataFrame, names: list[str], separator: str
) -> pandas.DataFrame:
    """With `None` as a label where it stands among words, and not as the gap that pandas makes of it."""
    for name in (name for name in file.labels if name in table.columns):
        gaps = table[name].isna()
        if gaps.any() and table[name].dropna().map(lambda cell: isinstance(cell, str)).all():
            texts = _parse(file, names, separator, [name], [name], gap_words=False)[name]
            table = table.assign(**{name: table[name].mask(gaps & (texts.str.strip() == NONE), NONE)})
    return table


def _parse(
    file: TableFile,
    names: list[str],
    separator: str,
    columns: list[str] | None,
    texts: Sequence[str],
    gap_words: bool = True,
) -> pandas.DataFrame:
    """Some columns of the table, or all, of which some are left as text; pandas' words for gaps as gaps, or not."""
    with open_file(file) as stream, warnings.catch_warnings():
        warnings.simplefilter("error", pandas.errors.ParserWarning)
        # With an index column, a row with one cell too many would shift the others in silence.
        table: pandas.DataFrame = pandas.read_csv(
            stream,
            usecols=columns,
            dtype=dict.fromkeys(texts, str),
            sep=separator,
            encoding=file.encoding,
            skiprows=file.skip,
            header=0 if file.header else None,
            decimal=file.decimal or ".",
            index_col=False,
            low_memory=False,
            skipinitialspace=True,  # also before a quotation mark, which is one of the text otherwise
            keep_default_na=gap_words,
            names=names if file.names or not file.header else None,
        )
    return table


def _is_whole(values: pandas.Series) -> bool:
    """Whether all cells are whole numbers or gaps."""
    if not pandas.api.types.is_numeric_dtype(values) or pandas.api.types.is_bool_dtype(values):
        return False
    return bool((values.dropna() % 1 == 0).all())


def _check_names(file: TableFile, names: Sequence[str], separator: str) -> None:
    """Refuse names of which one stands twice, with the key that helps."""
    if len(set(names)) < len(names):
        cure = "" if file.names else find_beginning(first_lines(file, separator)).cure
        check_twice(names, file.skip + 1, cure, file.error)


def _without_empty_end(table: pandas.DataFrame) -> pandas.DataFrame:
    """Without the rows at the end of which every cell is empty, as spreadsheets leave them."""
    if not len(table) or not table.iloc[-1].isna().all():
        return table
    filled = table.notna().any(axis=1).to_numpy()
    return table.iloc[: int(filled.nonzero()[0].max()) + 1] if filled.any() else table.iloc[:0]


def first_lines(file: TableFile, separator: str) -> list[Line]:
    """The first lines of a file that are not empty, from its beginning."""
    with (
        open_file(file) as stream,
        io.TextIOWrapper(stream, encoding=text_encoding(file), newline="") as text,
    ):
        rows = csv.reader(text, delimiter=separator, skipinitialspace=True)
        try:
            filled = ((rows.line_num, cells) for cells in rows if cells)
            return list(islice(filled, MOST_LINES))
        except csv.Error:  # of a line that is no line of cells; the reading itself says what is wrong
            return []


def read_header(file: TableFile, separator: str) -> list[str]:
    """The cells of the first line of a CSV file that counts, as they stand in it."""
    try:
        with open_file(file) as stream:
            header = pandas.read_csv(
                stream,
                header=None,
                nrows=1,
                dtype=str,
                keep_default_na=False,
                sep=separator,
                encoding=file.encoding,
                skiprows=file.skip,
                skipinitialspace=True,
            )
    except pandas.errors.EmptyDataError:
        raise file.error(" is empty. It must begin with a line of column names.") from None
    except pandas.errors.ParserError as error:
        reason = first_line(error).removeprefix("Error tokenizing data. C error: ")
        raise file.error(f" is not a CSV table: {reason}. Fix that line.") from None
    return [str(name) for name in header.iloc[0]]


def guess_separator(names: Sequence[str]) -> str | None:
    """The separator that makes several names of a header of one; None where none does."""
    if len(names) != 1:
        return None
    return next((separator for separator in _SEPARATORS if separator in names[0]), None)


def steady_separator(file: TableFile) -> str | None:
    """The separator by which all of the first lines have as many cells, and more than by commas; None for a comma.

    Commas may stand in a name, `Delay (departure, arrival);Trains`, or before decimals.
    """
    counts = {separator: _steady_count(file, separator) for separator in (",", *_SEPARATORS)}
    best = max(counts, key=lambda separator: counts[separator])
    return None if counts[best] == counts[","] else best


def _steady_count(file: TableFile, separator: str) -> int:
    """The cells of each of the first lines; 0 where they have one each, or not all have as many."""
    counts = [len(cells) for line, cells in first_lines(file, separator) if line > file.skip]
    is_steady = len(counts) > _LEAST_LINES and len(set(counts)) == 1 and counts[0] > 1
    return counts[0] if is_steady else 0


def are_in_blanks(lines: Sequence[str]) -> bool:
    """Whether lines are cells with blanks between them: as many in each, and some of them numbers."""
    counts = {len(line.split()) for line in lines if line.strip()}
    has_numbers = all(any(map(_is_number, line.split())) for line in lines[1:])
    return len(lines) > _LEAST_LINES and len(counts) == 1 and counts != {1} and has_numbers


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def separator_cure(names: Sequence[str], steady: str | None = None) -> str:
    """What to do about a header of one name that looks like several; empty where it does not.

    Args:
        names: Of the header.
        steady: What `steady_separator` says of the file.
    """
    guess = guess_separator(names) or steady
    return f"Write `separator: {json.dumps(guess)}` under `data`." if guess else ""


def _check_lengths(file: TableFile, names: Sequence[str], separator: str) -> None:
    """Refuse a row with more cells than there are column names; empty ones at its end do not count."""
    limit = csv.field_size_limit(sys.maxsize)
    try:
        with open_file(file) as stream, io.TextIOWrapper(stream, encoding=file.encoding, newline="") as text:
            rows = csv.reader(islice(text, file.skip, None), delimiter=separator, skipinitialspace=True)
            for row in rows:
                if len(row) > len(names) and any(row[len(names) :]):
                    line = rows.line_num + file.skip
                    got = f"line {line} has {len(row)} cells, more than there are column names"
                    beginning = find_beginning(first_lines(file, separator))
                    title = beginning.cure if beginning.skip and not file.skip else ""
                    cure = "Name every column in the first line, or fix that line."
                    steady = steady_separator(file) if separator == "," else None
                    cure = separator_cure(names, steady) or title or cure
                    raise file.error(f": {got} ({len(names)}). {cure}")
    finally:
        csv.field_size_limit(limit)
