"""What could make the scores of a study too good: looked for before anything trains, and said in sentences.

Equal rows on both sides of a split, and dates that the splits pass over; `target_copies.py` adds columns that give
the target away. Of test rows, only whether they equal a training row is looked at.
"""

import math

import numpy
import pandas

from automl.data.columns import Columns
from automl.data.dataset import Dataset
from automl.data.features.date import is_clock
from automl.data.folds import Fold
from automl.data.schema import Schema, inspect_columns
from automl.data.splits import Splits
from automl.data.target_copies import codes_of, copies_of_target, some_rows

_TIMES_CHANCE = 3.0
"""Equal rows are reported when there are more than this times what independent columns give by chance."""

_MIX = numpy.uint64(0x9E3779B97F4A7C15)


def audit(dataset: Dataset, splits: Splits, table: pandas.DataFrame | None = None) -> tuple[str, ...]:
    """What a person should look at before believing the scores, a sentence or two each; empty when nothing is odd.

    Args:
        dataset: The table.
        splits: Its rows.
        table: As it was read, where it is at hand: columns that are not learned from may hold dates too.
    """
    findings = [
        *_equal_rows(dataset, splits),
        *copies_of_target(dataset, splits.training),
        *_equal_times(splits),
        *_dates_passed_over(dataset, splits, table),
    ]
    return tuple(findings)


def _equal_rows(dataset: Dataset, splits: Splits) -> list[str]:
    """Rows that stand on both sides of a split, and equal rows with different targets."""
    inputs = _row_hashes(dataset.columns)
    rows = inputs * _MIX + pandas.util.hash_array(_plain(dataset.target))
    by_columns = math.prod(_chance_of_equal_columns(dataset.columns))
    by_target = _chance(dataset.target[some_rows(numpy.arange(len(rows)))])
    findings = []
    if _more_than_chance(rows, by_columns * by_target):
        findings += _on_both_sides(pandas.factorize(rows)[0], splits)
    if _more_than_chance(inputs, by_columns):
        findings += _contradictions(inputs[splits.training], rows[splits.training])
    return findings


def _on_both_sides(codes: numpy.ndarray, splits: Splits) -> list[str]:
    """Of test rows against training rows, and of validation rows against the other rows of their folds."""
    tests = [(splits.training, splits.test)]
    folds = [(_learned(fold, len(codes)), fold.validation) for fold in splits.folds]
    findings = []
    cure = "Drop the duplicates, or use `kind: group` with a column that names the group of each row."
    for name, parts in (("test", tests), ("validation", folds)):
        count = sum(_num_known(codes, learned, scored) for learned, scored in parts)
        total = sum(len(scored) for _, scored in parts)
        if count:
            finding = f"{count:,} of {total:,} {name} rows ({100 * count / total:.1f} %) equal a training row"
            so = f"in all learned columns and the target, which makes {name} scores too good"
            findings.append(f"{finding} {so}. {cure}")
    return findings


def _learned(fold: Fold, num_rows: int) -> numpy.ndarray:
    """Rows of a fold that train or stop and do not score."""
    learned = numpy.zeros(num_rows, bool)
    learned[fold.fit] = learned[fold.stopping] = True
    learned[fold.validation] = False
    return numpy.flatnonzero(learned)


def _num_known(codes: numpy.ndarray, learned: numpy.ndarray, scored: numpy.ndarray) -> int:
    """How many of the scored rows equal a training row."""
    is_learned = numpy.zeros(int(codes.max()) + 1, bool)
    is_learned[codes[learned]] = True
    return int(is_learned[codes[scored]].sum())


def _contradictions(inputs: numpy.ndarray, rows: numpy.ndarray) -> list[str]:
    codes = pandas.factorize(inputs)[0]
    first = numpy.zeros(int(codes.max()) + 1, rows.dtype)
    first[codes] = rows
    mixed = numpy.zeros(len(first), bool)
    mixed[codes[first[codes] != rows]] = True
    count = int(mixed[codes].sum())
    if not count:
        return []
    finding = f"{count:,} of {len(rows):,} training rows ({100 * count / len(rows):.1f} %) equal another in all learned"
    return [f"{finding} columns but have another target, so no model can fit both."]


def _equal_times(splits: Splits) -> list[str]:
    if splits.kind != "time" or splits.together is None:
        return []
    codes = splits.together
    count = int((numpy.bincount(codes)[codes] > 1).sum())
    if not count:
        return []
    finding = f"{count:,} of {len(codes):,} rows share a timestamp with another row"
    return [
        f"{finding}. They stay in one part of every split, so parts may be larger or smaller than requested."
    ]


def _dates_passed_over(dataset: Dataset, splits: Splits, table: pandas.DataFrame | None) -> list[str]:
    """Dates that the splits do not go by, where the study file leaves the kind of splits open."""
    if not splits.automatic:
        return []
    names = _days(dataset.schema)
    if table is not None:
        table = table.rename(columns=str).reset_index(drop=True)
        known_names = {column.name for column in dataset.schema.columns} | {dataset.target_name}
        others = table[[name for name in table.columns if name not in known_names]]
        names += _days(inspect_columns(others))
    if not names:
        return []
    finding = f"the table has dates ({', '.join(map(repr, names[:5]))}), and the splits ignore them"
    cure = f"`kind: time` with `by: {names[0]}` is recommended if later rows are to be predicted."
    return [f"{finding}. {cure}"]


def _days(schema: Schema) -> list[str]:
    """The columns of dates, without those of times of day."""
    return [column.name for column in schema.of_kind("date") if not is_clock(column.reading)]


def _row_hashes(columns: Columns) -> numpy.ndarray:
    """A number for each row, uint64 of shape (row,); equal for equal rows, and for others as good as never."""
    numbers = pandas.DataFrame(_plain(columns.numbers))
    codes = pandas.DataFrame(columns.codes)
    arrays = [part for part in (numbers, codes) if part.shape[1]]
    hashes = [pandas.util.hash_pandas_object(part, index=False).to_numpy() for part in arrays]
    hashes += [block.hashes() for block in columns.others.values()]
    mixed = hashes[0]
    for column_hashes in hashes[1:]:
        mixed = mixed * _MIX + column_hashes
    return mixed


def _plain(numbers: numpy.ndarray) -> numpy.ndarray:
    """The numbers with one zero and one NaN, so that equal ones have equal bits."""
    if numbers.dtype.kind != "f":
        return numbers
    return numpy.where(numpy.isnan(numbers), numpy.nan, numbers + 0.0)


def _more_than_chance(hashes: numpy.ndarray, chance: float) -> bool:
    """Whether rows are equal to others more often than two rows are by chance."""
    counts = numpy.bincount(pandas.factorize(hashes)[0]).astype(numpy.float64)
    twins = float((counts * (counts - 1.0)).sum()) / len(hashes)
    return twins > _TIMES_CHANCE * chance * (len(hashes) - 1)


def _chance_of_equal_columns(columns: Columns) -> list[float]:
    """For each column the chance that two rows are equal in it."""
    rows = some_rows(numpy.arange(len(columns)))
    plain = [_chance(column[rows]) for part in (columns.numbers, columns.codes) for column in part.T]
    return [*plain, *(_chance(block[rows].hashes()) for block in columns.others.values())]


def _chance(values: numpy.ndarray) -> float:
    counts = numpy.bincount(codes_of(values)).astype(numpy.float64)
    pairs = len(values) * (len(values) - 1.0)
    return float((counts * (counts - 1.0)).sum() / pairs) if pairs else 0.0
