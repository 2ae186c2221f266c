"""The door to MLflow: opening a store, and the few things that are done in it.

Uses MLflow's client only, never its fluent state. Imports MLflow late: that takes two seconds.
"""

import contextlib
import fcntl
import logging
import os
import socket
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from automl.errors import TrackingError, explain
from automl.tracking.mlflow.address import StoreAddress, probe, refused, silent

PRIMARY_METRIC = "mlflow.experiment.primaryMetric.name"
GREATER_IS_BETTER = "mlflow.experiment.primaryMetric.greaterIsBetter"

_ENVIRONMENT = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_DISABLE_AGENT_HINT": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_LOGGING_LEVEL": "CRITICAL",  # every failure is caught, and told in our own words
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_UV_AUTO_DETECT": "false",  # the uv project of the working folder is not what a model needs
}


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric. The step counts epochs from 1; it is 0 for a single value."""

    name: str
    value: float
    step: int = 0


@dataclass(frozen=True, slots=True)
class Content:
    """What a run says, apart from its files."""

    metrics: tuple[Point, ...] = ()
    params: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands in the store."""

    identifier: str
    status: str
    tags: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Experiment:
    """All studies of one name, as MLflow keeps them."""

    identifier: str
    tags: Mapping[str, str]


@final
class Store:
    """One experiment of an MLflow store. Its methods raise what MLflow, SQLAlchemy or the network raise."""

    def __init__(self, address: StoreAddress, client: Any, experiment_id: str) -> None:
        self.address = address
        self.client = client
        self.experiment_id = experiment_id
        self._context = _context_tags()

    def create_run(self, name: str, tags: Mapping[str, str], started: int) -> str:
        """Begins a run, marked with this host and process; the time is in milliseconds since 1970."""
        tags = {**self._context, **tags}
        run = self.client.create_run(self.experiment_id, start_time=started, tags=tags, run_name=name)
        return str(run.info.run_id)

    def find_runs(self, condition: str) -> list[Run]:
        """Runs that are not deleted and meet MLflow's search condition."""
        runs: list[Run] = []
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment_id], filter_string=condition, max_results=1000, page_token=token
            )
            runs += [Run(found.info.run_id, found.info.status, dict(found.data.tags)) for found in page]
            token = page.token
            if not token:
                return runs

    def log(self, run_id: str, content: Content, at: int = 0, model_id: str | None = None) -> None:
        """Writes metrics, params and tags in one go. Again with the same time, it changes nothing."""
        from mlflow.entities import Metric, Param, RunTag

        self.client.log_batch(
            run_id,
            metrics=[
                Metric(point.name, point.value, at, point.step, model_id=model_id)
                for point in content.metrics
            ],
            params=[Param(name, value) for name, value in content.params.items()],
            tags=[RunTag(name, value) for name, value in content.tags.items()],
        )

    def log_files(self, run_id: str, folder: Path) -> None:
        """Adds everything in the folder, under its path within it."""
        if any(folder.iterdir()):
            self.client.log_artifacts(run_id, str(folder))

    def end_run(self, run_id: str, status: str, ended: int) -> None:
        """Ends a run; the time is in milliseconds since 1970."""
        self.client.set_terminated(run_id, status=status, end_time=ended)

    def delete_run(self, run_id: str) -> None:
        """Moves a run to MLflow's bin."""
        self.client.delete_run(run_id)

    def tag_experiment(self, tags: Mapping[str, str]) -> None:
        """Sets tags of the experiment."""
        for name, value in tags.items():
            self.client.set_experiment_tag(self.experiment_id, name, value)


def open_store(address: StoreAddress, experiment: str) -> Store:
    """The store, with the experiment of this name; both are made when they are not there.

    Raises:
        TrackingError: The store does not answer or cannot be written, or the experiment cannot be used.
    """
    _prepare(address)
    try:
        with _creation_lock(address):
            client = _connect(address)
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
            found = _connect(address).search_experiments(max_results=1000)
    except Exception as error:
        raise refused(address, error) from error
    return {
        experiment.name: Experiment(experiment.experiment_id, dict(experiment.tags)) for experiment in found
    }


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


def _connect(address: StoreAddress) -> Any:
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
    found = client.get_experiment_by_name(name)
    if found is None:
        try:
            return str(client.create_experiment(name, artifact_location=_files(address, name)))
        except Exception:
            found = client.get_experiment_by_name(name)  # another process was faster
            if found is None:
                raise
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    if found.artifact_location.startswith("mlflow-artifacts:") and not address.is_server:
        cure = (
            f"Its files pass through an MLflow server: set {_setting(address)} to that server's "
            "address (http://host:port), or give the study another name."
        )
        must = f"open the experiment `{name}` through the server that made it"
        raise TrackingError(explain(address.source, must, address.uri, cure))
    return str(found.experiment_id)


def _files(address: StoreAddress, name: str) -> str | None:
    return None if address.files is None else (address.files / name).as_uri()


def _setting(address: StoreAddress) -> str:
    return address.source if address.source == "tracking.uri" else "MLFLOW_TRACKING_URI"


def _context_tags() -> dict[str, str]:
    from mlflow.tracking.context.git_context import GitRunContext
    from mlflow.tracking.context.registry import resolve_tags

    own = {"mlflow.source.name": "automl", "host": socket.gethostname(), "pid": str(os.getpid())}
    return dict(resolve_tags(own, ignore=[GitRunContext]))  # the repository of the program is not the study's


def now() -> int:
    """Milliseconds since 1970, as MLflow counts."""
    return time.time_ns() // 1_000_000
