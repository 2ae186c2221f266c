"""The files of a run among those of a service: put there as they come, and copied from there to where they are read.

The process that runs a study puts the files of its folder into a remote `FileStore` before it records the events that
follow from them, and writes their names into the table `run_files`, by path. Whoever does not see that folder copies
those that changed into a folder of its own.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.engine import Connection

from automl.errors import RecordError
from automl.records.disk import InWords
from automl.records.events import CohortAsked, Event, PhaseBegun, TrialEnded
from automl.records.file_names import digest_of, is_whole
from automl.records.file_store import FileStore
from automl.records.files import STUDIES as STUDIES_FOLDER
from automl.records.files import TRIALS, trial_files
from automl.records.leases import Lease
from automl.records.runs import Run
from automl.records.store import Records
from automl.records.tables import RUN_FILES
from automl.records.transactions import held

SUFFIX = ".run"
"""Ends the names of files of runs."""

_MARK = ".files"
"""In a folder of a run whose files have been put or copied: names the record. Such a folder can be made again."""

_LOCAL = re.compile(r"(?:^|/)\.|(?:^|/)__pycache__/|^progress\.(?:json|new)$")
"""Paths that mean nothing elsewhere."""

_AT_ONCE = 500
Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file of a run.

    Attributes:
        path: Within the folder of the run.
        file: Its name among those of the service; empty where it is no longer part of the run.
        version: Larger than those of all earlier changes of the run.
    """

    path: str
    file: str
    version: int


def named_files(records: Records, run: int, since: int = 0) -> list[NamedFile]:
    """The files of a run that have changed after a version.

    Raises:
        RecordError: The record cannot be read.
    """
    columns = (RUN_FILES.c.path, RUN_FILES.c.file, RUN_FILES.c.version)
    wanted = select(*columns).where(RUN_FILES.c.study == run, RUN_FILES.c.version > since)
    rows = records.read(lambda connection: connection.execute(wanted.order_by(RUN_FILES.c.version)).all())
    return [NamedFile(*row) for row in rows]


def names_of_all(records: Records, removed: Iterable[int] = ()) -> set[str]:
    """The names of the files of all runs.

    Args:
        records: The record.
        removed: Numbers of runs that are left out.

    Raises:
        RecordError: The record cannot be read.
    """
    numbers = set(removed)
    wanted = select(RUN_FILES.c.study, RUN_FILES.c.file).distinct()
    rows = records.read(lambda connection: connection.execute(wanted).all())
    return {row.file for row in rows if row.study not in numbers}


def copy_files(
    files: FileStore, named: Iterable[NamedFile], folder: Path, wanted: Callable[[str], bool] = lambda _: True
) -> None:
    """Bring a folder to what the files of a run are now. What has its content already is not copied.

    Args:
        files: Where they are.
        named: Those that may have changed.
        folder: The copy.
        wanted: Whether a file is wanted, by its path.

    Raises:
        RecordError: A file is missing or broken, the files cannot be read, or the folder cannot be written.
    """
    for entry in named:
        path = folder / entry.path
        if _LOCAL.search(entry.path) or not path.resolve().is_relative_to(folder.resolve()):
            raise RecordError(
                f"{folder}: the record names a file {entry.path!r} of this run. Restore the record."
            )
        if not entry.file:
            with InWords(folder):
                path.unlink(missing_ok=True)
        elif wanted(entry.path) and not is_whole(path, entry.file):
            files.fetch(entry.file, path)


def mark(records: Records, folder: Path) -> None:
    """Note in the folder of a run that its files are among those of the service.

    Raises:
        RecordError: The folder cannot be written.
    """
    with InWords(folder):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _MARK).write_text(records.address.shown, encoding="utf-8")


def needless_folders(records: Records, places: Iterable[Path]) -> list[Path]:
    """Folders of runs on this machine that can be made again, and whose runs were deleted.

    Args:
        records: The record. Folders of runs of another one are left alone.
        places: Where such folders are, as `PLACE/NAME/IDENTIFIER`.

    Raises:
        RecordError: The record cannot be read.
    """
    marks = [path for place in places for path in sorted(place.glob(f"*/*/{_MARK}"))]
    folders = [path.parent for path in marks if _marked(path) == records.address.shown]
    runs = {(run.name, run.identifier) for run in records.runs()} if folders else set()
    return [folder for folder in folders if (folder.parent.name, folder.name) not in runs]


