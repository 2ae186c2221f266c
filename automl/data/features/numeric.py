"""Numbers: amounts, counts, measures. Gaps become the median of the fit rows, and an input of their own."""

import json
from typing import Any, final

import numpy
import pandas
from pandas.api import types

from .cells import SPACES, first_row, is_numeric, plain_text
from .date_intervals import two_dates
from .feature import Cells, Detection, Feature, Reading, Tensor
from .gap_words import is_gap_word
from .measures import COMPUTED
from .number_hints import are_counted, several_units, too_few_numbers
from .number_survey import Survey
from .numbers import LARGEST, SMALLEST
from .sentinels import far_values
from .several import behind_a_word, several_numbers
from .spellings import MARKS, MOST_DIGITS, plain_number, scaled_number, spelled_number
from .written import survey
from .yearless import yearless_note

MOSTLY = 0.9
"""Share of the cells that must be numbers for a text column to be taken for numbers with errors in it."""

_COUNTS = (
    "read as numbers of two digits because of the column's name; set it to categorical under "
    "`data.columns` if they are codes"
)

LEAST_WRONG = 10
"""Texts of one batch, none of them a number, from which it is refused: that is another column."""


@final
class Numeric(Feature):
    """See the module. A reading of text has its `decimal` mark, and the `unit` that is stripped."""

    name = "numeric"
    store = "numbers"
    # float64: a year or a time stamp in float32 would lose what the encoding is about to bring out.
    input_type = "float64"

    def detect(self, cells: Cells) -> Detection | None:
        """See `Feature.detect`."""
        if is_numeric(cells.values):
            if _merges(cells.values):
                return Detection(
                    0.0, note=f"its whole numbers have more than {MOST_DIGITS} digits, and are read as text"
                )
            return Detection(0.95, _later_text(cells), _joined(_infinite(cells.values), far_note(cells)))
        if cells.inferred not in ("string", "mixed", "mixed-integer"):
            return self._written(cells) if number_share(cells.known) >= MOSTLY else None
        seen = survey(cells.known, cells.decimal, cells.usual)
        if seen.share < MOSTLY:
            hint = several_units(cells.known, seen)
            if cells.inferred == "string":
                hint = hint or too_few_numbers(seen) or several_numbers(cells.counted)
                hint = hint or behind_a_word(cells.counted)
                hint = hint if hint and not (two_dates(cells.known) or yearless_note(cells.known)) else ""
            return Detection(0.0, note=hint)
        if not seen.holds_codes:
            return self._written(cells, seen)
        return self._written(cells, seen, _COUNTS) if are_counted(cells.name, cells.counted) else None

    def declared(self, cells: Cells, seen: Survey | None = None) -> Detection:
        """See `Feature.declared`. `seen` is a survey of the texts; without one, `1/2` is read as a number, too."""
        if types.is_numeric_dtype(cells.values):
            return Detection(1.0, _later_text(cells), _joined(_infinite(cells.values), far_note(cells)))
        return self._written(cells, seen or survey(cells.known, cells.decimal, cells.usual, fractions=True))

    def _written(self, cells: Cells, seen: Survey | None = None, note: str = "") -> Detection:
        """The reading of a column of text, or of anything, with what else is to be said of it."""
        seen = seen or survey(cells.known, cells.decimal, cells.usual)
        reading: dict[str, str | bool] = {
            "decimal": seen.decimal,
            **({"unit": seen.unit} if seen.unit else {}),
        }
        reading |= {"magnitudes": True} if seen.has_magnitudes else {}
        reading |= {"fractions": True} if seen.has_fractions else {}
        reading |= {"thousands": "."} if seen.groups_whole_numbers else {}
        wrong = numpy.isnan(number_values(cells.values, reading)) & cells.values.notna().to_numpy()
        wrong &= ~cells.values.map(lambda cell: is_gap_word(str(cell).strip(SPACES))).to_numpy(bool)
        return Detection(
            MOSTLY,
            reading,
            _joined(note, *seen.notes(first_row(cells.values, wrong)), far_note(cells, reading)),
        )

    def read(self, values: pandas.Series, reading: Reading) -> numpy.ndarray:
        """See `Feature.read`."""
        return number_values(values, reading)[:, None]

    def given(self, values: pandas.Series, reading: Reading) -> numpy.ndarray:
        """See `Feature.given`. Single texts that are no numbers are gaps, as they are in training."""
        numbers = number_values(values, reading)
        if "thousands" in reading:
            _check_thousands(values, numbers)
        if types.is_numeric_dtype(values) or not numpy.isnan(numbers).all():
            return numbers
        texts = values.dropna().map(lambda cell: str(cell).strip(SPACES))
        wrong = texts[~texts.map(is_gap_word).astype(bool)]
        if len(wrong) >= LEAST_WRONG:
            raise ValueError(f"the column `{values.name}` must hold numbers, got {wrong.iloc[0]!r}")
        return numbers

    def graph(self, cells: Tensor, reading: Reading) -> Tensor:
        """See `Feature.graph`."""
        import tensorflow

        for gap in (gap for gap in reading.get("gaps", ()) if not isinstance(gap, str)):
            cells = tensorflow.where(cells == float(gap), numpy.float64("nan"), cells)
        return cells[:, None]


