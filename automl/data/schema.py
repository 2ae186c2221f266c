"""What the columns of a table are: found by looking at them, and overridden by the study file."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy
import pandas
from pandas.api import types

from automl.data.dates import are_ambiguous, best_form, possible_forms
from automl.serving.scoring import SPACES, number_values


class ColumnKind(StrEnum):
    """What a column holds. The last five are not learned from."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    DATE = "date"
    IDENTIFIER = "identifier"
    TEXT = "text"
    CONSTANT = "constant"
    EMPTY = "empty"
    DROP = "drop"


LEARNED = (ColumnKind.NUMERIC, ColumnKind.CATEGORICAL, ColumnKind.DATE)

_MOSTLY = 0.9
"""Share of the cells that must be numbers for a text column to be taken for numbers with errors in it."""

_DISTINCT_SHARE, _LEAST_DISTINCT = 0.5, 50
"""Text with more different values than both is no category."""

_WORDS_OF_TEXT = 3.0
"""Words a cell, on average, from which unique text is called free text and not an identifier."""

_EXAMPLES = 3

_EITHER = "dates whose day and month cannot be told apart, for no number in them is above 12"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        name: Its name in the table.
        kind: What it holds.
        form: How its dates are written, a name in `dates.DATE_FORMS`; empty when it holds none.
        note: What a person should know: why it is dropped, or what is odd; empty when nothing is.
    """

    name: str
    kind: ColumnKind
    form: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Schema:
    """All columns of a table but the target and those that splits and weights use."""

    columns: tuple[Column, ...]

    @property
    def learned(self) -> tuple[Column, ...]:
        """Columns that a network is given."""
        return tuple(column for column in self.columns if column.kind in LEARNED)

    def of_kind(self, kind: ColumnKind) -> tuple[Column, ...]:
        """Columns of one kind, in the order of the table."""
        return tuple(column for column in self.columns if column.kind is kind)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know, a line a column."""
        return tuple(f"{column.name!r}: {column.note}" for column in self.columns if column.note)


def inspect_columns(table: pandas.DataFrame, overrides: Mapping[str, str]) -> Schema:
    """Find out what each column holds.

    Args:
        table: The columns to learn from, of plain cells (`scoring.plain_cells`).
        overrides: Kinds by column name that are taken as given.
    """
    return Schema(tuple(_inspect(table[name], overrides.get(str(name))) for name in table.columns))


@dataclass(frozen=True, slots=True)
class _Cells:
    """What is asked about a column.

    Attributes:
        name: Its name.
        values: All of its cells.
        known: Those that are neither gaps nor infinite, text without spaces around it.
        share: Share of these that are numbers.
    """

    name: str
    values: pandas.Series
    known: pandas.Series
    share: float

    @property
    def is_numeric(self) -> bool:
        """Whether all cells are numbers or gaps."""
        return _is_numeric(self.values)


def _is_numeric(values: pandas.Series) -> bool:
    return types.is_numeric_dtype(values) and not types.is_bool_dtype(values)


def _inspect(values: pandas.Series, override: str | None) -> Column:
    name = str(values.name)
    if override is not None:
        return _as_told(name, values, ColumnKind(override))
    known = values.dropna()
    if _is_numeric(values):
        known = known[numpy.isfinite(number_values(known))]
    elif not types.is_datetime64_any_dtype(values):
        known = known.map(_plain)
    cells = _Cells(
        name, values, known, float(numpy.isfinite(number_values(known)).mean()) if len(known) else 0.0
    )
    return next(column for question in _QUESTIONS if (column := question(cells)))


def _as_told(name: str, values: pandas.Series, kind: ColumnKind) -> Column:
    if kind is ColumnKind.DATE:
        form = best_form(values)
        is_told = form != "american" or not are_ambiguous(values)
        return Column(name, kind, form, "" if is_told else f"{_EITHER}; read with the month first")
    if kind is ColumnKind.NUMERIC:
        return Column(name, kind, note=_not_numbers(values) or _infinite(values))
    return Column(name, kind, note="" if kind in LEARNED else "dropped, as told")


def _empty(cells: _Cells) -> Column | None:
    if len(cells.known):
        return None
    return Column(cells.name, ColumnKind.EMPTY, note="every cell is a gap; dropped")


def _constant(cells: _Cells) -> Column | None:
    if len(cells.known) < len(cells.values) or cells.known.nunique() > 1:
        return None
    note = f"every cell is {_shown(cells.known.iloc[0])}; dropped"
    return Column(cells.name, ColumnKind.CONSTANT, note=note)


