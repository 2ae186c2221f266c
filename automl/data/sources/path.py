"""A file on this machine: `data.path`."""

from typing import final

import pandas

from automl.data.sources.file_source import read_table, table_file
from automl.data.sources.source import Asked, Source


@final
class Path(Source):
    """A file, relative to the study file, in one of `FORMATS`."""

    key = "path"

    def read(self, asked: Asked) -> pandas.DataFrame:
        """The table in it."""
        path = asked.folder / (asked.data.path or "")
        return read_table(table_file(asked.data, path, asked.where("data", self.key)), asked)
