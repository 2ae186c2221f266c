"""A file on the web: `data.url`."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import final

from automl.data.sources.addresses import full_address
from automl.data.sources.downloads import download, public_url
from automl.data.sources.file_source import read_table, table_file
from automl.data.sources.source import ReadRequest, ReadTable, Source


@final
class Url(Source):
    """The http or https address of a file in one of `FORMATS`; it is fetched into a folder that is removed again."""

    key = "url"

    def read(self, request: ReadRequest) -> ReadTable:
        """The table in the file that is there."""
        given, at = request.data.url or "", request.where("data", self.key)
        url = full_address(given, "data.url", at)
        named = public_url(given)  # as it stands in the study file: a variable may hold a secret
        with TemporaryDirectory() as folder:
            path = download(url, Path(folder), at, named)
            return read_table(table_file(request.data, path, at, named), request)
