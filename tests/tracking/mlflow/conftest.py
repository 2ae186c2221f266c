"""Hand-made studies whose numbers can be checked on paper, and stores that cost no three seconds each."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy
import pandas
import pytest
from hand_made import STUDY_TEXT, Breakable

from automl.tracking.mlflow.address import StoreAddress, find_store
from automl.tracking.mlflow.store import open_store
from automl.tracking.mlflow.tracker import MlflowTracker
from automl.tracking.tracker import ExportedModel, StudyRecord
from automl.trial import Direction, Objective, Task, Trial


@pytest.fixture
def record(tmp_path: Path) -> StudyRecord:
    folder = tmp_path / "studies" / "digits"
    return StudyRecord(
        name="digits",
        identifier="20260101-120000-ab12",
        text=STUDY_TEXT,
        objective=Objective("log_loss", Direction.MINIMIZE),
        metrics=("log_loss", "accuracy"),
        num_trials=20,
        num_folds=2,
        log_scaled=frozenset({"learning_rate"}),
        searched=("width", "learning_rate"),
        facts={"python": "3.11.9", "data_digest": "abc123"},
        folder=folder,
    )


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
def make_tracker(mlruns: Path) -> Callable[..., MlflowTracker]:
    def make(
        render: Callable[[Trial, Path, bool], None] | None = None, register_as: str | None = None
    ) -> MlflowTracker:
        return MlflowTracker(None, mlruns, render or (lambda trial, folder, drawn: None), register_as)

    return make


@pytest.fixture
def client(address: StoreAddress) -> Iterator[Any]:
    from mlflow import MlflowClient

    return MlflowClient(tracking_uri=address.uri)


@pytest.fixture
def breakable(monkeypatch: pytest.MonkeyPatch) -> Breakable:
    """What every tracker of the test talks to MLflow through."""
    from automl.tracking.mlflow import tracker as module

    wrapper = Breakable(None)

    def opened(address: Any, experiment: str) -> Any:
        store = open_store(address, experiment)
        wrapper.client, store.client = store.client, wrapper
        return store

    monkeypatch.setattr(module, "open_store", opened)
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
