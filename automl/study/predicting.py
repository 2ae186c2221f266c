"""Predictions of a file's rows: the file is read as the study read its own, or as a person says."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas

from automl.data.files.formats import find_format, read_file, with_separator
from automl.data.files.table_file import TableFile
from automl.errors import DataError, ExportError, one_of
from automl.quiet import quiet_start
from automl.serving.scoring import Scorer, text_columns

_EXECUTED = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that a spreadsheet takes for a formula."""


def predict_rows(
    model: Path,
    data: Path,
    options: Mapping[str, str],
    keep: Sequence[str],
    interval: float | None = None,
) -> tuple[pandas.DataFrame, list[str]]:
    """Predictions for the rows of a file, and the columns that the model ignores.

    Args:
        model: Folder of an exported model.
        data: The file.
        options: Its `encoding`, `separator` and `decimal`, as far as a person says them.
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
    contract: Mapping[str, Any], data: Path, options: Mapping[str, str], keep: Sequence[str] = ()
) -> pandas.DataFrame:
    """The rows of a file, read as the study read its own, where it is of such a format.

    Args:
        contract: Of the model.
        data: The file.
        options: Its `encoding`, `separator` and `decimal`, as far as a person says them.
        keep: Columns that are read beside those of the model.

    Raises:
        DataError: The file cannot be read.
    """
    texts = (*text_columns(contract), *(name for name in keep if name not in contract["columns"]))
    return _read(_file_of(data, contract.get("file", {}), options, texts), list(contract["columns"]), options)


def _file_of(
    data: Path, reading: Mapping[str, Any], options: Mapping[str, str], texts: tuple[str, ...]
) -> TableFile:
    """The file with how the study read its own, where it is of such a format, and what a person says of it."""
    file = TableFile(data, texts=texts)
    form = find_format(file)
    recorded = dict(reading) if form.is_text and form.has_lines else {}
    if "names" in recorded:
        recorded["names"] = tuple(recorded["names"])
    return replace(file, **(recorded | dict(options)))


def _read(file: TableFile, needed: Sequence[str], options: Mapping[str, str]) -> pandas.DataFrame:
    """The table; with another separator where the study's does not give the columns that the model needs."""
    table = read_file(file).rename(columns=str)
    if "separator" in options or set(needed) <= set(table.columns):
        return table
    other = with_separator(replace(file, separator=None))
    if other.separator == file.separator:
        return table
    again = read_file(other).rename(columns=str)
    return again if set(needed) <= set(again.columns) else table


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
