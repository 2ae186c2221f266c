"""Runs one submitted study in a process of its own: `python -m automl.service.driver`, started by a worker."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

from automl.config.reading import read_study
from automl.config.study import StudyConfig
from automl.errors import RecordError
from automl.records.claims import Claims
from automl.records.file_store import FileStore
from automl.records.finding import open_records
from automl.records.leases import Lease
from automl.records.queue import Queue
from automl.records.run_files import with_folder_here
from automl.records.service_processes import ServiceProcesses
from automl.records.store import Records
from automl.records.submissions import Submission
from automl.service.job import Job, do_job
from automl.study.resuming import Unfinished, check_can_go_on, unfinished
from automl.study.table import PreparedTable, prepare_table

STUDY_FILE = "study.yaml"
"""What messages call a study file that was sent."""

_HELD_SECONDS = 20.0
"""How long the process that ran the study before is waited for: it may be about to end."""


@dataclass(frozen=True, slots=True)
class Stores:
    """Where a driver finds and keeps things.

    Attributes:
        records: The record.
        files: The files of the service.
    """

    records: Records
    files: FileStore


def main() -> None:
    """Do what the first line of standard input says."""
    do_job(lambda job, _: drive(job))


def drive(job: Job) -> int:
    """Check a study, run it, or go on with it.

    Returns:
        The exit status.

    Raises:
        AutoMLError: Something is wrong with it.
        KeyboardInterrupt: It was interrupted.
    """
    began = time.monotonic()
    records = open_records(Path(job.mlruns), job.records, create=True)
    submission = Queue(records).find(job.identifier)
    files = job.open_files()
    config = config_of(submission, files)
    check_code(config, job.allow_code)
    if job.check:
        prepare_table(config)
        return 0
    candidate = _to_go_on_with(records, files, submission, config)
    if candidate is None or not candidate.is_done:
        _run(job, Stores(records, files), config, candidate, began)
    return 0


def num_helpers(processes: ServiceProcesses, job: Job) -> int:
    """How many other workers could train cohorts of a study, those included that do."""
    others = [process for process in processes.alive() if process.helps and process.owner != job.owner]
    return sum(process.submission in (None, job.number) for process in others)


def config_of(submission: Submission, files: FileStore) -> StudyConfig:
    """The study that was sent. What it names among the files of the service is in their folder afterwards.

    Raises:
        StudyFileError: It is wrong.
        RecordError: Its file is missing.
    """
    text = files.text(submission.file)
    files.fetch_named(text)
    config = read_study(text, Path(STUDY_FILE), folder=files.folder)
    return config.model_copy(update={"name": submission.name})


def check_code(config: StudyConfig, allowed: bool) -> None:
    """Refuse a study that brings code of its own, where the worker does not run it.

    Raises:
        RecordError: It brings some.
    """
    given = {
        ("network", "builder"): config.network.builder is not None,
        ("objective",): bool(config.own_metric),
        ("tracking", "to"): ":" in config.tracking.to,
    }
    for keys, is_given in given.items():
        if is_given and not allowed:
            cure = "Start one with `automl worker --allow-code`, or remove the key."
            reason = f"`{'.'.join(keys)}` is code, which this worker does not run"
            raise RecordError(f"{config.where(*keys)}: {reason}. {cure}")


def _to_go_on_with(
    records: Records, files: FileStore, submission: Submission, config: StudyConfig
) -> Unfinished | None:
    if submission.run is None:
        return None
    until = time.monotonic() + _HELD_SECONDS
    while records.run(submission.run).held and time.monotonic() < until:
        time.sleep(0.2)
    run = with_folder_here(records, files, records.run(submission.run))
    candidate = unfinished(records, run, config, trials=submission.trials)
    if not candidate.is_done:
        check_can_go_on(candidate)
    return candidate


def _run(job: Job, stores: Stores, config: StudyConfig, candidate: Unfinished | None, began: float) -> None:
    records, files = stores.records, stores.files
    prepared_table = table_for_training(config)
    from rich.console import Console

    from automl.execution.record_board import Sharing
    from automl.service.following import SubmissionTracker
    from automl.study.preparation import prepare_study
    from automl.study.run import Request, run_prepared
    from automl.tracking.terminal import TerminalTracker

    prepared = prepare_study(config, prepared=prepared_table)
    claims = Claims(records, job.owner)
    terminal = TerminalTracker(Console(width=160, no_color=True, file=sys.stdout), began)
    lease = Lease(job.number, job.owner, job.token)
    follower = SubmissionTracker(claims, lease, terminal, in_queue=files.is_remote)
    processes = ServiceProcesses(records)
    sharing = Sharing(files, lambda: num_helpers(processes, job)) if job.share else None
    request = Request(began=began, sharing=sharing, files=files if files.is_remote else None)
    run_prepared(records, prepared, request, candidate, trackers=[terminal, follower])


def table_for_training(config: StudyConfig) -> PreparedTable:
    """The table of a study, and TensorFlow loaded, where nothing is wrong with the table.

    Raises:
        AutoMLError: Something is.
    """
    from automl.quiet import quiet_start

    prepared_table = prepare_table(config)
    with quiet_start():
        from automl.training.backend import device_name

        device_name()
    return prepared_table


if __name__ == "__main__":
    main()
