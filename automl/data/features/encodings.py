"""How numbers become inputs: the closed table of numeric encodings, each learned on fit rows.

All of them are tame: whatever a new row holds, its inputs stay within bounds that the fit rows set.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, final

import numpy

from .bins import bin_edges

NUM_QUANTILES = 1000
NUM_BINS = 24
MOST_DEVIATIONS = 20.0
"""Standardized values beyond are cut: one wild cell must not end a training."""

_FARTHEST = 1e6
"""Quartile ranges beyond are cut: their squares must be numbers."""

LARGEST_RAW = 1e30
"""A raw number beyond is cut: float32 has none much larger."""


class Encoding(ABC):
    """Numbers without gaps to inputs."""

    @abstractmethod
    def apply(self, values: numpy.ndarray) -> numpy.ndarray:
        """Float64 (row, number) to float64 (row, input)."""

    @abstractmethod
    def graph(self, values: Any) -> Any:
        """The same as TensorFlow operations."""


@final
@dataclass(frozen=True, slots=True)
class Standard(Encoding):
    """`(value - mean) / scale`, cut at `MOST_DEVIATIONS`.

    Attributes:
        mean: Of shape (number,).
        scale: Standard deviation (ddof 0), of the same shape; infinite for a constant column, which becomes 0.
    """

    mean: numpy.ndarray
    scale: numpy.ndarray

    def apply(self, values: numpy.ndarray) -> numpy.ndarray:
        """See `Encoding.apply`."""
        return numpy.clip((values - self.mean) / self.scale, -MOST_DEVIATIONS, MOST_DEVIATIONS)

    def graph(self, values: Any) -> Any:
        """See `Encoding.graph`."""
        import tensorflow

        scaled = (values - self.mean) / self.scale
        return tensorflow.clip_by_value(scaled, -MOST_DEVIATIONS, MOST_DEVIATIONS)


@final
@dataclass(frozen=True, slots=True)
class Robust(Encoding):
    """The distance from the median in quartile ranges, x, bent smoothly to stay within 3: `x / √(1 + (x / 3)²)`.

    Attributes:
        median: Of shape (number,).
        scale: What one unit of x is, of the same shape; infinite for a constant column, which becomes 0.

    Source: Holzmüller, Grinsztajn, Steinwart, "Better by Default" (2024), §3.
    """

    median: numpy.ndarray
    scale: numpy.ndarray

    def apply(self, values: numpy.ndarray) -> numpy.ndarray:
        """See `Encoding.apply`."""
        with numpy.errstate(over="ignore"):  # a quartile range may be as narrow as floats can be
            distances = numpy.clip((values - self.median) / self.scale, -_FARTHEST, _FARTHEST)
        return distances / numpy.sqrt(1.0 + (distances / 3.0) ** 2)

    def graph(self, values: Any) -> Any:
        """See `Encoding.graph`."""
        import tensorflow

        distances = (values - self.median) / self.scale
        distances = tensorflow.clip_by_value(distances, -_FARTHEST, _FARTHEST)
        return distances / tensorflow.sqrt(1.0 + tensorflow.square(distances / 3.0))


@final
@dataclass(frozen=True, slots=True)
class Raw(Encoding):
    """Values as they are, cut where they are further from those of the fit rows than `MOST_DEVIATIONS`.

    Attributes:
        low: Of shape (number,).
        high: Of the same shape.
    """

    low: numpy.ndarray
    high: numpy.ndarray

    def apply(self, values: numpy.ndarray) -> numpy.ndarray:
        """See `Encoding.apply`."""
        return numpy.clip(values, self.low, self.high)

    def graph(self, values: Any) -> Any:
        """See `Encoding.graph`."""
        import tensorflow

        return tensorflow.clip_by_value(values, self.low, self.high)


@final
@dataclass(frozen=True, slots=True)
class Quantile(Encoding):
    """The normal score of a value's rank among the fit rows; straight lines between the knots.

    Attributes:
        knots: For each column, increasing values of shape (knot,).
        scores: For each column, the normal scores at the knots.
    """

    knots: tuple[numpy.ndarray, ...]
    scores: tuple[numpy.ndarray, ...]

    def apply(self, values: numpy.ndarray) -> numpy.ndarray:
        """See `Encoding.apply`."""
        encoded = numpy.zeros_like(values)
        for column, (knots, scores) in enumerate(zip(self.knots, self.scores, strict=True)):
            encoded[:, column] = _interpolated(values[:, column], knots, scores)
        return encoded

    def graph(self, values: Any) -> Any:
        """See `Encoding.graph`."""
        import tensorflow

        pairs = enumerate(zip(self.knots, self.scores, strict=True))
        encoded = [_interpolation_graph(values[:, column], *pair) for column, pair in pairs]
        return tensorflow.stack(encoded, axis=1)


def _interpolated(values: numpy.ndarray, knots: numpy.ndarray, scores: numpy.ndarray) -> numpy.ndarray:
    """Straight lines between knots, the first and the last score beyond them.

    Unlike `numpy.interp` without slopes, which between knots as close as floats can be are infinite.
    """
    if len(knots) == 1:
        return numpy.full(len(values), scores[0])
    values = numpy.clip(values, knots[0], knots[-1])
    place = numpy.clip(numpy.searchsorted(knots, values, side="right") - 1, 0, len(knots) - 2)
    reach = (values - knots[place]) / numpy.diff(knots)[place]
    return scores[place] + reach * numpy.diff(scores)[place]


def _interpolation_graph(values: Any, knots: numpy.ndarray, scores: numpy.ndarray) -> Any:
    """The same as TensorFlow operations."""
    import tensorflow

    if len(knots) == 1:
        return tensorflow.fill(tensorflow.shape(values), tensorflow.constant(scores[0], tensorflow.float64))
    values = tensorflow.clip_by_value(values, knots[0], knots[-1])
    place = tensorflow.searchsorted(tensorflow.constant(knots), values, side="right") - 1
    place = tensorflow.clip_by_value(place, 0, len(knots) - 2)
    start, width = (tensorflow.gather(of, place) for of in (knots, numpy.diff(knots)))
    base, rise = (tensorflow.gather(of, place) for of in (scores, numpy.diff(scores)))
    return base + rise * tensorflow.math.divide_no_nan(values - start, width)


@final
@dataclass(frozen=True, slots=True)
class Piecewise(Encoding):
    """Normal scores beside a piecewise linear encoding: how far a value reaches into each of its column's bins.

    Attributes:
        quantile: The normal scores.
        columns: The column that each bin cuts, int64 of shape (bin,).
        low: Lower edges, of shape (bin,).
        width: Upper minus lower edges, of the same shape; infinite for a bin that is not used.
        mean: Mean over the fit rows of what each bin gives, of the same shape.

    Source: Gorishniy, Rubachev, Babenko, "On Embeddings for Numerical Features in Tabular Deep Learning" (2022), §3.2.
    """

    quantile: Quantile
    columns: numpy.ndarray
    low: numpy.ndarray
    width: numpy.ndarray
    mean: numpy.ndarray

    def apply(self, values: numpy.ndarray) -> numpy.ndarray:
        """See `Encoding.apply`."""
        return numpy.concatenate([self.quantile.apply(values), self.bins(values) - self.mean], axis=1)

    def bins(self, values: numpy.ndarray) -> numpy.ndarray:
        """How far values reach into the bins, 0 to 1, of shape (row, bin)."""
        with numpy.errstate(over="ignore"):  # a bin may be as narrow as floats can be
            return numpy.clip((values[:, self.columns] - self.low) / self.width, 0.0, 1.0)

    def graph(self, values: Any) -> Any:
        """See `Encoding.graph`."""
        import tensorflow

        reach = (tensorflow.gather(values, self.columns, axis=1) - self.low) / self.width
        bins = tensorflow.clip_by_value(reach, 0.0, 1.0) - self.mean
        return tensorflow.concat([self.quantile.graph(values), bins], axis=1)


def fit_standard(values: numpy.ndarray, _: numpy.ndarray) -> Standard:
    """Mean and standard deviation over the rows, as scikit-learn's `StandardScaler`."""
    mean = values.mean(axis=0)
    deviation = values.std(axis=0)
    return Standard(mean, numpy.where(constant_columns(values), numpy.inf, deviation))


