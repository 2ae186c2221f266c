"""Runs that a process of this host began and can no longer end."""

import os
import socket
from collections.abc import Mapping

from automl.tracking.mlflow.store import Store, now


def end_abandoned_runs(store: Store) -> None:
    """Marks runs as killed that a process of this host began and can no longer end."""
    for run in store.find_runs("attributes.status = 'RUNNING'"):
        if _abandoned(run.tags):
            store.end_run(run.identifier, "KILLED", now())


def _abandoned(tags: Mapping[str, str]) -> bool:
    process = tags.get("pid", "")
    if tags.get("host") != socket.gethostname() or not process.isdecimal():
        return False
    try:
        os.kill(int(process), 0)  # asks whether the process is there; sends nothing
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False  # somebody else's process
    return False
