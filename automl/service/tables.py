"""Tables that clients send: their format, their size when they are unpacked, their columns."""

import zipfile
from pathlib import Path
from typing import IO

from automl.config.study import StudyConfig
from automl.data.files.formats import FORMATS, find_format
from automl.data.files.headers import make_names
from automl.data.files.table_file import PACKINGS, TableFile, explained, open_file
from automl.data.files.text_files import read_header
from automl.data.sources.file_source import table_file
from automl.errors import DataError, explain, one_of
from automl.records.file_names import suffix_of
from automl.records.file_store import TooLargeError

_PIECE = 1 << 20
_CELL_BYTES = 8


def table_suffix(name: str) -> str:
    """The suffix of a table's name, which says its format.

    Raises:
        DataError: It is of no known format.
    """
    suffix = suffix_of(name, _is_known)
    if suffix is None:
        packed = f"{', '.join(FORMATS)}; the first ones also with {', '.join(PACKINGS)} after them"
        raise DataError(explain("name", "end in the format of the table", name, f"Known: {packed}."))
    return suffix


def _is_known(suffix: str) -> bool:
    try:
        find_format(TableFile(Path(f"table{suffix}")))
    except DataError:
        return False
    return True


def check_unpacked(path: Path, most: int) -> None:
    """Refuse a table that is larger than it looks: one that was packed, or that repeats cells.

    Args:
        path: The table.
        most: Bytes when it is unpacked.

    Raises:
        TooLargeError: It is too large.
        DataError: It is broken.
    """
    file = TableFile(path, label="the table")
    with explained(file):
        size = _unpacked_size(file, most)
    if size > most:
        cure = "Send fewer rows or columns."
        raise TooLargeError(
            f"the table must have at most {most:,} bytes when it is unpacked, got more. {cure}"
        )


def _unpacked_size(file: TableFile, most: int) -> int:
    suffix = file.path.suffix.lower()
    if suffix in PACKINGS:
        with open_file(file) as stream:
            return _counted(stream, most)
    if suffix == ".xlsx":
        with zipfile.ZipFile(file.path) as book:
            return sum(entry.file_size for entry in book.infolist())
    if suffix in (".parquet", ".feather"):
        return _cells(file) * _CELL_BYTES
    return file.path.stat().st_size


def _counted(stream: IO[bytes], most: int) -> int:
    """Bytes of a stream, as far as they are not too many."""
    size = 0
    while piece := stream.read(_PIECE):
        size += len(piece)
        if size > most:
            break
    return size


def _cells(file: TableFile) -> int:
    from pyarrow import ArrowException, dataset

    try:
        stored = dataset.dataset(str(file.path), format=file.path.suffix[1:].lower())
        return int(stored.count_rows()) * max(1, len(stored.schema.names))
    except (ArrowException, ValueError, OSError) as error:
        raise file.error(
            f" is not a whole {file.path.suffix[1:]} file: {str(error).splitlines()[0]}."
        ) from None


def check_columns(config: StudyConfig, path: Path) -> None:
    """Refuse a study that names columns which its table does not have; of text files, whose first line says it.

    Raises:
        DataError: It names another one, or the first line cannot be read.
    """
    data = config.data
    file = table_file(data, path, config.where("data", "path"), "the table")
    form = find_format(file)
    if form not in (FORMATS[".csv"], FORMATS[".tsv"]) or not file.header:
        return
    separator = file.separator or ("\t" if form is FORMATS[".tsv"] else ",")
    with explained(file):
        names = list(file.names) or make_names(file, read_header(file, separator))
    if len(names) < 2:  # another separator, of which the reading itself says more
        return
    wanted = (("target", data.target), ("weights", data.weights))
    for key, name in wanted:
        if name is not None and name not in names:
            where, cure = config.where("data", key), one_of(names[:20], name)
            raise DataError(explain(f"data.{key}", "name a column of the table", name, cure, where=where))
    for name in data.features or ():
        if name not in names:
            where, cure = config.where("data", "features"), one_of(names[:20], name)
            raise DataError(explain("data.features", "name columns of the table", name, cure, where=where))
