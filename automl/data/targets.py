"""The target of a regression as a network learns it, and back: learned on fit rows."""

from dataclasses import dataclass

import numpy

from automl.data.features.encodings import constant_columns

MARGIN = 0.05
"""Share of the fit rows' range by which predictions may leave it."""

LONG_TAIL = 1.0
"""Skewness from which the logarithm of a target is worth a try."""

TARGET_TRANSFORMS = ("none", "log")
"""Names in the study file. Under `log` a network learns the logarithm of the target, which must be above 0."""


@dataclass(frozen=True, slots=True)
class TargetScaling:
    """`(value - mean) / scale`, of the value or of its logarithm.

    Attributes:
        mean: In the units of the transformed target.
        scale: Standard deviation (ddof 0), above 0.
        log: Whether the logarithm is learned.
        low: Smallest prediction, in the units of the target.
        high: Largest prediction.
    """

    mean: float
    scale: float
    log: bool
    low: float
    high: float

    def apply(self, values: numpy.ndarray) -> numpy.ndarray:
        """What the network learns, float32 of the shape that was given."""
        values = numpy.log(values) if self.log else values
        return ((values - self.mean) / self.scale).astype(numpy.float32)

    def undo(self, outputs: numpy.ndarray) -> numpy.ndarray:
        """Values in the units of the target, float64, cut to the range of the fit rows and a margin."""
        values = outputs.astype(numpy.float64) * self.scale + self.mean
        if self.log:
            values = numpy.exp(numpy.minimum(values, 700.0))
        return numpy.clip(values, self.low, self.high)


NO_SCALING = TargetScaling(0.0, 1.0, False, -numpy.inf, numpy.inf)
"""Leaves values as they are."""


def has_long_tail(values: numpy.ndarray) -> bool:
    """Whether targets are above 0 with a long tail, so that their logarithm may be learned better."""
    return bool(values.min() > 0.0) and skewness(values) > LONG_TAIL


def skewness(values: numpy.ndarray) -> float:
    """Mean third power of the standardized values; 0 for equal ones."""
    scale = values.std()
    return float((((values - values.mean()) / scale) ** 3).mean()) if scale > 0.0 else 0.0


def fit_target(values: numpy.ndarray, transform: str) -> TargetScaling:
    """Learn the scaling from the targets of fit rows.

    Args:
        values: Of shape (row,), above 0 under `log`.
        transform: Name in `TARGET_TRANSFORMS`.
    """
    learned = numpy.log(values) if transform == "log" else values
    mean, scale = float(learned.mean()), float(learned.std())
    low, high = float(values.min()), float(values.max())
    room = MARGIN * (high - low)
    lowest = low * numpy.exp(-MARGIN) if transform == "log" else low - room
    constant = bool(constant_columns(learned[:, None])[0])
    return TargetScaling(mean, 1.0 if constant else scale, transform == "log", lowest, high + room)
