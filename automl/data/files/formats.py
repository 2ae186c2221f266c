"""The closed table of file formats, `FORMATS`: how a file becomes a table, by the end of its name."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import pandas

from automl.data.files.headers import Beginning, find_beginning
from automl.data.files.json_files import read_json
from automl.data.files.table_file import (
    PACKINGS,
    TableFile,
    Wanted,
    choose,
    explained,
    first_line,
    plain_columns,
)
from automl.data.files.text_files import (
    are_in_blanks,
    first_lines,
    guess_separator,
    read_csv_file,
    read_header,
    steady_separator,
)
from automl.data.files.workbooks import beginning_of_sheet, read_workbook, said_of_sheets
from automl.errors import DataError

_ALSO: Mapping[str, str] = {".txt": ".csv", ".dat": ".csv", ".data": ".csv", ".tab": ".tsv"}
"""Suffixes that other files have too, and the format that they are taken for."""

EXCEL = "Excel"
_ROW_NAMES = re.compile(r"__index_level_\d+__")
"""Columns in which pandas keeps row names without a name of their own."""


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a table.

    Attributes:
        name: In errors.
        read: `(file, wanted columns) -> table`.
        is_text: Whether it is text, which may be packed.
        has_lines: Whether the names of its columns stand in a line of cells, or may be missing.
    """

    name: str
    read: Callable[[TableFile, Wanted], pandas.DataFrame]
    is_text: bool = False
    has_lines: bool = False

    @property
    def has_types(self) -> bool:
        """Whether it tells numbers from text; in lines of text all cells are text."""
        return not (self.is_text and self.has_lines)


def read_file(file: TableFile, wanted: Wanted = None) -> pandas.DataFrame:
    """The table in a file, every column under its own name.

    Args:
        file: The end of its name says the format; without one it is CSV.
        wanted: The columns to read, where the file has them all; it is read whole when it lacks one.

    Raises:
        DataError: No such file, an unknown or broken format, or a column name that stands twice.
    """
    form = find_format(file)
    if (file.skip or file.names or not file.header) and not form.has_lines:
        key = "skip" if file.skip else "names" if file.names else "header"
        raise file.error(
            f": `data.{key}` is for CSV, TSV and Excel; a {form.name} file contains its names. Remove it."
        )
    if file.sheet is not None and form.name != EXCEL:
        raise file.error(f": `data.sheet` is for Excel; a {form.name} file has no sheets. Remove it.")
    return read_as(form, file, wanted)


def read_as(form: Format, file: TableFile, wanted: Wanted = None) -> pandas.DataFrame:
    """The table in a file of a format, whatever its name."""
    with explained(file):
        if form.is_text:
            return plain_columns(form.read(file, wanted), file.error)
        with file.path.open("rb") as stream:
            if not stream.read(1):
                raise file.error(f" is empty. It must be a {form.name} file.")
        try:
            return plain_columns(form.read(file, wanted), file.error)
        except (DataError, ImportError, MemoryError):
            raise
        except Exception as error:  # a broken file makes its parser raise what it happens to stumble over
            reason = f" is not a whole {form.name} file: {first_line(error)}"
            raise file.error(f"{reason}. Write it again, or give it the suffix of its format.") from None


def find_format(file: TableFile) -> Format:
    """The format that the name of a file says.

    Raises:
        DataError: It is in none of the known ones.
    """
    suffixes = [suffix.lower() for suffix in file.path.suffixes[-2:]]
    packed = suffixes[-1:] and suffixes[-1] in PACKINGS
    suffix = "".join(suffixes[:-1] if packed else suffixes[-1:])
    form = FORMATS.get(_ALSO.get(suffix, suffix) or ".csv")
    if form is None or (packed and not form.is_text):
        names = f"{', '.join([*FORMATS, *_ALSO])}; those of text also with {', '.join(PACKINGS)} after them"
        given = "".join(suffixes) if packed else suffix
        raise file.error(f" has an unknown format, {given!r}. Convert or rename it. Known: {names}.")
    return form


def with_separator(file: TableFile) -> TableFile:
    """The file with its separator, where that can be told: its first line has no comma, and another one.

    Where its first line is a title, the lines below it tell; where commas are part of names or numbers, all lines do.
    """
    if find_format(file) is not FORMATS[".csv"] or file.separator is not None:
        return file
    with explained(file):
        names = read_header(file, ",")
        guess = guess_separator(names) if len(names) == 1 else steady_separator(file)
        if guess is None and len(names) == 1:
            lines = [cells[0] for _, cells in first_lines(file, "\x1f")]
            guess = guess_separator(lines[1:2]) if lines[1:] and "," not in lines[1] else None
            guess = guess or (" " if are_in_blanks(lines) else None)
        return replace(file, separator=guess)


def beginning_of(file: TableFile) -> Beginning | None:
    """What the first lines of a file of text look like; None for other formats, and where the study file says it."""
    form = find_format(file)
    if not form.has_lines or file.skip or not file.header or file.names:
        return None
    if not form.is_text:
        with explained(file):
            return beginning_of_sheet(file)
    separator = file.separator or ("\t" if form is FORMATS[".tsv"] else ",")
    with explained(file):
        return find_beginning(first_lines(file, separator))


def sheet_note(file: TableFile) -> str:
    """Which sheet of a workbook is read, where there are several and the study file names none; else empty."""
    return said_of_sheets(file) if find_format(file).name == EXCEL and file.sheet is None else ""


def _read_arrow(kind: str, file: TableFile, wanted: Wanted) -> pandas.DataFrame:
    from pyarrow import dataset, fs

    form, disk = getattr(dataset, kind)(), fs.LocalFileSystem()
    names = form.inspect(str(file.path), filesystem=disk).names
    names = [name for name in names if not _ROW_NAMES.fullmatch(name)]
    columns = choose(names, wanted, file.error) or names
    read = dataset.dataset(str(file.path), format=form, filesystem=disk).to_table(columns=columns)
    while any(str(kind).startswith("struct") for kind in read.schema.types):
        read = read.flatten()  # `outer.inner`, as in JSON
    table: pandas.DataFrame = read.to_pandas(ignore_metadata=True)
    return table


FORMATS: Mapping[str, Format] = {
    ".csv": Format("CSV", read_csv_file, is_text=True, has_lines=True),
    ".tsv": Format("TSV", partial(read_csv_file, separator="\t"), is_text=True, has_lines=True),
    ".json": Format("JSON", read_json, is_text=True),
    ".jsonl": Format("JSON lines", read_json, is_text=True),
    ".ndjson": Format("JSON lines", read_json, is_text=True),
    ".parquet": Format("Parquet", partial(_read_arrow, "ParquetFileFormat")),
    ".feather": Format("Feather", partial(_read_arrow, "IpcFileFormat")),
    ".xlsx": Format(EXCEL, read_workbook, has_lines=True),
}
"""By the suffix of a file's name, in lower case."""
