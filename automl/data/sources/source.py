"""What a source of tables is: the interface of the files beside this one, and what they are asked for."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import pandas

from automl.config.sections import DataConfig
from automl.data.files.table_file import Wanted
from automl.errors import Where


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What a source is asked for.

    Attributes:
        data: The section of the study file.
        folder: Where relative paths start.
        where: Gives `file:line` of a key of the study file.
        wanted: The columns to read; None for all.
        frame: The table, where Python gives one.
    """

    data: DataConfig
    folder: Path
    where: Where
    wanted: Wanted = None
    frame: pandas.DataFrame | None = None


@dataclass(frozen=True, slots=True)
class ReadTable:
    """What a source gives.

    Attributes:
        frame: The table.
        notes: What a person should know of how it was read, in sentences.
    """

    frame: pandas.DataFrame
    notes: tuple[str, ...] = ()


class Source(ABC):
    """A place where tables come from. It holds nothing, and changes nothing there.

    Attributes:
        key: Of the study file, under `data`, which names such a table.
    """

    key: ClassVar[str]

    @abstractmethod
    def read(self, request: ReadRequest) -> ReadTable:
        """The table, with the wanted columns alone where it has them all; whole where it lacks one.

        Raises:
            DataError: It is missing or cannot be read. No message holds a password or a token.
        """

    def target(self, data: DataConfig) -> str:
        """Name of the column to predict."""
        return data.target or ""


def narrowed(table: pandas.DataFrame, wanted: Wanted) -> pandas.DataFrame:
    """A table in memory with the wanted columns alone, where it has them all."""
    names = [str(name) for name in table.columns]
    if wanted is None or not set(wanted) <= set(names):
        return table
    return table.loc[:, [name in wanted for name in names]]
