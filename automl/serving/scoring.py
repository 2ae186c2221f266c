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

_ROUNDING = 1e-6
"""By which float32 probabilities may differ from those that the margins were found with."""


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
        self._margins = contract.get("margins", {"steps": 1, "values": []})
        self._constant = tensorflow.constant
        self._model = tensorflow.saved_model.load(str(folder))  # its signatures live as long as it does
        self._signature = self._model.signatures["serving_default"]

    def predict(self, frame: pandas.DataFrame, interval: float | None = None) -> pandas.DataFrame:
        """The column `prediction`, and a column `probability_<class>` for each class.

        Columns that are no feature are ignored. Gaps and new levels are as good as any other cell.

        Args:
            frame: The rows.
            interval: Share of rows whose truth shall be covered, as 0.9. Adds the columns `low` and `high`, or for each
                class `in_set_<class>`, true for the classes that the set of a row has.

        Raises:
            ValueError: A feature is missing or stands twice, or is to hold numbers and holds text; or the model has no
                intervals of this level.
        """
        margin = None if interval is None else self._margin(interval)
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
            values = outputs["prediction"].numpy()
            ends = {} if margin is None else {"low": values - margin, "high": values + margin}
            return pandas.DataFrame({"prediction": values, **ends}, index=frame.index)
        return self._classify(outputs["probabilities"].numpy(), frame.index, margin)

    def _margin(self, level: float) -> float:
        """What the truth of a share of rows does not exceed."""
        if not 0.0 < level < 1.0:
            raise ValueError(f"the interval must be a share between 0 and 1, as 0.9 for 90 %, got {level:g}")
        values, steps = self._margins["values"], self._margins["steps"]
        if not values:
            raise ValueError(
                "the model has no intervals, because no out-of-fold predictions were kept when it was exported"
            )
        step = int(numpy.ceil(level * steps - 1e-9))
        if step > len(values):
            raise ValueError(
                f"the interval must be at most {len(values) / steps:g}: the study had too few rows for {level:g}"
            )
        return float(values[step - 1])

    def unknown(self, frame: pandas.DataFrame) -> list[str]:
        """Columns that the model does not know."""
        return [str(name) for name in frame.columns if name not in self._columns]

    def _classify(
        self, probabilities: numpy.ndarray, index: pandas.Index, margin: float | None
    ) -> pandas.DataFrame:
        codes = probabilities.argmax(axis=1)
        if len(self._classes) == 2:
            codes = (probabilities[:, 1] >= self._threshold).astype(int)
        columns = {f"probability_{name}": probabilities[:, code] for code, name in enumerate(self._classes)}
        if margin is not None:
            has = 1.0 - probabilities <= margin + _ROUNDING
            columns |= {f"in_set_{name}": has[:, code] for code, name in enumerate(self._classes)}
        return pandas.DataFrame(
            {"prediction": [self._classes[code] for code in codes], **columns}, index=index
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
