"""Where a value stands along an axis, and which values are written beside it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from automl.wording import number

_STEPS = (1.0, 2.0, 5.0, 10.0)
_FEW_DECADES = 2.0
_LARGEST = 1e100


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis.

    Attributes:
        low: Value at its beginning.
        high: Value at its end, above `low`.
        ticks: Values that are written beside it, with their text, ascending.
        log: Whether equal ratios are equal distances.
    """

    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    log: bool = False

    def place(self, value: float) -> float:
        """Share of the axis before a value; what lies beyond an end is drawn at the end."""
        if self.log:
            if value <= 0.0:
                return 0.0
            share = math.log(value / self.low) / math.log(self.high / self.low)
        else:
            share = (value - self.low) / (self.high - self.low)
        return min(1.0, max(0.0, share))


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Multiples of 1, 2 or 5 times a power of ten between two values, `most` steps at most.

    >>> nice_ticks(0.0, 1.0, 5)
    [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
    """
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = power * next(one for one in _STEPS if one * power >= raw * (1.0 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    # Rounding to the step's own digits, 3 × 0.1 is 0.3.
    digits = max(0, -math.floor(math.log10(step)))
    return [round(place * step, digits) for place in range(first, last + 1)]


def log_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Powers of ten between two values; of few decades 1, 2 and 5 times each, of many some of them.

    >>> log_ticks(1e-4, 1.0)
    [0.0001, 0.001, 0.01, 0.1, 1.0]
    """
    decades = math.log10(high / low)
    if decades < 0.7:
        return nice_ticks(low, high, most)
    factors = (1.0, 2.0, 5.0) if decades <= _FEW_DECADES else (1.0,)
    every = max(1, math.ceil(decades / most))
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    powers = [power for power in range(first, last + 1) if power % every == 0]
    values = [factor * 10.0**power for power in powers for factor in factors]
    return [float(f"{value:.3g}") for value in values if low * 0.999 <= value <= high * 1.001]


def fit_scale(
    values: Sequence[float],
    log: bool = False,
    room: float = 0.05,
    most: int = 6,
    zero: bool = False,
    whole: bool = False,
) -> Scale:
    """An axis for values.

    Args:
        values: They may be of any number; those that are not finite are passed over.
        log: Whether it is to be logarithmic; values that have no logarithm are then passed over.
        room: Share of the axis to leave free beyond either end.
        most: Ticks, about.
        zero: Whether a linear axis begins at 0 where no value is below it.
        whole: Whether only whole numbers are written beside it.
    """
    # Beyond the bounds, the room at the ends would overflow.
    least = 1.0 / _LARGEST if log else -_LARGEST
    shown = [value for value in values if least <= value <= _LARGEST]
    low, high = (min(shown), max(shown)) if shown else (1.0, 10.0) if log else (0.0, 1.0)
    if log:
        if high / low < 1.0 + 1e-9:
            low, high = low / 2.0, high * 2.0
        margin = (high / low) ** room
        low, high = low / margin, high * margin
        return Scale(low, high, _written(log_ticks(low, high, most), whole), True)
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        half = 0.5 * abs(low) or 0.5
        low, high = low - half, high + half
    margin = room * (high - low)
    low, high = 0.0 if zero and low >= 0.0 else low - margin, high + margin
    return Scale(low, high, _written(nice_ticks(low, high, most), whole))


def score_bounds(scores: Sequence[float], larger_is_better: bool) -> tuple[float, float]:
    """The range of scores worth looking at: one that diverged is not to press all others together.

    Scores that are worse than the median by more than three times the interquartile range are beyond it, as for
    `evaluation.importance`; as range counts twice the distance of the median from the better quartile.
    """
    sign = -1.0 if larger_is_better else 1.0
    losses = sorted(sign * score for score in scores if math.isfinite(score))
    if not losses:
        return 0.0, 1.0
    better, median = (losses[int(share * (len(losses) - 1))] for share in (0.25, 0.5))
    worst = median + 6.0 * (median - better) if median > better else losses[-1]
    ends = sign * losses[0], sign * min(losses[-1], worst)
    return min(ends), max(ends)


def around(values: Sequence[float], errors: Sequence[float]) -> tuple[list[float], list[float]]:
    """Values minus and plus their errors."""
    lows = [value - error for value, error in zip(values, errors, strict=True)]
    return lows, [value + error for value, error in zip(values, errors, strict=True)]


def categories(names: Sequence[str]) -> Scale:
    """An axis of names, evenly apart: that of place i stands at i."""
    return Scale(-0.5, max(1, len(names)) - 0.5, tuple((float(i), name) for i, name in enumerate(names)))


def _written(ticks: Sequence[float], whole: bool) -> tuple[tuple[float, str], ...]:
    return tuple((tick, number(tick, 5)) for tick in ticks if not whole or tick == round(tick))
