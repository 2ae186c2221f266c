"""What `automl init` finds in a table, as far as it can be read; each command imports what it needs when it runs."""

import json
import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas

from automl.cli.file_options import FileOptions
from automl.config.sections import DataConfig
from automl.config.template import TableFacts
from automl.data import findings
from automl.data.dataset import Dataset, make_dataset
from automl.data.features.marks import usual_mark
from automl.data.files.formats import EXCEL, beginning_of, find_format, read_file, sheet_note, with_separator
from automl.data.files.table_file import TableFile, explained, open_file, western_encoding
from automl.data.files.workbooks import sheet_names
from automl.data.targets import has_long_tail
from automl.errors import DataError, one_of
from automl.evaluation.metrics import metrics_for
from automl.search.space.building import default_entries
from automl.trial import Task

GUESSED_ROWS = 1000
"""Rows by which a search space is proposed for a table that cannot be read."""


def look_at(data: Path, target: str | None, options: FileOptions, to: Path) -> tuple[TableFacts, str]:
    """What the study file says of the table in a file, and what must be fixed before it can be used.

    Args:
        data: The file.
        target: The column to predict.
        options: What is known of the file.
        to: The study file that will name it.

    Raises:
        DataError: The file cannot be opened, or the target is none of its columns.
    """
    known = {name: value for name, value in options.given.items() if name != "names"}
    file = TableFile(data, labels=(target or "",), **known)
    find_format(file)
    with explained(file), open_file(file) as stream:
        stream.read(1)
    try:
        file, notes = _guessed(replace(file, names=options.names or ()), options.encoding is None)
        table = read_file(file).rename(columns=str)
        if options.decimal is None and usual_mark(table) == ",":
            file = replace(file, decimal=",")
            table = read_file(file).rename(columns=str)
    except DataError as error:
        if not find_format(file).is_text and not _is_workbook(file):
            raise
        return _unread(file, target, to, str(error).removeprefix(f"{data}: "))
    target = _with_blanks(target, list(table.columns))
    _check_target(file, target, list(table.columns))
    assert target is not None
    path = _relative(data, to)
    try:
        config = DataConfig.model_validate({"path": path, "target": target, "decimal": file.decimal})
        dataset = make_dataset(table, target, config, lambda *_: str(data))
    except DataError as error:
        return _unused(file, table, target, to, str(error).removeprefix(f"{data}: "))
    comment = f"{len(table)} rows, {len(dataset.feature_names)} features, {dataset.task}"
    notes_on_table = (*findings.describe_table(table, dataset), *(f"note: {line}" for line in notes))
    return _facts(dataset, _source(file, target, to, comment, dataset), notes_on_table), ""


def default_space(num_rows: int, has_numbers: bool, long_tail: bool) -> dict[str, dict[str, Any]]:
    """What is searched when the study file does not say, in plain values."""
    entries = default_entries(num_rows, has_numbers, long_tail)
    return {name: entry.model_dump(by_alias=True, exclude_defaults=True) for name, entry in entries.items()}


