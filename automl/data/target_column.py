"""The target column: which rows have a target, its task, and its classes in the order of their codes."""

import hashlib
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy
import pandas
from pandas.api import types

from automl.config.sections import DataConfig, SplitsConfig
from automl.data.features.cells import first_row, level_text, without_gaps
from automl.data.features.feature import Cells
from automl.data.features.numeric import far_note
from automl.data.written_target import (
    MOST_CLASSES,
    amounts_as_classes,
    class_named,
    counted,
    gap_labels,
    labels_alike,
    read_amounts,
    stripped,
)
from automl.errors import DataError, Where, explain, one_of
from automl.trial import Scalar, Task

_EXAMPLES = 3

_TIMES_RARER = 20
"""How many times rarer a label must be to be another spelling of one that differs from it in case only."""


@dataclass(frozen=True, slots=True)
class TargetColumn:
    """A target that can be learned.

    Attributes:
        rows: Numbers of the rows of the table that are kept, ascending: those that have a target.
        labels: Their cells, without blanks around them, by the numbers of their rows.
        values: Array of shape (row,): int64 codes of `classes`, or float64 values in the units of the file.
        task: What it asks for.
        classes: Labels in the order of their codes, of two the positive one last; empty for a regression.
        notes: What a person should know of it, in sentences.
        digest: SHA-256 of its name, and of all its cells that are no gaps with the numbers of their rows.
    """

    rows: numpy.ndarray
    labels: pandas.Series
    values: numpy.ndarray
    task: Task
    classes: tuple[Scalar, ...]
    notes: tuple[str, ...] = ()
    digest: str = ""


@dataclass(frozen=True, slots=True)
class _Request:
    """What the study file says of a target, and what is said of it in turn."""

    data: DataConfig
    splits: SplitsConfig
    where: Where
    notes: list[str] = field(default_factory=list)

    def refuse(self, name: str, problem: str) -> DataError:
        return DataError(f"{self.where('data', 'target')}: the target {name!r} {problem}")


def read_target(
    cells: pandas.Series,
    config: DataConfig,
    where: Where,
    splits: SplitsConfig | None = None,
    usual: Callable[[], str | None] = lambda: None,
) -> TargetColumn:
    """Find out what a target asks for.

    Args:
        cells: The column, of plain cells (`scoring.plain_cells`), a row each from 0.
        config: The study file's data section.
        where: Gives `file:line` of a key of the study file.
        splits: The study file's splits section, which may leave out rare classes.
        usual: Gives what stands before the decimals of numbers in the other columns, where that can be told.

    Raises:
        DataError: It has one value only, or cannot be what the study file says.
    """
    request = _Request(config, splits or SplitsConfig(), where)
    present = without_gaps(cells, list((config.gaps or {}).get(str(cells.name), ())))
    cells, note = read_amounts(stripped(present), config, usual)
    request.notes.extend([note] if note else [])
    labels = _plain_labels(_present(cells, request))
    digest = _digest(labels)
    if not _asks_for_classes(labels, request):
        _check_positive((), request)
        values = labels.to_numpy(dtype=numpy.float64)
        far = far_note(Cells(str(cells.name), labels, labels))
        request.notes.extend([f"the target {cells.name!r}: {far}"] if far else [])
        rows, notes = labels.index.to_numpy(), tuple(request.notes)
        return TargetColumn(rows, labels, values, Task.REGRESSION, (), notes, digest)
    labels = _without_rare(_in_one_case(labels, request), request)
    request.notes.extend(gap_labels(labels))
    request.notes.extend(amounts_as_classes(labels, config.decimal))
    task = _task_of_classes(labels, request)
    request.notes.extend(labels_alike(labels))
    classes = _ordered(labels, request)
    request.notes.extend(_positive_note(classes, labels, request))
    codes = pandas.Categorical(labels, categories=list(classes)).codes.astype(numpy.int64)
    return TargetColumn(labels.index.to_numpy(), labels, codes, task, classes, tuple(request.notes), digest)


