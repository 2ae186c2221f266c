"""Predictions of a file's rows: the file is read as the study read its own, or as a person says."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas

from automl.data.files.formats import find_format, read_file, with_separator
from automl.data.files.table_file import TableFile
from automl.data.files.workbooks import sheet_names
from automl.errors import DataError, ExportError, one_of
from automl.quiet import quiet_start
from automl.serving.scoring import Scorer, text_columns

_EXECUTED = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet takes for a formula."""


def predict_rows(
    model: Path,
    data: Path,
    options: Mapping[str, Any],
    keep: Sequence[str],
    interval: float | None = None,
) -> tuple[pandas.DataFrame, list[str]]:
    """Predictions for the rows of a file, and the columns that the model ignores.

    Args:
        model: Folder of an exported model.
        data: The file.
        options: How it is read, as far as a person says it: fields of `TableFile`.
        keep: Columns of the file that are put before the predictions.
        interval: See `Scorer.predict`.

    Raises:
        ExportError: The folder holds no model.
        DataError: The file cannot be read, or lacks a column, or the model has no intervals of this level.
    """
    if not (model / "model.json").is_file():
        raise ExportError(
            f"{model} is not an exported model. Make one with `automl export STUDY --to {model}`."
        )
    contract = read_contract(model)
    table = read_rows(contract, data, options, keep)
    for name in keep:
        if name not in table.columns:
            raise DataError(f"{data}: --keep must name a column, got {name!r}. {one_of(table.columns, name)}")
    with quiet_start():
        scorer = Scorer(model)
    try:
        predictions = scorer.predict(table, interval)
    except ValueError as error:
        raise DataError(f"{data}: {error}.") from None
    ignored = [name for name in scorer.unknown(table) if name not in (*keep, contract["target"])]
    return pandas.concat([table[list(keep)], predictions], axis=1), ignored


def read_contract(model: Path) -> dict[str, Any]:
    """What an exported model says of its columns."""
    return dict(json.loads((model / "model.json").read_text(encoding="utf-8")))


def read_rows(
    contract: Mapping[str, Any], data: Path, options: Mapping[str, Any], keep: Sequence[str] = ()
) -> pandas.DataFrame:
    """The rows of a file, read as the study read its own, where it is of such a format.

    Args:
        contract: Of the model.
        data: The file.
        options: How it is read, as far as a person says it: fields of `TableFile`.
        keep: Columns that are read beside those of the model.

    Raises:
        DataError: The file cannot be read.
    """
    texts = (*text_columns(contract), *(name for name in keep if name not in contract["columns"]))
    file, needed = TableFile(data, texts=texts), set(contract["columns"])
    table = None
    for reading in _readings(file, contract.get("file", {}), options):
        other = _read(reading)
        if needed <= set(other.columns):
            return other
        table = other if table is None else table
    assert table is not None
    return table


def _read(file: TableFile) -> pandas.DataFrame:
    """The table; a first row that holds the names of a file without names is no row."""
    table = read_file(file).rename(columns=str)
    has_names = not file.header and len(table) and list(map(str, table.iloc[0])) == list(table.columns)
    return read_file(replace(file, header=True)).rename(columns=str) if has_names else table


def _readings(
    file: TableFile, recorded: Mapping[str, Any], options: Mapping[str, Any]
) -> Iterator[TableFile]:
    """The file as the study read its own, then with another separator, then with names in its first line.

    Args:
        file: The file, of whatever format.
        recorded: How the study read its own.
        options: What a person says of this one, which holds in every reading.
    """
    form = find_format(file)
    known = dict(recorded) if form.has_lines else {}
    if "sheet" in known and (form.is_text or known["sheet"] not in sheet_names(file)):
        del known["sheet"]
    if "names" in known:
        known["names"] = tuple(known["names"])
    first = replace(file, **(known | dict(options)))
    yield first
    if "separator" not in options:
        other = with_separator(replace(first, separator=None))
        if other.separator != first.separator:
            yield other
    usual = {key: value for key, value in known.items() if key not in ("skip", "header", "names", "sheet")}
    if usual != known:
        yield with_separator(replace(file, **(usual | dict(options))))


def as_csv(table: pandas.DataFrame) -> str:
    """A table as CSV in which no text is executed by a spreadsheet: such text gets an apostrophe before it."""
    safe = [_without_formulas(table.iloc[:, at]) for at in range(table.shape[1])]
    return pandas.concat(safe, axis=1).rename(columns=_without_formula).to_csv(index=False)


def _without_formulas(values: pandas.Series) -> pandas.Series:
    return values if pandas.api.types.is_numeric_dtype(values) else values.map(_without_formula)


def _without_formula(cell: Any) -> Any:
    if not isinstance(cell, str) or not cell.startswith(_EXECUTED) or _is_number(cell):
        return cell
    return f"'{cell}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text == text.strip()
