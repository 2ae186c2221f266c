"""The files that travel between clients, server and workers: study files and tables, each named by its digest.

They lie in one flat folder that server and workers share. A study file refers to a table by the name that it has there,
`data: {path: DIGEST.csv}`, so that no path of a client is ever followed.
"""

import hashlib
import os
import re
import secrets
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import IO, final

from automl.errors import DataError, RecordError
from automl.records.disk import make_folder, sync_folder

FOLDER = "files"
"""Folder of these files within that of the studies, where no option names another."""

STUDY_SUFFIX = ".yaml"

_NAME = re.compile(r"[0-9a-f]{64}(?:\.[a-z0-9]{1,8}){1,2}")
_SUFFIX = re.compile(r"(?:\.[a-z0-9]{1,8}){1,2}")


@final
class FileStore:
    """The folder of the files.

    Args:
        folder: It is made when the first file is put into it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, content: bytes, suffix: str) -> str:
        """Keep content; gives its name.

        Raises:
            RecordError: The disk is full or the folder cannot be written.
        """
        with self.begin(suffix) as file:
            file.write(content)
            return file.keep()

    def begin(self, suffix: str) -> "Incoming":
        """A file that is written piece by piece, and has no name until it is whole.

        Raises:
            RecordError: The folder cannot be written.
        """
        assert _SUFFIX.fullmatch(suffix), suffix
        with self._in_words():
            make_folder(self.folder)
            return Incoming(self, suffix)

    def path(self, name: str) -> Path:
        """Where a file is.

        Raises:
            RecordError: There is none of that name.
        """
        path = self.folder / name
        if not is_name(name) or not path.is_file():
            cure = "Restore the folder from a backup, or send the file again."
            raise RecordError(f"{self.folder}: the file {name} is missing. {cure}")
        return path

    def has(self, name: str) -> bool:
        """Whether there is a file of that name."""
        return is_name(name) and (self.folder / name).is_file()

    def text(self, name: str) -> str:
        """The text of a file.

        Raises:
            RecordError: It is missing, or cannot be read.
        """
        path = self.path(name)
        try:
            return path.read_text(encoding="utf-8")
        except OSError as error:
            raise RecordError(f"{path} cannot be read: {error.strerror}.") from None

    def names(self) -> Iterable[str]:
        """All files."""
        with suppress(FileNotFoundError):
            yield from sorted(name for name in os.listdir(self.folder) if is_name(name))

    def check(self) -> None:
        """Whether a file can be written.

        Raises:
            RecordError: It cannot.
        """
        with self.begin(".tmp") as file:
            file.write(b"written to see whether it can be")

    def _in_words(self) -> "InWords":
        return InWords(self.folder)


@final
class Incoming:
    """A file that is being written. It is removed where `keep` was not called when its block ends."""

    def __init__(self, store: FileStore, suffix: str) -> None:
        self._store, self._suffix, self._digest = store, suffix, hashlib.sha256()
        self.path = store.folder / f".{secrets.token_hex(8)}{suffix}"
        self.size = 0
        self._file: IO[bytes] = self.path.open("xb")

    def __enter__(self) -> "Incoming":
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._file.close()
        with suppress(OSError):
            self.path.unlink()

    def write(self, content: bytes) -> None:
        """Add content.

        Raises:
            RecordError: The disk is full.
        """
        with self._store._in_words():
            self._file.write(content)
        self._digest.update(content)
        self.size += len(content)

    def flush(self) -> None:
        """Bring what was written onto the disk.

        Raises:
            RecordError: The disk is full.
        """
        with self._store._in_words():
            self._file.flush()
            os.fsync(self._file.fileno())

    def keep(self) -> str:
        """The file is whole; gives its name.

        Raises:
            RecordError: The disk is full.
        """
        self.flush()
        name = f"{self._digest.hexdigest()}{self._suffix}"
        with self._store._in_words():
            self.path.replace(self._store.folder / name)
            sync_folder(self._store.folder)
        return name


@final
class InWords:
    """Turns errors of the system into words while it is entered.

    Args:
        folder: That is written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, OSError):
            message = f"{self._folder} cannot be written: {error.strerror or error}"
            raise StorageError(f"{message}. Free the disk, or restore the folder.") from None


class StorageError(RecordError):
    """The disk of the service is full, or its folder has vanished."""


class TooLargeError(DataError):
    """A table is larger than the service takes."""


def is_name(text: str) -> bool:
    """Whether a text has the form of a name of a file: a digest and a suffix.

    >>> is_name(64 * "a" + ".csv.gz"), is_name("../" + 64 * "a" + ".csv"), is_name(64 * "a")
    (True, False, False)
    """
    return _NAME.fullmatch(text) is not None


def suffix_of(name: str, is_known: Callable[[str], bool]) -> str | None:
    """The suffix of a file's name, of one or two parts, that is known; None where there is none.

    >>> suffix_of("my.table.csv.gz", lambda suffix: suffix == ".csv.gz")
    '.csv.gz'
    """
    parts = name.lower().split(".")[1:]
    suffixes = [f".{'.'.join(parts[-count:])}" for count in (2, 1) if len(parts) >= count]
    return next((suffix for suffix in suffixes if _SUFFIX.fullmatch(suffix) and is_known(suffix)), None)
