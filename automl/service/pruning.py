"""Deletes what a service no longer needs: studies that ended long ago, and files that no study names."""

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from automl.errors import RecordError
from automl.records.file_names import is_name, names_in
from automl.records.file_store import FileStore
from automl.records.files import STUDIES
from automl.records.queue import Page, Queue
from automl.records.run_files import names_of_all, needless_folders
from automl.records.submissions import Submission
from automl.service.copies import FOLDER

_DAY = 86_400.0
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Pruned:
    """What was deleted, or would be.

    Attributes:
        studies: Identifiers of studies.
        files: Names of files.
        size: Bytes of these files.
        kept_studies: Studies that could not be deleted, with the reason.
    """

    studies: list[str] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    size: int = 0
    kept_studies: list[str] = field(default_factory=list)


def prune(queue: Queue, files: FileStore, days: float, dry_run: bool = False) -> Pruned:
    """Delete studies that ended so many days ago, then files of at least a day that no study names.

    Args:
        queue: The studies.
        files: Study files and tables, and files of runs.
        days: Since their state last changed.
        dry_run: Whether only to list what would be deleted.

    Raises:
        RecordError: The record or the files cannot be used.
    """
    now, studies, kept_studies, used = time.time(), [], [], set()
    runs: list[int] = []
    for submission in list(_submissions(queue)):
        if submission.state.is_final and submission.changed < now - days * _DAY:
            try:
                if not dry_run:
                    queue.remove(submission.identifier)
                studies.append(submission.identifier)
                runs += [] if submission.run is None else [submission.run]
                continue
            except RecordError as error:
                kept_studies.append(f"{submission.identifier}: {error}")
        used |= _named(submission, files)
    used |= names_of_all(queue.records, runs)
    needless = [
        entry for entry in files.entries() if entry.name not in used and _is_old(files, entry.name, now)
    ]
    listed = [entry for entry in needless if is_name(entry.name)]  # the others were never finished
    if not dry_run:
        for entry in needless:
            files.remove(entry.name)
        _clean(queue, files, now)
    return Pruned(
        studies, [entry.name for entry in listed], sum(entry.size for entry in listed), kept_studies
    )


def _submissions(queue: Queue) -> Iterator[Submission]:
    before = None
    while page := queue.page(Page(before=before, limit=_PAGE)):
        yield from page
        before = page[-1].number


def _named(submission: Submission, files: FileStore) -> set[str]:
    """The study file of a study, and the files that it names; one that cannot be read keeps all files."""
    if not files.has(submission.file):
        return {submission.file}
    return {submission.file, *names_in(files.text(submission.file))}


def _is_old(files: FileStore, name: str, now: float) -> bool:
    """Whether a file is at least a day old and has a name of ours, or one that it has until it is whole."""
    if not is_name(name) and not name.startswith("."):
        return False
    changed = files.changed(name)
    return changed is not None and now - changed > _DAY


def _clean(queue: Queue, files: FileStore, now: float) -> None:
    """Delete copies on this machine: of files that are not there any more, and folders of runs that were deleted."""
    there = set(files.names())
    for entry in files.copies():
        with suppress(OSError):
            path = files.folder / entry.name
            if entry.name not in there and now - path.stat().st_mtime > _DAY:
                path.unlink()
    if files.is_remote:
        mlruns = queue.records.mlruns
        for folder in needless_folders(queue.records, (mlruns / FOLDER, mlruns / STUDIES)):
            shutil.rmtree(folder, ignore_errors=True)