def _digest(labels: pandas.Series) -> str:
    cells = zip(labels.index.tolist(), map(level_text, labels.tolist()), strict=True)
    lines = "\n".join(f"{row} {text}" for row, text in cells)
    return hashlib.sha256(f"{labels.name}\n{lines}".encode()).hexdigest()


def _present(cells: pandas.Series, request: _Request) -> pandas.Series:
    """The cells that hold something; the others are left out, and counted.

    Raises:
        DataError: No cell does, or the study file wants a target in every row.
    """
    gaps = cells.isna().to_numpy()
    if not gaps.any():
        return cells.infer_objects()
    count, first = int(gaps.sum()), int(gaps.argmax()) + 1
    if request.data.rows_without_target == "refuse":
        must = f"must have a value in every row, got {counted(count, 'gap')}, the first in data row {first}"
        raise request.refuse(
            str(cells.name), f"{must}. Remove those rows, or write `rows_without_target: drop`."
        )
    if count == len(cells):
        raise request.refuse(
            str(cells.name), "must have values, but every cell is a gap. Choose another column."
        )
    how = "row without a target is" if count == 1 else "rows without a target are"
    request.notes.append(f"{count:,} {how} left out, the first is data row {first}")
    return _whole(cells[~gaps]).infer_objects()


def _whole(cells: pandas.Series) -> pandas.Series:
    """Whole numbers as they were before gaps beside them made fractions of them."""
    is_whole = types.is_float_dtype(cells) and bool((cells % 1 == 0).all())
    return cells.astype(numpy.int64) if is_whole and cells.abs().max() < 2**53 else cells


def _plain_labels(labels: pandas.Series) -> pandas.Series:
    mixed = labels.dtype == object and labels.map(type).nunique() > 1
    return labels.map(str) if mixed or types.is_datetime64_any_dtype(labels) else labels


def _asks_for_classes(labels: pandas.Series, request: _Request) -> bool:
    """Whether a target has classes and not amounts.

    Raises:
        DataError: It is to be a regression, and holds no numbers or infinite ones; or it has one value only.
    """
    numeric = types.is_numeric_dtype(labels) and not types.is_bool_dtype(labels)
    if labels.nunique() < 2:
        if not len(labels):
            raise DataError(f"{request.where('data')}: the table must have rows, got none.")
        only = f"got only {labels.tolist()[0]!r}. Choose another column."
        raise request.refuse(str(labels.name), f"must have two different values or more, {only}")
    if request.data.task == "regression" and not numeric:
        must, at = "fit the target, which does not hold numbers", request.where("data", "task")
        raise DataError(explain("data.task", must, "regression", "Use `task: auto`.", where=at))
    if request.data.task != "regression":
        few = numeric and labels.nunique() <= MOST_CLASSES and bool((labels.astype(float) % 1 == 0).all())
        if not numeric or few or request.data.task != "auto":
            return True
    infinite = ~numpy.isfinite(labels.to_numpy(dtype=float))
    if infinite.any():
        got = f"got an infinite value in {first_row(labels, infinite)}"
        raise request.refuse(
            str(labels.name), f"must be finite, {got}. Remove such rows, or leave their targets empty."
        )
    return False


def _task_of_classes(labels: pandas.Series, request: _Request) -> Task:
    distinct = labels.nunique()
    task = Task.BINARY if distinct == 2 else Task.MULTICLASS
    if request.data.task not in ("auto", task.value):
        must, at = f"fit the target, which has {distinct} different values", request.where("data", "task")
        raise DataError(explain("data.task", must, request.data.task, "Use `task: auto`.", where=at))
    return task