def _marked(path: Path) -> str:
    """What a mark says; nothing where it cannot be read."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return ""


def with_folder_here(records: Records, files: FileStore, run: Run) -> Run:
    """A run whose folder is that of this process, with all of its files, so that this process can continue it.

    Raises:
        RecordError: They cannot be copied.
    """
    named = named_files(records, run.number) if files.is_remote else []
    if not named:
        return run
    folder = records.mlruns / STUDIES_FOLDER / run.name / run.identifier
    mark(records, folder)
    copy_files(files, named, folder)
    return replace(run, folder=folder, elsewhere=False)


def is_needed_to_read(path: str) -> bool:
    """Whether a file of a run is needed to show it: not what single trials predicted, which is most of it."""
    return not path.endswith(".predictions.npy")


@final
class Publisher:
    """Puts the files of a run that this process holds among those of the service.

    Args:
        records: The record.
        lease: The right to the run.
        folder: Of the run.
        files: Where they are put.
    """

    def __init__(self, records: Records, lease: Lease, folder: Path, files: FileStore) -> None:
        self._records, self._lease, self._folder, self._files = records, lease, folder, files
        self._stamps: dict[str, Stamp] = {}
        self._names: dict[str, str] = {}

    def publish_all(self) -> None:
        """Put all files that are not there yet.

        Raises:
            RecordError: They cannot be put, or another process has taken the run over.
        """
        mark(self._records, self._folder)
        named = named_files(self._records, self._lease.study)
        self._names = {entry.path: entry.file for entry in named if entry.file}
        self._publish(_paths(self._folder, with_trials=True))

    def publish(self, events: Iterable[Event]) -> None:
        """Put the files that events tell of, which are about to be recorded.

        Raises:
            RecordError: They cannot be put, or another process has taken the run over.
        """
        events = [event for event in events if not isinstance(event, CohortAsked | PhaseBegun)]
        if events:
            numbers = [event.number for event in events if isinstance(event, TrialEnded)]
            files = [path for number in numbers for path in trial_files(Path(), number)]
            of_trials = [path.as_posix() for path in files]
            self._publish([*of_trials, *_paths(self._folder, with_trials=False)])

    def _publish(self, paths: Sequence[str]) -> None:
        try:
            present = {path: _stamp(file) for path in paths if (file := self._folder / path).is_file()}
            changed = [path for path, stamp in present.items() if self._stamps.get(path) != stamp]
            names = {path: self._put(path) for path in changed}
        except OSError as error:
            raise RecordError(f"{self._folder} cannot be read: {error.strerror or error}.") from None
        gone = [path for path in self._names if not path.startswith(f"{TRIALS}/") and path not in present]
        rows = {path: name for path, name in names.items() if self._names.get(path) != name}
        rows |= dict.fromkeys(gone, "")
        if rows:
            self._records.write(lambda connection: _enter(connection, self._lease, rows))
        self._names |= names
        for path in gone:
            del self._names[path]
        self._stamps |= {path: present[path] for path in changed}

    def _put(self, path: str) -> str:
        """Put a file, unless its content is there under this path; gives its name."""
        name = f"{digest_of(self._folder / path)}{SUFFIX}"
        if self._names.get(path) == name:
            return name
        return self._files.add(self._folder / path, SUFFIX)


def _enter(connection: Connection, lease: Lease, rows: Mapping[str, str]) -> None:
    """Write the names of files of a run that this process holds."""
    held(connection, lease)
    last = select(func.max(RUN_FILES.c.version)).where(RUN_FILES.c.study == lease.study)
    version = (connection.execute(last).scalar() or 0) + 1
    paths = list(rows)
    for first in range(0, len(paths), _AT_ONCE):
        part = paths[first : first + _AT_ONCE]
        there = RUN_FILES.c.study == lease.study, RUN_FILES.c.path.in_(part)
        connection.execute(delete(RUN_FILES).where(*there))
        new = [{"study": lease.study, "path": path, "file": rows[path], "version": version} for path in part]
        connection.execute(insert(RUN_FILES), new)


def _paths(folder: Path, with_trials: bool) -> Sequence[str]:
    """The files in the folder of a run, by their paths within it."""
    return sorted(path for path in _walk(folder, folder, with_trials) if not _LOCAL.search(path))


def _walk(folder: Path, top: Path, with_trials: bool) -> Iterator[str]:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            if not path.name.startswith(".") and (with_trials or path != top / TRIALS):
                yield from _walk(path, top, with_trials)
        else:
            yield path.relative_to(top).as_posix()


def _stamp(path: Path) -> Stamp:
    """Changes with the content of a file."""
    status = path.stat()
    return status.st_mtime_ns, status.st_size, status.st_ino