def fit_robust(values: numpy.ndarray, _: numpy.ndarray) -> Robust:
    """Median and quartile range; where the quartiles are equal, half of the whole range."""
    low, median, high = numpy.quantile(values, (0.25, 0.5, 0.75), axis=0)
    whole = 0.5 * (values.max(axis=0) - values.min(axis=0))
    scale = numpy.where(high > low, high - low, whole)
    constant = constant_columns(values) | (scale <= 0.0)
    return Robust(median, numpy.where(constant, numpy.inf, scale))


def fit_quantile(values: numpy.ndarray, _: numpy.ndarray) -> Quantile:
    """Knots at up to `NUM_QUANTILES` quantiles; equal ones share the mean of their ranks, as scikit-learn has it."""
    from scipy.special import ndtri  # not needed where a model is served

    num_knots = min(NUM_QUANTILES, max(2, len(values)))
    ranks = numpy.linspace(0.0, 1.0, num_knots)
    scores = numpy.clip(ranks, 0.5 / num_knots, 1.0 - 0.5 / num_knots)
    quantiles = numpy.quantile(values, ranks, axis=0)
    knots, ordinates = [], []
    for column in quantiles.T:
        distinct, place, count = numpy.unique(column, return_inverse=True, return_counts=True)
        ordinates.append(ndtri(numpy.bincount(place, scores) / count))
        knots.append(distinct)
    return Quantile(tuple(knots), tuple(ordinates))


