"""A table that comes with scikit-learn: `data.sklearn`."""

from collections.abc import Callable, Mapping
from typing import final

import pandas
import sklearn.datasets

from automl.config.sections import DataConfig
from automl.data.sources.source import ReadRequest, ReadTable, Source, narrowed
from automl.errors import DataError, explain, one_of

TABLES: Mapping[str, Callable[..., object]] = {
    "breast_cancer": sklearn.datasets.load_breast_cancer,
    "diabetes": sklearn.datasets.load_diabetes,
    "digits": sklearn.datasets.load_digits,
    "iris": sklearn.datasets.load_iris,
    "wine": sklearn.datasets.load_wine,
}


@final
class Bundled(Source):
    """One of `TABLES`; classes are called by their names, and `target` is the column to predict if none is named."""

    key = "sklearn"

    def read(self, request: ReadRequest) -> ReadTable:
        """The table of that name."""
        name = request.data.sklearn or ""
        if name not in TABLES:
            must, cure = "name a bundled table", one_of(TABLES, name)
            at = request.where("data", self.key)
            raise DataError(explain("data.sklearn", must, name, cure, where=at))
        bunch = TABLES[name](as_frame=True)
        table: pandas.DataFrame = bunch.frame.copy()  # type: ignore[attr-defined]
        names = getattr(bunch, "target_names", None)
        if names is not None and isinstance(names[0], str):
            table["target"] = [str(names[code]) for code in table["target"]]
        return ReadTable(narrowed(table, request.wanted))

    def target(self, data: DataConfig) -> str:
        """The column that the study file names, or the table's own."""
        return data.target or "target"
