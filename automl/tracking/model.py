"""The exported model of a run as trackers need it, with raw rows beside it that show what it takes."""

import io
import json
import math
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
import pandas

from automl.errors import RecordError
from automl.records.files import MODEL, read_json, write_whole
from automl.trial import Task

EXAMPLE = "example_rows"
"""The file of the rows in the folder of a run, as `.parquet`, or as `.json` where that cannot hold them."""

_CARD, CARD_TEXT = "model.json", "model_card.md"
"""In the folder of a model: what programs and what people should know of it."""

_KEY = "is"
"""Marks a cell that JSON has no form for, as in `{"is": "time", "value": "2026-01-01T00:00:00"}`."""


@dataclass(frozen=True, slots=True)
class ExportedModel:
    """A SavedModel on disk and what a caller must know of it.

    Attributes:
        folder: Holds `saved_model.pb` and `model.json`.
        task: What it predicts.
        example: A few raw rows, one column per feature, by name and in order.
        classes: Class labels in the order of the probabilities; empty for a regression.
    """

    folder: Path
    task: Task
    example: pandas.DataFrame
    classes: tuple[str | int | float | bool, ...]


def read_model(folder: Path) -> ExportedModel | None:
    """The exported model of a run; None where there is none, or no rows beside it, as of earlier versions of automl.

    Args:
        folder: The folder of the run.

    Raises:
        RecordError: It is broken.
    """
    model = folder / MODEL
    example = read_example(folder)
    if example is None or not (model / _CARD).is_file():
        return None
    card = read_json(model / _CARD)
    try:
        return ExportedModel(model, Task(card["task"]), example, tuple(card["classes"]))
    except (KeyError, ValueError, TypeError):
        raise RecordError(
            f"{model / _CARD} is broken. Export the trial again with `automl export`."
        ) from None


def read_card(model: Path) -> str:
    """The card of an exported model for people, in Markdown; empty where there is none."""
    card = model / CARD_TEXT
    return card.read_text(encoding="utf-8") if card.is_file() else ""


def write_example(folder: Path, frame: pandas.DataFrame) -> None:
    """Keep a few raw rows of the learned columns, with their types and gaps, beside the model of a run.

    Args:
        folder: The folder of the run.
        frame: The rows.

    Raises:
        RecordError: The disk is full or the folder cannot be written.
    """
    frame = frame.reset_index(drop=True)
    content = _parquet(frame)
    target, obsolete = _files(folder) if content is not None else reversed(_files(folder))
    if content is None:
        content = json.dumps(
            [_column(name, frame[name]) for name in frame.columns], ensure_ascii=False
        ).encode()
    write_whole(target, lambda file: file.write(content))
    with suppress(OSError):
        obsolete.unlink()


def read_example(folder: Path) -> pandas.DataFrame | None:
    """The rows that `write_example` kept; None where there are none.

    Raises:
        RecordError: They are broken.
    """
    parquet, text = _files(folder)
    if parquet.is_file():
        try:
            return pandas.read_parquet(parquet)
        except (OSError, ValueError) as error:
            raise RecordError(f"{parquet} is broken: {str(error).splitlines()[0]}") from None
    if not text.is_file():
        return None
    try:
        columns = {entry["name"]: _series(entry) for entry in read_json(text)}
    except (KeyError, ValueError, TypeError) as error:
        raise RecordError(f"{text} is broken: {type(error).__name__}: {error}.") from None
    return pandas.DataFrame(columns)


def _files(folder: Path) -> tuple[Path, Path]:
    return folder / f"{EXAMPLE}.parquet", folder / f"{EXAMPLE}.json"


def _parquet(frame: pandas.DataFrame) -> bytes | None:
    """The rows as a Parquet file; None where reading it would not give the same rows."""
    buffer = io.BytesIO()
    try:
        frame.to_parquet(buffer, index=False)
        again = pandas.read_parquet(io.BytesIO(buffer.getvalue()))
        pandas.testing.assert_frame_equal(frame, again, check_exact=True)
        is_same = all(_kinds(frame[name]) == _kinds(again[name]) for name in frame.columns)
    except (
        ValueError,
        TypeError,
        AttributeError,
        NotImplementedError,
        OverflowError,
        ImportError,
        AssertionError,
    ):
        return None
    return buffer.getvalue() if is_same else None


def _kinds(column: pandas.Series) -> list[type]:
    """Types of the cells, which a column of objects can mix."""
    return [type(cell) for cell in column] if column.dtype == object else []


def _column(name: object, column: pandas.Series) -> dict[str, Any]:
    entry: dict[str, Any] = {"name": name, "dtype": str(column.dtype)}
    if isinstance(column.dtype, pandas.CategoricalDtype):
        entry |= {
            "codes": column.cat.codes.tolist(),
            "categories": _column("", pandas.Series(column.cat.categories)),
            "ordered": bool(column.cat.ordered),
        }
        return entry
    return entry | {"cells": [_cell(value) for value in column]}


def _series(entry: Mapping[str, Any]) -> pandas.Series:
    if "codes" in entry:
        categories = pandas.Index(_series(entry["categories"]))
        return pandas.Series(pandas.Categorical.from_codes(entry["codes"], categories, entry["ordered"]))
    cells = pandas.Series([_value(cell) for cell in entry["cells"]], dtype=object)
    return cells if entry["dtype"] == "object" else cells.astype(entry["dtype"])


def _cell(value: Any) -> Any:
    """A cell in JSON."""
    if isinstance(value, numpy.generic):
        value = value.item()
    if value is pandas.NA or value is pandas.NaT:
        return {_KEY: "NA" if value is pandas.NA else "NaT"}
    if isinstance(value, float) and not math.isfinite(value):
        return {_KEY: "float", "value": str(value)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    for kind, (types, text, _) in _CELLS.items():
        if isinstance(value, types):
            return {_KEY: kind, "value": text(value)}
    return str(value)


def _value(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    if cell[_KEY] in ("NA", "NaT"):
        return pandas.NA if cell[_KEY] == "NA" else pandas.NaT
    return float(cell["value"]) if cell[_KEY] == "float" else _CELLS[cell[_KEY]][2](cell["value"])


_CELLS: Mapping[str, tuple[type, Callable[[Any], str], Callable[[str], Any]]] = {
    "time": (pandas.Timestamp, lambda value: value.isoformat(), pandas.Timestamp),
    "duration": (pandas.Timedelta, lambda value: value.isoformat(), pandas.Timedelta),
}
"""Cells of other types: the type, the cell as text, and back. What is not here is kept as its text."""
