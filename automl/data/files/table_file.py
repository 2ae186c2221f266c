"""A file with a table: its bytes, unpacked, errors that name it, and what all formats share. Knows none of them."""

import bz2
import gzip
import lzma
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import numpy
import pandas

from automl.errors import DataError

_NAMED_FILES = 3
_SEVERAL = (list, tuple, set, numpy.ndarray)

Wanted = Collection[str] | None
"""Columns that are needed; None for all."""

Refuse = Callable[[str], DataError]
"""Makes an error of what is wrong with a source; the source and its place in the study file are put before it."""


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file and how it is spoken of.

    Attributes:
        path: Where its bytes are.
        where: `file:line` of the study file that names it; empty when none does.
        label: What errors call it; its path when empty.
        encoding: Of its text.
        separator: Between the cells of its lines; None for the one that is usual in its format.
        skip: Lines above its line of names, or above its rows.
        header: Whether it has a line of names.
        names: Of its columns, in place of those that stand in it; empty to take those.
        decimal: What stands before the decimals of its numbers; None for a point.
        texts: Columns whose cells are left as the text that they are, where a format does not know numbers from text.
        labels: Columns of labels: `None` among other words is one there, and no gap.
        sheet: Of a workbook; None for the first one.
    """

    path: Path
    where: str = ""
    label: str = ""
    encoding: str = "utf-8"
    separator: str | None = None
    skip: int = 0
    header: bool = True
    names: tuple[str, ...] = ()
    decimal: str | None = None
    texts: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    sheet: str | None = None

    def error(self, message: str) -> DataError:
        """An error that begins with the place in the study file and the name of this file."""
        prefix = f"{self.where}: " if self.where else ""
        return DataError(f"{prefix}{self.label or self.path}{message}")


def choose(names: Sequence[str], wanted: Wanted, refuse: Refuse) -> list[str] | None:
    """The columns to read; None for all, also where a wanted one is missing, which is told later with all names.

    Raises:
        DataError: A name stands twice.
    """
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise refuse(f": the column name {twice[0]!r} occurs twice. Rename one.")
    if wanted is None or not set(wanted) <= set(names):
        return None
    return [name for name in names if name in wanted]


def plain_columns(table: pandas.DataFrame, refuse: Refuse) -> pandas.DataFrame:
    """The columns of a typed table as those of a CSV file are: numbers, text, booleans and dates.

    Raises:
        DataError: A cell holds several values.
    """
    changed: dict[str, pandas.Series] = {}
    for name, values in table.items():
        if isinstance(values.dtype, pandas.CategoricalDtype):
            changed[str(name)] = values.astype(values.cat.categories.dtype)
        elif pandas.api.types.is_timedelta64_dtype(values):
            changed[str(name)] = values.dt.total_seconds()
        elif values.dtype == object:
            kinds = set(values.dropna().map(type))
            if any(issubclass(kind, _SEVERAL) for kind in kinds):
                values = changed[str(name)] = values.map(_as_text)
                kinds = set(values.dropna().map(type))
            nested = [
                kind for kind in kinds if hasattr(kind, "__iter__") and not issubclass(kind, str | bytes)
            ]
            if nested:
                reason = (
                    f": the column {str(name)!r} must hold one value per cell, got a {nested[0].__name__}"
                )
                raise refuse(f"{reason}. Flatten it, or list the columns to use under `data.features`.")
            if kinds == {Decimal}:
                changed[str(name)] = values.astype(float)
    return table.rename(columns=str).assign(**changed)


def _as_text(cell: Any) -> Any:
    """A list of plain values as Python writes it, the same as a model makes of one: its parts can be choices."""
    if not isinstance(cell, _SEVERAL):
        return cell
    values = cell.tolist() if isinstance(cell, numpy.ndarray) else list(cell)
    return (
        cell
        if any(hasattr(value, "__iter__") and not isinstance(value, str) for value in values)
        else str(values)
    )


def western_encoding(content: bytes) -> str:
    """The Western encoding of one byte that a text is mostly in: only that of Windows has signs from 0x80 to 0x9f."""
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        return "latin-1"
    return "cp1252" if any(0x80 <= byte < 0xA0 for byte in content) else "latin-1"


def open_file(file: TableFile) -> IO[bytes]:
    """The bytes of a file, unpacked as its name says."""
    unpack = PACKINGS.get(file.path.suffix.lower())
    return unpack(file.path) if unpack else file.path.open("rb")


def text_encoding(file: TableFile) -> str:
    """That of its text, without the mark with which some programs begin UTF-8."""
    return "utf-8-sig" if file.encoding.lower() in ("utf-8", "utf8") else file.encoding


@contextmanager
def explained(file: TableFile) -> Iterator[None]:
    """Turn what goes wrong with the bytes of a file into errors that say so.

    Raises:
        DataError: It is missing, not packed as its name says, or not in its encoding; or a package is missing that
            reads it.
    """
    try:
        yield
    except FileNotFoundError:
        prefix = f"{file.where}: " if file.where else ""
        cure = "Paths are relative to the folder of the study file." if file.where else "Check the path."
        raise DataError(f"{prefix}there is no file {file.label or file.path}. {cure}") from None
    except ImportError as error:
        raise file.error(
            f" needs the package {error.name}. Install it with `pip install {error.name}`."
        ) from None
    except UnicodeError:
        raise _wrong_byte(file) from None
    except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, zlib.error) as error:
        cure = "Check that it is a complete file, and compressed as its suffix says."
        raise file.error(f" cannot be read: {first_line(error)}. {cure}") from None


def first_line(error: Exception) -> str:
    """What an error says, without its second line and its period."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].rstrip(" .:")


def _wrong_byte(file: TableFile) -> DataError:
    """The byte that does not belong to the encoding, and its line."""
    with explained(file), open_file(file) as stream:
        content = stream.read()
    name = "UTF-8" if file.encoding.lower() in ("utf-8", "utf8") else file.encoding
    try:
        content.decode(file.encoding)
        reason = f" is not {name} text"
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        reason = f" is not {name} text: the byte 0x{content[error.start]:02x} in line {line}"
    except UnicodeError as error:
        reason = f" is not {name} text: {first_line(error)}"
    guessed = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else western_encoding(content)
    cure = (
        f"Save it as UTF-8, or name its encoding under `data` in the study file, as in `encoding: {guessed}`."
    )
    return file.error(f"{reason}. {cure}")


def _open_zip(path: Path) -> IO[bytes]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if not name.startswith("__MACOSX/") and name[-1:] != "/"]
        if len(names) != 1:
            shown = ", ".join(map(repr, names[:_NAMED_FILES]))
            raise zipfile.BadZipFile(f"it holds {len(names)} files ({shown}) and must hold one")
        return archive.open(names[0])


def _open_zstandard(path: Path) -> IO[bytes]:
    import pyarrow

    stream: IO[bytes] = pyarrow.input_stream(str(path), compression="zstd")
    return stream


PACKINGS: Mapping[str, Callable[[Path], Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zip": _open_zip,
    ".zst": _open_zstandard,
}
"""Suffix of a packed file: `path -> stream of what is in it`."""
