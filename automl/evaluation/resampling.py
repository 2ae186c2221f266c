"""Bootstrap over rows, or over what holds rows together: groups, and blocks of time.

Rows of a group are alike, and so are neighbors in time. A resample that draws row by row takes them for independent:
its intervals are too narrow, and what it leaves out is known to what it draws.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy

from automl.trial import Direction

Array = numpy.ndarray

LEVEL = 0.95
"""Probability that an interval covers."""

FEWEST_UNITS = 10
"""Groups or blocks below which there is no interval: their spread is not known (Cameron, Gelbach, Miller 2008)."""

ROWS, GROUPS, BLOCKS = "rows", "groups", "blocks of time"

_FEWEST_IN_FOLD = 8
_CELLS_AT_ONCE = 4_000_000
_ROWS_DRAWN = 40_000_000
_MOST_RESAMPLES, FEWEST_RESAMPLES = 500, 200


@dataclass(frozen=True, slots=True)
class Estimate:
    """A score with its 95 % interval.

    Attributes:
        value: The score.
        low: Lower bound; NaN where there is no interval.
        high: Upper bound; NaN where there is none.
    """

    value: float
    low: float
    high: float

    def better(self, direction: Direction) -> int:
        """Of a difference: 1 where it is significantly an improvement, −1 where the opposite, 0 where that is open."""
        if not self.low > 0.0 and not self.high < 0.0:  # NaN is neither
            return 0
        above = 1 if self.low > 0.0 else -1
        return above if direction is Direction.MAXIMIZE else -above


@dataclass(frozen=True)
class ScoredRows:
    """Rows that have scored something.

    Attributes:
        target: Class codes or values, (row,).
        weights: Of shape (row,).
        folds: Number of the fold that scored each row, one line for each repeat: (repeat, row).
        units: Code from 0 of what each row is drawn with, (row,): itself, its group, its block of time.
        unit: What that is, in the plural: `ROWS`, `GROUPS` or `BLOCKS`.
    """

    target: Array
    weights: Array
    folds: Array
    units: Array
    unit: str = ROWS

    @cached_property
    def num_units(self) -> int:
        """How many can be drawn."""
        return int(self.units.max()) + 1

    @property
    def has_interval(self) -> bool:
        """Whether there are enough units for an interval."""
        return self.unit == ROWS or self.num_units >= FEWEST_UNITS

    @cached_property
    def parts(self) -> tuple[tuple[int, Array], ...]:
        """Of each fold its repeat and its rows, in order."""
        return tuple(
            (repeat, numpy.flatnonzero(folds == fold))
            for repeat, folds in enumerate(self.folds)
            for fold in numpy.unique(folds)
        )

    @property
    def num_resamples(self) -> int:
        """As many as a large table allows, and enough for the ends of an interval."""
        affordable = _ROWS_DRAWN // len(self.target)
        return int(numpy.clip(affordable, FEWEST_RESAMPLES, _MOST_RESAMPLES))

    def resamples(self, num_resamples: int, seed: int) -> Iterator[Array]:
        """How often each row is drawn, float64 of shape (resample, row), some resamples at a time.

        As many units are drawn as there are, within each fold of the first repeat where every fold has enough of them.
        The same seed gives the same resamples. Source: Davison, Hinkley, "Bootstrap methods and their application"
        (1997), sections 3.2 and 3.8.
        """
        strata = self._strata()
        generators = [numpy.random.default_rng((seed, index)) for index in range(len(strata))]
        at_once = max(1, _CELLS_AT_ONCE // len(self.target))
        for start in range(0, num_resamples, at_once):
            count = min(at_once, num_resamples - start)
            drawn = numpy.empty((count, self.num_units))
            for stratum, generator in zip(strata, generators, strict=True):
                even = numpy.full(len(stratum), 1.0 / len(stratum))
                drawn[:, stratum] = generator.multinomial(len(stratum), even, count)
            yield drawn[:, self.units]

    def of(self, selected: Array) -> "ScoredRows":
        """Some of the rows; the mask or the places of them."""
        units = numpy.unique(self.units[selected], return_inverse=True)[1]
        return ScoredRows(
            self.target[selected], self.weights[selected], self.folds[:, selected], units, self.unit
        )

    def _strata(self) -> list[Array]:
        """Units that replace each other: those of a fold, or all."""
        _, first = numpy.unique(self.units, return_index=True)
        folds = self.folds[0][first]
        strata = [numpy.flatnonzero(folds == fold) for fold in numpy.unique(folds)]
        return strata if min(map(len, strata)) >= _FEWEST_IN_FOLD else [numpy.arange(self.num_units)]


@dataclass(frozen=True, slots=True)
class Draw:
    """The resamples, drawn anew each time they are asked for, always the same."""

    rows: ScoredRows
    num_resamples: int
    seed: int

    def counts(self, first: int = 0, last: int | None = None) -> Iterator[Array]:
        """Those from one number on and before another."""
        num_resamples = min(self.num_resamples if last is None else last, self.num_resamples)
        start = 0
        for counts in self.rows.resamples(num_resamples, self.seed):
            if start + len(counts) > first:
                yield counts[max(0, first - start) :]
            start += len(counts)


def whole(target: Array, weights: Array, units: Array | None = None, unit: str = ROWS) -> ScoredRows:
    """Rows that were scored together, as those of a test set are."""
    codes = numpy.arange(len(target)) if units is None else numpy.unique(units, return_inverse=True)[1]
    return ScoredRows(target, weights, numpy.zeros((1, len(target)), int), codes, unit)


def time_blocks(order: Array, folds: Array, losses: Array) -> Array:
    """Codes of blocks of neighbors in time, none over the end of a fold; of shape (row,).

    A block is as long as the losses depend on each other, and a tenth of the rows at most. Sources: Carlstein, "The use
    of subseries values" (1986), for blocks that do not overlap; Politis, White, "Automatic block-length selection for
    the dependent bootstrap" (2004), with the correction of 2009, for how long they are.

    Args:
        order: Rows in the order of their times, (row,).
        folds: Number of the fold of each row, (row,).
        losses: Of each row, (row,), which show how far in time one tells of another.
    """
    length = min(block_length(losses[order]), max(1, len(order) // FEWEST_UNITS))
    codes = numpy.empty(len(order), dtype=int)
    start = 0
    for fold in dict.fromkeys(folds[order].tolist()):
        rows = order[folds[order] == fold]
        num_blocks = max(1, round(len(rows) / length))
        codes[rows] = start + numpy.arange(len(rows)) * num_blocks // len(rows)
        start += num_blocks
    return codes


def block_length(series: Array) -> int:
    """Length of the blocks that estimate the variance of the mean of a series best, 1 or more.

    Source: Politis, White (2004), with Patton, Politis, White (2009), for the circular bootstrap: twice the first lag
    after which the autocorrelations are insignificant for a while is the width of a flat-top window, which gives the
    two sums that the length rests on.
    """
    num = len(series)
    centered = series - series.mean()
    variance = float(centered @ centered) / num
    if num < 4 or variance <= 0.0:
        return 1
    patience = max(5, int(numpy.ceil(numpy.log10(num))))
    most = min(int(numpy.ceil(numpy.sqrt(num))) + patience, num - 1)
    covariances = numpy.array([centered[lag:] @ centered[: num - lag] for lag in range(most + 1)]) / num
    significant = numpy.abs(covariances[1:]) / variance > 2.0 * numpy.sqrt(numpy.log10(num) / num)
    quiet = [lag for lag in range(most - patience + 1) if not significant[lag : lag + patience].any()]
    last = quiet[0] if quiet else int(numpy.flatnonzero(significant)[-1]) + 1
    width = min(2 * max(last, 1), most)
    lags = numpy.arange(1, width + 1)
    window = numpy.clip(2.0 * (1.0 - lags / width), 0.0, 1.0)
    bias = 2.0 * float((window * lags * covariances[1 : width + 1]).sum())
    long_run = variance + 2.0 * float((window * covariances[1 : width + 1]).sum())
    if long_run <= 0.0:
        return 1
    best = (2.0 * bias**2 / (4.0 / 3.0 * long_run**2)) ** (1.0 / 3.0) * num ** (1.0 / 3.0)
    return int(numpy.clip(numpy.ceil(best), 1, max(1, min(3 * int(numpy.sqrt(num)), num // 3))))
