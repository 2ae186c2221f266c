"""What every kind of splits can do, and the kinds that draw rows at random."""

import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol, final

import numpy
from sklearn.model_selection import KFold, StratifiedKFold, train_test_split

from automl.config.sections import SplitsConfig
from automl.data.dataset import Dataset
from automl.errors import DataError, Where, explain
from automl.trial import Scalar, Task
from automl.wording import counted

Array = numpy.ndarray
Pair = tuple[numpy.ndarray, numpy.ndarray]


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be split, and how.

    Attributes:
        dataset: The table.
        config: The study file's splits section.
        where: Gives `file:line` of a key of the study file.
    """

    dataset: Dataset
    config: SplitsConfig
    where: Where

    @property
    def labels(self) -> Array | None:
        """Class codes of the rows; None for a regression."""
        return None if self.dataset.task is Task.REGRESSION else self.dataset.target

    @property
    def column(self) -> Array:
        """The column that the splits go by."""
        if self.dataset.by is None:
            raise ValueError("the table was read without the column that its splits use")
        return self.dataset.by

    def refuse(self, key: str, must: str, cure: str) -> DataError:
        """The error that a value of the splits section cannot be used with this table."""
        got = getattr(self.config, key)
        return DataError(explain(f"splits.{key}", must, got, cure, where=self.where("splits", key)))

    def draw(self, key: str, draw: Callable[[float], Pair], rows: Array, must: str, cure: str) -> Pair:
        """The rows that stay and those that are drawn: the share that the splits section asks for; 0 draws none.

        Args:
            key: Of the share.
            draw: Draws a share of the rows, or raises ValueError.
            rows: All rows.
            must: What the share must do, for the error.
            cure: What helps.

        Raises:
            DataError: They cannot be drawn.
        """
        share = getattr(self.config, key)
        if share == 0:
            return rows, rows[:0]
        try:
            return draw(share)
        except ValueError as error:
            raise self.refuse(key, f"{must} ({error})", cure) from None

    def fit_folds(self, most: int, must: str, why: str, cure: str) -> tuple[int, str]:
        """The number of folds asked for, or the most there can be with a note.

        Args:
            most: Number of folds that the table can give.
            must: What the number of folds must do, for the error.
            why: Why there can be no more, for the note.
            cure: What helps besides fewer folds.

        Raises:
            DataError: There cannot be two, or the study file does not want fewer than it asks for.
        """
        wanted = self.config.folds
        if wanted <= most:
            return wanted, ""
        if most < 2:
            raise self.refuse("folds", must, cure[0].upper() + cure[1:])
        if self.config.rare_classes == "refuse":
            raise self.refuse("folds", must, f"Use fewer folds, or {cure}")
        return most, f"{most} folds instead of {wanted}: {why}"


class SplitKind(Protocol):
    """A way to split rows. All methods take row numbers, and the same seed gives the same rows."""

    def count_folds(self, rows: Array, verb: str) -> tuple[int, str]:
        """The number of folds that these rows give, and a note where it is not the one asked for.

        Args:
            rows: Rows that are to be in folds.
            verb: "has", or why these rows are not the whole table.

        Raises:
            DataError: They give no two folds, or the study file wants no fewer than it asks for.
        """

    def lock(self, rows: Array, seed: int) -> Pair:
        """Training and test rows, both sorted.

        Raises:
            DataError: One of the two would have no row.
        """

    def fold(self, training: Array, count: int, seed: int) -> list[Pair]:
        """The remaining and the validation rows of each fold, both sorted."""

    def stop(self, rest: Array, seed: int) -> Pair:
        """Fit and stopping rows of a fold, both sorted.

        Raises:
            DataError: One of the two would have no row.
        """

    def groups(self, rows: Array) -> Array | None:
        """Codes of what stays together of these rows, of shape (row,): groups, or times in their order.

        None where each row stands for itself.
        """


@final
class RandomSplits:
    """Rows at random.

    Args:
        request: What is to be split.
        labels: Class codes of the rows where every part is to have the classes in the shares of the table.
    """

    def __init__(self, request: Request, labels: Array | None) -> None:
        self._request, self._labels = request, labels

    def count_folds(self, rows: Array, verb: str) -> tuple[int, str]:
        """Two rows a fold, and where there are classes, a row of every class in every fold."""
        must = f"leave rows for every fold; the table {verb} {counted(len(rows), 'row')}"
        why = f"there are {len(rows)} training rows, and a fold needs two"
        by_rows = self._request.fit_folds(len(rows) // 2, must, why, "use more rows.")
        if self._labels is None:
            return by_rows
        dataset = self._request.dataset
        counts = numpy.bincount(self._labels[rows], minlength=len(dataset.classes))
        rarest = int(counts.argmin())
        label, count = dataset.classes[rarest], int(counts[rarest])
        named = f"class {label!r} of {dataset.target_name!r}"
        must = f"not exceed the rows of any class; {named} {verb} {counted(count, 'row')}"
        why = f"the class {label!r} has {counted(count, 'training row')}"
        return min(
            by_rows,
            self._request.fit_folds(count, must, why, _cure_of(label, dataset.classes)),
        )

    def lock(self, rows: Array, seed: int) -> Pair:
        """A share of the rows as test rows."""
        must, (reason, cure) = "leave rows of every class on both sides", self._too_few(rows)
        if reason:
            raise self._request.refuse("test", f"{must} ({reason})", cure)
        return self._request.draw("test", lambda share: self._draw(rows, share, seed), rows, must, cure)

    def fold(self, training: Array, count: int, seed: int) -> list[Pair]:
        """Folds of equal size."""
        splitter = KFold if self._labels is None else StratifiedKFold
        labels = None if self._labels is None else self._labels[training]
        parts = splitter(count, shuffle=True, random_state=seed).split(training, labels)
        return [(training[rest], training[validation]) for rest, validation in parts]

    def stop(self, rest: Array, seed: int) -> Pair:
        """A share of the rows as stopping rows."""
        must, cure = "leave rows to fit and to stop on", "Change it, or use more rows."
        return self._request.draw(
            "stopping", lambda share: self._draw_evenly(rest, share, seed), rest, must, cure
        )

    def groups(self, rows: Array) -> None:
        """Each row stands for itself."""

    def _too_few(self, rows: Array) -> tuple[str, str]:
        """Why a share of these rows cannot be test rows, in numbers, and what helps; why is empty where it can."""
        share, none = self._request.config.test, "write 0 for no test rows."
        needed = 1 if self._labels is None else len(numpy.unique(self._labels[rows]))
        num_taken = math.ceil(len(rows) * share)
        num_left = len(rows) - num_taken
        if share == 0.0 or min(num_taken, num_left) >= needed:
            return "", ""
        of_classes = f"of {needed} classes " if needed > 1 else ""
        reason = f"of {len(rows)} rows {of_classes}{num_taken} would be test rows and {num_left} not"
        if len(rows) < 2 * needed:
            return reason, f"Use more rows, or {none}"
        if num_taken < needed:
            return reason, f"Write {math.ceil(100 * needed / len(rows)) / 100:g} or more, or {none}"
        return (
            reason,
            f"Write {math.floor(100 * (len(rows) - needed) / len(rows)) / 100:g} or less, or {none}",
        )

    def _draw(self, rows: Array, share: float, seed: int) -> Pair:
        labels = None if self._labels is None else self._labels[rows]
        remaining, taken = train_test_split(rows, test_size=share, random_state=seed, stratify=labels)
        return numpy.sort(remaining), numpy.sort(taken)

    def _draw_evenly(self, rows: Array, share: float, seed: int) -> Pair:
        """Like `_draw`, also where classes are too small for it: each gives its share, rounded up or down.

        Where scikit-learn refuses: systematic sampling, rows at equal distances in random order, class by class.
        """
        with suppress(ValueError):
            return self._draw(rows, share, seed)
        generator = numpy.random.default_rng(seed)
        order = generator.permutation(len(rows))
        if self._labels is not None:
            order = order[numpy.argsort(self._labels[rows[order]], kind="stable")]
        num_taken = math.ceil(len(rows) * share)
        if num_taken == len(rows):
            raise ValueError(f"all of {len(rows)} rows would be taken")
        positions = (numpy.arange(num_taken) + generator.random()) * (len(rows) / num_taken)
        taken = numpy.zeros(len(rows), bool)
        taken[order[positions.astype(int)]] = True
        return rows[~taken], rows[taken]


def _cure_of(label: Scalar, classes: tuple[Scalar, ...]) -> str:
    """What to do about a class of few rows."""
    alike_labels = [
        other for other in classes if other != label and str(other).casefold() == str(label).casefold()
    ]
    alike = f"write it as {alike_labels[0]!r}, from which it differs in case only, " if alike_labels else ""
    return f"{alike}remove or merge that class, or write `rare_classes: drop`."


def make_plain(request: Request) -> SplitKind:
    """Rows at random, whatever their targets."""
    return RandomSplits(request, None)


def make_stratified(request: Request) -> SplitKind:
    """Rows at random, class by class.

    Raises:
        DataError: The target has no classes.
    """
    if request.labels is None:
        must, cure = "be another kind for a numeric target", "Use `kind: plain`."
        raise request.refuse("kind", must, cure)
    return RandomSplits(request, request.labels)
