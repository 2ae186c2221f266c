"""Tables in databases, through SQLAlchemy. Errors never hold a password."""

import warnings
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pandas
import sqlalchemy
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, ResourceClosedError, SQLAlchemyError

from automl.config.sections import DataConfig
from automl.data.addresses import full_address
from automl.data.dataset import Where
from automl.data.files import TableFile, Wanted, choose, explained, first_line, plain_columns
from automl.errors import DataError, explain, one_of

_SQLITE = b"SQLite format 3\0"
"""What every SQLite file begins with."""


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
    at = where("data", "sql")
    address = _address(full_address(config.sql or "", "data.sql", at), folder, at)
    named = address.set(query={}).render_as_string(hide_password=True)
    engine = _engine(address, at)
    key = "table" if config.query is None else "query"
    try:
        with engine.connect() as connection, warnings.catch_warnings():
            warnings.simplefilter(
                "ignore", sqlalchemy.exc.SAWarning
            )  # a type it does not know is read as it is
            if config.query is not None:
                result = connection.exec_driver_sql(config.query)
            else:
                result = connection.execute(_selection(connection, config.table or "", where, wanted))
            names = [str(name) for name in result.keys()]  # noqa: SIM118  a result is no mapping
            table = pandas.DataFrame.from_records(result.fetchall(), columns=names, coerce_float=True)
    except (SQLAlchemyError, TypeError) as error:  # the latter for an option that the driver does not know
        raise DataError(_refusal(error, address, named, where, key)) from None
    finally:
        engine.dispose()

    def refuse(what: str) -> DataError:
        return DataError(f"{where('data', key)}: {named}{what}")

    columns = choose(names, wanted, refuse)
    return plain_columns(table if columns is None else table[columns], refuse)


def _address(text: str, folder: Path, at: str) -> sqlalchemy.URL:
    """The URL, of which a SQLite file starts from the folder and exists."""
    try:
        address = sqlalchemy.make_url(text)
    except (ArgumentError, ValueError):
        must = "be a URL of SQLAlchemy's, as in `sqlite:///table.db` or `postgresql://user@host/name`"
        raise DataError(
            f"{at}: `data.sql` must {must}. Put special characters as %40 and the like."
        ) from None
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


def _engine(address: sqlalchemy.URL, at: str) -> sqlalchemy.Engine:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sqlalchemy.exc.SAWarning)
            return sqlalchemy.create_engine(address)
    except NoSuchModuleError:
        what = f"`data.sql` must name a database that SQLAlchemy knows, got {address.drivername!r}"
        raise DataError(f"{at}: {what}. Check it, or install the package that adds it.") from None
    except ImportError as error:
        package = error.name or address.get_driver_name()
        what = f"a {address.get_backend_name()} database needs the package {package}"
        raise DataError(f"{at}: {what}. Install it with `pip install {package}`.") from None
    except (ArgumentError, TypeError, ValueError):  # their texts may repeat the URL
        what = f"`data.sql` must be a whole URL of a {address.get_backend_name()} database"
        raise DataError(f"{at}: {what}. Look up its form in SQLAlchemy's documentation.") from None


def _selection(connection: sqlalchemy.Connection, name: str, where: Where, wanted: Wanted) -> Any:
    inspector = sqlalchemy.inspect(connection)
    known = [*inspector.get_table_names(), *inspector.get_view_names()]
    if name not in known:
        must = "name a table or a view of the database"
        cure = f"{one_of(known, name)} Write a `query` for one in another schema."
        raise DataError(explain("data.table", must, name, cure, where=where("data", "table")))
    table = sqlalchemy.Table(name, sqlalchemy.MetaData(), autoload_with=connection)
    names = choose(list(table.c.keys()), wanted, DataError)
    return sqlalchemy.select(*(table.c[name] for name in names or table.c.keys()))


def _refusal(error: Exception, address: sqlalchemy.URL, named: str, where: Where, key: str) -> str:
    """What the database says, without the password that it may repeat."""
    said = first_line(getattr(error, "orig", None) or error)
    password = str(address.password or "")
    for secret in {password, quote(password, safe=""), quote_plus(password)} - {""}:
        said = said.replace(secret, "***")
    if getattr(error, "statement", None) is None and not isinstance(error, ResourceClosedError):
        return f"{where('data', 'sql')}: {named} does not answer: {said}. Check the URL, and that it is up."
    return f"{where('data', key)}: {named} refuses the {key}: {said}. Check `data.{key}`."
