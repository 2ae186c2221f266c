"""Columns of numbers that are the identifiers of other rows, as `infected_by` beside `patient_id`: no amounts."""

from collections.abc import Sequence

import numpy
import pandas

from automl.data.features.cells import is_numeric
from automl.data.features.names import names_identifier, names_reference, names_row
from automl.data.features.numeric import number_values

_MOSTLY = 0.95
_LEAST_DISTINCT = 10
"""Different numbers that a column must have: a few are among any identifiers by chance."""

_SPARSE = 0.5
"""Share of the numbers between the lowest and the highest identifier up to which being among them says enough."""


def find_references(
    table: pandas.DataFrame, identifiers: Sequence[str], numeric: Sequence[str]
) -> dict[str, str]:
    """What is to be said of columns of numbers nearly all of which are the identifiers of rows.

    Identifiers that leave out none, 1 to 500, hold all ages too: then the name of the column must say so as well.

    Args:
        table: The table.
        identifiers: Columns that are dropped as identifiers.
        numeric: Columns that are learned as numbers.
    """
    notes: dict[str, str] = {}
    for identifier in (name for name in identifiers if is_numeric(table[name]) and not names_row(name)):
        known = numpy.unique(_finite(table[identifier]))
        for name in (name for name in numeric if name not in notes):
            values = numpy.unique(_finite(table[name]))
            if len(values) < _LEAST_DISTINCT or numpy.isin(values, known).mean() < _MOSTLY:
                continue
            if len(known) <= _SPARSE * numpy.ptp(known) or names_reference(name):
                finding = f"its numbers are identifiers of the column {identifier!r}, and no amounts"
                notes[name] = f"{finding}; set it to drop or to categorical under `data.columns`"
    return notes


def find_repeated(table: pandas.DataFrame, numeric: Sequence[str]) -> dict[str, str]:
    """What is to be said of whole numbers that come back in a column that is named as an identifier is.

    Args:
        table: The table.
        numeric: Columns that are learned as numbers.
    """
    notes: dict[str, str] = {}
    for name in (name for name in numeric if names_identifier(name) and not names_row(name)):
        values = _finite(table[name])
        distinct = len(numpy.unique(values))
        if _LEAST_DISTINCT <= distinct < len(values) and (values % 1 == 0).all():
            finding = (
                f"named as an identifier, and learned as amounts: {distinct} numbers in {len(values)} rows"
            )
            split = "`kind: group` and `by` under `splits` keep the rows of one together"
            notes[name] = f"{finding}; set it to drop or to categorical under `data.columns`; {split}"
    return notes


def _finite(values: pandas.Series) -> numpy.ndarray:
    numbers = number_values(values)
    return numbers[numpy.isfinite(numbers)]
