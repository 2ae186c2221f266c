"""Finds the record of a folder, and a run in it by what a person calls it."""

import os
import re
from pathlib import Path

from automl.errors import RecordError
from automl.records.addresses import find_records
from automl.records.database import connect
from automl.records.files import STUDIES, STUDY_FILE
from automl.records.old_journal import find_journals, import_journals
from automl.records.runs import Run, nearest
from automl.records.state import StudyState, state_of
from automl.records.store import Records


def open_records(
    mlruns: Path, uri: str | None = None, create: bool = False, source: str = "--records"
) -> Records:
    """The record of the studies of a folder. Journals that earlier versions of automl left there are read into it once.

    Args:
        mlruns: The folder.
        uri: The database; AUTOML_RECORDS, then a file in the folder, when None.
        create: Whether to make the file and its tables where there are none.
        source: What names the URI, for messages.

    Raises:
        RecordError: The database cannot be used, or there is none.
    """
    mlruns = mlruns.absolute()
    address = find_records(mlruns, uri, source)
    journals, file = find_journals(mlruns), address.file
    if file is not None and not file.is_file() and not journals and not create:
        raise RecordError(f"{mlruns}: there is no study here. Run one with `automl run study.yaml`.")
    records = Records(address, connect(address, create=create or bool(journals)), mlruns)
    if journals:
        import_journals(records, journals)
    return records


def has_records(mlruns: Path, uri: str | None = None) -> bool:
    """Whether there is a record, or an earlier version's journals to make one of.

    Args:
        mlruns: The folder of the studies.
        uri: The database; AUTOML_RECORDS, then a file in the folder, when None. A server counts as a record.

    Raises:
        RecordError: The URI is not one of a database.
    """
    file = find_records(mlruns.absolute(), uri, "records.uri").file
    return file is None or file.is_file() or bool(find_journals(mlruns.absolute()))


def open_run(
    mlruns: Path, study: str | None, uri: str | None = None, with_trials: bool = True
) -> tuple[Records, Run]:
    """The record and a run in it, by what a person calls the study.

    Args:
        mlruns: The folder of the studies.
        study: A name, a study file, the identifier or the folder of a run; the last study that was run when None.
        uri: The database of the record.
        with_trials: Whether to prefer the runs that have trials.

    Raises:
        RecordError: There is no such run.
        StudyFileError: The study file cannot be read.
    """
    source = "--records"
    if study is not None:
        path = Path(study)
        if path.suffix in (".yaml", ".yml") and path.is_file():
            from automl.config.reading import (
                load_study,  # pydantic takes a while, and most commands give a name
            )

            config = load_study(path)
            study = config.name
            if uri is None and config.records.uri is not None:
                uri, source = config.records.uri, "records.uri"
        elif _is_run(path):
            return _by_folder(path, uri)
    records = open_records(mlruns, uri, source=source)
    return records, find_run(records, study, with_trials)


def find_run(records: Records, study: str | None, with_trials: bool = True) -> Run:
    """The newest run of a study that has trials; of all studies when no name is given.

    Of those whose files are in the folder of the record, where there are some.

    By the order in which runs were entered, never by a clock; the newest one of all where none has trials.

    Args:
        records: The record.
        study: A name, or the identifier of a run.
        with_trials: Whether to prefer the runs that have trials.

    Raises:
        RecordError: There is none.
    """
    name = None if study is None else re.sub(r"\.ya?ml$", "", Path(study).name)
    runs = records.runs()
    named = [run for run in runs if name in (None, run.name)]
    named = named or [run for run in runs if name == run.identifier]
    if not named:
        names = sorted({run.name for run in runs})
        missing = "no study" if name is None else f"no study {name!r}"
        cure = f"Known: {', '.join(names)}." if names else "Run one with `automl run study.yaml`."
        raise RecordError(f"{records.mlruns}: there is {missing} here. {cure}")
    named = nearest(named)
    preferred = [run for run in named if run.num_trials or not with_trials]
    return (preferred or named)[-1]


def read_state(records: Records, run: Run) -> StudyState:
    """All that is recorded of a run.

    Raises:
        RecordError: The record cannot be read.
    """
    return state_of(run.folder, records.events(run))


def read_run(folder: Path, uri: str | None = None) -> StudyState:
    """All that is recorded of a run.

    Args:
        folder: Of the run, `mlruns/studies/NAME/RUN`.
        uri: The database of the record; AUTOML_RECORDS, then the file in `mlruns`, when None.

    Raises:
        RecordError: There is none.
    """
    return read_state(*_by_folder(folder, uri))


def _is_run(path: Path) -> bool:
    """Whether a path is the folder of a run, `…/studies/NAME/RUN`, and not one that merely holds a study file."""
    path = _full(path)
    return (path / STUDY_FILE).is_file() and len(path.parents) > 2 and path.parents[1].name == STUDIES


def _full(path: Path) -> Path:
    return Path(os.path.abspath(path))  # without `..`: what matters is what the folders are called


def _by_folder(folder: Path, uri: str | None) -> tuple[Records, Run]:
    folder = _full(folder)
    if len(folder.parents) < 3:
        raise RecordError(f"{folder} is not the folder of a run, mlruns/{STUDIES}/NAME/RUN.")
    records = open_records(folder.parents[2], uri)
    for run in records.runs(folder.parent.name):
        if run.identifier == folder.name:
            return records, run
    where = records.address.shown
    raise RecordError(f"{folder}: this run is not in the record {where}. Name its record with --records.")
