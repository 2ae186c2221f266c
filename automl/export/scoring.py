"""Predictions of an exported model for raw rows. Travels with the model: needs TensorFlow, NumPy, pandas."""

import json
from pathlib import Path

import numpy
import pandas
import tensorflow


class Scorer:
    """A SavedModel on disk, asked with tables.

    Args:
        folder: Holds `saved_model.pb` and `model.json`.
    """

    def __init__(self, folder: str | Path) -> None:
        contract = json.loads((Path(folder) / "model.json").read_text(encoding="utf-8"))
        self._task = contract["task"]
        self._features = contract["features"]
        self._inputs = contract["inputs"]
        self._classes = contract["classes"]
        self._model = tensorflow.saved_model.load(str(folder))  # its signatures live as long as it does
        self._signature = self._model.signatures["serving_default"]

    def predict(self, frame: pandas.DataFrame) -> pandas.DataFrame:
        """The column `prediction`, and a column `probability_<class>` for each class.

        Columns that are no feature are ignored. A row with a null has no prediction.

        Raises:
            ValueError: A feature is missing, or holds something that is no number.
        """
        missing = [name for name in self._features if name not in frame.columns]
        if missing:
            raise ValueError(f"the rows must have the columns {missing}, got {list(frame.columns)}")
        outputs = self._signature(
            **{self._inputs[name]: self._tensor(frame[name]) for name in self._features}
        )
        if self._task == "regression":
            return pandas.DataFrame({"prediction": outputs["prediction"].numpy()}, index=frame.index)
        return self._classify(outputs["probabilities"].numpy(), frame.index)

    def _classify(self, probabilities: numpy.ndarray, index: pandas.Index) -> pandas.DataFrame:
        known = ~numpy.isnan(probabilities).any(axis=1)  # a null among the features leaves no prediction
        labels = [
            self._classes[place] if sure else None
            for place, sure in zip(probabilities.argmax(axis=1), known, strict=True)
        ]
        columns = {f"probability_{name}": probabilities[:, place] for place, name in enumerate(self._classes)}
        return pandas.DataFrame({"prediction": labels, **columns}, index=index)

    def _tensor(self, column: pandas.Series) -> tensorflow.Tensor:
        argument = self._signature.structured_input_signature[1][self._inputs[column.name]]
        try:
            numbers = pandas.to_numeric(column).to_numpy(argument.dtype.as_numpy_dtype, na_value=float("nan"))
        except (ValueError, TypeError) as error:
            raise ValueError(f"the column `{column.name}` must hold numbers: {error}") from error
        return tensorflow.constant(numbers)
