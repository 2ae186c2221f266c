"""What a worker tells a process that it starts, and how that process takes it and says how it ended.

The first line of standard input says what to do. The pipe stays open as long as the worker lives; when it closes, the
process ends at once, as if it had been killed: another worker goes on with its work.
"""

import json
import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TextIO

from automl.errors import AutoMLError
from automl.interrupts import INTERRUPTED
from automl.records.file_store import FileStore, folder_of, open_files
from automl.secrets import masked

LEAVE = "leave"
"""Line that tells a process to end when it has done what it is doing."""

PATIENCE_SECONDS = 30.0
"""How long a file system that does not respond is waited for."""

TRAINS, WAITS = "trains", "waits"
"""What a process that helps tells its worker when it begins with a cohort, and when it is done with it."""


@dataclass(frozen=True, slots=True)
class Job:
    """What a process is told to do.

    Attributes:
        records: Address of the record.
        mlruns: Folder of the studies.
        files: Folder of the files of the service, or their address.
        identifier: Of the submission.
        number: Of the submission.
        owner: The worker.
        token: Of its lease on the submission; 0 without one.
        check: Whether only to check the study.
        allow_code: Whether builders, metrics and trackers that come with a study may run.
        share: Whether other workers may train cohorts of the study.
    """

    records: str | None
    mlruns: str
    files: str
    identifier: str
    number: int
    owner: str
    token: int = 0
    check: bool = False
    allow_code: bool = False
    share: bool = False

    def open_files(self) -> FileStore:
        """The files of the service; an address that does not respond is asked for a while.

        Raises:
            RecordError: The address cannot be used.
        """
        return open_files(self.files, Path(self.mlruns), PATIENCE_SECONDS)

    def line(self) -> bytes:
        """It as the line that a process reads."""
        return json.dumps(asdict(self)).encode() + b"\n"


def do_job(do: Callable[[Job, threading.Event], int]) -> None:
    """Do what the first line of standard input says, and end this process.

    Args:
        do: Does it, and gives the exit status. The event is set when the worker asks it to leave.
    """
    job, leaving = Job(**json.loads(sys.stdin.readline())), threading.Event()
    threading.Thread(target=_listen, args=(sys.stdin, leaving), daemon=True).start()
    logging.basicConfig(stream=sys.stdout, format="%(levelname)s %(message)s", level=logging.WARNING)
    try:
        status, reason = do(job, leaving), ""
    except AutoMLError as error:
        status, reason = error.exit_status, message_of(error, job)
    except KeyboardInterrupt:
        status, reason = INTERRUPTED, "interrupted"
    except BaseException as error:
        logging.exception("unexpected")
        status, reason = 2, f"{type(error).__name__}: {message_of(error, job)}"
    print(json.dumps({"status": status, "reason": reason}), flush=True)  # noqa: T201  the worker reads it
    os._exit(status)  # without tearing down native libraries, whose threads may still run


def message_of(error: BaseException, job: Job) -> str:
    """What an error says, without secrets, and without the folder of the service, which is no business of a client."""
    text = masked(str(error), job.records or "")
    folder = str(folder_of(job.files, Path(job.mlruns)))
    return re.sub(re.escape(folder.rstrip("/")) + "/", "", text)


def _listen(pipe: TextIO, leaving: threading.Event) -> None:
    for line in pipe:
        if line.strip() == LEAVE:
            leaving.set()
    os.kill(os.getpid(), signal.SIGKILL)
