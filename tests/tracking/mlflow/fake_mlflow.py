"""An MLflow client that keeps everything in memory, for tests in which a hundred stores are needed.

It does what a store of MLflow does with the calls that we make; `test_fake_mlflow.py` holds it against a real one.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

EXPERIMENT = "1"


@dataclass
class FakeRun:
    """A run as the store keeps it."""

    identifier: str
    name: str
    started: int
    tags: dict[str, str]
    status: str = "RUNNING"
    ended: int | None = None
    deleted: bool = False
    params: dict[str, str] = field(default_factory=dict)
    points: dict[str, list[tuple[int, int, float]]] = field(default_factory=dict)
    files: dict[str, bytes] = field(default_factory=dict)
    models: list[str] = field(default_factory=list)
    datasets: set[tuple[str, str]] = field(default_factory=set)

    def entity(self) -> Any:
        """As MLflow hands it out."""
        last = {name: max(points)[2] for name, points in self.points.items()}
        info = SimpleNamespace(
            run_id=self.identifier,
            run_name=self.name,
            status=self.status,
            start_time=self.started,
            end_time=self.ended,
            lifecycle_stage="deleted" if self.deleted else "active",
        )
        data = SimpleNamespace(tags=dict(self.tags), params=dict(self.params), metrics=last)
        outputs = SimpleNamespace(model_outputs=[SimpleNamespace(model_id=model) for model in self.models])
        return SimpleNamespace(info=info, data=data, outputs=outputs)


class Page(list[Any]):
    """The only page of a search."""

    token = None


class FakeMlflow:
    """A client and its store, with one experiment. Identifiers are never used twice, in whatever store."""

    _numbers = itertools.count()

    def __init__(self) -> None:
        self.runs: dict[str, FakeRun] = {}
        self.tags: dict[str, str] = {}
        self.models: dict[str, Any] = {}
        self.versions: list[Any] = []
        self.aliases: dict[str, dict[str, int]] = {}

    def create_run(self, experiment: str, start_time: int, tags: Mapping[str, str], run_name: str) -> Any:
        run = FakeRun(f"run-{next(self._numbers)}", run_name, start_time, dict(tags))
        self.runs[run.identifier] = run
        return run.entity()

    def get_run(self, run_id: str) -> Any:
        return self.runs[run_id].entity()

    def search_runs(self, experiments: Sequence[str], filter_string: str, **_: Any) -> Page:
        matches = _matcher(filter_string)
        matching = [run for run in self.runs.values() if not run.deleted and matches(run)]
        return Page(run.entity() for run in sorted(matching, key=lambda run: (-run.started, run.identifier)))

    def log_batch(
        self, run_id: str, metrics: Sequence[Any], params: Sequence[Any], tags: Sequence[Any]
    ) -> None:
        run = self._active(run_id)
        for param in params:
            if run.params.setdefault(param.key, param.value) != param.value:
                raise ValueError(f"the param {param.key} cannot be changed")
        for metric in metrics:
            point, points = (
                (metric.step, metric.timestamp, metric.value),
                run.points.setdefault(metric.key, []),
            )
            if point not in points:
                points.append(point)
        run.tags |= {tag.key: tag.value for tag in tags}

    def log_artifacts(self, run_id: str, folder: str) -> None:
        self._active(run_id).files |= dict(_files(Path(folder)))

    def set_terminated(self, run_id: str, status: str, end_time: int) -> None:
        run = self._active(run_id)
        run.status, run.ended = status, end_time

    def update_run(self, run_id: str, status: str) -> None:
        self._active(run_id).status = status

    def delete_run(self, run_id: str) -> None:
        self._active(run_id).deleted = True

    def delete_tag(self, run_id: str, name: str) -> None:
        del self._active(run_id).tags[name]

    def get_experiment(self, experiment: str) -> Any:
        return SimpleNamespace(experiment_id=EXPERIMENT, tags=dict(self.tags))

    def set_experiment_tag(self, experiment: str, name: str, value: str) -> None:
        self.tags[name] = value

    def create_logged_model(self, experiment: str, name: str, source_run_id: str, **_: Any) -> Any:
        identifier = f"m-{next(self._numbers)}"
        model = SimpleNamespace(
            model_id=identifier, name=name, source_run_id=source_run_id, status="PENDING", tags={}, files={}
        )
        model.artifact_location = f"models/{identifier}"
        self.models[identifier] = model
        return model

    def get_logged_model(self, model_id: str) -> Any:
        return self.models[model_id]

    def log_model_artifacts(self, model_id: str, folder: str) -> None:
        self.models[model_id].files |= dict(_files(Path(folder)))

    def finalize_logged_model(self, model_id: str, status: str) -> None:
        self.models[model_id].status = status

    def log_outputs(self, run_id: str, models: Sequence[Any]) -> None:
        self._active(run_id).models += [model.model_id for model in models]

    def search_logged_models(self, experiments: Sequence[str], filter_string: str) -> list[Any]:
        (run,) = re.findall(r"source_run_id = '(.*)'", filter_string)
        return [model for model in self.models.values() if model.source_run_id == run]

    def delete_logged_model(self, model_id: str) -> None:
        del self.models[model_id]

    def set_logged_model_tags(self, model_id: str, tags: Mapping[str, str]) -> None:
        self.models[model_id].tags |= tags

    def log_inputs(self, run_id: str, datasets: list[Any]) -> None:
        self._active(run_id).datasets |= {
            (dataset.dataset.name, dataset.dataset.digest) for dataset in datasets
        }

    def create_registered_model(self, name: str) -> None:
        if name in self.aliases:
            from mlflow.exceptions import MlflowException
            from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS

            raise MlflowException("it is there", RESOURCE_ALREADY_EXISTS)
        self.aliases[name] = {}

    def get_registered_model(self, name: str) -> Any:
        return SimpleNamespace(aliases=dict(self.aliases[name]))

    def create_model_version(
        self, name: str, source: str, run_id: str, model_id: str, tags: Mapping[str, str], description: str
    ) -> Any:
        number = 1 + sum(version.name == name for version in self.versions)
        fields = {"name": name, "version": number, "source": source, "run_id": run_id, "tags": dict(tags)}
        self.versions.append(SimpleNamespace(**fields, description=description))
        return self.versions[-1]

    def get_model_version(self, name: str, version: str) -> Any:
        [version_found] = [
            registered
            for registered in self.versions
            if (registered.name, str(registered.version)) == (name, version)
        ]
        return version_found

    def set_model_version_tag(self, name: str, version: str, key: str, value: str) -> None:
        self.get_model_version(name, version).tags[key] = value

    def search_model_versions(self, filter_string: str) -> list[Any]:
        (run,) = re.findall(r"run_id = '(.*)'", filter_string)
        return [version for version in self.versions if version.run_id == run]

    def set_registered_model_alias(self, name: str, alias: str, version: str) -> None:
        self.aliases[name][alias] = int(version)

    def _active(self, run_id: str) -> FakeRun:
        run = self.runs[run_id]
        if run.deleted:
            raise ValueError(f"the run {run_id} is deleted")
        return run

    def contents(self) -> dict[str, Any]:
        """All that is there and not deleted, by the names of the runs, without identifiers."""
        runs: dict[str, Any] = {}
        for run in self.runs.values():
            if not run.deleted:
                name = run.tags["role"] if run.tags["role"].startswith("earlier") else run.name
                assert name not in runs, f"{name} stands there twice"
                parent = self.runs.get(run.tags.get("mlflow.parentRunId", ""))
                runs[name] = {
                    "times": (run.started, run.ended),
                    "status": run.status,
                    "parent": parent.name if parent else "",
                    "tags": _without_identifiers(run.tags),
                    "params": run.params,
                    "points": {name: sorted(points) for name, points in run.points.items()},
                    "files": run.files,
                    "models": len(run.models),
                }
        models = sorted((model.name, model.status, sorted(model.files)) for model in self.models.values())
        versions = sorted((version.name, version.version) for version in self.versions)
        tags = _without_identifiers(self.tags)
        return {"runs": runs, "tags": tags, "models": models, "versions": versions, "aliases": self.aliases}


def _without_identifiers(tags: Mapping[str, str]) -> dict[str, str]:
    named = {"mlflow.parentRunId", "host", "pid", "process"}
    return {
        name: re.sub(r"\b(run-|m-)\d+\b", r"\1N", value) for name, value in tags.items() if name not in named
    }


def _files(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.relative_to(folder).as_posix(), path.read_bytes()


def _matcher(condition: str) -> Callable[[FakeRun], bool]:
    """MLflow's search condition, of the kind that we write."""
    wanted = re.findall(r"(tags|attributes)\.`?([\w.]+)`? = '([^']*)'", condition)
    assert len(wanted) == condition.count("="), condition

    def matches(run: FakeRun) -> bool:
        return all(
            (run.status if kind == "attributes" else run.tags.get(name)) == value
            for kind, name, value in wanted
        )

    return matches
