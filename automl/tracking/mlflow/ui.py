"""How to look at studies in MLflow's own web page: the server to start, and the pages to open."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from automl.errors import RecordError, explain, one_of
from automl.tracking.mlflow.address import find_store
from automl.tracking.mlflow.links import charts_page, experiments_page, trials_page, view_page
from automl.tracking.mlflow.opening import Experiment, read_experiments
from automl.tracking.mlflow.store import GREATER_IS_BETTER, PRIMARY_METRIC
from automl.tracking.mlflow.view import VIEW_TAG
from automl.trial import Direction, Objective

_HOST = "127.0.0.1"
_ENVIRONMENT = {
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


@dataclass(frozen=True, slots=True)
class UserInterface:
    """What `automl ui` does.

    Attributes:
        address: Where the server listens, without a slash at the end.
        pages: Links by what they show, the most useful one first.
        command: The server to start; empty when it runs already, elsewhere.
        environment: What the command needs on top of this process's environment.
    """

    address: str
    pages: Mapping[str, str]
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


def plan_user_interface(
    uri: str | None,
    folder: Path,
    *,
    port: int = 5000,
    study: str | None = None,
    identifier: str | None = None,
) -> UserInterface:
    """How to look at the studies of a store; nothing is started.

    Args:
        uri: Tracking URI of the study file; MLFLOW_TRACKING_URI, then the database in the folder, when None.
        folder: Where the database is when no URI is given.
        port: Where the server is to listen.
        study: Name of a study to open; the list of all when None.
        identifier: One run of that study; all of its runs when None.

    Raises:
        RecordError: There is no database, or no study of that name in it.
        TrackingError: The store does not answer or cannot be read.
    """
    store = find_store(uri, folder)
    if store.database is not None and not store.database.is_file():
        cure = "Run a study first, or change to the folder where studies were run."
        raise RecordError(explain(store.source, "hold an MLflow database", str(store.database), cure))
    address = store.uri.rstrip("/") if store.is_server else f"http://{_HOST}:{port}"
    pages = {"studies": f"{address}/{experiments_page()}"}
    experiments = read_experiments(store)
    if study is not None:
        trial_pages = _trial_pages(_find(experiments, study), study, identifier)
        pages = {name: f"{address}/{page}" for name, page in trial_pages.items()} | pages
    if store.is_server:
        return UserInterface(address, pages)
    return UserInterface(address, pages, _server_command(port), {**_ENVIRONMENT, _STORE: store.uri})


def _trial_pages(experiment: Experiment, study: str, identifier: str | None) -> dict[str, str]:
    """The saved view, which cannot be narrowed to one run of a study, and the plain list for all other cases."""
    plain = trials_page(experiment.identifier, _objective(experiment, study), identifier)
    if identifier is not None or VIEW_TAG not in experiment.tags:
        return {"trials": plain}
    pages = {"trials": view_page(experiment.identifier), "charts": charts_page(experiment.identifier)}
    return pages | {"list": plain}


_STORE = "MLFLOW_BACKEND_STORE_URI"
"""Where MLflow's server reads the address of its store, which may hold a password: a command line is seen by all."""


def _server_command(port: int) -> tuple[str, ...]:
    server = (sys.executable, "-m", "mlflow", "server")
    return (*server, "--host", _HOST, "--port", str(port), "--workers", "1")


def _find(experiments: Mapping[str, Experiment], study: str) -> Experiment:
    if study not in experiments:
        names = [name for name, experiment in experiments.items() if PRIMARY_METRIC in experiment.tags]
        cure = f"{one_of(names, study)} `automl track {study}` sends a recorded study there."
        raise RecordError(explain("study", "be in the MLflow store", study, cure))
    return experiments[study]


def _objective(experiment: Experiment, study: str) -> Objective:
    metric = experiment.tags.get(PRIMARY_METRIC)
    if metric is None:
        raise RecordError(explain("study", "be a study of automl", study, "Another program created it."))
    greater = experiment.tags.get(GREATER_IS_BETTER) == "true"
    name = metric.removeprefix("cv_").removesuffix("_mean")
    return Objective(name, Direction.MAXIMIZE if greater else Direction.MINIMIZE)
