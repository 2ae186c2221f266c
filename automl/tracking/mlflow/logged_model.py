"""An exported model as an MLflow model, logged in a run.

Goes through the client and not through `mlflow.pyfunc.log_model`, which needs an active run and the tracking
URI of the whole process, and leaves the run with a wrong end.
"""

import contextlib
import importlib.metadata
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas
from pandas.api import types

from automl.serving.copying import copy_scoring
from automl.tracking.mlflow.store import Content, Store
from automl.tracking.model import ExportedModel
from automl.trial import Task

_REQUIREMENTS = ("mlflow", "numpy", "pandas", "tensorflow")
_EXAMPLE_ROWS = 5


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """Where a model is logged, and what is said of it.

    Attributes:
        run_id: The run that holds it.
        name: Its name in MLflow's list of models.
        content: Its hyperparameters and scores, said of the run and of the model.
        at: Milliseconds since 1970.
    """

    run_id: str
    name: str
    content: Content
    at: int


def log_model(store: Store, entry: ModelEntry, model: ExportedModel) -> str:
    """Logs the model in the run; the identifier that `models:/<identifier>` loads."""
    from mlflow.entities import LoggedModelOutput

    logged = store.client.create_logged_model(
        store.experiment_id,
        name=entry.name,
        source_run_id=entry.run_id,
        params=dict(entry.content.params),
        model_type=model.task.value,
    )
    try:
        with tempfile.TemporaryDirectory(prefix="automl-") as folder:
            path = Path(folder) / "model"
            save_pyfunc(model, path, _mlflow_model(entry.run_id, logged))
            store.client.log_model_artifacts(logged.model_id, str(path))
    except BaseException:
        with contextlib.suppress(Exception):
            store.client.finalize_logged_model(logged.model_id, "FAILED")
        raise
    store.client.finalize_logged_model(logged.model_id, "READY")
    store.client.log_outputs(entry.run_id, [LoggedModelOutput(logged.model_id, step=0)])
    store.log(entry.run_id, entry.content, at=entry.at, model_id=logged.model_id)
    return str(logged.model_id)


def find_model(store: Store, run_id: str) -> str:
    """The identifier of the model that was logged in a run; empty where there is none."""
    outputs = getattr(store.client.get_run(run_id).outputs, "model_outputs", None) or []
    return str(outputs[0].model_id) if outputs else ""


def forget_models(store: Store, run_id: str) -> None:
    """Remove models that were logged in a run and of which the end is missing."""
    condition = f"source_run_id = '{run_id}'"
    for model in store.client.search_logged_models([store.experiment_id], filter_string=condition):
        store.client.delete_logged_model(model.model_id)


def save_pyfunc(model: ExportedModel, path: Path, mlflow_model: Any = None) -> None:
    """Writes the SavedModel as an MLflow model that needs no automl where it is served."""
    from mlflow import pyfunc

    with tempfile.TemporaryDirectory(prefix="automl-") as scratch:
        pyfunc.save_model(
            str(path),
            python_model=str(Path(__file__).with_name("pyfunc_model.py")),
            artifacts={
                "saved_model": str(model.folder.resolve()),  # MLflow refuses a link
                "scoring": str(copy_scoring(Path(scratch))),  # a model of an earlier version has none
            },
            mlflow_model=mlflow_model,
            signature=_signature(model),
            metadata={"columns": [str(name) for name in model.example.columns]},
            input_example=complete_rows(model.example),
            pip_requirements=[f"{name}=={importlib.metadata.version(name)}" for name in _REQUIREMENTS],
        )


def complete_rows(example: pandas.DataFrame) -> pandas.DataFrame:
    """A few rows in the types of the signature and without nulls, which JSON cannot carry as numbers."""
    columns = {}
    for name in example.columns:
        column = example[name]
        known_cells = column.dropna()
        if types.is_numeric_dtype(column) and not types.is_bool_dtype(column):
            column = column.astype("float64").fillna(float(known_cells.median()) if len(known_cells) else 0.0)
        else:
            column = column.fillna(known_cells.iloc[0] if len(known_cells) else "")
            if isinstance(column.dtype, pandas.DatetimeTZDtype):
                column = column.dt.tz_convert("UTC").dt.tz_localize(None)
        columns[name] = column.head(_EXAMPLE_ROWS)
    return pandas.DataFrame(columns).reset_index(drop=True)


def _mlflow_model(run_id: str, logged: Any) -> Any:
    from mlflow.models import Model

    return Model(
        artifact_path=logged.artifact_location,
        model_uuid=logged.model_id,
        run_id=run_id,
        model_id=logged.model_id,
    )


def _signature(model: ExportedModel) -> Any:
    """Of the outputs only. With types of inputs MLflow refuses whole numbers where it was shown fractions, a category
    where it was shown text and a column of gaps anywhere; with names alone it cannot read CSV. The model itself checks
    what it is given.
    """
    from mlflow.models import ModelSignature
    from mlflow.types.schema import ColSpec, Schema

    if model.task is Task.REGRESSION:
        outputs = [ColSpec("double", "prediction")]
    else:
        outputs = [ColSpec(_label_type(model.classes[0]), "prediction")]
        outputs += [ColSpec("float", f"probability_{label}") for label in model.classes]
    return ModelSignature(outputs=Schema(outputs))


def _label_type(label: str | int | float | bool) -> str:
    return {bool: "boolean", int: "long", float: "double"}.get(type(label), "string")
