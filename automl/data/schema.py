"""What the columns of a table are: found by looking at them, and overridden by the study file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy
import pandas
from pandas.api import types

from automl.data.features.cells import is_numeric, plain_text, without_gaps
from automl.data.features.feature import SURE, Cells, Feature, Reading
from automl.data.features.kinds import KINDS
from automl.data.features.marks import usual_mark
from automl.data.features.names import names_identifier, names_row
from automl.data.features.numeric import number_values
from automl.data.references import find_references, find_repeated

DROP = "drop"
"""What the study file calls a column that is to be left out."""

UNLEARNED = ("identifier", "constant", "empty", DROP)
"""What a column can be beside a kind of feature; none of them is learned from."""

_LEAST_ROWS = 50
"""Rows that a column must have more than to count them."""

_MOST_TWICE = 0.05
"""Share of the rows that may have the number of an earlier one in a column that is named as a counter of rows."""

_LEAST_NAMED = 10
"""Rows that it must have more than where its name says it."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the table.

    Attributes:
        name: Its name in the table.
        kind: What it holds: a name in `KINDS` or in `UNLEARNED`.
        note: What a person should know: why it is dropped, or what is odd; empty when nothing is.
        reading: How its cells are read, by its kind.
    """

    name: str
    kind: str
    note: str = ""
    reading: Reading = field(default_factory=dict)

    @property
    def feature(self) -> Feature:
        """Its kind, where it is learned from."""
        return KINDS[self.kind]


@dataclass(frozen=True, slots=True)
class Schema:
    """All columns of a table but the target and those that splits and weights use."""

    columns: tuple[Column, ...]

    @property
    def learned(self) -> tuple[Column, ...]:
        """Columns that a network is given."""
        return tuple(column for column in self.columns if column.kind in KINDS)

    def stored(self, store: str) -> tuple[Column, ...]:
        """Learned columns whose rows are kept in one way (`feature.Store`), kind by kind in the order of `KINDS`."""
        return tuple(
            column
            for name, kind in KINDS.items()
            if kind.store == store
            for column in self.columns
            if column.kind == name
        )

    def of_kind(self, kind: str) -> tuple[Column, ...]:
        """Columns of one kind, in the order of the table."""
        return tuple(column for column in self.columns if column.kind == kind)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know, a line a column."""
        return tuple(f"{column.name!r}: {column.note}" for column in self.columns if column.note)


@dataclass(frozen=True, slots=True)
class ColumnSettings:
    """What the study file says of the columns.

    Attributes:
        kinds: By column name, taken as given.
        decimal: What stands before the decimals of numbers in text.
        gaps: Cells that mean a gap, by column name.
        date_order: What stands first in dates, day or month, where their column cannot tell.
    """

    kinds: Mapping[str, str] = field(default_factory=dict)
    decimal: str | None = None
    gaps: Mapping[str, Sequence[str | float]] = field(default_factory=dict)
    date_order: str | None = None


def inspect_columns(table: pandas.DataFrame, settings: ColumnSettings | None = None) -> Schema:
    """Find out what each column holds.

    Args:
        table: The columns to learn from, of plain cells (`cells.plain_cells`).
        settings: What the study file says.
    """
    settings = settings or ColumnSettings()
    usual = settings.decimal or usual_mark(table)
    columns = [_inspect(table[name], settings, usual) for name in table.columns]
    return Schema(tuple(_with_references(table, columns, settings)))


def _with_references(
    table: pandas.DataFrame, columns: list[Column], settings: ColumnSettings
) -> list[Column]:
    """With a note on each column of numbers that are the identifiers of other rows, unless the study file names it."""
    names = {
        kind: [column.name for column in columns if column.kind == kind and column.name not in settings.kinds]
        for kind in ("identifier", "numeric")
    }
    notes = find_repeated(table, names["numeric"])
    notes |= find_references(table, names["identifier"], names["numeric"])
    return [replace(column, note=_joined(notes.get(column.name, ""), column.note)) for column in columns]


