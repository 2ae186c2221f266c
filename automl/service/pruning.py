"""Deletes what a service no longer needs: studies that ended long ago, and files that no study names."""

import re
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from automl.errors import RecordError
from automl.records.file_store import FileStore
from automl.records.queue import Page, Queue
from automl.records.submissions import Submission

_DAY = 86_400.0
_PAGE = 500
_NAMES = re.compile(r"[0-9a-f]{64}(?:\.[a-z0-9]{1,8}){1,2}")


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
        files: Study files and tables.
        days: Since their state last changed.
        dry_run: Whether only to list what would be deleted.

    Raises:
        RecordError: The record cannot be used.
    """
    now, studies, kept_studies, used = time.time(), [], [], set()
    for submission in list(_submissions(queue)):
        if submission.state.is_final and submission.changed < now - days * _DAY:
            try:
                if not dry_run:
                    queue.remove(submission.identifier)
                studies.append(submission.identifier)
                continue
            except RecordError as error:
                kept_studies.append(f"{submission.identifier}: {error}")
        used |= _named(submission, files)
    names = [name for name in files.names() if name not in used and _age(files, name, now) > _DAY]
    size = sum((files.folder / name).stat().st_size for name in names)
    if not dry_run:
        for path in (*(files.folder / name for name in names), *_leftovers(files, now)):
            with suppress(OSError):
                path.unlink()
    return Pruned(studies, names, size, kept_studies)


def _submissions(queue: Queue) -> Iterator[Submission]:
    before = None
    while page := queue.page(Page(before=before, limit=_PAGE)):
        yield from page
        before = page[-1].number


def _named(submission: Submission, files: FileStore) -> set[str]:
    """The study file of a study, and the files that it names."""
    try:
        return {submission.file, *_NAMES.findall(files.text(submission.file))}
    except RecordError:
        return {submission.file}


def _age(files: FileStore, name: str, now: float) -> float:
    return now - (files.folder / name).stat().st_mtime


def _leftovers(files: FileStore, now: float) -> Iterator[Path]:
    """Files of at least a day that a killed server has not finished."""
    for path in files.folder.glob(".*"):
        with suppress(OSError):
            if path.is_file() and now - path.stat().st_mtime > _DAY:
                yield path
