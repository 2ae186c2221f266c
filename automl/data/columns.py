"""A table as arrays: numbers with gaps, codes of levels, the target. Nothing here is learned; pandas is not needed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy

from automl.data.features.blocks import Block
from automl.trial import Scalar, Task


@dataclass(frozen=True, slots=True)
class Columns:
    """Rows as arrays.

    Attributes:
        numbers: Float64 array of shape (row, number), NaN for gaps: the numeric columns, then the parts of the dates.
        codes: Int32 array of shape (row, category): places in `levels`.
        names: Of the numbers.
        categories: Of the columns with levels.
        levels: The levels of each category, as text.
        others: Blocks of all other columns, by name.
    """

    numbers: numpy.ndarray
    codes: numpy.ndarray
    names: tuple[str, ...]
    categories: tuple[str, ...]
    levels: tuple[tuple[str, ...], ...]
    others: Mapping[str, Block] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.numbers)

    def take(self, rows: numpy.ndarray | slice) -> "Columns":
        """Some of the rows."""
        others = {name: block[rows] for name, block in self.others.items()}
        return replace(self, numbers=self.numbers[rows], codes=self.codes[rows], others=others)


def numeric_columns(values: numpy.ndarray, names: Sequence[str]) -> Columns:
    """Columns that are all numbers, from an array of shape (row, number)."""
    return Columns(values, numpy.zeros((len(values), 0), numpy.int32), tuple(names), (), ())


@dataclass(frozen=True, slots=True)
class TableArrays:
    """A table as arrays: all that networks and baselines learn from, without a cell as it was read.

    Attributes:
        columns: The learned columns.
        target: Array of shape (row,): int64 codes of `classes`, or float64 values in the units of the file.
        task: What the target asks for.
        classes: Labels in the order of their codes, as the file has them, of two the positive one last; empty for a
            regression.
        weights: How much each row counts in losses and scores, float64 of shape (row,).
    """

    columns: Columns
    target: numpy.ndarray
    task: Task
    classes: tuple[Scalar, ...]
    weights: numpy.ndarray

    @property
    def num_outputs(self) -> int:
        """Number of outputs that a network for this target has."""
        return len(self.classes) if self.task is Task.MULTICLASS else 1
