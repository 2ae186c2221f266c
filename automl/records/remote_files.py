"""A folder that is reached by fsspec, as one on S3, Google Cloud Storage or SFTP: files in it are whole or not there.

Options of a file system are fsspec's own: its configuration files and environment variables, and what the address says.
"""

import hashlib
import logging
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, final

from automl.errors import RecordError, explain
from automl.records.disk import InWords, StorageError, make_folder
from automl.secrets import masked

LOGGER = logging.getLogger(__name__)

Value = TypeVar("Value")

_PIECE = 1 << 20
_PART = ".part"
_EXAMPLES = "As in s3://BUCKET/automl, gs://BUCKET/automl or sftp://USER@HOST/automl."


@dataclass(frozen=True, slots=True)
class Entry:
    """A file as it is listed.

    Attributes:
        name: Of the file.
        size: Its bytes.
    """

    name: str
    size: int


@final
class RemoteFolder:
    """A flat folder of files, each named by its digest.

    Args:
        address: Of fsspec.
        patience: Seconds for which a file system that does not respond is asked again.

    Raises:
        RecordError: There is no such file system, or a package that it needs is not installed.
    """

    def __init__(self, address: str, patience: float = 0.0) -> None:
        self.shown = masked(address)
        self._address, self._patience = address, patience
        self._system, self._root = _opened(address, self.shown)

    def send(self, source: Path | bytes, name: str) -> None:
        """Put a file there, from here or from memory.

        Raises:
            StorageError: It cannot be written.
        """
        part = self._at(f".{secrets.token_hex(8)}{_PART}")

        def put() -> None:
            if isinstance(source, bytes):
                self._system.pipe_file(part, source)
            else:
                self._system.put_file(str(source), part)

        def send() -> None:
            try:
                put()
            except FileNotFoundError:
                self._system.makedirs(self._root, exist_ok=True)
                put()
            self._system.mv(part, self._at(name))

        try:
            self._do(send, "written")
        except FileNotFoundError as error:
            raise self._error("written", error) from None
        except BaseException:
            with suppress(Exception):
                self._system.rm_file(part)
            raise

    def fetch(self, name: str, to: Path) -> None:
        """Bring a file here, whole or not at all; one that arrives broken is fetched a second time.

        Raises:
            RecordError: It is missing or broken.
            StorageError: It cannot be read, or not be written here.
        """
        temporary = to.with_name(f".{to.name}.{secrets.token_hex(4)}")
        try:
            for _ in range(2):
                if self._do(lambda: self._copied(name, temporary), "read") == name.partition(".")[0]:
                    with InWords(to.parent):
                        temporary.replace(to)
                    return
        except FileNotFoundError:
            raise missing(self.shown, name) from None
        finally:
            with suppress(OSError):
                temporary.unlink()
        cure = "Restore it from a backup, or send it again."
        raise RecordError(f"{self.shown}: the content of the file {name} has another digest. {cure}")

    def _copied(self, name: str, to: Path) -> str:
        """Copy a file; gives the digest of what arrives."""
        digest = hashlib.sha256()
        with self._system.open(self._at(name), "rb") as source:
            with InWords(to.parent):
                make_folder(to.parent)
                file = to.open("wb")
            try:
                while piece := source.read(_PIECE):
                    digest.update(piece)
                    with InWords(to.parent):
                        file.write(piece)
                with InWords(to.parent):
                    file.flush()
            finally:
                with suppress(OSError):  # a second time, of a disk that is full
                    file.close()
        return digest.hexdigest()

    def has(self, name: str) -> bool:
        """Whether there is a file of that name.

        Raises:
            StorageError: The file system does not respond.
        """
        with suppress(FileNotFoundError):
            self._do(lambda: self._system.info(self._at(name)), "read")
            return True
        return False

    def entries(self) -> Iterator[Entry]:
        """All files, those included that a killed process has not finished.

        Raises:
            StorageError: The file system does not respond.
        """
        with suppress(FileNotFoundError):
            for entry in self._do(lambda: self._system.ls(self._root, detail=True), "read"):
                if entry.get("type", "file") == "file":
                    yield Entry(str(entry["name"]).rpartition("/")[2], int(entry.get("size") or 0))

    def changed(self, name: str) -> float | None:
        """When a file was written, in seconds since 1970; None where that is not known.

        Raises:
            StorageError: The file system does not respond.
        """
        with suppress(FileNotFoundError, NotImplementedError):
            return float(self._do(lambda: self._system.modified(self._at(name)), "read").timestamp())
        return None

    def remove(self, name: str) -> None:
        """Remove a file, where it is there.

        Raises:
            StorageError: The file system does not respond.
        """
        with suppress(FileNotFoundError):
            self._do(lambda: self._system.rm_file(self._at(name)), "written")

    def _at(self, name: str) -> str:
        return f"{self._root}/{name}"

    def _do(self, action: Callable[[], Value], verb: str) -> Value:
        """Do something with the file system, again and again while there is patience where it does not respond."""
        until = time.monotonic() + self._patience
        while True:
            try:
                self._system.invalidate_cache()
                return action()
            except (FileNotFoundError, NotImplementedError, RecordError):
                raise
            except Exception as error:  # file systems raise whatever their parts raise
                if isinstance(error, PermissionError) or time.monotonic() >= until:
                    raise self._error(verb, error) from None
                LOGGER.warning("%s does not respond; trying again.", self.shown)
            time.sleep(min(1.0, self._patience))

    def _error(self, verb: str, error: Exception) -> StorageError:
        lines = str(getattr(error, "strerror", None) or error).strip().splitlines()
        reason = masked(lines[0].rstrip("."), self._address) if lines else type(error).__name__
        return StorageError(
            f"{self.shown} cannot be {verb}: {reason}. Check the address and the access to it."
        )


def missing(place: str | Path, name: str) -> RecordError:
    """What to say of a file that is not there."""
    cure = "Restore the folder from a backup, or send the file again."
    return RecordError(f"{place}: the file {name} is missing. {cure}")


def _opened(address: str, shown: str) -> tuple[Any, str]:
    """The file system of an address, and the folder there."""
    try:
        from fsspec.core import url_to_fs
    except ModuleNotFoundError as error:
        cure = "Install it with `pip install automl[remote]`."
        raise RecordError(f"{shown} needs the package {error.name}, which is not installed. {cure}") from None
    try:
        system, root = url_to_fs(address)
    except ImportError as error:
        package = getattr(error.__cause__, "name", None) or getattr(error, "name", None)
        cure = f" Install it with `pip install {package}`." if package else ""
        raise RecordError(f"{shown} cannot be used: {str(error).rstrip('.')}.{cure}") from None
    except Exception as error:  # file systems raise whatever their parts raise
        reason = masked(str(error), address).rstrip(".")
        text = explain("--files", "be a folder or an address of fsspec", shown, f"{reason}. {_EXAMPLES}")
        raise RecordError(text) from None
    return system, str(root).rstrip("/")
