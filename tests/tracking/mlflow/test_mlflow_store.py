import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from automl.errors import TrackingError
from automl.tracking.mlflow.address import StoreAddress, find_store
from automl.tracking.mlflow.opening import open_store, read_experiments
from automl.tracking.mlflow.store import Content, Point

RACE = """
import sys
from pathlib import Path
from automl.tracking.mlflow.address import find_store
from automl.tracking.mlflow.opening import open_store
store = open_store(find_store(None, Path(sys.argv[1])), "race")
store.create_run("run", {}, 0)
print(store.experiment_id)
"""


@pytest.mark.parametrize("count", [2, pytest.param(5, marks=pytest.mark.slow)])
def test_processes_may_make_the_same_store_at_once(tmp_path: Path, count: int) -> None:
    folder = tmp_path / "new" / "mlruns"
    command = [sys.executable, "-c", RACE, str(folder)]
    processes = [  # started anew: one that is forked has loaded MLflow before it was told to be quiet
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(count)
    ]
    results = [process.communicate(timeout=600) for process in processes]
    assert [process.returncode for process in processes] == [0] * count, results
    assert len({printed for printed, _ in results}) == 1
    assert {errors for _, errors in results} == {""}, "MLflow must be quiet"
    assert len(open_store(find_store(None, folder), "race").find_runs("")) == count


def test_an_experiment_keeps_its_files_beside_the_database(address: StoreAddress, client: Any) -> None:
    open_store(address, "digits")
    location = client.get_experiment_by_name("digits").artifact_location
    assert location == (Path(address.uri.removeprefix("sqlite:///")).parent / "artifacts" / "digits").as_uri()


def test_a_folder_may_have_a_space_and_a_percent_sign(tmp_path: Path, empty_database: Path) -> None:
    folder = tmp_path / "my runs 100%"
    folder.mkdir()
    (folder / "mlflow.db").write_bytes(empty_database.read_bytes())
    store = open_store(find_store(None, folder), "digits")
    run = store.create_run("run", {}, 0)
    (tmp_path / "upload").mkdir()
    (tmp_path / "upload" / "a.txt").write_text("a")
    store.log_files(run, tmp_path / "upload")
    assert (folder / "artifacts" / "digits" / run / "artifacts" / "a.txt").read_text() == "a"


def test_logging_twice_with_the_same_time_adds_nothing(address: StoreAddress, client: Any) -> None:
    store = open_store(address, "digits")
    run = store.create_run("run", {"a": "b"}, 1000)
    content = Content((Point("loss", 2.0, 1), Point("loss", 1.0, 2)), {"width": "3"}, {"status": "complete"})
    store.log(run, content, at=5)
    store.log(run, content, at=5)
    assert [(point.step, point.value) for point in client.get_metric_history(run, "loss")] == [
        (1, 2.0),
        (2, 1.0),
    ]
    tags = client.get_run(run).data.tags
    assert tags["host"]
    assert tags["pid"] == str(os.getpid())
    assert tags["mlflow.source.name"] == "automl"
    assert tags["mlflow.user"]


def test_find_runs_reads_every_page(address: StoreAddress) -> None:
    store = open_store(address, "digits")
    search = store.client.search_runs
    for _ in range(5):
        store.create_run("run", {}, 0)

    def two_at_a_time(*args: Any, **options: Any) -> Any:
        return search(*args, **{**options, "max_results": 2})

    store.client.search_runs = two_at_a_time
    assert len(store.find_runs("")) == 5


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(TrackingError, match=r"`mlruns` must be in a folder that can be written, got .*file"):
        open_store(find_store(None, tmp_path / "file" / "mlruns"), "digits")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_text("this is not SQLite" * 100)
    with pytest.raises(TrackingError, match="not a database"):
        open_store(find_store(None, tmp_path), "digits")


def test_a_folder_as_a_uri_is_refused_with_a_cure(tmp_path: Path) -> None:
    with pytest.raises(TrackingError, match=r"sqlite:///file\.db.*Correct tracking\.uri, or unset it"):
        open_store(find_store(str(tmp_path / "mlruns"), tmp_path), "digits")


def test_an_experiment_of_a_server_is_refused_without_the_server(address: StoreAddress, client: Any) -> None:
    client.create_experiment("digits", artifact_location="mlflow-artifacts:/1")
    with pytest.raises(
        TrackingError, match=r"through the server that created it.*set MLFLOW_TRACKING_URI to"
    ):
        open_store(address, "digits")


def test_a_deleted_experiment_comes_back(address: StoreAddress, client: Any) -> None:
    identifier = open_store(address, "digits").experiment_id
    client.delete_experiment(identifier)
    assert open_store(address, "digits").experiment_id == identifier
    assert client.get_experiment(identifier).lifecycle_stage == "active"


def test_experiments_by_name(address: StoreAddress) -> None:
    open_store(address, "digits").tag_experiment({"color": "blue"})
    assert read_experiments(address)["digits"].tags["color"] == "blue"


def test_importing_the_tracker_does_not_import_mlflow() -> None:
    code = "import sys, automl.tracking.mlflow.tracker, automl.tracking.mlflow.ui; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=600).returncode == 0
