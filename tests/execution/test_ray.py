"""A study on actors of a Ray cluster of this machine: the bits of `automl run`, also when an actor is killed."""

import os
import signal
import sys
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from click.testing import CliRunner
from recording import Recorder
from study_answers import Answer

import automl
from automl.cli import cli
from automl.config.reading import load_study
from automl.execution.actors import RemoteActor
from automl.execution.ray_cluster import RayActor, RayCluster
from automl.execution.ray_driver import Wanted, connect
from automl.records.finding import open_records
from automl.study.preparation import prepare_study
from automl.study.run import Request, run_prepared

STUDY = {
    "name": "acted",
    "data": {"path": "digits.csv", "target": "digit"},
    "splits": {"folds": 2},
    "space": {
        "depth": {"int": [0, 1]},
        "width": 8,
        "learning_rate": {"float": [0.003, 0.03], "log": True},
    },
    "search": {"algorithm": "tpe", "trials": 24, "cohort": 4, "in_flight": 3, "seed": 7},
    "budget": {"minutes": None},
    "training": {"epochs": 12, "batch_size": 64, "patience": 5},
    "baselines": False,
    "bias_variance": {"resamples": 0},
    "tracking": {"to": "none"},
}


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of digits in a file, and its table beside it."""
    from sklearn.datasets import load_digits

    folder = tmp_path_factory.mktemp("acted")
    table = load_digits(as_frame=True).frame.iloc[:600].rename(columns={"target": "digit"})
    table.to_csv(folder / "digits.csv", index=False)
    (folder / "acted.yaml").write_text(yaml.safe_dump(STUDY))
    return folder / "acted.yaml"


@pytest.fixture(scope="module")
def expected(file: Path) -> Answer:
    automl.run_study(file, mlruns=file.parent / "alone")
    return answer_in(file.parent / "alone")


def answer_in(mlruns: Path) -> Answer:
    records = open_records(mlruns)
    return Answer.of(records, records.runs()[0])


def process_of(ray: ModuleType, actor: RemoteActor) -> int:
    assert isinstance(actor, RayActor)
    identifier: int = ray.get(actor._handle.__ray_call__.remote(lambda _: os.getpid()))
    return identifier


@pytest.mark.slow
@pytest.mark.parametrize("is_killed", [False, True], ids=["undisturbed", "one is killed"])
def test_a_study_on_two_actors_has_the_bits_of_one_process(
    ray: ModuleType,
    file: Path,
    expected: Answer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_killed: bool,
) -> None:
    hired: list[RemoteActor] = []
    hire = RayCluster.hire

    def noted(*arguments: object) -> RemoteActor:
        hired.append(hire(*arguments))
        return hired[-1]

    left = [signal.SIGKILL] if is_killed else []

    def kill(_: object) -> None:
        if left:
            left.clear()
            os.kill(process_of(ray, hired[0]), signal.SIGKILL)

    monkeypatch.setattr(RayCluster, "hire", noted)
    prepared = prepare_study(load_study(file))
    records = open_records(tmp_path, create=True)
    request = Request(sharing=RayCluster(connect(), Wanted(2, cpus=1)))
    run_prepared(records, prepared, request, trackers=[Recorder(trial=kill)])
    answer = answer_in(tmp_path)
    assert len(hired) == 2 + is_killed
    assert answer.board == expected.board
    assert answer.events == expected.events
    assert answer.files == expected.files
    assert answer.weights == expected.weights


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--actors", "2"), "Add `--on ray`, or leave them out."),
        (("--on", "ray"), "Install it with `pip install 'automl[ray]'`."),
    ],
)
def test_the_command_refuses_what_cannot_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], words: str
) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    (tmp_path / "wine.yaml").write_text("data: {sklearn: wine}\n")
    ran = CliRunner().invoke(cli, ["run", str(tmp_path / "wine.yaml"), "--mlruns", str(tmp_path), *options])
    assert ran.exit_code == 2 and words in ran.output
    assert not (tmp_path / "studies").exists()
