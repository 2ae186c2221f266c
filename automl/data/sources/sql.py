"""A table, a view or a query of a database: `data.sql`."""

from typing import final

from automl.data.sources.source import ReadRequest, ReadTable, Source


@final
class Sql(Source):
    """A database that SQLAlchemy knows, with `query` or `table`."""

    key = "sql"

    def read(self, request: ReadRequest) -> ReadTable:
        """What the query gives, or the table holds."""
        from automl.data.sources.databases import read_database  # SQLAlchemy takes its time

        frame = read_database(request.data, request.folder, request.where, request.wanted)
        return ReadTable(frame)
