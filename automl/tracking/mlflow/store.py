"""The few things that are done in an MLflow store: through its client only, never through its fluent state.

So a thread may write while others work. MLflow is imported late: that takes two seconds.
"""

import os
import re
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from automl.records.leases import this_process
from automl.tracking.mlflow.address import StoreAddress, first_line, probe
from automl.tracking.mlflow.data_input import DataInput

PARENT = "mlflow.parentRunId"
NOTE = "mlflow.note.content"
PROCESS = "process"
"""Tag of a run with the process that writes it, as `records.leases.this_process` names it."""

PRIMARY_METRIC = "mlflow.experiment.primaryMetric.name"
GREATER_IS_BETTER = "mlflow.experiment.primaryMetric.greaterIsBetter"


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
    """A run as it stands in the store.

    Attributes:
        identifier: MLflow's name for it.
        status: RUNNING, FINISHED, FAILED or KILLED.
        tags: By name.
        started: Milliseconds since 1970.
        ended: The same; 0 where it has not ended.
        metrics: The last value of each, by name.
        params: By name.
    """

    identifier: str
    status: str
    tags: Mapping[str, str]
    started: int = 0
    ended: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)


@final
class Store:
    """One experiment of an MLflow store. Its methods raise what MLflow, SQLAlchemy or the network raise."""

    def __init__(self, address: StoreAddress, client: Any, experiment_id: str) -> None:
        self.address = address
        self.client = client
        self.experiment_id = experiment_id
        self._context = _context_tags()

    def answers(self) -> bool:
        """Whether the store answers at all; quick."""
        return not probe(self.address)

    def message_of(self, error: BaseException) -> str:
        """What an error of the store says, as `message_of` does."""
        return message_of(self.address, error)

    def create_run(self, name: str, tags: Mapping[str, str], started: int) -> str:
        """Begins a run, marked with this host and process; the time is in milliseconds since 1970."""
        tags = {**self._context, **tags}
        run = self.client.create_run(self.experiment_id, start_time=started, tags=tags, run_name=name)
        return str(run.info.run_id)

    def find_runs(self, condition: str) -> list[Run]:
        """Runs that are not deleted and meet MLflow's search condition."""
        return list(search(self.client, [self.experiment_id], condition))

    def read_run(self, run_id: str) -> Run:
        """A run with its tags, params and the last values of its metrics."""
        return _read(self.client.get_run(run_id), metrics=True)

    def take_run(self, run_id: str) -> None:
        """Mark a run as running, written by this process."""
        self.client.update_run(run_id, status="RUNNING")
        self.log(run_id, Content(tags={name: self._context[name] for name in ("host", "pid", PROCESS)}))

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

    def log_data(self, run_id: str, data: DataInput) -> None:
        """Lists a data set as what a run was trained on. Again, it changes nothing."""
        from mlflow.entities import Dataset, DatasetInput, InputTag

        dataset = Dataset(data.name, data.digest, data.source_type, data.source, profile=data.profile)
        tags = [InputTag("mlflow.data.context", "training")]
        self.client.log_inputs(run_id, datasets=[DatasetInput(dataset, tags)])

    def end_run(self, run_id: str, status: str, ended: int) -> None:
        """Ends a run; the time is in milliseconds since 1970."""
        self.client.set_terminated(run_id, status=status, end_time=ended)

    def untag_run(self, run_id: str, tag: str) -> None:
        """Takes a tag off a run."""
        self.client.delete_tag(run_id, tag)

    def delete_run(self, run_id: str) -> None:
        """Moves a run to MLflow's bin."""
        self.client.delete_run(run_id)

    def tag_experiment(self, tags: Mapping[str, str]) -> None:
        """Sets tags of the experiment."""
        for name, value in tags.items():
            self.client.set_experiment_tag(self.experiment_id, name, value)

    def experiment_tags(self) -> dict[str, str]:
        """Tags of the experiment."""
        return dict(self.client.get_experiment(self.experiment_id).tags)


def message_of(address: StoreAddress, error: BaseException) -> str:
    """What an error of a store says, in one short line and without the secrets of its address."""
    text = first_line(error, address.uri)
    failed = re.match(r"API request to (\S+) failed with exception", text)
    return f"{address.shown} does not respond" if failed else text


def search(client: Any, experiments: Sequence[str], condition: str) -> Iterator[Run]:
    """Runs that are not deleted and meet MLflow's search condition, of all pages."""
    token = None
    while True:
        page = client.search_runs(
            list(experiments), filter_string=condition, max_results=1000, page_token=token
        )
        yield from (_read(run) for run in page)
        token = page.token
        if not token:
            return


def _read(run: Any, metrics: bool = False) -> Run:
    """MLflow's run as ours; with its metrics only where they are asked for, as ten thousand runs have many."""
    return Run(
        identifier=run.info.run_id,
        status=run.info.status,
        tags=dict(run.data.tags),
        started=run.info.start_time or 0,
        ended=run.info.end_time or 0,
        metrics=dict(run.data.metrics) if metrics else {},
        params=dict(run.data.params) if metrics else {},
    )


def _context_tags() -> dict[str, str]:
    from mlflow.tracking.context.git_context import GitRunContext
    from mlflow.tracking.context.registry import resolve_tags

    tags = {"mlflow.source.name": "automl", "host": socket.gethostname(), "pid": str(os.getpid())}
    tags[PROCESS] = this_process()
    # The repository of the program is not the study's.
    return dict(resolve_tags(tags, ignore=[GitRunContext]))
