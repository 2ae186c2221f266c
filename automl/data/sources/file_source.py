"""What the sources that are files share: how the study file says that a file is read."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas

from automl.config.sections import DataConfig
from automl.data.features.cells import kind_of_cells, typed_cells
from automl.data.files.formats import beginning_of, find_format, read_file, sheet_note, with_separator
from automl.data.files.table_file import TableFile
from automl.data.files.text_files import separator_cure
from automl.data.sources.source import ReadRequest, ReadTable
from automl.errors import DataError, Where, explain

_MOST_NAMES = 10
"""Columns that an error lists."""


def table_file(data: DataConfig, path: Path, where: str = "", label: str = "") -> TableFile:
    """A file that is read as the data section says.

    Args:
        data: The section.
        path: Where the file's bytes are.
        where: `file:line` of the study file that names it.
        label: What errors call it; its path when empty.
    """
    return TableFile(
        path=path,
        where=where,
        label=label,
        encoding=data.encoding,
        separator=data.separator,
        skip=data.skip,
        header=data.header != "none",
        names=tuple(data.names or ()),
        decimal=data.decimal,
        sheet=data.sheet,
    )


def text_reading(data: DataConfig) -> dict[str, Any]:
    """How a study reads its file of text, where that is not the usual way: fields of `TableFile`, for JSON."""
    keys = ("encoding", "separator", "skip", "header", "names", "decimal", "sheet")
    file, usual = table_file(data, Path()), TableFile(Path())
    return {key: getattr(file, key) for key in keys if getattr(file, key) != getattr(usual, key)}


def read_table(file: TableFile, request: ReadRequest) -> ReadTable:
    """The table in a file, with columns that the study file calls categories as they are written.

    Raises:
        DataError: It cannot be read, or has no column of the target's name because of how it is written.
    """
    kinds = {} if find_format(file).has_types else request.data.columns or {}
    levels = tuple(name for name, kind in kinds.items() if kind == "categorical")
    target = request.data.target or ""
    table = read_file(replace(file, texts=levels, labels=(target,)), request.wanted)
    table = table.assign(**{name: _settled(table[name]) for name in levels if name in table.columns})
    if target not in table.columns:
        _explain_columns(file, [str(name) for name in table.columns], target, request.where)
    note = sheet_note(file)
    return ReadTable(table, (note,) if note else ())


def _explain_columns(file: TableFile, names: list[str], target: str, where: Where) -> None:
    """Say what the columns of a file without the target look like: cells with another separator, a title, data.

    Raises:
        DataError: One of these.
    """
    beginning = beginning_of(file)
    steady = with_separator(file).separator if file.separator is None else None
    cure = separator_cure(names, steady) or (beginning.cure if beginning is not None else "")
    note = sheet_note(file)
    cure = cure or (f"{note[0].upper()}{note[1:]}." if note else "")
    if cure:
        shown = ", ".join(map(repr, names[:_MOST_NAMES])) + (", …" if len(names) > _MOST_NAMES else "")
        must = (
            f"name a column, and the only one is {shown}" if len(names) == 1 else f"name a column of {shown}"
        )
        raise DataError(explain("data.target", must, target, cure, where=where("data", "target")))


def _settled(values: pandas.Series) -> pandas.Series:
    """A column of texts as numbers or truth values, where each of them stands for one: 7 does, and 007 does not."""
    for kind in ("boolean", "number"):
        typed = typed_cells(values, kind)
        if kind_of_cells(typed) == kind:
            return typed
    return values