def fit_piecewise(values: numpy.ndarray, num_bins: numpy.ndarray) -> Piecewise:
    """Bins of about as many rows each; a column with fewer bins than it has room for leaves the last ones unused."""
    columns, low, width = [], [], []
    for column, room in enumerate(num_bins):
        edges = bin_edges(values[:, column], room)
        used = len(edges) - 1
        columns += [column] * room
        low += [*edges[:-1], *[0.0] * (room - used)]
        width += [*numpy.diff(edges), *[numpy.inf] * (room - used)]
    encoding = Piecewise(
        quantile=fit_quantile(values, num_bins),
        columns=numpy.array(columns, int),
        low=numpy.array(low),
        width=numpy.array(width),
        mean=numpy.zeros(()),
    )
    return replace(encoding, mean=encoding.bins(values).mean(axis=0))


def constant_columns(values: numpy.ndarray) -> numpy.ndarray:
    """Which columns hold one value only; the deviation of such a column is rounding noise and not always 0."""
    noise = 10 * numpy.finfo(numpy.float64).eps * numpy.maximum(numpy.abs(values.mean(axis=0)), 1e-300)
    return (values.max(axis=0) == values.min(axis=0)) | (values.std(axis=0) <= noise)


def num_inputs(name: str, num_bins: numpy.ndarray) -> int:
    """Inputs that an encoding makes of columns with room for so many bins."""
    return len(num_bins) + (int(num_bins.sum()) if name == "piecewise" else 0)


def fit_raw(values: numpy.ndarray, _: numpy.ndarray) -> Raw:
    """The numbers as they are, for a network of the user's own; what is learned are the bounds of other rows."""
    room = MOST_DEVIATIONS * values.std(axis=0)
    low, high = values.min(axis=0) - room, values.max(axis=0) + room
    return Raw(numpy.maximum(low, -LARGEST_RAW), numpy.minimum(high, LARGEST_RAW))


ENCODINGS: Mapping[str, Callable[[numpy.ndarray, numpy.ndarray], Encoding]] = {
    "standard": fit_standard,
    "quantile": fit_quantile,
    "piecewise": fit_piecewise,
    "robust": fit_robust,
}
"""Name in the study file: `(values without gaps, bins for each column) -> encoding`."""

RAW = "raw"

FITS: Mapping[str, Callable[[numpy.ndarray, numpy.ndarray], Encoding]] = {**ENCODINGS, RAW: fit_raw}
"""The same with what is never searched."""
