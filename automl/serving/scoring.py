"""Predictions of an exported model for raw rows. Travels with the model: needs TensorFlow, NumPy, pandas.

Cells are read by the files of `data/features/`, which travel along: alike before training and in production.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy
import pandas

from ..data.features.cells import plain_cells, without_gaps
from ..data.features.kinds import KINDS


class Scorer:
    """A SavedModel on disk, asked with tables.

    Args:
        folder: Holds `saved_model.pb` and `model.json`.
    """

    def __init__(self, folder: str | Path) -> None:
        import tensorflow

        contract = json.loads((Path(folder) / "model.json").read_text(encoding="utf-8"))
        self._task = contract["task"]
        self._columns: dict[str, dict[str, Any]] = contract["columns"]
        self._inputs = contract["inputs"]
        self._classes = contract["classes"]
        self._threshold = contract["threshold"]
        self._constant = tensorflow.constant
        self._model = tensorflow.saved_model.load(str(folder))  # its signatures live as long as it does
        self._signature = self._model.signatures["serving_default"]

    def predict(self, frame: pandas.DataFrame) -> pandas.DataFrame:
        """The column `prediction`, and a column `probability_<class>` for each class.

        Columns that are no feature are ignored. Gaps and new levels are as good as any other cell.

        Raises:
            ValueError: A feature is missing or stands twice, or is to hold numbers and holds text.
        """
        frame = frame.rename(columns=str)
        twice = sorted({name for name in frame.columns[frame.columns.duplicated()] if name in self._columns})
        if twice:
            raise ValueError(f"the rows have the columns {twice} more than once")
        missing = [name for name in self._columns if name not in frame.columns]
        if missing:
            raise ValueError(f"the rows must have the columns {missing}, got {list(frame.columns)}")
        outputs = self._signature(
            **{self._inputs[name]: self._tensor(plain_cells(frame[name])) for name in self._columns}
        )
        if self._task == "regression":
            return pandas.DataFrame({"prediction": outputs["prediction"].numpy()}, index=frame.index)
        return self._classify(outputs["probabilities"].numpy(), frame.index)

    def unknown(self, frame: pandas.DataFrame) -> list[str]:
        """Columns that the model does not know."""
        return [str(name) for name in frame.columns if name not in self._columns]

    def _classify(self, probabilities: numpy.ndarray, index: pandas.Index) -> pandas.DataFrame:
        places = probabilities.argmax(axis=1)
        if len(self._classes) == 2:
            places = (probabilities[:, 1] >= self._threshold).astype(int)
        columns = {f"probability_{name}": probabilities[:, place] for place, name in enumerate(self._classes)}
        return pandas.DataFrame(
            {"prediction": [self._classes[place] for place in places], **columns}, index=index
        )

    def _tensor(self, column: pandas.Series) -> Any:
        described = self._columns[str(column.name)]
        feature = KINDS[described["kind"]]
        column = without_gaps(column, described.get("gaps", ()))
        return self._constant(feature.given(column, described).tolist(), feature.input_type)


def text_columns(contract: Mapping[str, Any]) -> list[str]:
    """Columns that a text file must give as text, by the `model.json` of an exported model."""
    return [
        name
        for name, described in contract["columns"].items()
        if KINDS[described["kind"]].input_type == "string"
    ]
