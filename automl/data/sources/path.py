"""A file on this machine: `data.path`."""

from typing import final

from automl.data.sources.file_source import read_table, table_file
from automl.data.sources.source import ReadRequest, ReadTable, Source


@final
class Path(Source):
    """A file, relative to the study file, in one of `FORMATS`."""

    key = "path"

    def read(self, request: ReadRequest) -> ReadTable:
        """The table in it."""
        path = request.folder / (request.data.path or "")
        return read_table(table_file(request.data, path, request.where("data", self.key)), request)
