"""Predictions of an exported model for raw rows. Travels with the model: needs TensorFlow, NumPy, pandas.

The reading of single cells stands here too, so that a table is read alike before training and in production.
"""

import contextlib
import decimal
import json
import math
import re
from pathlib import Path
from typing import Any

import numpy
import pandas
from pandas.api import types

GAP = ""
"""The level of a missing cell."""

SPACES = " \t\n\v\f\r"
"""What may stand around a cell without being part of it: what `tensorflow.strings.strip` strips."""

LARGEST = 1e100
"""Numbers beyond are taken for infinite ones, which are gaps: their squares could not be summed."""

SMALLEST = 1e-100
"""Numbers nearer to 0 are taken for 0: differences of such numbers are 0 to TensorFlow and not to NumPy."""

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
"""A number without leading zeros or an exponent. Those that have them are codes, as 007 and 1E5 are."""

_MOST_DIGITS = 15
"""Of longer numbers, different ones can be the same float64."""

_FLAGS = {
    name: value for value in (True, False) for name in (str(value), str(value).lower(), str(value).upper())
}
"""Texts that stand for truth values."""


class Scorer:
    """A SavedModel on disk, asked with tables.

    Args:
        folder: Holds `saved_model.pb` and `model.json`.
    """

    def __init__(self, folder: str | Path) -> None:
        import tensorflow

        contract = json.loads((Path(folder) / "model.json").read_text(encoding="utf-8"))
        self._task = contract["task"]
        self._columns: dict[str, dict[str, str]] = contract["columns"]
        self._inputs = contract["inputs"]
        self._classes = contract["classes"]
        self._threshold = contract["threshold"]
        self._constant = tensorflow.constant
        self._model = tensorflow.saved_model.load(str(folder))  # its signatures live as long as it does
        self._signature = self._model.signatures["serving_default"]

    def predict(self, frame: pandas.DataFrame) -> pandas.DataFrame:
        """The column `prediction`, and a column `probability_<class>` for each class.

        Columns that are no feature are ignored. Gaps and new levels are as good as any other cell.

        Raises:
            ValueError: A feature is missing or stands twice, or is to hold numbers and holds text.
        """
        frame = frame.rename(columns=str)
        twice = sorted({name for name in frame.columns[frame.columns.duplicated()] if name in self._columns})
        if twice:
            raise ValueError(f"the rows have the columns {twice} more than once")
        missing = [name for name in self._columns if name not in frame.columns]
        if missing:
            raise ValueError(f"the rows must have the columns {missing}, got {list(frame.columns)}")
        outputs = self._signature(
            **{self._inputs[name]: self._tensor(plain_cells(frame[name])) for name in self._columns}
        )
        if self._task == "regression":
            return pandas.DataFrame({"prediction": outputs["prediction"].numpy()}, index=frame.index)
        return self._classify(outputs["probabilities"].numpy(), frame.index)

    def unknown(self, frame: pandas.DataFrame) -> list[str]:
        """Columns that the model does not know."""
        return [str(name) for name in frame.columns if name not in self._columns]

    def _classify(self, probabilities: numpy.ndarray, index: pandas.Index) -> pandas.DataFrame:
        places = probabilities.argmax(axis=1)
        if len(self._classes) == 2:
            places = (probabilities[:, 1] >= self._threshold).astype(int)
        columns = {f"probability_{name}": probabilities[:, place] for place, name in enumerate(self._classes)}
        return pandas.DataFrame(
            {"prediction": [self._classes[place] for place in places], **columns}, index=index
        )

    def _tensor(self, column: pandas.Series) -> Any:
        described = self._columns[str(column.name)]
        if described["kind"] == "numeric":
            numbers = number_values(column)
            if not types.is_numeric_dtype(column) and column.notna().any() and numpy.isnan(numbers).all():
                example = column.dropna().iloc[0]
                raise ValueError(f"the column `{column.name}` must hold numbers, got {str(example)!r}")
            return self._constant(numbers, "float64")
        if described["kind"] == "date":
            return self._constant(date_texts(column, described["form"]).tolist(), "string")
        column = typed_cells(column, described.get("cells", "text"))
        return self._constant(level_texts(column).tolist(), "string")


def text_columns(folder: str | Path) -> list[str]:
    """Columns of an exported model that a text file is to give as text, for `typed_cells` to read."""
    contract = json.loads((Path(folder) / "model.json").read_text(encoding="utf-8"))
    return [name for name, described in contract["columns"].items() if described["kind"] != "numeric"]


