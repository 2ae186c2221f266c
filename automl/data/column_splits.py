"""The kinds of splits that go by a column: groups, time, or folds that it names."""

import math
import warnings
from collections.abc import Sequence
from typing import final

import numpy
import pandas
from sklearn.model_selection import StratifiedGroupKFold

from automl.data.features.categorical import level_texts
from automl.data.features.date_forms import DATE_FORMS, seconds_of
from automl.data.features.date_survey import find_form
from automl.data.features.numeric import number_values, written_numbers
from automl.data.random_splits import Array, Pair, RandomSplits, Request

TEST = "test"
"""What a column that names the folds says of rows that are locked away."""

MOST_FOLDS = 1000
"""A column with more values than this names no folds."""

_NUM_DRAWS = 32
"""Draws of groups; the one is taken that comes nearest to the share of every class."""

_MOST_CLASSES = 100
"""Of more classes than this, groups are not drawn by class."""


@final
class GroupSplits:
    """Groups of rows that stay together, drawn at random; the classes in about the shares of the table."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._groups = pandas.factorize(level_texts(pandas.Series(request.column)))[0]
        by_class = request.labels is not None and len(request.dataset.classes) <= _MOST_CLASSES
        self._labels = request.dataset.target if by_class else numpy.zeros(len(self._groups), numpy.int64)

    def count_folds(self, rows: Array, verb: str) -> tuple[int, str]:
        """A group a fold at least."""
        count = len(numpy.unique(self._groups[rows]))
        must = (
            f"not exceed the number of groups; the table {verb} {count} groups by {self._request.config.by!r}"
        )
        return self._request.fit_folds(
            count, must, f"the training rows have {count} groups", "use more groups."
        )

    def lock(self, rows: Array, seed: int) -> Pair:
        """Groups with about the share of the rows as test rows."""
        must, cure = "leave groups on both sides", "Use more groups, or write 0 for no test rows."
        return self._request.draw("test", lambda share: self._draw(rows, share, seed), rows, must, cure)

    def fold(self, training: Array, count: int, seed: int) -> list[Pair]:
        """Folds of about equal size and shares (`StratifiedGroupKFold`; numbers are one class)."""
        labels, groups = self._labels[training], self._groups[training]
        if numpy.bincount(labels).max() < count:
            labels = numpy.zeros_like(labels)
        splitter = StratifiedGroupKFold(count, shuffle=True, random_state=seed)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "The least populated class", UserWarning)
            parts = list(splitter.split(training, labels, groups))
        return [(training[rest], training[validation]) for rest, validation in parts]

    def stop(self, rest: Array, seed: int) -> Pair:
        """Groups with about the share of the rows as stopping rows."""
        must, cure = (
            "leave groups to fit and to stop on",
            "Use more folds or groups, or `stop_on: validation`.",
        )
        return self._request.draw("stopping", lambda share: self._draw(rest, share, seed), rest, must, cure)

    def groups(self, rows: Array) -> Array:
        """Codes of the groups."""
        return self._groups[rows]

    def _draw(self, rows: Array, share: float, seed: int) -> Pair:
        """Groups in random order until their rows come nearest to the share: the best of some orders.

        Beside one huge group, nearly all others may make the share: no more than twice their share are taken.
        """
        numbers, groups = numpy.unique(self._groups[rows], return_inverse=True)
        if len(numbers) < 2:
            raise ValueError(f"all of {len(rows)} rows are of one group")
        num_classes = int(self._labels.max()) + 1
        cells = numpy.bincount(
            groups * num_classes + self._labels[rows], minlength=len(numbers) * num_classes
        )
        counts = cells.reshape(len(numbers), num_classes)
        wanted = share * counts.sum(axis=0)
        most_taken = min(len(numbers) - 1, math.ceil(2.0 * share * len(numbers)))
        generator = numpy.random.default_rng(seed)
        nearest, taken = numpy.inf, numbers[:0]
        for _ in range(_NUM_DRAWS):
            order = generator.permutation(len(numbers))
            totals = counts[order].cumsum(axis=0)[:most_taken]
            last = int(numpy.abs(totals.sum(axis=1) - wanted.sum()).argmin())
            distance = float(numpy.abs(totals[last] - wanted).sum())
            if distance < nearest:
                nearest, taken = distance, order[: last + 1]
        inside = numpy.isin(groups, taken)
        return rows[~inside], rows[inside]


@final
class TimeSplits:
    """Later rows judge what was learned from earlier ones; rows of one time stay on one side. Draws nothing."""

    def __init__(self, request: Request) -> None:
        self._request = request
        times = times_of(request.column, request.dataset.date_order)
        if times is None:
            forms = ", ".join(form.example for form in DATE_FORMS.values())
            either = "dates with slashes need a day above 12 or `data.date_order`"
            cure = f"Known forms of dates: {forms}, all cells in the same; {either}."
            raise request.refuse("by", "name a column of numbers or dates", cure)
        self._times = times
        self._inner = request.config.stop_on == "inner"

    def count_folds(self, rows: Array, verb: str) -> tuple[int, str]:
        """A time a fold, and before the first one a time to fit and one to stop on."""
        count = len(numpy.unique(self._times[rows]))
        must = f"leave times to each fold; the table {verb} {count} times in {self._request.config.by!r}"
        why = f"the training rows have {count} different times"
        return self._request.fit_folds(
            count - 1 - self._inner, must, why, "use rows of more times, or another `kind`."
        )

    def lock(self, rows: Array, seed: int) -> Pair:  # noqa: ARG002  the interface
        """The latest share of the rows as test rows."""
        share = self._request.config.test
        return self._latest(rows, share) if share else (rows, rows[:0])

    def fold(self, training: Array, count: int, seed: int) -> list[Pair]:  # noqa: ARG002
        """Folds of equal size, each after all rows that it is learned from (`TimeSeriesSplit`)."""
        ordered = training[numpy.argsort(self._times[training], kind="stable")]
        size = len(ordered) // (count + 1)
        starts = [len(ordered) - size * left for left in range(count, 0, -1)]
        cuts = self._cut(ordered, starts, int(self._inner))
        return [
            (numpy.sort(ordered[:start]), numpy.sort(ordered[start:end]))
            for start, end in zip(cuts, [*cuts[1:], len(ordered)], strict=True)
        ]

    def stop(self, rest: Array, seed: int) -> Pair:  # noqa: ARG002
        """The latest share of the rows as stopping rows."""
        return self._latest(rest, self._request.config.stopping)

    def groups(self, rows: Array) -> Array:
        """Codes of the times, in their order."""
        return numpy.unique(self._times[rows], return_inverse=True)[1]

    def _latest(self, rows: Array, share: float) -> Pair:
        ordered = rows[numpy.argsort(self._times[rows], kind="stable")]
        [cut] = self._cut(ordered, [len(rows) - math.ceil(len(rows) * share)], 0)
        return numpy.sort(ordered[:cut]), numpy.sort(ordered[cut:])

    def _cut(self, ordered: Array, wanted: Sequence[int], before: int) -> list[int]:
        """Where to cut: between rows of different times, nearest to the places wanted, and each after the last.

        Args:
            ordered: Rows in the order of their times.
            wanted: Where each later part would start if all times were different, rising.
            before: Number of times, besides one, that must come before the first cut.
        """
        changes = numpy.flatnonzero(numpy.diff(self._times[ordered])) + 1
        cuts, next_position = [], before
        for number, start in enumerate(wanted):
            nearest = int(numpy.abs(changes - start).argmin())
            position = min(max(nearest, next_position), len(changes) - len(wanted) + number)
            cuts.append(int(changes[position]))
            next_position = position + 1
        return cuts


@final
class ColumnSplits:
    """Folds that a column names, one a value; the value `test` locks rows away."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._names = level_texts(pandas.Series(request.column)).to_numpy(object)
        self._within = RandomSplits(request, request.labels)

    def count_folds(self, rows: Array, verb: str) -> tuple[int, str]:  # noqa: ARG002
        """The number of values besides `test`."""
        count = len(self._values(rows))
        if not 2 <= count <= MOST_FOLDS:
            must = f"name a column with 2 to {MOST_FOLDS} values other than `{TEST}`, one per fold (it has {count})"
            raise self._request.refuse("by", must, "Name another column, or another `kind`.")
        return count, ""

    def lock(self, rows: Array, seed: int) -> Pair:  # noqa: ARG002
        """The rows that are marked."""
        marked = self._names[rows] == TEST
        return rows[~marked], rows[marked]

    def fold(self, training: Array, count: int, seed: int) -> list[Pair]:  # noqa: ARG002
        """One fold a value, in the order of the values."""
        inside = [self._names[training] == name for name in self._values(training)]
        return [(training[~mask], training[mask]) for mask in inside]

    def stop(self, rest: Array, seed: int) -> Pair:
        """A share of the rows at random, by class where there are classes."""
        return self._within.stop(rest, seed)

    def groups(self, rows: Array) -> None:
        """Each row stands for itself."""

    def _values(self, rows: Array) -> list[str]:
        values = pandas.Series(self._names[rows], dtype=object).unique()
        numbers = number_values(pandas.Series(values, dtype=object))
        keys = zip(numpy.where(numpy.isnan(numbers), numpy.inf, numbers).tolist(), values, strict=True)
        return [name for _, name in sorted(keys) if name != TEST]


def times_of(column: Array, order: str | None = None) -> Array | None:
    """Times that can be compared, of shape (row,), from numbers, dates or texts; None when they are none of these.

    Args:
        column: The cells.
        order: What stands first in dates that could be two, as in `Cells`.
    """
    values = pandas.Series(column).infer_objects()
    if pandas.api.types.is_datetime64_any_dtype(values):
        return seconds_of(values, "iso")
    if pandas.api.types.is_bool_dtype(values):
        return None
    numbers = number_values(values)
    if numpy.isfinite(numbers).all():
        return values.to_numpy() if pandas.api.types.is_integer_dtype(values) else numbers
    if numpy.isfinite(written := written_numbers(values)[0]).all():
        return written
    form = find_form(values, order)
    return None if form is None else seconds_of(values, form)