def _inspect(values: pandas.Series, settings: ColumnSettings, usual: str | None) -> Column:
    name = str(values.name)
    override, gaps = settings.kinds.get(name), list(settings.gaps.get(name, ()))
    if override == DROP:
        return Column(name, DROP, "dropped (data.columns)")
    column = _look(without_gaps(values, gaps), settings, usual)
    if not gaps:
        return column
    count = int(without_gaps(values, gaps).isna().sum() - values.isna().sum())
    note = f"{count} cells are gaps (data.gaps: {', '.join(map(str, gaps))})"
    return replace(column, note=_joined(note, column.note), reading={**column.reading, "gaps": gaps})


def _look(values: pandas.Series, settings: ColumnSettings, usual: str | None) -> Column:
    name = str(values.name)
    override = settings.kinds.get(name)
    present = values.dropna()
    if is_numeric(values):
        present = present[numpy.isfinite(number_values(present))]
    elif not types.is_datetime64_any_dtype(values):
        present = present.map(plain_text)
    cells = Cells(name, values, present, settings.decimal, usual, settings.date_order)
    if override is not None:
        reading = KINDS[override].declared(cells)
        return Column(name, override, reading.note, reading.reading)
    dropped = (column for question in _DROPPED if (column := question(cells)))
    return next(dropped, None) or _learned(cells)


def _learned(cells: Cells) -> Column:
    """The kind that is most confident, the first of the table where several are."""
    findings = {name: finding for name, kind in KINDS.items() if (finding := kind.detect(cells))}
    claims = {name: finding for name, finding in findings.items() if finding.confidence}
    is_sure = any(finding.confidence >= SURE for finding in claims.values())
    hints = [
        finding.note
        for finding in findings.values()
        if not finding.confidence and finding.note and (finding.is_said or not is_sure)
    ]
    if claims:
        name = max(claims, key=lambda name: claims[name].confidence)
        best = claims[name]
        column = Column(cells.name, name, best.note, best.reading)
    else:
        column = _prose(cells)
    return replace(column, note=_joined(*hints, column.note))


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _empty(cells: Cells) -> Column | None:
    if len(cells.known):
        return None
    return Column(cells.name, "empty", "every cell is a gap; dropped")


def _constant(cells: Cells) -> Column | None:
    if len(cells.known) < len(cells.values) or cells.known.nunique() > 1:
        return None
    return Column(cells.name, "constant", f"every cell is {_shown(cells.known.iloc[0])}; dropped")


def _row_numbers(cells: Cells) -> Column | None:
    """Whole numbers, another one in every row, that leave none out or are named as identifiers are."""
    if not is_numeric(cells.values) or len(cells.known) < len(cells.values):
        return None
    numbers = cells.values.to_numpy(numpy.float64)
    num_twice = len(numbers) - len(numpy.unique(numbers))
    if (numbers % 1 != 0).any() or (num_twice and not names_row(cells.name)):
        return None
    if num_twice:
        is_counter = len(numbers) > _LEAST_ROWS and num_twice <= _MOST_TWICE * len(numbers)
        note = f"numbers the rows, {num_twice} of them as an earlier one; dropped as an identifier"
        return Column(cells.name, "identifier", note) if is_counter else None
    if len(numbers) > _LEAST_ROWS and numpy.ptp(numbers) == len(numbers) - 1:
        in_order = (numpy.diff(numbers) == numpy.sign(numbers[1] - numbers[0])).all()
        note = "counts the rows" if in_order else "numbers the rows in another order"
        return Column(cells.name, "identifier", f"{note}; dropped as an identifier")
    if len(numbers) > _LEAST_NAMED and names_identifier(cells.name):
        note = "a different whole number in every row, and the name of an identifier; dropped"
        return Column(
            cells.name, "identifier", f"{note}; set it to numeric under `data.columns` if it is an amount"
        )
    return None


_DROPPED: tuple[Callable[[Cells], Column | None], ...] = (_empty, _constant, _row_numbers)
"""Asked in this order before any kind of feature is."""


def _prose(cells: Cells) -> Column:
    """What no kind of feature wants."""
    distinct = cells.known.nunique()
    note = f"{distinct} different values in {len(cells.known)} rows; dropped as an identifier"
    return Column(cells.name, "identifier", note)


def _shown(cell: object) -> str:
    """A cell as a person writes it."""
    return repr(cell.item() if isinstance(cell, numpy.generic) else cell)
