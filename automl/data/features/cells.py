"""Single cells as pandas gives them, in training and in production: what all kinds of features share."""

import contextlib
import decimal
import math
import re
from collections.abc import Sequence
from typing import Any

import numpy
import pandas
from pandas.api import types

GAP = ""
"""The level of a missing cell."""

SPACES = " \t\n\v\f\r\u00a0\u2007\u202f\u3000\u200b\ufeff"
"""What may stand around a cell without being part of it: blanks, also those that do not break or cannot be seen."""

_EDGES = f"^[{SPACES}]+|[{SPACES}]+$"

_PLAIN_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
"""A number without leading zeros or an exponent. Those that have them are codes, as 007 and 1E5 are."""

_MOST_DIGITS = 15
"""Of longer numbers, different ones can be the same float64."""

_FLAGS = {
    name: value for value in (True, False) for name in (str(value), str(value).lower(), str(value).upper())
}
"""Texts that stand for truth values."""


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
    return str(cell.tolist() if isinstance(cell, numpy.ndarray) else cell)


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


def changed_types(values: pandas.Series) -> dict[str, list[str]]:
    """What other programs take cells of this column of text for although that changes them, for the contract.

    Of 007, 1E5 and 1.0 they make the numbers 7, 100000 and 1, and of true the truth value True. `changed` is a list of
    "number" and "boolean", and is missing where neither changes a cell.
    """
    known = values.dropna()
    if not known.map(lambda cell: isinstance(cell, str)).all():
        return {}
    texts = {cell.strip(SPACES) for cell in known.unique()}
    are_changed = {
        "number": any(map(_changes_as_number, texts)),
        "boolean": bool(texts & (set(_FLAGS) - {"True", "False"})),
    }
    changed = [kind for kind, is_changed in are_changed.items() if is_changed]
    return {"changed": changed} if changed else {}


def _changes_as_number(text: str) -> bool:
    try:
        return level_text(float(text)) != text
    except ValueError:
        return False


def check_types(values: pandas.Series, changed: Sequence[str]) -> None:
    """Refuse cells of which nobody knows any more what they were, see `changed_types`.

    Raises:
        ValueError: There are such cells.
    """
    for cell in values.dropna() if changed else ():
        is_flag = isinstance(cell, bool | numpy.bool_)
        kind = "boolean" if is_flag else "number" if isinstance(cell, int | float | numpy.number) else "text"
        if kind in changed:
            must = "must be given as text, as its cells were learned"
            got = f"got {cell}, which may have been another text, as 7 may have been 007"
            raise ValueError(f"the column `{values.name}` {must}: {got}")


def _typed_cell(cell: Any, kind: str) -> Any:
    if not isinstance(cell, str):
        return cell
    text = cell.strip(SPACES)
    if kind == "boolean":
        return _FLAGS.get(text, cell)
    if not _PLAIN_NUMBER.fullmatch(text) or sum(map(str.isdigit, text)) > _MOST_DIGITS:
        return cell
    return float(text) if "." in text else int(text)


def without_gaps(values: pandas.Series, gaps: Sequence[str | float]) -> pandas.Series:
    """A column without the cells that the study file calls gaps: numbers by their value, texts without their spaces."""
    if not gaps:
        return values
    texts = {str(gap).strip(SPACES) for gap in gaps}
    numbers = {float(gap) for gap in gaps if not isinstance(gap, str)}
    return values.mask(values.map(lambda cell: _is_one_of(cell, texts, numbers)).astype(bool))


def texts_without_gaps(cells: Any, gaps: Sequence[str | float]) -> Any:
    """The same as TensorFlow operations, for a tensor of texts."""
    import tensorflow

    for gap in gaps:
        cells = tensorflow.where(stripped_graph(cells) == level_text(gap), GAP, cells)
    return cells


def stripped_graph(cells: Any) -> Any:
    """Texts without the blanks around them, as TensorFlow operations."""
    import tensorflow

    return tensorflow.strings.regex_replace(cells, _EDGES, "")


def _is_one_of(cell: Any, texts: set[str], numbers: set[float]) -> bool:
    if isinstance(cell, str):
        text = cell.strip(SPACES)
        return text in texts or bool(_PLAIN_NUMBER.fullmatch(text) and float(text) in numbers)
    return (
        isinstance(cell, int | float | numpy.number) and not isinstance(cell, bool) and float(cell) in numbers
    )


def plain_text(cell: object) -> object:
    """A cell without the spaces around it, where it is text.

    >>> plain_text(" red "), plain_text(2)
    ('red', 2)
    """
    return cell.strip(SPACES) if isinstance(cell, str) else cell


def is_numeric(values: pandas.Series) -> bool:
    """Whether all cells are numbers or gaps, by the type of the column; truth values are no numbers."""
    return types.is_numeric_dtype(values) and not types.is_bool_dtype(values)


def first_row(values: pandas.Series, where: numpy.ndarray) -> str:
    """How a person finds the first of some rows, which have their numbers in the table as index."""
    return f"data row {int(values.index[int(numpy.argmax(where))]) + 1}"


def level_text(cell: object) -> str:
    """The level that a cell stands for.

    >>> level_text(2.0), level_text(" red "), level_text(True), level_text(2.5)
    ('2', 'red', 'True', '2.5')
    """
    if isinstance(cell, float | numpy.floating):
        number = float(cell)
        return str(int(number)) if math.isfinite(number) and number == int(number) else str(number)
    return str(cell).strip(SPACES)


def wrong_cells(count: int, kind: str, examples: str, where: str) -> str:
    """What is said of cells that are not what the others are.

    >>> wrong_cells(1, "date", "'soon'", "row 3")
    "1 cell that is not a date ('soon') is treated as a gap, in row 3"
    >>> wrong_cells(2, "date", "'?'", "row 1")
    "2 cells that are not dates ('?') are treated as gaps, the first in row 1"
    """
    if count == 1:
        return f"1 cell that is not a {kind} ({examples}) is treated as a gap, in {where}"
    return f"{count} cells that are not {kind}s ({examples}) are treated as gaps, the first in {where}"
