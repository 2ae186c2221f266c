"""Which rows train, stop, validate and test: decided once a study, the same for every trial."""

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import numpy

from automl.config.sections import DataConfig, SplitsConfig
from automl.data.column_splits import ColumnSplits, GroupSplits, TimeSplits
from automl.data.dataset import Dataset
from automl.data.folds import Fold
from automl.data.random_splits import Request, SplitKind, make_plain, make_stratified
from automl.errors import DataError, Where
from automl.trial import Task, derive_seed

KINDS: Mapping[str, Callable[[Request], SplitKind]] = {
    "stratified": make_stratified,
    "plain": make_plain,
    "group": GroupSplits,
    "time": TimeSplits,
    "column": ColumnSplits,
}
"""The kinds of splits by their names in the study file."""

_MOST_OFF = 0.05
"""How far the share of the test rows may be from the one asked for before a note says so."""

_FEW = 30
"""Training rows of a class below which a note says how little its scores can mean."""


@dataclass(frozen=True, slots=True)
class Splits:
    """The splits of a study.

    Attributes:
        training: Rows of the search.
        test: Rows locked away until the search is over; empty when none are kept.
        folds: The folds of the search, those of the first repeat first. The validation rows of one repeat divide the
            training rows; by time, they leave out the earliest.
        kind: A name in `KINDS`.
        reason: Why this kind, in a sentence.
        notes: What a person should know of these splits, a sentence each.
        automatic: Whether the kind was chosen here, and not by the study file.
        together: Codes of the groups, or of the times in their order, of all rows of the table, (row,); None where each
            row stands for itself.
    """

    training: numpy.ndarray
    test: numpy.ndarray
    folds: tuple[Fold, ...]
    kind: str
    reason: str
    notes: tuple[str, ...] = ()
    automatic: bool = False
    together: numpy.ndarray | None = None

    @property
    def digest(self) -> str:
        """SHA-256 of the numbers of all rows, part by part: equal splits have equal digests."""
        digest = hashlib.sha256()
        for rows in (
            self.test,
            *(part for fold in self.folds for part in (fold.fit, fold.stopping, fold.validation)),
        ):
            digest.update(f"{len(rows)}:".encode() + rows.astype("<i8").tobytes())
        return digest.hexdigest()

    def test_digest(self, dataset: Dataset) -> str:
        """SHA-256 of the table's target and the numbers of the test rows, which a study of the same rows shares.

        The columns that a study uses are no part of it: whoever reads these rows learns their targets.
        """
        return _digest_of(dataset.target_digest, dataset.rows[self.test])

    def earlier_test_digest(self, dataset: Dataset) -> str:
        """What was recorded before 2026-11-27, of the columns that a study uses too."""
        return _digest_of(dataset.digest, self.test)


def _digest_of(table_digest: str, rows: numpy.ndarray) -> str:
    digest = hashlib.sha256(table_digest.encode())
    digest.update(numpy.sort(rows).astype("<i8").tobytes())
    return digest.hexdigest()


def make_splits(dataset: Dataset, config: SplitsConfig, seed: int, where: Where) -> Splits:
    """Split a table as its study file says, or as fits its target.

    Args:
        dataset: The table.
        config: The study file's splits section.
        seed: The study's seed.
        where: Gives `file:line` of a key of the study file.

    Raises:
        DataError: There are too few rows, groups, times or rows of one class for these splits.
    """
    name, reason = _choose(dataset, config)
    kind = KINDS[name](Request(dataset, config, where))
    rows = numpy.arange(len(dataset.target))
    kind.count_folds(rows, "has")
    training, test = kind.lock(rows, derive_seed(seed, "test"))
    count, fewer = kind.count_folds(training, "keeps, without the test rows,")
    folds = tuple(_folds(kind, training, count, config, seed))
    share = "" if name == "column" else _share_note(len(test) / len(rows), config.test)
    candidates = (fewer, share, _unseen_note(dataset, folds))
    notes = tuple(note for note in candidates if note)
    automatic = config.kind == "auto"
    return Splits(training, test, folds, name, f"{name}: {reason}", notes, automatic, kind.groups(rows))


