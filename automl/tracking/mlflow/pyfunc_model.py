"""What MLflow runs when it serves an exported model; automl need not be installed there.

MLflow copies this file beside the model and executes it by its path. The scoring code travels with the model as the
package `scoring` and is loaded under a name of its own: models of different versions live in one process.
"""

import hashlib
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

import mlflow
import pandas
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import PythonModel, PythonModelContext


class ExportedNetwork(PythonModel):  # type: ignore[misc]
    """An exported SavedModel behind MLflow's pyfunc interface."""

    def load_context(self, context: PythonModelContext) -> None:
        """Loads the scoring code, then the SavedModel."""
        scoring = _load(Path(context.artifacts["scoring"]).resolve())
        self._scorer = scoring.Scorer(context.artifacts["saved_model"])

    def predict(self, model_input: pandas.DataFrame) -> pandas.DataFrame:
        """Predictions for raw rows, with a probability a class where there are classes.

        Args:
            model_input: A DataFrame; or what MLflow's server makes of the JSON forms `inputs` and `instances`, columns
                by name or a list of rows.

        Raises:
            MlflowException: The rows cannot be those of the model. Of any other error MLflow's server hides the text.
        """
        try:
            predictions: pandas.DataFrame = self._scorer.predict(pandas.DataFrame(model_input))
        except ValueError as error:
            raise MlflowException.invalid_parameter_value(str(error)) from error
        return predictions


def _load(folder: Path) -> Any:
    """The module `serving.scoring` of the package in a folder."""
    name = f"automl_scoring_{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(
            name, folder / "__init__.py", submodule_search_locations=[str(folder)]
        )
        if spec is None:
            raise ImportError(f"{folder} is not a Python package")
        sys.modules[name] = importlib.util.module_from_spec(spec)
    return importlib.import_module(f"{name}.serving.scoring")


mlflow.models.set_model(ExportedNetwork())
