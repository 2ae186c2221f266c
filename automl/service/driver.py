"""Runs one submitted study in a process of its own: `python -m automl.service.driver`, started by a worker.

Its first line of standard input says what to do. The pipe stays open as long as the worker lives; when it closes, this
process ends at once, as if it had been killed: another worker takes the study over.
"""

import json
import logging
import os
import re
import signal
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from automl.config.reading import read_study
from automl.config.study import StudyConfig
from automl.errors import AutoMLError, RecordError
from automl.interrupts import INTERRUPTED
from automl.records.claims import Claims
from automl.records.file_store import FileStore
from automl.records.finding import open_records
from automl.records.leases import Lease
from automl.records.queue import Queue
from automl.records.store import Records
from automl.records.submissions import Submission
from automl.secrets import masked
from automl.study.resuming import Unfinished, check_can_go_on, unfinished

STUDY_FILE = "study.yaml"
"""What messages call a study file that was sent."""

_HELD_SECONDS = 20.0
"""How long the process that ran the study before is waited for: it may be about to end."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a driver is told to do.

    Attributes:
        records: Address of the record.
        mlruns: Folder of the studies.
        files: Folder of the files of the service.
        identifier: Of the submission.
        number: Of the submission.
        owner: The worker.
        token: Of its lease.
        check: Whether only to check the study.
        allow_code: Whether builders, metrics and trackers that come with a study may run.
    """

    records: str | None
    mlruns: str
    files: str
    identifier: str
    number: int
    owner: str
    token: int
    check: bool = False
    allow_code: bool = False

    def line(self) -> bytes:
        """It as the line that a driver reads."""
        return json.dumps(asdict(self)).encode() + b"\n"


def main() -> None:
    """Do what the first line of standard input says."""
    job = Job(**json.loads(sys.stdin.readline()))
    threading.Thread(target=_end_with_the_worker, args=(sys.stdin,), daemon=True).start()
    logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s", level=logging.WARNING)
    try:
        status, reason = drive(job), ""
    except AutoMLError as error:
        status, reason = error.exit_status, said(error, job)
    except KeyboardInterrupt:
        status, reason = INTERRUPTED, "interrupted"
    except BaseException as error:
        logging.exception("unexpected")
        status, reason = 2, f"{type(error).__name__}: {said(error, job)}"
    print(json.dumps({"status": status, "reason": reason}), flush=True)  # noqa: T201  the worker reads it
    os._exit(status)  # without tearing down native libraries, whose threads may still run


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
    files = FileStore(Path(job.files))
    config = config_of(submission, files)
    check_code(config, job.allow_code)
    if job.check:
        from automl.study.table import prepare_table

        prepare_table(config)
        return 0
    found = _to_go_on_with(records, submission, config)
    if found is None or not found.is_done:
        _run(job, records, config, found, began)
    return 0


def config_of(submission: Submission, files: FileStore) -> StudyConfig:
    """The study that was sent.

    Raises:
        StudyFileError: It is wrong.
        RecordError: Its file is missing.
    """
    config = read_study(files.text(submission.file), Path(STUDY_FILE), folder=files.folder)
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
            what = f"`{'.'.join(keys)}` is code, which this worker does not run"
            raise RecordError(f"{config.where(*keys)}: {what}. {cure}")


def said(error: BaseException, job: Job) -> str:
    """What an error says, without secrets, and without the folder of the service, which is no business of a client."""
    text = masked(str(error), job.records or "")
    return re.sub(re.escape(job.files.rstrip("/")) + "/", "", text)


def _to_go_on_with(records: Records, submission: Submission, config: StudyConfig) -> Unfinished | None:
    if submission.run is None:
        return None
    until = time.monotonic() + _HELD_SECONDS
    while records.run(submission.run).held and time.monotonic() < until:
        time.sleep(0.2)
    found = unfinished(records, records.run(submission.run), config, trials=submission.trials)
    if not found.is_done:
        check_can_go_on(found)
    return found


def _run(job: Job, records: Records, config: StudyConfig, found: Unfinished | None, began: float) -> None:
    from automl.quiet import quiet_start
    from automl.study.table import prepare_table

    table = prepare_table(config)
    with quiet_start():
        from automl.study.preparation import prepare_study
        from automl.study.run import Request, run_prepared
        from automl.training.backend import device_name

        device_name()
    prepared = prepare_study(config, prepared=table)
    from rich.console import Console

    from automl.service.following import SubmissionTracker
    from automl.tracking.terminal import TerminalTracker

    claims = Claims(records, job.owner)
    terminal = TerminalTracker(Console(width=160, no_color=True, file=sys.stdout), began)
    follower = SubmissionTracker(claims, Lease(job.number, job.owner, job.token), terminal)
    run_prepared(records, prepared, Request(began=began), found, trackers=[terminal, follower])


def _end_with_the_worker(pipe: TextIO) -> None:
    pipe.read()
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
