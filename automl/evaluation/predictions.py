"""What networks have said of rows, and what they should have said."""

from dataclasses import dataclass

import numpy

from automl.evaluation.decomposition import (
    SMALLEST_PROBABILITY,
    Decompose,
    cross_entropy_parts,
    squared_parts,
)
from automl.evaluation.pairing import Blocks

Array = numpy.ndarray


@dataclass(frozen=True, slots=True)
class Predictions:
    """What several networks of one design say of the same rows.

    Attributes:
        rows: Row numbers of the table, of shape (row,).
        values: Of shape (snapshot, network, row), in the target's units, or (snapshot, network, row, class).
        unseen: Which networks have not trained on which rows, bool of shape (network, row).
        num_seeds: Networks that trained on the same rows stand beside each other, so many of them.
        resamples: Numbers of the resamples that they trained on; empty where these have none.
    """

    rows: Array
    values: Array
    unseen: Array
    num_seeds: int = 1
    resamples: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Targets:
    """What is to be predicted.

    Attributes:
        values: Class codes or numbers, of shape (row,), for all rows of the table.
        weights: How much each row counts, of the same shape.
        num_classes: 0 for numbers.
        blocks: Which rows are one block in standard errors; of single rows when None.
    """

    values: Array
    weights: Array
    num_classes: int
    blocks: Blocks | None = None

    @property
    def decompose(self) -> Decompose:
        """How the loss of these targets falls into parts."""
        return cross_entropy_parts if self.num_classes else squared_parts

    def losses(self, rows: Array, predictions: Array) -> Array:
        """Loss of each row, of shape (row,); predictions have shape (row,) or (row, class)."""
        if not self.num_classes:
            return numpy.asarray((self.values[rows] - predictions) ** 2, numpy.float64)
        likelihood = predictions[numpy.arange(len(rows)), self.values[rows]].astype(numpy.float64)
        return -numpy.log(numpy.maximum(likelihood, SMALLEST_PROBABILITY))

    def constant(self, rows: Array) -> float:
        """Loss of the best constant: the entropy of the classes, or the variance of the numbers."""
        values, weights = self.values[rows], self.weights[rows]
        if not self.num_classes:
            center = numpy.average(values, weights=weights)
            return float(numpy.average((values - center) ** 2, weights=weights))
        shares = numpy.bincount(values, weights, self.num_classes) / weights.sum()
        return float(-(shares[shares > 0] * numpy.log(shares[shares > 0])).sum())
