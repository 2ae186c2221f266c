"""Hand-made studies whose numbers can be checked on paper, and stores that cost no three seconds each."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from fake_mlflow import EXPERIMENT
from hand_made import STARTED, Breakable, write_nothing
from recorded_study import RecordedStudy, make_records

from automl.records.store import Records
from automl.tracking.mlflow import logged_model
from automl.tracking.mlflow.address import StoreAddress, find_store
from automl.tracking.mlflow.opening import open_store
from automl.tracking.mlflow.projection import Projection
from automl.tracking.mlflow.store import Store
from automl.tracking.mlflow.trial_runs import Render
from automl.tracking.model import ExportedModel
from automl.trial import Task


@pytest.fixture(autouse=True)
def no_tracking_uri(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with MLflow's tables and no study: making one takes three seconds, copying it none."""
    folder = tmp_path_factory.mktemp("template")
    address = find_store(f"sqlite:///{folder / 'mlflow.db'}", folder)
    open_store(address, "template")
    return folder / "mlflow.db"


@pytest.fixture
def mlruns(tmp_path: Path, empty_database: Path) -> Path:
    folder = tmp_path / "mlruns"
    folder.mkdir()
    shutil.copyfile(empty_database, folder / "mlflow.db")
    return folder


@pytest.fixture
def address(mlruns: Path) -> StoreAddress:
    return find_store(None, mlruns)


@pytest.fixture
def records(mlruns: Path) -> Records:
    return make_records(mlruns)


@pytest.fixture
def study(records: Records) -> RecordedStudy:
    return RecordedStudy(records, STARTED)


@pytest.fixture
def project(address: StoreAddress, records: Records) -> Callable[..., Projection]:
    """A projection of a study, as a process makes it that knows nothing of others."""

    def make(study: RecordedStudy, render: Render = write_nothing) -> Projection:
        return Projection(open_store(address, study.run.name), records, study.listed, render)

    return make


@pytest.fixture
def in_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Projection]:
    """The same into a client that keeps everything in memory; models are logged without MLflow's files."""

    def save(model: ExportedModel, path: Path, mlflow_model: Any = None) -> None:
        path.mkdir()
        (path / "MLmodel").write_text(f"{model.task} {model.classes}")

    monkeypatch.setattr(logged_model, "save_pyfunc", save)

    def make(study: RecordedStudy, client: Any, render: Render = write_nothing) -> Projection:
        store = Store(StoreAddress("in memory", "test", None), client, EXPERIMENT)
        return Projection(store, study.records, study.listed, render)

    return make


@pytest.fixture
def client(address: StoreAddress) -> Iterator[Any]:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=address.uri)


@pytest.fixture
def breakable(monkeypatch: pytest.MonkeyPatch) -> Breakable:
    """What every store of the test is reached through."""
    from automl.tracking.mlflow import opening, store, tracker

    wrapper, connect = Breakable(None), opening.connect

    def connected(address: StoreAddress) -> Breakable:
        wrapper.client = connect(address)
        return wrapper

    monkeypatch.setattr(opening, "connect", connected)
    for module in (opening, store, tracker):
        monkeypatch.setattr(module, "probe", lambda address: "gone" if "all" in wrapper.broken else "")
    return wrapper


@pytest.fixture(scope="session")
def classifier(tmp_path_factory: pytest.TempPathFactory) -> ExportedModel:
    """Three classes by hand: the logits are (x, y, 0), so the larger of x, y and 0 wins. A gap counts as 0."""
    import tensorflow

    class Classifier(tensorflow.Module):
        @tensorflow.function(
            input_signature=[
                tensorflow.TensorSpec((None,), tensorflow.float64, name="size_cm"),
                tensorflow.TensorSpec((None,), tensorflow.float64, name="age"),
            ]
        )
        def __call__(self, size_cm: Any, age: Any) -> Any:
            logits = tensorflow.stack([size_cm, age, tensorflow.zeros_like(age)], axis=1)
            logits = tensorflow.where(tensorflow.math.is_nan(logits), tensorflow.zeros_like(logits), logits)
            return {"probabilities": tensorflow.cast(tensorflow.nn.softmax(logits), tensorflow.float32)}

    folder = tmp_path_factory.mktemp("classifier")
    module = Classifier()
    tensorflow.saved_model.save(module, str(folder), signatures={"serving_default": module.__call__})
    contract = {
        "task": "multiclass",
        "features": ["size (cm)", "age"],
        "inputs": {"size (cm)": "size_cm", "age": "age"},
        "columns": {"size (cm)": {"kind": "numeric"}, "age": {"kind": "numeric"}},
        "threshold": 0.5,
        "classes": ["cat", "dog", "bird"],
    }
    (folder / "model.json").write_text(json.dumps(contract))
    example = pandas.DataFrame({"size (cm)": [1.5, numpy.nan, -1.0], "age": [2, 3, 4]})
    return ExportedModel(folder, Task.MULTICLASS, example, ("cat", "dog", "bird"))


@pytest.fixture(scope="session")
def regressor(tmp_path_factory: pytest.TempPathFactory) -> ExportedModel:
    """Predicts `2 x`, as float64 like our own exports."""
    import tensorflow

    class Regressor(tensorflow.Module):
        @tensorflow.function(input_signature=[tensorflow.TensorSpec((None,), tensorflow.float64, name="x")])
        def __call__(self, x: Any) -> Any:
            return {"prediction": 2.0 * x}

    folder = tmp_path_factory.mktemp("regressor")
    module = Regressor()
    tensorflow.saved_model.save(module, str(folder), signatures={"serving_default": module.__call__})
    contract = {"task": "regression", "features": ["x"], "inputs": {"x": "x"}, "classes": []}
    contract |= {"columns": {"x": {"kind": "numeric"}}, "threshold": 0.5}
    (folder / "model.json").write_text(json.dumps(contract))
    return ExportedModel(folder, Task.REGRESSION, pandas.DataFrame({"x": [1.0, 2.0]}), ())


@pytest.fixture
def make_folder(tmp_path: Path) -> Callable[[], Path]:
    def numbered() -> Iterator[Path]:
        for number in range(10**6):
            folder = tmp_path / "downloads" / str(number)
            folder.mkdir(parents=True)
            yield folder

    return numbered().__next__
