"""Where tables come from: `READERS`, one function a kind of source."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas
import sklearn.datasets

from automl.config.sections import DataConfig
from automl.config.study import StudyConfig
from automl.data.addresses import full_address
from automl.data.dataset import Dataset, Where, make_dataset
from automl.data.downloads import download, public_url
from automl.data.features.cells import kind_of_cells, typed_cells
from automl.data.files import TableFile, Wanted
from automl.data.formats import beginning_of, has_types, read_file
from automl.data.text_files import separator_cure
from automl.errors import DataError, explain, one_of

SKLEARN_TABLES: Mapping[str, Callable[..., object]] = {
    "breast_cancer": sklearn.datasets.load_breast_cancer,
    "diabetes": sklearn.datasets.load_diabetes,
    "digits": sklearn.datasets.load_digits,
    "iris": sklearn.datasets.load_iris,
    "wine": sklearn.datasets.load_wine,
}

_MOST_NAMES = 10
"""Columns that an error lists."""


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
    own = config.network.builder is not None
    return make_dataset(table, target, config.data, where, config.splits, keep_constant=own)


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
    return _from_file(table_file(data, folder / (data.path or ""), at), config, where)


def _from_url(config: StudyConfig, _: Path, where: Where) -> tuple[pandas.DataFrame, str]:
    data, at = config.data, where("data", "url")
    url = full_address(data.url or "", "data.url", at)
    named = public_url(data.url or "")  # as it stands in the study file: a variable may hold a secret
    with TemporaryDirectory() as folder:
        path = download(url, Path(folder), at, named)
        return _from_file(table_file(data, path, at, named), config, where)


def table_file(data: DataConfig, path: Path, where: str = "", label: str = "") -> TableFile:
    """A file that is read as the data section says.

    Args:
        data: The section.
        path: Where the file's bytes are.
        where: `file:line` of the study file that names it.
        label: What errors call it; its path when empty.
    """
    return TableFile(
        path=path,
        where=where,
        label=label,
        encoding=data.encoding,
        separator=data.separator,
        skip=data.skip,
        header=data.header != "none",
        names=tuple(data.names or ()),
        decimal=data.decimal,
    )


def text_reading(data: DataConfig) -> dict[str, Any]:
    """How a study reads its file of text, where that is not the usual way: fields of `TableFile`, for JSON."""
    keys = ("encoding", "separator", "skip", "header", "names", "decimal")
    file, usual = table_file(data, Path()), TableFile(Path())
    return {key: getattr(file, key) for key in keys if getattr(file, key) != getattr(usual, key)}


def _from_file(file: TableFile, config: StudyConfig, where: Where) -> tuple[pandas.DataFrame, str]:
    kinds = {} if has_types(file) else config.data.columns or {}
    levels = tuple(name for name, kind in kinds.items() if kind == "categorical")
    table, target = read_file(replace(file, texts=levels), wanted_columns(config)), config.data.target or ""
    table = table.assign(**{name: _settled(table[name]) for name in levels if name in table.columns})
    if target not in table.columns:
        _explain_columns(file, [str(name) for name in table.columns], target, where)
    return table, target


def _explain_columns(file: TableFile, names: list[str], target: str, where: Where) -> None:
    """Say what the columns of a file without the target look like: cells with another separator, a title, data.

    Raises:
        DataError: One of these.
    """
    beginning = beginning_of(file)
    cure = separator_cure(names) or (beginning.cure if beginning is not None else "")
    if cure:
        shown = ", ".join(map(repr, names[:_MOST_NAMES])) + (", …" if len(names) > _MOST_NAMES else "")
        must = (
            f"name a column, and the only one is {shown}" if len(names) == 1 else f"name a column of {shown}"
        )
        raise DataError(explain("data.target", must, target, cure, where=where("data", "target")))


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
