"""The store in memory, with which other tests are made, does what a store of MLflow does."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from fake_mlflow import FakeMlflow, FakeRun
from hand_made import files_of, make_trial, points_of
from recorded_digits import export, record_a_study, render
from recorded_study import RecordedStudy

from automl.records.events import StudyContinued
from automl.tracking.mlflow.projection import Projection
from automl.tracking.model import ExportedModel


def contents_of(client: Any, make_folder: Callable[[], Any]) -> dict[str, Any]:
    """A store of MLflow in the form of `FakeMlflow.contents`."""
    held = FakeMlflow()
    experiment = client.get_experiment_by_name("digits")
    held.tags = {name: value for name, value in experiment.tags.items() if name != "mlflow.experimentKind"}
    for run in client.search_runs([experiment.experiment_id], max_results=1000):
        info = run.info
        fake = FakeRun(
            info.run_id, info.run_name, info.start_time, dict(run.data.tags), info.status, info.end_time
        )
        fake.tags = {name: value for name, value in fake.tags.items() if name != "mlflow.runName"}
        fake.params, fake.points = dict(run.data.params), points_of(client, run)
        fake.files = files_of(client, info.run_id, make_folder())
        fake.models = [model.model_id for model in run.outputs.model_outputs] if run.outputs else []
        held.runs[info.run_id] = fake
    for model in client.search_logged_models([experiment.experiment_id]):
        model.files = {"MLmodel"}
        held.models[model.model_id] = model
    held.versions = list(client.search_model_versions(""))
    for registered in client.search_registered_models():
        held.aliases[registered.name] = {name: int(version) for name, version in registered.aliases.items()}
    return held.contents()


def differences(first: Any, second: Any) -> list[tuple[str, Any]]:
    """What stands in one and not in the other, with its place."""
    leaves = [list(_leaves(held, "")) for held in (first, second)]
    return [leaf for leaf in (*leaves[0], *leaves[1]) if leaf not in leaves[0] or leaf not in leaves[1]]


def _leaves(held: Any, place: str) -> Iterator[tuple[str, Any]]:
    if isinstance(held, dict):
        for name, value in held.items():
            yield from _leaves(value, f"{place}/{name}")
    elif isinstance(held, str):  # identifiers of a real store are longer
        text = re.sub(r"\bm-(N|[0-9a-f]{32})\b", "MODEL", held)
        yield (
            place,
            re.sub(r"experiments/\d+", "experiments/N", re.sub(r"\b(run-N|[0-9a-f]{32})\b", "RUN", text)),
        )
    else:
        yield place, held


def test_a_real_store_comes_to_the_same(
    study: RecordedStudy,
    project: Callable[..., Projection],
    in_memory: Callable[..., Projection],
    client: Any,
    classifier: ExportedModel,
    make_folder: Callable[[], Any],
) -> None:
    text = "name: digits\ndata: {sklearn: digits}\ntracking: {register_as: reader}\n"
    (study.run.folder / "study.yaml").write_text(text)
    record_a_study(study, classifier)
    fake = FakeMlflow()
    for projection in (project(study, render), in_memory(study, fake, render)):
        assert projection.complete()
    assert differences(contents_of(client, make_folder), fake.contents()) == []

    study.take_over()
    study.record(StudyContinued(text, 40))
    study.end_trial(make_trial(3, 1.0))
    export(study, 3, classifier)
    study.finish()
    for projection in (project(study, render), in_memory(study, fake, render)):
        projection.begin()
        assert projection.complete()
    assert differences(contents_of(client, make_folder), fake.contents()) == []
