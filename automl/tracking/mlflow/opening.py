"""The door to MLflow: opening a store, which is made where there is none, and looking over its experiments."""

import contextlib
import fcntl
import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from automl.errors import TrackingError, explain
from automl.tracking.mlflow.address import StoreAddress, probe, refused, silent
from automl.tracking.mlflow.store import Run, Store, search

_ENVIRONMENT = {
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # it is drawn where tqdm is installed
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_DISABLE_AGENT_HINT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # every failure is caught, and reported in our own words
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",  # the uv project of the working folder is not what a model needs
}


@dataclass(frozen=True, slots=True)
class Experiment:
    """All studies of one name, as MLflow keeps them."""

    identifier: str
    tags: Mapping[str, str]


def open_store(address: StoreAddress, experiment: str) -> Store:
    """The store, with the experiment of this name; both are made when they are not there.

    Raises:
        TrackingError: The store does not answer or cannot be written, or the experiment cannot be used.
    """
    _prepare(address)
    try:
        with _creation_lock(address):
            client = connect(address)
            return Store(address, client, _open_experiment(address, client, experiment))
    except TrackingError:
        raise
    except Exception as error:
        raise refused(address, error) from error


def read_experiments(address: StoreAddress) -> dict[str, Experiment]:
    """The experiments of a store, by name.

    Raises:
        TrackingError: The store does not answer or cannot be read.
    """
    _prepare(address)
    try:
        with _creation_lock(address):
            experiments = connect(address).search_experiments(max_results=1000)
    except Exception as error:
        raise refused(address, error) from error
    return {
        experiment.name: Experiment(experiment.experiment_id, dict(experiment.tags))
        for experiment in experiments
    }


def search_runs(address: StoreAddress, experiments: Sequence[str], condition: str) -> list[Run]:
    """Runs of several experiments that are not deleted and meet MLflow's search condition.

    Raises:
        TrackingError: The store does not answer or cannot be read.
    """
    if not experiments:
        return []
    _prepare(address)
    try:
        return list(search(connect(address), experiments, condition))
    except Exception as error:
        raise refused(address, error) from error


def _prepare(address: StoreAddress) -> None:
    if address.database is None:  # another process may hold a new SQLite file for longer than a probe waits
        reason = probe(address)
        if reason:
            raise silent(address, reason)
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    retries = logging.getLogger("urllib3.connectionpool")
    if retries.level == logging.NOTSET:
        retries.setLevel(logging.ERROR)


def connect(address: StoreAddress) -> Any:
    """A client of the store."""
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=address.uri)


@contextlib.contextmanager
def _creation_lock(address: StoreAddress) -> Iterator[None]:
    """One process at a time: MLflow makes its tables without a lock, and a second process would fail."""
    if address.database is None:
        yield
        return
    address.database.parent.mkdir(parents=True, exist_ok=True)
    with address.database.with_name(address.database.name + ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _open_experiment(address: StoreAddress, client: Any, name: str) -> str:
    experiment = client.get_experiment_by_name(name)
    if experiment is None:
        try:
            return str(client.create_experiment(name, artifact_location=_files(address, name)))
        except Exception:
            experiment = client.get_experiment_by_name(name)  # another process was faster
            if experiment is None:
                raise
    if experiment.lifecycle_stage == "deleted":
        client.restore_experiment(experiment.experiment_id)
    if experiment.artifact_location.startswith("mlflow-artifacts:") and not address.is_server:
        cure = (
            f"Its files are stored through an MLflow server: set {_setting(address)} to that server's "
            "address (http://host:port), or give the study another name."
        )
        must = f"open the experiment `{name}` through the server that created it"
        raise TrackingError(explain(address.source, must, address.shown, cure))
    return str(experiment.experiment_id)


def _files(address: StoreAddress, name: str) -> str | None:
    return None if address.files is None else (address.files / name).as_uri()


def _setting(address: StoreAddress) -> str:
    return "MLFLOW_TRACKING_URI" if address.source == "mlruns" else address.source
