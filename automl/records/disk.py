"""Names and folders on the disk, for files that are written whole or not at all."""

import errno
import os
import re
from contextlib import suppress
from pathlib import Path
from typing import final

from automl.errors import RecordError

_LEFTOVER = re.compile(r"\..+\.[0-9a-f]{8}")
"""Name of a file that `files.write_whole` has not finished."""


def make_folder(folder: Path) -> None:
    """Make a folder with those above it, so that they are on disk."""
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for path in reversed(missing):
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder onto the disk, where the file system can do that."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
    finally:
        os.close(descriptor)


def remove_leftovers(folder: Path) -> None:
    """Remove from the folder of a run what killed processes had begun to write. Its holder alone may call this."""
    for directory in (folder, *folder.glob("*/")):
        for path in directory.glob(".*.*"):
            if _LEFTOVER.fullmatch(path.name):
                with suppress(OSError):
                    path.unlink()


def broken(path: Path, why: str) -> RecordError:
    """What to say of a file whose content is of another form."""
    return RecordError(f"{path} is broken: {why}. Restore it, or delete the run.")


class StorageError(RecordError):
    """The disk of the service is full, or its files have vanished."""


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
