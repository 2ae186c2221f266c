"""Tables in databases, through SQLAlchemy. Nothing is ever written to one, and errors hold no password."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas
import sqlalchemy
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, ResourceClosedError, SQLAlchemyError

from automl.config.sections import DataConfig
from automl.data.files.table_file import TableFile, Wanted, choose, explained, plain_columns
from automl.data.sources.addresses import full_address
from automl.data.sources.queries import check_query
from automl.errors import DataError, Where, explain, one_of
from automl.secrets import masked

_SQLITE = b"SQLite format 3\0"
"""What every SQLite file begins with."""

_READ_ONLY: Mapping[str, tuple[str, ...]] = {
    "sqlite": ("PRAGMA query_only = ON",),
    "postgresql": ("SET TRANSACTION READ ONLY", "SET LOCAL standard_conforming_strings = on"),
    "mysql": ("SET SESSION TRANSACTION READ ONLY",),
    "mariadb": ("SET SESSION TRANSACTION READ ONLY",),
}
"""By database, what makes a connection one that only reads. All others are rolled back, as these are too."""


def read_database(config: DataConfig, folder: Path, where: Where, wanted: Wanted) -> pandas.DataFrame:
    """The table that a query gives, or that has a name in a database.

    Args:
        config: With `sql`, and `query` or `table`.
        folder: Where the path of a SQLite file starts.
        where: Gives `file:line` of a key of the study file.
        wanted: The columns to read.

    Raises:
        DataError: No such database or table, a database that does not answer, or a query that it refuses.
    """
    at, key = where("data", "sql"), "table" if config.query is None else "query"
    text = full_address(config.sql or "", "data.sql", at)
    address = _address(text, folder, at)
    named = masked(address.set(query={}).render_as_string(hide_password=True), text)
    if config.query is not None:
        check_query(config.query, address.get_backend_name(), where("data", "query"))
    engine = _engine(_reading(address), at)
    try:
        with engine.connect() as connection, warnings.catch_warnings():
            warnings.simplefilter("ignore", sqlalchemy.exc.SAWarning)  # an unknown type is read as it is
            for statement in _READ_ONLY.get(address.get_backend_name(), ()):
                connection.exec_driver_sql(statement)
            if config.query is not None:  # without parameters, in which a driver would look for each %
                result = connection.exec_driver_sql(config.query, execution_options={"no_parameters": True})
            else:
                result = connection.execute(_selection(connection, config.table or "", where, wanted))
            names = [str(name) for name in result.keys()]  # noqa: SIM118  a result is no mapping
            table = pandas.DataFrame.from_records(result.fetchall(), columns=names, coerce_float=True)
            connection.rollback()
    except (SQLAlchemyError, TypeError, ValueError, RuntimeError, OSError) as error:
        raise DataError(_refusal(error, text, named, where, key)) from None
    finally:
        engine.dispose()

    def refuse(reason: str) -> DataError:
        return DataError(f"{where('data', key)}: {named}{reason}")

    columns = choose(names, wanted, refuse)
    return plain_columns(table if columns is None else table[columns], refuse)


def _address(text: str, folder: Path, at: str) -> sqlalchemy.URL:
    """The URL, of which a SQLite file starts from the folder and exists."""
    try:
        address = sqlalchemy.make_url(text)
    except (ArgumentError, ValueError):
        must = "be a URL of SQLAlchemy's, as in `sqlite:///table.db` or `postgresql://user@host/name`"
        raise DataError(f"{at}: `data.sql` must {must}. Encode special characters, as in %40.") from None
    database = address.database or ""
    if address.get_backend_name() != "sqlite" or database in ("", ":memory:") or database.startswith("file:"):
        return address
    path = folder / database
    with (
        explained(TableFile(path, at)),
        path.open("rb") as file,
    ):  # SQLite itself would make a file that is missing
        if file.read(len(_SQLITE)) != _SQLITE:
            raise DataError(f"{at}: {path} is not a SQLite database. Check the path, or use `path`.")
    return address.set(database=str(path))


def _reading(address: sqlalchemy.URL) -> sqlalchemy.URL:
    """The address, of which a file is opened for reading only and never made."""
    database, name = address.database or "", address.get_backend_name()
    if database in ("", ":memory:"):
        return address
    if name == "duckdb" and not database.startswith("md:"):
        return address.set(query={**address.query, "access_mode": "read_only"})
    if name != "sqlite":
        return address
    if not database.startswith("file:"):
        database = f"file:{quote(database)}"
    return address.set(database=database, query={**address.query, "mode": "ro", "uri": "true"})


def _engine(address: sqlalchemy.URL, at: str) -> sqlalchemy.Engine:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sqlalchemy.exc.SAWarning)
            return sqlalchemy.create_engine(address)
    except NoSuchModuleError:
        reason = f"`data.sql` must name a database that SQLAlchemy knows, got {address.drivername!r}"
        raise DataError(f"{at}: {reason}. Check it, or install the package that adds it.") from None
    except ImportError as error:
        package = error.name or address.get_driver_name()
        reason = f"a {address.get_backend_name()} database needs the package {package}"
        raise DataError(f"{at}: {reason}. Install it with `pip install {package}`.") from None
    except (ArgumentError, TypeError, ValueError):  # their texts may repeat the URL
        reason = f"`data.sql` must be a whole URL of a {address.get_backend_name()} database"
        raise DataError(f"{at}: {reason}. Look up its form in SQLAlchemy's documentation.") from None


def _selection(connection: sqlalchemy.Connection, name: str, where: Where, wanted: Wanted) -> Any:
    inspector = sqlalchemy.inspect(connection)
    tables = [*inspector.get_table_names(), *inspector.get_view_names()]
    if name not in tables:
        must = "name a table or a view of the database"
        cure = f"{one_of(tables, name)} Write a `query` for one in another schema."
        raise DataError(explain("data.table", must, name, cure, where=where("data", "table")))
    table = sqlalchemy.Table(name, sqlalchemy.MetaData(), autoload_with=connection)
    names = choose(list(table.c.keys()), wanted, DataError)
    return sqlalchemy.select(*(table.c[name] for name in names or table.c.keys()))


def _refusal(error: Exception, address: str, named: str, where: Where, key: str) -> str:
    """What the database says, without the secrets that it may repeat."""
    message = masked(str(getattr(error, "orig", None) or error).strip(), address) or type(error).__name__
    message = message.splitlines()[0].rstrip(" .:")
    if getattr(error, "statement", None) is None and not isinstance(error, ResourceClosedError):
        return f"{where('data', 'sql')}: {named} does not respond: {message}. Check the URL, and that the server runs."
    return f"{where('data', key)}: {named} refuses the {key}: {message}. Check `data.{key}`."