def _without_rare(labels: pandas.Series, request: _Request) -> pandas.Series:
    """Without the classes that cannot have a training row in every fold, where the study file leaves them out.

    Raises:
        DataError: Fewer than two classes are left.
    """
    if request.splits.rare_classes != "drop":
        return labels
    counts = labels.value_counts()
    rare = [label for label in sorted(counts.index) if not _can_be_split(int(counts[label]), request.splits)]
    if not rare:
        return labels
    if len(counts) - len(rare) < 2:
        at = request.where("splits", "rare_classes")
        must = f"leave two classes, and {len(rare)} of {len(counts)} have too few rows to be split"
        cure = "Use fewer folds, or another target."
        raise DataError(explain("splits.rare_classes", must, "drop", cure, where=at))
    kept_labels = labels[~labels.isin(rare)]
    shown = ", ".join(f"{label!r} ({counts[label]})" for label in rare[:_EXAMPLES])
    shown += ", …" if len(rare) > _EXAMPLES else ""
    finding = f"{counted(len(rare), 'class', 'classes')} with too few rows for {request.splits.folds} folds"
    are = "is" if len(rare) == 1 else "are"
    request.notes.append(
        f"{finding} {are} left out with {counted(len(labels) - len(kept_labels), 'row')}: {shown}"
    )
    return kept_labels


def _can_be_split(count: int, splits: SplitsConfig) -> bool:
    """Whether rows of a class suffice for a test row and for a row in every fold, however they are drawn."""
    locked = max(1, math.ceil(count * splits.test)) if splits.test else 0
    return count - locked >= splits.folds


def _in_one_case(labels: pandas.Series, request: _Request) -> pandas.Series:
    """With a rare spelling of a label as the usual one, from which it differs in case only."""
    counts = Counter(label for label in labels if isinstance(label, str))
    usual: dict[str, str] = {}
    for label in sorted(counts, key=lambda label: (counts[label], label)):
        usual[label.casefold()] = label
    rare = {
        label: usual[label.casefold()]
        for label in sorted(counts)
        if counts[label] * _TIMES_RARER <= counts[usual[label.casefold()]]
    }
    for label, as_label in list(rare.items())[:_EXAMPLES]:
        finding = (
            f"the label {label!r} ({counted(counts[label], 'row')}) differs from {as_label!r} in case only"
        )
        request.notes.append(f"{finding}, and is read as the same label")
    return labels.replace(rare) if rare else labels


def _ordered(labels: pandas.Series, request: _Request) -> tuple[Scalar, ...]:
    """Classes in the order of their codes: as sorted, but of two the positive one last."""
    classes: tuple[Scalar, ...] = tuple(sorted(labels.unique().tolist()))
    _check_positive(classes, request)
    if len(classes) != 2:
        return classes
    if request.data.positive is None:
        counts = labels.value_counts()
        return classes if counts[classes[1]] <= counts[classes[0]] else classes[::-1]
    names = [level_text(label) for label in classes]
    is_first = names[0] == class_named(request.data.positive, names)
    return classes[::-1] if is_first else classes


def _positive_note(classes: tuple[Scalar, ...], labels: pandas.Series, request: _Request) -> list[str]:
    """Which of two classes the scores of one class are of."""
    if len(classes) != 2:
        return []
    negatives, positives = (int((labels == label).sum()) for label in classes)
    chosen = "the later in the alphabet of two of equal size" if positives == negatives else "the rarer one"
    why = (
        "set in the study file"
        if request.data.positive is not None
        else f"{chosen}; `data.positive` can change it"
    )
    share = f"{100 * positives / len(labels):.3g} % of the rows"
    return [f"the positive class is {classes[1]!r} ({share}), {why}"]


def _check_positive(classes: tuple[Scalar, ...], request: _Request) -> None:
    """Refuse a positive class that the target does not have, or that it cannot have.

    Raises:
        DataError: It has no two classes, or not this one.
    """
    positive = request.data.positive
    if positive is None:
        return
    names = [level_text(label) for label in classes]
    if len(classes) != 2:
        has = f"this target has {len(classes)} classes" if classes else "this target holds numbers"
        must, cure = f"be left out unless the target has two classes; {has}", "Remove it."
    elif class_named(positive, names) not in names:
        must, cure = "name a class of the target", one_of(names, level_text(positive))
    else:
        return
    raise DataError(explain("data.positive", must, positive, cure, where=request.where("data", "positive")))
