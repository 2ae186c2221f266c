"""The closed table of file formats, `FORMATS`: how a file becomes a table, by the end of its name."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

import pandas

from automl.data.files import (
    PACKINGS,
    TableFile,
    Wanted,
    choose,
    explained,
    first_line,
    plain_columns,
)
from automl.data.text_files import guess_separator, read_csv_file, read_header, read_json_lines
from automl.errors import DataError

_ROW_NAMES = re.compile(r"__index_level_\d+__")
"""Columns in which pandas keeps row names without a name of their own."""


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write a table.

    Attributes:
        name: In errors.
        read: `(file, wanted columns) -> table`.
        is_text: Whether it is text, which may be packed.
    """

    name: str
    read: Callable[[TableFile, Wanted], pandas.DataFrame]
    is_text: bool = False


def read_file(file: TableFile, wanted: Wanted = None) -> pandas.DataFrame:
    """The table in a file, every column under its own name.

    Args:
        file: The end of its name says the format; without one it is CSV.
        wanted: The columns to read, where the file has them all; it is read whole when it lacks one.

    Raises:
        DataError: No such file, an unknown or broken format, or a column name that stands twice.
    """
    return read_as(find_format(file), file, wanted)


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
            what = f" is not a whole {form.name} file: {first_line(error)}"
            raise file.error(f"{what}. Write it anew, or give it the suffix of its format.") from None


def find_format(file: TableFile) -> Format:
    """The format that the name of a file says.

    Raises:
        DataError: It is in none of the known ones.
    """
    suffixes = [suffix.lower() for suffix in file.path.suffixes[-2:]]
    packed = suffixes[-1:] and suffixes[-1] in PACKINGS
    suffix = "".join(suffixes[:-1] if packed else suffixes[-1:])
    form = FORMATS.get(suffix or ".csv")
    if form is None or (packed and not form.is_text):
        known = f"{', '.join(FORMATS)}; the first four also with {', '.join(PACKINGS)} after them"
        given = "".join(suffixes) if packed else suffix
        raise file.error(f" has an unknown format, {given!r}. Convert or rename it. Known: {known}.")
    return form


def has_types(file: TableFile) -> bool:
    """Whether the format tells numbers from text; in CSV and TSV all cells are text."""
    return find_format(file) not in (FORMATS[".csv"], FORMATS[".tsv"])


def with_separator(file: TableFile) -> TableFile:
    """The file with its separator, where that can be told: its first line has no comma, and another one."""
    if find_format(file) is not FORMATS[".csv"] or file.separator is not None:
        return file
    with explained(file):
        return replace(file, separator=guess_separator(read_header(file, ",")))


def _read_arrow(kind: str, file: TableFile, wanted: Wanted) -> pandas.DataFrame:
    from pyarrow import dataset, fs

    form, disk = getattr(dataset, kind)(), fs.LocalFileSystem()
    names = form.inspect(str(file.path), filesystem=disk).names
    names = [name for name in names if not _ROW_NAMES.fullmatch(name)]
    columns = choose(names, wanted, file.error) or names
    read = dataset.dataset(str(file.path), format=form, filesystem=disk).to_table(columns=columns)
    table: pandas.DataFrame = read.to_pandas(ignore_metadata=True)
    return table


def _read_excel(file: TableFile, wanted: Wanted) -> pandas.DataFrame:
    """The first sheet of a workbook; its first row names the columns."""
    import openpyxl  # noqa: F401  pandas says in its own words that it is missing

    with pandas.ExcelFile(file.path, engine="openpyxl") as book:
        header = pandas.read_excel(book, header=None, nrows=1, keep_default_na=False)
        if header.empty:
            raise file.error(" is empty. Its first sheet must begin with a row of column names.")
        names = [str(name) for name in header.iloc[0]]
        columns = choose(names, wanted, file.error)
        places = None if columns is None else [names.index(name) for name in columns]
        return pandas.read_excel(book, usecols=places)


FORMATS: Mapping[str, Format] = {
    ".csv": Format("CSV", read_csv_file, is_text=True),
    ".tsv": Format("TSV", partial(read_csv_file, separator="\t"), is_text=True),
    ".jsonl": Format("JSON lines", read_json_lines, is_text=True),
    ".ndjson": Format("JSON lines", read_json_lines, is_text=True),
    ".parquet": Format("Parquet", partial(_read_arrow, "ParquetFileFormat")),
    ".feather": Format("Feather", partial(_read_arrow, "IpcFileFormat")),
    ".xlsx": Format("Excel", _read_excel),
}
"""By the suffix of a file's name, in lower case."""
