"""What MLflow runs when it serves an exported model; automl need not be installed there.

MLflow copies this file beside the model and executes it by its path. The scoring code travels with the model
as the file `scoring.py` and is loaded under no shared name: models of different versions live in one process.
"""

import importlib.util

import mlflow
import pandas
from mlflow.pyfunc import PythonModel, PythonModelContext


class ExportedNetwork(PythonModel):  # type: ignore[misc]
    """An exported SavedModel behind MLflow's pyfunc interface."""

    def load_context(self, context: PythonModelContext) -> None:
        """Loads the scoring code, then the SavedModel."""
        spec = importlib.util.spec_from_file_location("automl_scoring", context.artifacts["scoring"])
        if spec is None or spec.loader is None:
            raise ImportError(f"{context.artifacts['scoring']} is not a Python file")
        scoring = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(scoring)
        self._scorer = scoring.Scorer(context.artifacts["saved_model"])

    def predict(self, model_input: pandas.DataFrame) -> pandas.DataFrame:
        """Predictions for raw rows, with a probability a class where there are classes."""
        predictions: pandas.DataFrame = self._scorer.predict(model_input)
        return predictions


mlflow.models.set_model(ExportedNetwork())