def plain_cells(values: pandas.Series) -> pandas.Series:
    """A column of numbers, booleans, text or times, without pandas' own types for gaps and categories.

    Durations become seconds. Anything else becomes its text, and so do booleans beside other values.
    """
    if types.is_timedelta64_dtype(values):
        return values.dt.total_seconds()
    if isinstance(values.dtype, pandas.DatetimeTZDtype) or values.dtype in ("str", "bool"):
        return values
    if isinstance(values.dtype, numpy.dtype) and values.dtype.kind in "iufM":
        return values
    cells = [_plain_cell(cell) for cell in values.astype(object)]
    mixed = len({type(cell) for cell in cells if cell is not None}) > 1
    if mixed:
        cells = [str(cell) if isinstance(cell, bool) else cell for cell in cells]
    return pandas.Series(cells, values.index, dtype=object, name=values.name).infer_objects()


def _plain_cell(cell: Any) -> Any:
    if types.is_scalar(cell) and pandas.isna(cell):
        return None
    if isinstance(cell, numpy.datetime64):
        return pandas.Timestamp(cell)
    if isinstance(cell, numpy.generic):
        cell = cell.item()
    if isinstance(cell, str | bool | float | pandas.Timestamp):
        return cell
    if isinstance(cell, int | decimal.Decimal):
        with contextlib.suppress(OverflowError):
            return cell if isinstance(cell, int) and abs(cell) < 1 << 63 else float(cell)
        return math.inf
    return str(cell)


def number_values(values: pandas.Series) -> numpy.ndarray:
    """A column as float64; NaN for gaps, infinite values and what is no number. See `LARGEST` and `SMALLEST`."""
    if not types.is_numeric_dtype(values):
        values = values.astype(object).map(_number_or_text)
    numbers = pandas.to_numeric(values, errors="coerce").to_numpy(numpy.float64, na_value=numpy.nan)
    numbers = numpy.where(numpy.abs(numbers) < SMALLEST, 0.0, numbers)
    return numpy.where(numpy.abs(numbers) <= LARGEST, numbers, numpy.nan)


def _number_or_text(cell: Any) -> Any:
    if isinstance(cell, str):
        return cell.strip(SPACES)
    return float(cell) if isinstance(cell, int | float) else None


def kind_of_cells(values: pandas.Series) -> str:
    """What the cells of a column with levels are: "number", "boolean" or "text"."""
    known = values.dropna()
    if len(known) and known.map(type).isin((bool, numpy.bool_)).all():
        return "boolean"
    return "number" if types.is_numeric_dtype(values) and not types.is_bool_dtype(values) else "text"


def typed_cells(values: pandas.Series, kind: str) -> pandas.Series:
    """A column of which each text that stands for a cell of this kind is that cell; other texts are left.

    What a text stands for does not depend on its neighbors: in 007 and in 1E5 there is no number.
    """
    if kind == "text" or types.is_numeric_dtype(values) or types.is_datetime64_any_dtype(values):
        return values
    typed = {cell: _typed_cell(cell, kind) for cell in values.dropna().unique()}
    return values.astype(object).map(typed).infer_objects()


def _typed_cell(cell: Any, kind: str) -> Any:
    if not isinstance(cell, str):
        return cell
    text = cell.strip(SPACES)
    if kind == "boolean":
        return _FLAGS.get(text, cell)
    if not _PLAIN_NUMBER.fullmatch(text) or sum(map(str.isdigit, text)) > _MOST_DIGITS:
        return cell
    return float(text) if "." in text else int(text)


def level_texts(values: pandas.Series) -> pandas.Series:
    """A column's cells as levels: text without spaces around it, whole numbers without a point, `GAP` for gaps."""
    distinct = {cell: level_text(cell) for cell in values.dropna().unique()}
    return values.astype(object).map(distinct).where(values.notna(), GAP).astype(object)


def level_text(cell: object) -> str:
    """The level that a cell stands for.

    >>> level_text(2.0), level_text(" red "), level_text(True), level_text(2.5)
    ('2', 'red', 'True', '2.5')
    """
    if isinstance(cell, float | numpy.floating):
        number = float(cell)
        return str(int(number)) if math.isfinite(number) and number == int(number) else str(number)
    return str(cell).strip(SPACES)


def date_texts(values: pandas.Series, form: str) -> pandas.Series:
    """A column of dates as text in one form, `GAP` for gaps; text is left as it is."""
    if pandas.api.types.is_datetime64_any_dtype(values):
        values = pandas.to_datetime(values, utc=True).dt.strftime(form)
    return values.astype(object).where(values.notna(), GAP).map(str)