def quoted(value: Any) -> str:
    """Text in YAML's double quotes, with every content; other values as they are."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return "".join(sign if sign.isprintable() else f"\\U{ord(sign):08x}" for sign in text)


def _facts(dataset: Dataset, source: dict[str, str], notes: Sequence[str]) -> TableFacts:
    long_tail = dataset.task is Task.REGRESSION and has_long_tail(dataset.target)
    has_numbers = dataset.columns.numbers.shape[1] > 0
    space = default_space(len(dataset.target), has_numbers, long_tail)
    advice = findings.suggest_objective(dataset)
    return TableFacts(source, metrics_for(dataset.task), space, tuple(notes), advice)


def _is_workbook(file: TableFile) -> bool:
    """Whether it is a whole workbook with the sheet that a person names."""
    try:
        return find_format(file).name == EXCEL and file.sheet in (None, *sheet_names(file))
    except Exception:  # a broken file makes its parser raise what it happens to stumble over
        return False


def _guessed(file: TableFile, guess_encoding: bool) -> tuple[TableFile, list[str]]:
    """The file with its encoding, separator and titles, as far as they were not told and can be seen; and notes."""
    notes = []
    try:
        file = with_separator(file)
    except DataError:
        if not guess_encoding:
            raise
    if guess_encoding and (encoding := _encoding_of(file)) != file.encoding:
        notes.append(f"the file is not UTF-8 text and is read as {encoding}: check words with accents")
        file = with_separator(replace(file, encoding=encoding))
    beginning = beginning_of(file)
    if beginning is not None and beginning.has_names and beginning.skip:
        notes.append(beginning.cure.replace(": write", ": this file has"))
        file = replace(file, skip=beginning.skip)
    elif beginning is not None and not beginning.is_usual:
        notes.append(beginning.cure)
    if note := sheet_note(file):
        notes.append(note)
    return file, notes


def _encoding_of(file: TableFile) -> str:
    """UTF-8 where the file is such text, or what such bytes mostly are."""
    if not find_format(file).is_text:
        return file.encoding
    with explained(file), open_file(file) as stream:
        content = stream.read()
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return western_encoding(content)
    return file.encoding


def _with_blanks(target: str | None, columns: Sequence[str]) -> str | None:
    """The column that a person names, with the blanks around its name that cannot be seen."""
    alike = [name for name in columns if target is not None and name.strip() == target.strip()]
    return alike[0] if target not in columns and len(alike) == 1 else target


def _check_target(file: TableFile, target: str | None, columns: Sequence[str]) -> None:
    """Refuse a target that the table does not have, with what its first line looks like."""
    if target is not None and target in columns:
        return
    beginning = beginning_of(file)
    hint = "" if beginning is None or beginning.is_usual else beginning.cure
    if hint:
        hint = f" {hint} Here: `--header none --names a,b,c`." if not beginning.has_names else f" {hint}"  # type: ignore[union-attr]
    if note := sheet_note(file):
        hint += f" {note[0].upper()}{note[1:]}. Here: `--sheet NAME`."
    if target is None:
        listed = ", ".join(columns[:20])
        raise DataError(
            f"{file.path}: name the column to predict with --target. The table has: {listed}.{hint}"
        )
    raise DataError(
        f"{file.path}: --target must name a column, got {target!r}. {one_of(columns, target)}{hint}"
    )


def _unread(file: TableFile, target: str | None, to: Path, error: str) -> tuple[TableFacts, str]:
    """The facts of a file that can be opened and not read."""
    notes = (f"to fix: the table cannot be read: {error}",)
    source = _source(file, target or "?", to, "could not be read", None)
    space = default_space(GUESSED_ROWS, True, False)
    return TableFacts(source, metrics_for(Task.MULTICLASS), space, findings.printable(notes)), error


def _unused(
    file: TableFile, table: pandas.DataFrame, target: str, to: Path, error: str
) -> tuple[TableFacts, str]:
    """The facts of a table that cannot be learned from as it is."""
    size = f"{len(table):,} rows, {len(table.columns) - 1:,} columns without the target"
    notes = findings.printable((f"to fix: {error}", size, *findings.describe_gaps(table)))
    numeric = pandas.api.types.is_float_dtype(table[target])
    task = Task.REGRESSION if numeric else Task.MULTICLASS
    source = _source(file, target, to, f"{len(table)} rows", None)
    return TableFacts(source, metrics_for(task), default_space(len(table), True, False), notes), error


def _source(file: TableFile, target: str, to: Path, comment: str, dataset: Dataset | None) -> dict[str, str]:
    """The lines of the data section."""
    source = {"path": f"{quoted(_relative(file.path, to))}   # {comment}", "target": quoted(target)}
    if dataset is not None and dataset.positive is not None:
        meaning = "the class that precision, recall, curves and the threshold are of"
        source["positive"] = f"{quoted(dataset.positive)}   # {meaning}"
    if file.separator is not None:
        source["separator"] = quoted(file.separator)
    if file.decimal is not None:
        source["decimal"] = quoted(file.decimal)
    if file.encoding != "utf-8":
        source["encoding"] = quoted(file.encoding)
    sheet = sheet_names(file)[0] if sheet_note(file) else file.sheet
    if sheet is not None:
        source["sheet"] = quoted(sheet)
    if file.skip:
        source["skip"] = str(file.skip)
    if not file.header:
        source["header"] = "none"
    if file.names:
        source["names"] = f"[{', '.join(map(quoted, file.names))}]"
    return source


def _relative(data: Path, to: Path) -> str:
    return Path(os.path.relpath(data, to.parent)).as_posix()