def number_values(values: pandas.Series, reading: Reading | None = None) -> numpy.ndarray:
    """A column as float64; NaN for gaps, infinite values and what is no number. See `LARGEST` and `SMALLEST`.

    Args:
        values: Numbers, text, or both.
        reading: How text is read; without one, as computers write numbers.
    """
    if types.is_numeric_dtype(values):
        numbers = pandas.to_numeric(values).to_numpy(numpy.float64, na_value=numpy.nan)
    else:
        places, distinct = pandas.factorize(values.astype(object))
        read = [_number(cell, reading or {}) for cell in distinct]
        numbers = numpy.array([*read, numpy.nan])[places]  # the place of a gap is -1, the last one
    numbers = numpy.where(numpy.abs(numbers) < SMALLEST, 0.0, numbers)
    return numpy.where(numpy.abs(numbers) <= LARGEST, numbers, numpy.nan)


def _number(cell: Any, reading: Reading) -> float:
    if isinstance(cell, int | float):
        return float(cell)
    if not isinstance(cell, str):
        return numpy.nan
    text, decimal = cell.strip(SPACES), reading.get("decimal")
    if decimal is None:
        plain = plain_number(text)
        return numpy.nan if plain is None else plain
    unit = reading.get("unit", "")
    if unit in COMPUTED and (number := COMPUTED[unit](text)) is not None:
        return number
    fractions = reading.get("fractions", False)
    spelled = (scaled_number if reading.get("magnitudes") else spelled_number)(text, decimal, fractions)
    return spelled.value if spelled and spelled.unit in ("", unit) else numpy.nan


def written_numbers(values: pandas.Series, decimal: str | None = None) -> tuple[numpy.ndarray, Detection]:
    """A column that must be numbers, as a target, weights and times are: its numbers, and how they were read.

    Args:
        values: Plain cells.
        decimal: The mark before decimals where the study file gives it.
    """
    known = values.dropna()
    known = known.map(plain_text) if not types.is_numeric_dtype(values) else known
    cells = Cells(str(values.name), values, known, decimal)
    # Of times `1/2` may be a day, so that it is a number only where the study file says so of a column.
    seen = None if types.is_numeric_dtype(values) else survey(known, decimal)
    finding = Numeric().declared(cells, seen)
    return number_values(values, finding.reading), finding


def _check_thousands(values: pandas.Series, numbers: numpy.ndarray) -> None:
    """Refuse 1.234 and 1.0 where they came as fractions, and stood for 1234 and 1000 as the training table was written.

    A program that reads 1.000 with a decimal point makes 1.0 of it; 1 as a whole number stood there as 1.

    Raises:
        ValueError: A cell is one; text is read as in training.
    """
    parts = numpy.abs(numbers) * 1000.0
    doubtful = (parts >= 1000.0) & (parts < 1e6) & (numpy.abs(parts - parts.round()) < 1e-6)
    doubtful &= values.map(lambda cell: isinstance(cell, float | numpy.floating)).to_numpy(bool)
    if doubtful.any():
        number = float(numbers[doubtful.argmax()])
        refusal = f"the column `{values.name}` must hold whole numbers, got {number:g}"
        cure = "give such cells as text"
        raise ValueError(f"{refusal}, which its table writes for {1000 * number:.0f}; {cure}")


def _later_text(cells: Cells) -> Reading:
    """How text is read that comes later in a column of numbers: with the mark that the study file gives."""
    return {"decimal": cells.decimal} if cells.decimal and cells.decimal != MARKS[0] else {}


def number_share(known: pandas.Series) -> float:
    """Share of the cells that are numbers as computers write them."""
    return float(numpy.isfinite(number_values(known)).mean()) if len(known) else 0.0


def far_note(cells: Cells, reading: Reading | None = None) -> str:
    """What is said of a value that comes back and is far from all others, as codes for gaps are: -999, -200, -1."""
    numbers = number_values(cells.values, reading)
    values, count = far_values(numbers[numpy.isfinite(numbers)])
    if not count:
        return ""
    name = cells.name if cells.name.isidentifier() else json.dumps(cells.name, ensure_ascii=False)
    codes = [f"{value:.15g}" for value in values]
    finding = f"{' and '.join(codes)} {'occurs' if len(codes) == 1 else 'occur'} in {count} cells, far from the rest"
    subject = "it stands" if len(codes) == 1 else "they stand"
    cure = f"if {subject} for a missing value, write `gaps: {{{name}: [{', '.join(codes)}]}}` under `data`"
    return f"{finding}: {cure}"


def _merges(values: pandas.Series) -> bool:
    """Whether whole numbers are so long that different ones are the same float64."""
    if not types.is_integer_dtype(values):
        return False
    known = values.dropna().unique()
    return len(numpy.unique(numpy.asarray(known).astype(numpy.float64))) < len(known)


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


def _infinite(values: pandas.Series) -> str:
    """What is said of the infinite cells of a numeric column."""
    infinite = numpy.isnan(number_values(values)) & values.notna().to_numpy()
    if not infinite.any():
        return ""
    return f"{infinite.sum()} infinite values are treated as gaps, the first in {first_row(values, infinite)}"
