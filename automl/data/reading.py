"""From a study file to its table: the source that it names is read, and the table checked."""

from dataclasses import replace
from pathlib import Path

import pandas

from automl.config.study import StudyConfig
from automl.data.dataset import Dataset, make_dataset
from automl.data.files.table_file import Wanted
from automl.data.sources.source import ReadRequest
from automl.data.sources.table import SOURCES
from automl.errors import DataError, Where


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
    data = config.data
    if frame is not None and not data.frame:
        cure = "Write `data: {frame: true, target: …}`, or give no table."
        raise DataError(
            f"{where('data')}: the study file names a table, but a DataFrame was given as well. {cure}"
        )
    source = next(source for key, source in SOURCES.items() if getattr(data, key))
    read = source.read(ReadRequest(data, folder, where, wanted_columns(config), frame))
    has_builder = config.network.builder is not None
    target = source.target(data)
    dataset = make_dataset(read.frame, target, data, where, config.splits, keep_constant=has_builder)
    return replace(dataset, notes=(*read.notes, *dataset.notes))


def wanted_columns(config: StudyConfig) -> Wanted:
    """The columns that a study uses; None when it uses all."""
    data = config.data
    if data.features is None:
        return None
    others = (data.target, data.weights, config.splits.by)
    return {*data.features, *(data.columns or {}), *(name for name in others if name is not None)}
