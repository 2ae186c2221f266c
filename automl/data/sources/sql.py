"""A table, a view or a query of a database: `data.sql`."""

from typing import final

import pandas

from automl.data.sources.source import ReadRequest, Source


@final
class Sql(Source):
    """A database that SQLAlchemy knows, with `query` or `table`."""

    key = "sql"

    def read(self, request: ReadRequest) -> pandas.DataFrame:
        """What the query gives, or the table holds."""
        from automl.data.sources.databases import read_database  # SQLAlchemy takes its time

        return read_database(request.data, request.folder, request.where, request.wanted)