def check_weights(splits: Splits, dataset: Dataset, config: DataConfig, where: Where) -> None:
    """Refuse splits of which a part has weights of 0 only: there is no mean over such rows.

    Args:
        splits: The splits of the table.
        dataset: The table.
        config: The study file's data section, which names the weights.
        where: Gives `file:line` of a key of the study file.

    Raises:
        DataError: All fit, stopping or validation rows of a fold, or all test rows, weigh 0.
    """
    parts = {"the test rows": splits.test} if len(splits.test) else {}
    for number, fold in enumerate(splits.folds):
        for name in ("fit", "validation", "stopping"):
            parts[f"the {name} rows of fold {number}"] = getattr(fold, name)
    for name, rows in parts.items():
        if not dataset.weights[rows].sum() > 0.0:
            must = f"must weigh one of {name} more than 0, got zeros only in these {len(rows)} rows"
            cure = "Remove the rows that weigh 0, or use fewer `splits.folds`."
            raise DataError(f"{where('data', 'weights')}: the column {config.weights!r} {must}. {cure}")


def _choose(dataset: Dataset, config: SplitsConfig) -> tuple[str, str]:
    """The kind of the splits, and why."""
    if config.kind != "auto":
        return config.kind, "set in the study file"
    if config.by is not None:
        return "group", f"the study file names the column {config.by!r} but no kind"
    if dataset.task is Task.REGRESSION:
        return "plain", "the target is a number"
    return "stratified", f"the target has {len(dataset.classes)} classes"


def _folds(
    kind: SplitKind, training: numpy.ndarray, count: int, config: SplitsConfig, seed: int
) -> Iterator[Fold]:
    number = 0
    for repeat in range(config.repeats):
        names = ("folds", repeat) if repeat else ("folds",)
        for rest, validation in kind.fold(training, count, derive_seed(seed, *names)):
            fit, stopping = rest, validation
            if config.stop_on != "validation":
                fit, stopping = kind.stop(rest, derive_seed(seed, "stopping", number))
            yield Fold(fit, stopping, validation, kind.groups(fit), ordered=config.kind == "time")
            number += 1


def _share_note(share: float, wanted: float) -> str:
    if abs(share - wanted) <= _MOST_OFF:
        return ""
    return f"{100 * share:.0f} % of the rows are test rows instead of {100 * wanted:.0f} %"


def _unseen_note(dataset: Dataset, folds: tuple[Fold, ...]) -> str:
    """What is said when a fold learns from no row of a class."""
    if dataset.task is Task.REGRESSION:
        return ""
    num_classes = len(dataset.classes)
    counts = [numpy.bincount(dataset.target[fold.fit], minlength=num_classes) for fold in folds]
    unseen = (numpy.stack(counts) == 0).sum(axis=0)
    if not unseen.any():
        return ""
    worst = int(unseen.argmax())
    note = (
        f"the class {dataset.classes[worst]!r} has no training row in {unseen[worst]} of {len(folds)} folds"
    )
    others = int((unseen > 0).sum()) - 1
    return f"{note}; {others} other classes lack rows too" if others else note


def few_rows_note(dataset: Dataset, splits: Splits) -> str:
    """What the scores of the rarest class can mean where it has few rows; empty where no class has.

    A share of n rows, such as recall, has a standard error of up to 1 / (2 √n).
    """
    if dataset.task is Task.REGRESSION:
        return ""

    def count(rows: numpy.ndarray) -> numpy.ndarray:
        return numpy.bincount(dataset.target[rows], minlength=len(dataset.classes))

    counts, tested = count(splits.training), count(splits.test)
    rarest, others = int(counts.argmin()), int((counts < _FEW).sum()) - 1
    if others < 0:
        return ""
    validation = [int(count(fold.validation)[rarest]) for fold in splits.folds]
    without = sum(count(fold.stopping)[rarest] == 0 for fold in splits.folds)
    parts = [f"{counts[rarest]} to search on", f"{_span(validation)} in each set of validation rows"]
    parts += [f"{tested[rarest]} in the test set"] if len(splits.test) else []
    parts += [f"none in {without} of {len(splits.folds)} sets of stopping rows"] if without else []
    note = f"the class {dataset.classes[rarest]!r} has few rows: {', '.join(parts)}"
    note += f"; {others} other class{'es have' if others > 1 else ' has'} few too" if others else ""
    off = min(100.0, 98.0 / max(float(counts[rarest]), 1.0) ** 0.5)
    so = f"The uncertainty of its recall over all folds is about ±{off:.0f} percentage points"
    step = (
        f", and on the test set it changes in steps of {100 / tested[rarest]:.0f}" if tested[rarest] else ""
    )
    return f"{note}. {so}{step}: small differences between its scores are not meaningful"


def _span(counts: list[int]) -> str:
    return str(counts[0]) if min(counts) == max(counts) else f"{min(counts)} to {max(counts)}"