def _times(cells: _Cells) -> Column | None:
    return Column(cells.name, ColumnKind.DATE, "iso") if types.is_datetime64_any_dtype(cells.values) else None


def _flags(cells: _Cells) -> Column | None:
    is_flag = cells.known.map(lambda cell: isinstance(cell, bool | numpy.bool_)).all()
    return Column(cells.name, ColumnKind.CATEGORICAL) if is_flag else None


def _row_numbers(cells: _Cells) -> Column | None:
    if not cells.is_numeric or len(cells.known) < len(cells.values) or len(cells.values) <= _LEAST_DISTINCT:
        return None
    steps = numpy.diff(cells.values.to_numpy(numpy.float64))
    if abs(steps[0]) != 1.0 or (steps != steps[0]).any():
        return None
    return Column(cells.name, ColumnKind.IDENTIFIER, note="counts the rows; dropped as an identifier")


def _numbers(cells: _Cells) -> Column | None:
    if cells.is_numeric:
        return Column(cells.name, ColumnKind.NUMERIC, note=_infinite(cells.values))
    if cells.share >= _MOSTLY:
        return Column(cells.name, ColumnKind.NUMERIC, note=_not_numbers(cells.values))
    return None


def _dates(cells: _Cells) -> Column | None:
    forms = possible_forms(cells.known)
    if len(forms) == 1:
        return Column(cells.name, ColumnKind.DATE, forms[0])
    if not forms:
        return None
    cure = (
        "write them as YYYY-MM-DD, or call the column a date under `data.columns` if the month stands first"
    )
    column = _levels(cells) or _prose(cells)
    notes = (f"{_EITHER}; {cure}", column.note)
    return replace(column, note="; ".join(note for note in notes if note))


def _levels(cells: _Cells) -> Column | None:
    if cells.known.nunique() > max(_LEAST_DISTINCT, _DISTINCT_SHARE * len(cells.known)):
        return None
    note = ""
    if cells.share > 0.0 and cells.known.map(type).nunique() > 1:
        note = f"numbers ({cells.share:.0%} of the cells) and text stand side by side; taken for categories"
    return Column(cells.name, ColumnKind.CATEGORICAL, note=note)


def _prose(cells: _Cells) -> Column:
    distinct = cells.known.nunique()
    words = cells.known.map(lambda text: len(str(text).split())).mean()
    if words >= _WORDS_OF_TEXT:
        note = f"free text ({distinct} different values of {words:.0f} words on average); dropped"
        return Column(cells.name, ColumnKind.TEXT, note=f"{note}, for text is not learned from")
    note = f"{distinct} different values in {len(cells.known)} rows; dropped as an identifier"
    return Column(cells.name, ColumnKind.IDENTIFIER, note=note)


_QUESTIONS: tuple[Callable[[_Cells], Column | None], ...] = (
    _empty,
    _constant,
    _times,
    _flags,
    _row_numbers,
    _numbers,
    _dates,
    _levels,
    _prose,
)
"""Asked in this order; the first that knows what a column is has its say, and the last one always does."""


def _not_numbers(values: pandas.Series) -> str:
    """What is said of the cells of a numeric column that hold no number."""
    wrong = numpy.isnan(number_values(values)) & values.notna().to_numpy()
    if not wrong.any() or types.is_numeric_dtype(values):
        return ""
    examples = ", ".join(repr(str(cell)) for cell in values[wrong].unique()[:_EXAMPLES])
    first = _row(values, wrong)
    return (
        f"{int(wrong.sum())} cells that are no numbers ({examples}) are taken for gaps, the first in {first}"
    )


def _infinite(values: pandas.Series) -> str:
    """What is said of the infinite cells of a numeric column."""
    if not types.is_numeric_dtype(values):
        return ""
    infinite = numpy.isnan(number_values(values)) & values.notna().to_numpy()
    if not infinite.any():
        return ""
    return f"{infinite.sum()} infinite values are taken for gaps, the first in {_row(values, infinite)}"


def _row(values: pandas.Series, where: numpy.ndarray) -> str:
    return f"data row {int(values.index[where][0]) + 1}"


def _plain(cell: object) -> object:
    """A cell without the spaces around it."""
    return cell.strip(SPACES) if isinstance(cell, str) else cell


def _shown(cell: object) -> str:
    """A cell as a person writes it."""
    return repr(cell.item() if isinstance(cell, numpy.generic) else cell)
