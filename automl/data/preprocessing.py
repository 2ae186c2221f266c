"""Scaling learned on the fit rows of a fold and nowhere else."""

from dataclasses import dataclass

import numpy


@dataclass(frozen=True, slots=True)
class Scaling:
    """`(value - mean) / scale`, in float64.

    Attributes:
        mean: Array of shape (feature,), or a scalar array for a target.
        scale: The same shape, above 0; 1 where a column is constant.
    """

    mean: numpy.ndarray
    scale: numpy.ndarray

    def apply(self, values: numpy.ndarray) -> numpy.ndarray:
        """Standardized values as float32, of the shape that was given."""
        return ((values - self.mean) / self.scale).astype(numpy.float32)

    def undo(self, values: numpy.ndarray) -> numpy.ndarray:
        """Values in the original units, float64."""
        return values.astype(numpy.float64) * self.scale + self.mean


def fit_scaling(values: numpy.ndarray) -> Scaling:
    """Mean and standard deviation (ddof 0) over the rows, as scikit-learn's `StandardScaler`.

    Args:
        values: Array of shape (row, feature) or (row,).
    """
    mean = values.mean(axis=0)
    deviation = values.std(axis=0)
    # The deviation of a constant column is rounding noise, not 0, and grows with the rows and with the mean.
    noise = 10 * numpy.finfo(numpy.float64).eps * numpy.maximum(numpy.abs(mean), 1e-300)
    constant = (values.max(axis=0) == values.min(axis=0)) | (deviation <= noise)
    return Scaling(mean, numpy.where(constant, 1.0, deviation))


NO_SCALING = Scaling(numpy.zeros(()), numpy.ones(()))
"""Leaves values as they are."""
