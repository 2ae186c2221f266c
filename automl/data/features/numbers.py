"""Numbers with gaps to inputs: medians and an encoding are learned of the fit rows."""

from dataclasses import dataclass
from typing import Any, final

import numpy

from .blocks import Fitted
from .encodings import FITS, NUM_BINS, Encoding

LARGEST = 1e100
"""Numbers beyond are taken for infinite ones, which are gaps: their squares could not be summed."""

SMALLEST = 1e-100
"""Numbers nearer to 0 are taken for 0: differences of such numbers are 0 to TensorFlow and not to NumPy."""


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
        encoding: Name in `FITS`.
    """
    gaps = numpy.isnan(numbers)
    medians = numpy.zeros(numbers.shape[1])  # 0 for a column of gaps
    some = ~gaps.all(axis=0)
    medians[some] = numpy.nanmedian(numbers[:, some], axis=0)
    encoded = FITS[encoding](numpy.where(gaps, medians, numbers), layout.num_bins)
    return FittedNumbers(layout.gaps, medians, gaps.any(axis=0)[layout.gaps], encoded)
