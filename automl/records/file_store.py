"""The files that travel between clients, server and workers: study files and tables, each named by its digest.

They lie in one flat folder that server and workers share: one of this machine, or one that fsspec reaches, of whose
files copies are kept here. A study file refers to a table by the name that it has there, `data: {path: DIGEST.csv}`,
so that no path of a client is ever followed.
"""

import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, final

from automl.errors import DataError, RecordError
from automl.records.disk import InWords, make_folder, sync_folder
from automl.records.file_names import digest_of, is_name, is_suffix, is_whole, names_in
from automl.records.files import write_whole
from automl.records.remote_files import Entry, RemoteFolder, missing

FOLDER = "files"
"""Folder of these files, or of copies of them, within that of the studies, where no option names another."""

STUDY_SUFFIX = ".yaml"

_PIECE = 1 << 20


@final
class FileStore:
    """The files.

    Args:
        folder: Where they are; it is made when the first file is put into it. With `remote`, where copies are kept.
        remote: Where they are, when that is not a folder of this machine.
    """

    def __init__(self, folder: Path, remote: RemoteFolder | None = None) -> None:
        self.folder, self._remote = folder, remote

    @property
    def is_remote(self) -> bool:
        """Whether processes see these files that see no folder of this machine."""
        return self._remote is not None

    def put(self, content: bytes, suffix: str) -> str:
        """Keep content; gives its name.

        Raises:
            RecordError: The disk is full or the folder cannot be written.
        """
        if self._remote is not None:
            name = f"{hashlib.sha256(content).hexdigest()}{suffix}"
            self._remote.send(content, name)
            return name
        with self.begin(suffix) as file:
            file.write(content)
            return file.keep()

    def add(self, source: Path, suffix: str) -> str:
        """Keep a file from elsewhere on this machine; gives its name.

        Raises:
            RecordError: The disk is full or the folder cannot be written.
        """
        if self._remote is not None:
            name = f"{digest_of(source)}{suffix}"
            self._remote.send(source, name)
            return name
        with self.begin(suffix) as file, source.open("rb") as content:
            while piece := content.read(_PIECE):
                file.write(piece)
            return file.keep()

    def begin(self, suffix: str) -> "Incoming":
        """A file that is written piece by piece, and has no name until it is whole.

        Raises:
            RecordError: The folder cannot be written.
        """
        assert is_suffix(suffix), suffix
        with InWords(self.folder):
            make_folder(self.folder)
            return Incoming(self.folder, self._remote, suffix)

    def path(self, name: str) -> Path:
        """Where a file is. A copy that is not here yet, or is broken, is fetched.

        Raises:
            RecordError: There is none of that name, or it cannot be fetched.
        """
        path = self.folder / name
        if is_name(name) and self._remote is not None and not is_whole(path, name):
            self._remote.fetch(name, path)
        if not is_name(name) or not path.is_file():
            raise missing(self.folder, name)
        return path

    def fetch(self, name: str, to: Path) -> None:
        """Write a file to another place, whole or not at all.

        Raises:
            RecordError: There is none of that name, or the place cannot be written.
        """
        if self._remote is not None:
            self._remote.fetch(name, to)
        else:
            source = self.path(name)
            with source.open("rb") as content:
                write_whole(to, lambda file: shutil.copyfileobj(content, file))

    def fetch_named(self, text: str) -> None:
        """Have here what a study file names.

        Raises:
            RecordError: It cannot be fetched.
        """
        if self._remote is not None:
            for name in names_in(text):
                if self._remote.has(name):
                    self.path(name)

    def has(self, name: str) -> bool:
        """Whether there is a file of that name.

        Raises:
            RecordError: The remote folder does not respond.
        """
        if not is_name(name):
            return False
        return (self.folder / name).is_file() if self._remote is None else self._remote.has(name)

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
        return sorted(entry.name for entry in self.entries() if is_name(entry.name))

    def entries(self) -> Iterator[Entry]:
        """All files with their sizes, those included that a killed process has not finished."""
        yield from _local_entries(self.folder) if self._remote is None else self._remote.entries()

    def changed(self, name: str) -> float | None:
        """When a file was written, in seconds since 1970; None where that is not known."""
        if self._remote is not None:
            return self._remote.changed(name)
        with suppress(OSError):
            return (self.folder / name).stat().st_mtime
        return None

    def remove(self, name: str) -> None:
        """Remove a file, where it is there, and its copy.

        Raises:
            RecordError: The remote folder does not respond.
        """
        with suppress(OSError):
            (self.folder / name).unlink()
        if self._remote is not None:
            self._remote.remove(name)

    def copies(self) -> Iterator[Entry]:
        """The copies of remote files that are kept here; nothing where the files themselves are here."""
        if self._remote is not None:
            yield from _local_entries(self.folder)

    def check(self) -> None:
        """Whether a file can be written.

        Raises:
            RecordError: It cannot.
        """
        content, suffix = b"written to see whether it can be", ".tmp"
        with self.begin(suffix) as file:
            file.write(content)
        if self._remote is not None:
            self.remove(self.put(content, suffix))


@final
class Incoming:
    """A file that is being written. It is removed where `keep` was not called when its block ends."""

    def __init__(self, folder: Path, remote: RemoteFolder | None, suffix: str) -> None:
        self._folder, self._remote, self._suffix = folder, remote, suffix
        self._digest = hashlib.sha256()
        self.path = folder / f".{secrets.token_hex(8)}{suffix}"
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
        with InWords(self._folder):
            self._file.write(content)
        self._digest.update(content)
        self.size += len(content)

    def flush(self) -> None:
        """Bring what was written onto the disk.

        Raises:
            RecordError: The disk is full.
        """
        with InWords(self._folder):
            self._file.flush()
            os.fsync(self._file.fileno())

    def keep(self) -> str:
        """The file is whole; gives its name.

        Raises:
            RecordError: The disk is full, or the remote folder cannot be written.
        """
        self.flush()
        name = f"{self._digest.hexdigest()}{self._suffix}"
        if self._remote is not None:
            self._remote.send(self.path, name)
        with InWords(self._folder):
            self.path.replace(self._folder / name)
            sync_folder(self._folder)
        return name


class TooLargeError(DataError):
    """A table is larger than the service takes."""


def is_address(files: str | Path) -> bool:
    """Whether files are to be kept at an address of fsspec, not in a folder.

    >>> is_address("s3://bucket/automl"), is_address("mlruns/files")
    (True, False)
    """
    return "://" in str(files)


def folder_of(files: str | Path, mlruns: Path) -> Path:
    """The folder of the files, or of copies of them, on this machine."""
    return mlruns / FOLDER if is_address(files) else Path(files)


def open_files(files: str | Path, mlruns: Path, patience: float = 0.0) -> FileStore:
    """The files of a service.

    Args:
        files: A folder, or an address of fsspec.
        mlruns: Folder of the studies, for copies.
        patience: Seconds for which an address that does not respond is asked again.

    Raises:
        RecordError: The address cannot be used.
    """
    remote = RemoteFolder(str(files), patience) if is_address(files) else None
    return FileStore(folder_of(files, mlruns), remote)


def _local_entries(folder: Path) -> Iterator[Entry]:
    with suppress(FileNotFoundError):
        for path in sorted(folder.iterdir()):
            with suppress(FileNotFoundError):  # another process is faster
                if path.is_file():
                    yield Entry(path.name, path.stat().st_size)
