"""Where tables come from: `READERS`, one function a kind of source."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas
import sklearn.datasets

from automl.config.study import StudyConfig
from automl.data.addresses import full_address
from automl.data.dataset import Dataset, Where, make_dataset
from automl.data.downloads import download, public_url
from automl.data.features.cells import kind_of_cells, typed_cells
from automl.data.files import TableFile, Wanted
from automl.data.formats import has_types, read_file
from automl.data.text_files import separator_cure
from automl.errors import DataError, explain, one_of

SKLEARN_TABLES: Mapping[str, Callable[..., object]] = {
    "breast_cancer": sklearn.datasets.load_breast_cancer,
    "diabetes": sklearn.datasets.load_diabetes,
    "digits": sklearn.datasets.load_digits,
    "iris": sklearn.datasets.load_iris,
    "wine": sklearn.datasets.load_wine,
}


def read_dataset(
    config: StudyConfig, folder: Path, where: Where, frame: pandas.DataFrame | None = None
) -> Dataset:
    """Read and check the table of a study.

    Args:
        config: The study file.
        folder: Where relative paths start.
        where: Gives `file:line` of a key of the study file.
        frame: The table, where Python gives it.

    Raises:
        DataError: The table is missing, unreadable or cannot be learned from.
    """
    if config.data.frame or frame is not None:
        table, target = _given(config, where, frame), config.data.target or ""
    else:
        source = next(name for name in READERS if getattr(config.data, name) is not None)
        table, target = READERS[source](config, folder, where)
    return make_dataset(table, target, config.data, where, config.splits)


def wanted_columns(config: StudyConfig) -> Wanted:
    """The columns that a study uses; None when it uses all."""
    data = config.data
    if data.features is None:
        return None
    others = (data.target, data.weights, config.splits.by)
    return {*data.features, *(data.columns or {}), *(name for name in others if name is not None)}


def _given(config: StudyConfig, where: Where, frame: pandas.DataFrame | None) -> pandas.DataFrame:
    """The DataFrame that Python gives to a study that asks for one."""
    if frame is not None and config.data.frame:
        return frame
    if frame is not None:
        cure = "Write `data: {frame: true, target: …}`, or give no table."
        raise DataError(
            f"{where('data')}: the study names a table of its own, and was given a DataFrame. {cure}"
        )
    cure = "Call `automl.run_study(study, table=frame)`, or name a file under `data.path`."
    raise DataError(f"{where('data', 'frame')}: `data.frame` needs a DataFrame from Python, got none. {cure}")


def _from_path(config: StudyConfig, folder: Path, where: Where) -> tuple[pandas.DataFrame, str]:
    data, at = config.data, where("data", "path")
    file = TableFile(folder / (data.path or ""), at, encoding=data.encoding, separator=data.separator)
    return _from_file(file, config, where)


def _from_url(config: StudyConfig, _: Path, where: Where) -> tuple[pandas.DataFrame, str]:
    data, at = config.data, where("data", "url")
    url = full_address(data.url or "", "data.url", at)
    named = public_url(data.url or "")  # as it stands in the study file: a variable may hold a secret
    with TemporaryDirectory() as folder:
        path = download(url, Path(folder), at, named)
        file = TableFile(path, at, named, data.encoding, data.separator)
        return _from_file(file, config, where)


def _from_file(file: TableFile, config: StudyConfig, where: Where) -> tuple[pandas.DataFrame, str]:
    kinds = {} if has_types(file) else config.data.columns or {}
    levels = tuple(name for name, kind in kinds.items() if kind == "categorical")
    file = replace(file, texts=levels, decimal=config.data.decimal)
    table, target = read_file(file, wanted_columns(config)), config.data.target or ""
    table = table.assign(**{name: _settled(table[name]) for name in levels if name in table.columns})
    cure = separator_cure([str(name) for name in table.columns])
    if cure and target not in table.columns:
        must = f"name a column, and the only one is {table.columns[0]!r}"
        raise DataError(explain("data.target", must, target, cure, where=where("data", "target")))
    return table, target


def _settled(values: pandas.Series) -> pandas.Series:
    """A column of texts as numbers or truth values, where each of them stands for one: 7 does, and 007 does not."""
    for kind in ("boolean", "number"):
        typed = typed_cells(values, kind)
        if kind_of_cells(typed) == kind:
            return typed
    return values


def _from_database(config: StudyConfig, folder: Path, where: Where) -> tuple[pandas.DataFrame, str]:
    from automl.data.databases import read_database

    return read_database(config.data, folder, where, wanted_columns(config)), config.data.target or ""


def _from_sklearn(config: StudyConfig, _: Path, where: Where) -> tuple[pandas.DataFrame, str]:
    name = config.data.sklearn or ""
    if name not in SKLEARN_TABLES:
        must, cure = "name a bundled table", one_of(SKLEARN_TABLES, name)
        raise DataError(explain("data.sklearn", must, name, cure, where=where("data", "sklearn")))
    bunch = SKLEARN_TABLES[name](as_frame=True)
    table: pandas.DataFrame = bunch.frame.copy()  # type: ignore[attr-defined]
    names = getattr(bunch, "target_names", None)
    if names is not None and isinstance(names[0], str):
        table["target"] = [str(names[code]) for code in table["target"]]
    return table, config.data.target or "target"


READERS: Mapping[str, Callable[[StudyConfig, Path, Where], tuple[pandas.DataFrame, str]]] = {
    "path": _from_path,
    "url": _from_url,
    "sql": _from_database,
    "sklearn": _from_sklearn,
}
