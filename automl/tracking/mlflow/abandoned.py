"""Runs in MLflow that a process of this machine began and can no longer end, and whose record is gone or elsewhere."""

import math
import os
import re
import socket
import time
from collections.abc import Iterable, Mapping

from automl.records.leases import is_held
from automl.tracking.mlflow.address import StoreAddress, refused
from automl.tracking.mlflow.opening import connect
from automl.tracking.mlflow.store import PROCESS, Run


def end_abandoned_runs(address: StoreAddress, runs: Iterable[Run]) -> None:
    """Mark those as killed that a process of this machine began and can no longer end.

    Args:
        address: The store.
        runs: Runs that have not ended.

    Raises:
        TrackingError: The store does not take it.
    """
    try:
        for run in runs:
            if _abandoned(run.tags):
                at = time.time_ns() // 1_000_000
                connect(address).set_terminated(run.identifier, status="KILLED", end_time=at)
    except Exception as error:
        raise refused(address, error) from error


def _abandoned(tags: Mapping[str, str]) -> bool:
    process = tags.get("pid", "")
    if re.fullmatch(r".+:\d+:[^:]*", tags.get(PROCESS, "")):
        return not is_held(tags[PROCESS], math.inf, 0.0)
    if tags.get("host") != socket.gethostname() or not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)  # asks whether the process is there; sends nothing
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # somebody else's process
    return False
