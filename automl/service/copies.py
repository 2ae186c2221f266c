"""Copies of the folders of runs, from which a server answers that sees no folder of its workers."""

import shutil
from dataclasses import replace
from typing import final

from automl.records.file_store import FileStore
from automl.records.run_files import copy_files, is_needed_to_read, mark, named_files
from automl.records.runs import Run
from automl.records.store import Records

FOLDER = "copies"
"""Folder of the copies within that of the studies. No process works on a run there."""


@final
class Copies:
    """The copies of a server.

    Args:
        records: The record.
        files: The files of the service; nothing is copied where all processes share their folder.
    """

    def __init__(self, records: Records, files: FileStore) -> None:
        self._records, self._files = records, files
        self._folder = records.mlruns / FOLDER
        self._versions: dict[int, int] = {}

    def located(self, run: Run) -> Run:
        """A run with the folder of its copy; the run itself where its files are not among those of the service.

        Raises:
            RecordError: The record cannot be read.
        """
        if not self._files.is_remote:
            return run
        if run.number not in self._versions:
            if not named_files(self._records, run.number):
                return run
            self._versions.setdefault(run.number, 0)
        return replace(run, folder=self._folder / run.name / run.identifier, elsewhere=False)

    def update(self, run: Run) -> None:
        """Bring the copy of a run that was located to what its files are now. Only one thread at a time may do this.

        Raises:
            RecordError: A file is missing or broken, or cannot be copied.
        """
        if run.number not in self._versions:
            return
        since = self._versions[run.number] if run.folder.is_dir() else 0
        named = named_files(self._records, run.number, since)
        if named:
            mark(self._records, run.folder)
            copy_files(self._files, named, run.folder, is_needed_to_read)
            self._versions[run.number] = max(entry.version for entry in named)

    def forget(self, run: Run) -> None:
        """A run that was located is deleted."""
        if self._versions.pop(run.number, None) is not None:
            shutil.rmtree(run.folder, ignore_errors=True)
