"""Tables in text files: CSV and JSON lines. Errors name the line."""

import csv
import io
import json
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import pandas

from automl.data.files import TableFile, Wanted, choose, first_line, open_file

_SEPARATORS = (";", "\t", "|")
"""What else than a comma files have between their cells."""


def read_csv_file(file: TableFile, wanted: Wanted, separator: str = ",") -> pandas.DataFrame:
    """The table in a file with a line of column names and a line a row.

    Args:
        file: The file.
        wanted: The columns to read.
        separator: Between its cells, where the file does not say.
    """
    separator = file.separator or separator
    names = read_header(file, separator)
    columns = choose(names, wanted, file.error)
    if columns is not None:  # pandas does not look at the length of rows of which it reads a part
        _check_lengths(file, names, separator)
    try:
        with open_file(file) as stream, warnings.catch_warnings():
            warnings.simplefilter("error", pandas.errors.ParserWarning)
            # With an index column, a row with one cell too many would shift the others in silence.
            return pandas.read_csv(
                stream,
                usecols=columns,
                dtype={name: str for name in names if name in file.texts},
                sep=separator,
                encoding=file.encoding,
                decimal=file.decimal or ".",
                index_col=False,
                low_memory=False,
            )
    except (pandas.errors.ParserError, pandas.errors.ParserWarning) as error:
        _check_lengths(file, names, separator)
        what = first_line(error).removeprefix("Error tokenizing data. C error: ")
        raise file.error(f" is not a CSV table: {what}. Mend that line.") from None


def read_header(file: TableFile, separator: str) -> list[str]:
    """The column names of a CSV file as they stand in it, empty where there is none."""
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
            )
    except pandas.errors.EmptyDataError:
        raise file.error(" is empty. It must begin with a line of column names.") from None
    except pandas.errors.ParserError as error:
        what = first_line(error).removeprefix("Error tokenizing data. C error: ")
        raise file.error(f" is not a CSV table: {what}. Mend that line.") from None
    return [str(name) for name in header.iloc[0]]


def guess_separator(names: Sequence[str]) -> str | None:
    """The separator that makes several names of a header of one; None where none does."""
    if len(names) != 1:
        return None
    return next((separator for separator in _SEPARATORS if separator in names[0]), None)


def separator_cure(names: Sequence[str]) -> str:
    """What to do about a header of one name that looks like several; empty where it does not."""
    guess = guess_separator(names)
    return f"Write `separator: {json.dumps(guess)}` under `data`." if guess else ""


def read_json_lines(file: TableFile, wanted: Wanted) -> pandas.DataFrame:
    """The table in a file with a JSON object a line; a name that a line does not have is a gap in it."""
    encoding = "utf-8-sig" if file.encoding.lower() in ("utf-8", "utf8") else file.encoding
    rows = []
    with open_file(file) as stream, io.TextIOWrapper(stream, encoding=encoding) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                rows.append(_json_row(file, line, number))
    if not rows:
        raise file.error(" is empty. It must hold a JSON object a line.")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pandas.DataFrame(rows, columns=choose(names, wanted, file.error) or names)


def _json_row(file: TableFile, line: str, number: int) -> dict[str, Any]:
    cure = "Write one object a line."
    try:
        pairs = json.loads(line, object_pairs_hook=JsonObject)
    except json.JSONDecodeError as error:
        what = f"{error.msg[0].lower()}{error.msg[1:]} at character {error.colno}"
        raise file.error(f": line {number} is not JSON: {what}. {cure}") from None
    except (ValueError, RecursionError) as error:
        raise file.error(f": line {number} cannot be read as JSON: {first_line(error)}. {cure}") from None
    if not isinstance(pairs, JsonObject):
        raise file.error(f': line {number} must hold an object, as in {{"a": 1}}. {cure}')
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise file.error(f": the name {twice!r} stands twice in line {number}. Rename one.")
    return row


class JsonObject(list[tuple[str, Any]]):
    """The names and values of a JSON object, also those that stand twice."""


def _check_lengths(file: TableFile, names: Sequence[str], separator: str) -> None:
    """Refuse a row with more cells than there are column names; empty ones at its end do not count."""
    limit = csv.field_size_limit(sys.maxsize)
    try:
        with open_file(file) as stream, io.TextIOWrapper(stream, encoding=file.encoding, newline="") as text:
            rows = csv.reader(text, delimiter=separator)
            for row in rows:
                if len(row) > len(names) and any(row[len(names) :]):
                    got = f"line {rows.line_num} has {len(row)} cells, more cells than there are column names"
                    cure = separator_cure(names) or "Name every column in the first line, or mend that line."
                    raise file.error(f": {got} ({len(names)}). {cure}")
    finally:
        csv.field_size_limit(limit)
