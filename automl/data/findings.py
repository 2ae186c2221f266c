"""What a person should know of a table before writing its study: the lines that `automl init` puts into the file."""

from collections.abc import Sequence

import numpy
import pandas

from automl.data.dataset import Dataset
from automl.data.encoding import part_names
from automl.data.features.kinds import KINDS
from automl.data.schema import UNLEARNED
from automl.data.target_copies import copies_of_target
from automl.data.targets import LONG_TAIL, has_long_tail, skewness
from automl.trial import Task
from automl.wording import counted

RARE = 0.1
"""Share of the rows below which a class is called rare."""

MOST_GAPS, MOST_CLASSES, MOST_NAMES, MOST_NOTES = 10, 10, 5, 20
"""Columns with gaps, classes, names of columns of a kind, and notes on columns that are listed."""


def describe_table(table: pandas.DataFrame, dataset: Dataset) -> tuple[str, ...]:
    """Size, columns by kind, gaps, target, and everything that looks odd.

    Args:
        table: As it was read.
        dataset: What was made of it.
    """
    lines = (
        *describe_columns(dataset),
        *describe_gaps(_as_read(table, dataset)),
        *describe_target(dataset),
        *(f"note: {line}" for line in find_oddities(dataset)),
    )
    return printable(lines)


def printable(lines: Sequence[str]) -> tuple[str, ...]:
    """Lines that a comment can hold."""
    return tuple("".join(sign if sign.isprintable() else "?" for sign in line) for line in lines)


def describe_columns(dataset: Dataset) -> tuple[str, ...]:
    """The number of rows, and the columns of each kind."""
    columns = dataset.schema.columns
    lines = [f"{len(dataset.target):,} rows, {counted(len(columns), 'column')} without the target"]
    for kind in (*KINDS, *UNLEARNED):
        names = [column.name for column in dataset.schema.of_kind(kind)]
        if names:
            more = ", …" if len(names) > MOST_NAMES else ""
            lines.append(f"{kind}: {len(names)} ({', '.join(map(_short, names[:MOST_NAMES]))}{more})")
    return tuple(lines)


def _as_read(table: pandas.DataFrame, dataset: Dataset) -> pandas.DataFrame:
    """The rows that are learned from, with a gap wherever a column has one: words, `data.gaps`, unreadable cells."""
    table, columns = table.rename(columns=str).iloc[dataset.rows], dataset.columns
    changed, index = {}, 0
    for column in dataset.schema.stored("numbers"):
        changed[column.name] = pandas.Series(columns.numbers[:, index], table.index)
        index += len(part_names(column))
    return table.assign(**changed)


def describe_gaps(table: pandas.DataFrame) -> tuple[str, ...]:
    """The columns with the most gaps, the most first."""
    counts = table.rename(columns=str).isna().sum()
    counts = counts[counts > 0].sort_values(ascending=False, kind="stable")
    if counts.empty:
        return ("gaps: none",)
    shown = [
        f"{_short(str(name))} {_share(count, len(table))}" for name, count in counts.head(MOST_GAPS).items()
    ]
    more = f", and {len(counts) - MOST_GAPS} more" if len(counts) > MOST_GAPS else ""
    return (f"gaps in {counted(len(counts), 'column')}: {', '.join(shown)}{more}",)


def describe_target(dataset: Dataset) -> tuple[str, ...]:
    """The classes with their shares, or the range of the values and their skew."""
    target = dataset.target
    if dataset.task is Task.REGRESSION:
        low, high, mean, median = target.min(), target.max(), target.mean(), numpy.median(target)
        values = f"from {low:.6g} to {high:.6g}, mean {mean:.6g}, median {median:.6g}"
        return (f"target: numbers {values}, skew {skewness(target):.2f}", *_tail_lines(dataset))
    counts = numpy.bincount(target, minlength=len(dataset.classes))
    order = numpy.argsort(-counts, kind="stable")
    shown = [f"{_short(repr(dataset.classes[code]))} {_share(counts[code], len(target))}" for code in order]
    more = f", and {len(order) - MOST_CLASSES} rarer ones" if len(order) > MOST_CLASSES else ""
    lines = [f"target: {len(order)} classes: {', '.join(shown[:MOST_CLASSES])}{more}"]
    amounts = not any(isinstance(label, str | bool) for label in dataset.classes)
    if dataset.task is Task.MULTICLASS and amounts:
        lines.append("its numbers are treated as classes; write `task: regression` if they are amounts")
    return tuple(lines)


def find_oddities(dataset: Dataset) -> tuple[str, ...]:
    """Columns that are dropped or mixed, columns that give the target away, and rows that stand twice."""
    notes = list(dataset.schema.notes)
    if len(notes) > MOST_NOTES:
        notes[MOST_NOTES:] = [f"and {len(notes) - MOST_NOTES} more columns with notes"]
    copies = copies_of_target(dataset, numpy.arange(len(dataset.target)))
    return (*dataset.notes, *notes, *copies, *_repeated_rows(dataset))


def suggest_objective(dataset: Dataset) -> tuple[str, ...]:
    """Metrics that suit rare classes, where there are some."""
    if dataset.task is Task.REGRESSION:
        return ()
    counts = numpy.bincount(dataset.target, minlength=len(dataset.classes))
    rarest = int(counts.argmin())
    if counts[rarest] >= RARE * len(dataset.target):
        return ()
    label = _short("".join(sign if sign.isprintable() else "?" for sign in repr(dataset.classes[rarest])))
    has = f"The rarest class, {label}, has {_share(counts[rarest], len(dataset.target))} of the rows"
    return (
        f"{has}: consider `average_precision`, or `balanced_accuracy` if all classes are equally important.",
    )


def _tail_lines(dataset: Dataset) -> list[str]:
    if has_long_tail(dataset.target):
        return ["its distribution has a long tail: `target_transform` below tries its logarithm"]
    if skewness(dataset.target) > LONG_TAIL:
        return [
            "its distribution has a long tail; its logarithm cannot be learned, because not all values are above 0"
        ]
    return []


def _repeated_rows(dataset: Dataset) -> list[str]:
    rows = dataset.table.reset_index(drop=True)
    rows.insert(len(rows.columns), dataset.target_name, dataset.target)
    count = int(rows.duplicated().sum())
    if not count:
        return []
    have = "row equals" if count == 1 else "rows equal"
    finding = f"{count:,} {have} an earlier one in all learned columns and the target ({100 * count / len(rows):.1f} %)"
    others = [column.name for column in dataset.schema.of_kind("identifier")]
    if others:
        names = ", ".join(map(repr, others[:MOST_NAMES]))
        return [
            f"{finding}; the unused columns {names} may distinguish them; if not, they make scores too good"
        ]
    return [f"{finding}; duplicates on both sides of a split make scores too good"]


def _share(count: int, total: int) -> str:
    return f"{100 * count / total:.1f} % ({count:,})"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"
