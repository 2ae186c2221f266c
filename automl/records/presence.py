"""Which processes have the SQLite file of a record open: one that others have open must never be deleted.

SQLite would take the journal of a new file of the same name for that of the deleted one, and lose what is in it. So
every process that opens the file holds a shared lock on a file beside it, and only who gets it alone may delete.
"""

import fcntl
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO


def announce(file: Path, create: bool) -> IO[str] | None:
    """Say that this process has a SQLite file open, for as long as the result lives.

    Args:
        file: The SQLite file.
        create: Whether to make its folder.

    Returns:
        The lock; None where the folder is read-only or knows no locks.

    Raises:
        OSError: The folder cannot be made.
    """
    path = _lock_of(file)
    while True:
        if create:
            file.parent.mkdir(parents=True, exist_ok=True)
        lock = _opened(path)
        if lock is None:
            if create and not file.parent.exists():  # it was empty, and another process has removed it
                continue
            return None
        try:
            fcntl.flock(lock, fcntl.LOCK_SH)
        except OSError:
            return None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(lock.fileno()), path.stat()):
                return lock
        lock.close()  # it was deleted while this process waited for it


def delete_alone(file: Path, lock: IO[str], is_empty: Callable[[], bool]) -> None:
    """Delete a SQLite file that no other process has open, and its folder where it holds nothing else.

    Args:
        file: The SQLite file, closed in this process.
        lock: What `announce` returned; it is given up.
        is_empty: Whether there is nothing in the file that counts; leaves it closed.
    """
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # another process has it open
        return
    try:
        if is_empty():
            for path in (file, _lock_of(file)):
                path.unlink(missing_ok=True)
            with suppress(OSError):  # it holds other files
                file.parent.rmdir()
    finally:
        fcntl.flock(lock, fcntl.LOCK_UN)


def _lock_of(file: Path) -> Path:
    return file.with_name(f"{file.name}.lock")


def _opened(path: Path) -> IO[str] | None:
    for mode in ("a", "r"):
        with suppress(OSError):
            return path.open(mode)
    return None
