"""Numbers: amounts, counts, measures. Gaps become the median of the fit rows, and an input of their own."""

from dataclasses import dataclass
from typing import Any, final

import numpy
import pandas
from pandas.api import types

from .cells import SPACES, first_row, is_numeric
from .encodings import ENCODINGS, NUM_BINS, Encoding
from .feature import Cells, Feature, Fitted, Found, Reading, Tensor

LARGEST = 1e100
"""Numbers beyond are taken for infinite ones, which are gaps: their squares could not be summed."""

SMALLEST = 1e-100
"""Numbers nearer to 0 are taken for 0: differences of such numbers are 0 to TensorFlow and not to NumPy."""

MOSTLY = 0.9
"""Share of the cells that must be numbers for a text column to be taken for numbers with errors in it."""

_EXAMPLES = 3


@final
class Numeric(Feature):
    """See the module."""

    name = "numeric"
    store = "numbers"
    # float64: a year or a time stamp in float32 would lose what the encoding is about to bring out.
    input_type = "float64"

    def detect(self, cells: Cells) -> Found | None:
        """See `Feature.detect`."""
        if is_numeric(cells.values):
            return Found(1.0, note=_infinite(cells.values))
        if number_share(cells.known) >= MOSTLY:
            return Found(MOSTLY, note=_not_numbers(cells.values))
        return None

    def told(self, values: pandas.Series) -> Found:
        """See `Feature.told`."""
        return Found(1.0, note=_not_numbers(values) or _infinite(values))

    def read(self, values: pandas.Series, reading: Reading) -> numpy.ndarray:
        """See `Feature.read`."""
        return number_values(values)[:, None]

    def given(self, values: pandas.Series, reading: Reading) -> numpy.ndarray:
        """See `Feature.given`."""
        numbers = number_values(values)
        if not types.is_numeric_dtype(values) and values.notna().any() and numpy.isnan(numbers).all():
            example = values.dropna().iloc[0]
            raise ValueError(f"the column `{values.name}` must hold numbers, got {str(example)!r}")
        return numbers

    def graph(self, cells: Tensor, reading: Reading) -> Tensor:
        """See `Feature.graph`."""
        return cells[:, None]


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


def number_share(known: pandas.Series) -> float:
    """Share of the cells that are numbers."""
    return float(numpy.isfinite(number_values(known)).mean()) if len(known) else 0.0


def _not_numbers(values: pandas.Series) -> str:
    """What is said of the cells of a numeric column that hold no number."""
    wrong = numpy.isnan(number_values(values)) & values.notna().to_numpy()
    if not wrong.any() or types.is_numeric_dtype(values):
        return ""
    examples = ", ".join(repr(str(cell)) for cell in values[wrong].unique()[:_EXAMPLES])
    counted = f"{int(wrong.sum())} cells that are no numbers ({examples})"
    return f"{counted} are taken for gaps, the first in {first_row(wrong)}"


def _infinite(values: pandas.Series) -> str:
    """What is said of the infinite cells of a numeric column."""
    if not types.is_numeric_dtype(values):
        return ""
    infinite = numpy.isnan(number_values(values)) & values.notna().to_numpy()
    if not infinite.any():
        return ""
    return f"{infinite.sum()} infinite values are taken for gaps, the first in {first_row(infinite)}"


@dataclass(frozen=True, slots=True)
class NumbersLayout:
    """The inputs of all numbers of a table, those that dates become among them.

    Attributes:
        gaps: Numbers with an input that says whether they are missing, int64.
        num_bins: Bins that each number has room for, int64 of shape (number,).
    """

    gaps: numpy.ndarray
    num_bins: numpy.ndarray


def layout_numbers(numbers: numpy.ndarray) -> NumbersLayout:
    """The inputs of numbers with gaps, of shape (row, number): all rows that any fold may fit on."""
    distinct = [len(numpy.unique(column[~numpy.isnan(column)])) for column in numbers.T]
    return NumbersLayout(
        gaps=numpy.flatnonzero(numpy.isnan(numbers).any(axis=0)),
        num_bins=numpy.array([min(NUM_BINS, max(1, count - 1)) for count in distinct], int),
    )


@final
@dataclass(frozen=True, slots=True)
class FittedNumbers(Fitted):
    """Numbers to inputs: the encoded values, then what is missing of them.

    Attributes:
        gaps: As in the layout.
        medians: What stands for a gap, float64 of shape (number,).
        missing: Numbers whose gaps the fit rows have shown, bool of the shape of `gaps`.
        encoding: Of all numbers.
    """

    gaps: numpy.ndarray
    medians: numpy.ndarray
    missing: numpy.ndarray
    encoding: Encoding

    def apply(self, block: numpy.ndarray) -> numpy.ndarray:
        """See `Fitted.apply`."""
        gaps = numpy.isnan(block)
        values = self.encoding.apply(numpy.where(gaps, self.medians, block))
        return numpy.concatenate([values, gaps[:, self.gaps] & self.missing], axis=1)

    def graph(self, block: Any) -> Any:
        """See `Fitted.graph`."""
        import tensorflow

        # Not `~(abs(values) <= LARGEST)`: TensorFlow turns that into `>`, which NaN is not.
        gaps = ~tensorflow.math.is_finite(block) | (tensorflow.abs(block) > LARGEST)
        values = tensorflow.where(tensorflow.abs(block) < SMALLEST, tensorflow.zeros_like(block), block)
        values = tensorflow.where(gaps, self.medians, values)
        missing = tensorflow.gather(gaps, self.gaps, axis=1) & self.missing
        return tensorflow.concat(
            [self.encoding.graph(values), tensorflow.cast(missing, tensorflow.float64)], axis=1
        )


def fit_numbers(numbers: numpy.ndarray, layout: NumbersLayout, encoding: str) -> FittedNumbers:
    """Learn medians and an encoding.

    Args:
        numbers: Of the fit rows, float64 of shape (row, number), NaN for gaps.
        layout: Of the study.
        encoding: Name in `ENCODINGS`.
    """
    gaps = numpy.isnan(numbers)
    medians = numpy.zeros(numbers.shape[1])  # 0 for a column of gaps
    some = ~gaps.all(axis=0)
    medians[some] = numpy.nanmedian(numbers[:, some], axis=0)
    encoded = ENCODINGS[encoding](numpy.where(gaps, medians, numbers), layout.num_bins)
    return FittedNumbers(layout.gaps, medians, gaps.any(axis=0)[layout.gaps], encoded)
