"""The cells of a target as people write them: blanks, amounts such as `13.5 %`, and labels that look odd."""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection

import numpy
import pandas
from pandas.api import types

from automl.config.sections import DataConfig
from automl.data.features.cells import SPACES, level_text, plain_text
from automl.data.features.date_survey import find_form
from automl.data.features.feature import Cells
from automl.data.features.gap_words import is_gap_word
from automl.data.features.numeric import Numeric, number_values, written_numbers
from automl.data.features.spellings import spelled_number

MOST_CLASSES = 20
"""A target of whole numbers with more distinct values than this is taken for a regression."""

_EXAMPLES = 3
_TRUTHS = {"yes": "True", "on": "True", "no": "False", "off": "False"}

_PLAIN = re.compile(r"[-+]?[$€£]?\s*[-+]?\d[\d.,]*\s*[%€$£]?")


def stripped(cells: pandas.Series) -> pandas.Series:
    """The cells without the blanks around them; those that hold nothing else are gaps."""
    if cells.dtype != object and not types.is_string_dtype(cells):
        return cells
    plain = [cell.strip(SPACES) if isinstance(cell, str) else cell for cell in cells.astype(object)]
    cells = pandas.Series(plain, cells.index, dtype=object, name=cells.name)
    return cells.where(cells != "", None)


def read_amounts(
    cells: pandas.Series, config: DataConfig, usual: Callable[[], str | None]
) -> tuple[pandas.Series, str]:
    """Amounts that are written for people as numbers, with what is to be said of it; other cells as they are.

    Text is taken for amounts where the study file asks for a regression, or where nine of ten cells are numbers of
    which there are too many to be classes; of few, where they look like plain decimals and one has a fraction.

    Args:
        cells: Plain cells without blanks around them.
        config: The study file's data section.
        usual: Gives what stands before the decimals of numbers in the other columns, where that can be told.
    """
    present, decimal, name = cells.dropna(), config.decimal, str(cells.name)
    is_text = present.map(lambda cell: isinstance(cell, str)).any()
    if config.task in ("binary", "multiclass") or not is_text:
        return cells, ""
    if config.task == "regression":
        numbers, reading = written_numbers(cells, decimal)
    else:
        detected = Numeric().detect(Cells(name, cells, present.map(plain_text), decimal, decimal or usual()))
        if detected is None or not detected.confidence:
            return cells, ""
        numbers, reading = number_values(cells, detected.reading), detected
        if present.nunique() <= MOST_CLASSES and not _are_decimals(present, numbers):
            return cells, ""
    if numpy.isnan(numbers).all():
        return cells, ""
    note = f"the target {name!r}: {reading.note}" if reading.note else ""
    return pandas.Series(numbers, cells.index, name=cells.name), note


def _are_decimals(present: pandas.Series, numbers: numpy.ndarray) -> bool:
    """Whether few different texts are amounts and no classes, as `1.5` and `2,5 %` are and `<=50K` is not."""
    looks_plain = bool(present.map(lambda cell: bool(_PLAIN.fullmatch(str(cell)))).all())
    return looks_plain and bool((numbers[numpy.isfinite(numbers)] % 1 != 0).any())


def labels_alike(labels: pandas.Series) -> list[str]:
    """What is said of labels that differ in case only."""
    counts = Counter(label for label in labels if isinstance(label, str))
    by_text: dict[str, list[str]] = {}
    for label in sorted(counts):
        by_text.setdefault(label.casefold(), []).append(label)
    groups = [
        " and ".join(f"{label!r} ({counted(counts[label], 'row')})" for label in alike)
        for alike in by_text.values()
        if len(alike) > 1
    ]
    if not groups:
        return []
    more = f", and {len(groups) - _EXAMPLES} more such groups" if len(groups) > _EXAMPLES else ""
    finding = f"labels of the target differ in case only: {'; '.join(groups[:_EXAMPLES])}{more}"
    return [f"{finding}. They are separate classes; spell them the same if they are one class"]


def gap_labels(labels: pandas.Series) -> list[str]:
    """What is said of labels that many people or programs write for a gap, as `None`, `?` and `unknown`."""
    notes = []
    for label in sorted(
        {label for label in labels.unique() if isinstance(label, str) and is_gap_word(label)}
    ):
        count = int((labels == label).sum())
        gaps = json.dumps({str(labels.name): [label]}, ensure_ascii=False)
        cure = f"if it stands for a missing label, write `gaps: {gaps}` under `data`"
        notes.append(f"the label {label!r} ({counted(count, 'row')}) is a separate class; {cure}")
    return notes


def amounts_as_classes(cells: pandas.Series, decimal: str | None) -> list[str]:
    """What is said of labels that look like amounts or dates: `80 %`, `5 kg` beside `300 g`, `2024-05-01`."""
    distinct = cells.dropna().unique()
    if not len(distinct) or not all(isinstance(cell, str) for cell in distinct):
        return []
    known = cells.dropna().map(plain_text)
    if find_form(known) is not None:
        finding = "the target holds dates, which are learned as classes"
        return [f"{finding}; choose another target, or put the number of days since a date into the file"]
    detected = Numeric().detect(Cells(str(cells.name), cells, known, decimal))
    if detected is None or any(map(_is_class, known.unique())):
        return []
    if not detected.confidence:
        return (
            [f"the target {cells.name!r}: {detected.note}"]
            if detected.note and known.nunique() > MOST_CLASSES
            else []
        )
    return ["its amounts are treated as classes; write `task: regression` under `data` if they are amounts"]


def _is_class(text: str) -> bool:
    """Whether a text is a range or a bound, as `<=50K` and `18-24`, and so a class."""
    spelled = spelled_number(text, ".")
    return spelled is not None and (spelled.is_range or spelled.is_bound)


def class_named(positive: object, names: Collection[str]) -> str:
    """The class that the study file names as the positive one; `yes` is True of a target of truth values.

    >>> class_named("yes", ["no", "yes"]), class_named("yes", ["False", "True"]), class_named(1.0, ["0", "1"])
    ('yes', 'True', '1')
    """
    text = level_text(positive)
    return text if text in names else _TRUTHS.get(text.lower(), text)


def counted(number: int, noun: str, several: str = "") -> str:
    """A number of things: `1 row`, `2,000 rows`."""
    return f"{number:,} {noun if number == 1 else several or f'{noun}s'}"
