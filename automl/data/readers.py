"""Where tables come from: `READERS`, one function a kind of source."""

import lzma
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pandas
import sklearn.datasets

from automl.config import DataConfig
from automl.data.dataset import Dataset, Where, make_dataset
from automl.errors import DataError, explain, one_of

SKLEARN_TABLES: Mapping[str, Callable[..., object]] = {
    "breast_cancer": sklearn.datasets.load_breast_cancer,
    "diabetes": sklearn.datasets.load_diabetes,
    "digits": sklearn.datasets.load_digits,
    "iris": sklearn.datasets.load_iris,
    "wine": sklearn.datasets.load_wine,
}


def read_dataset(config: DataConfig, folder: Path, where: Where) -> Dataset:
    """Read and check the table of a study.

    Args:
        config: The study file's data section.
        folder: Where relative paths start.
        where: Gives `file:line` of a key of the study file.

    Raises:
        DataError: The table is missing, unreadable or cannot be learned from.
    """
    source = "sklearn" if config.sklearn is not None else "path"
    table, target = READERS[source](config, folder, where)
    return make_dataset(table, target, config, where)


def read_csv(path: Path, where: str = "") -> pandas.DataFrame:
    """A CSV file as a table, every column under its own name.

    Raises:
        DataError: No such file, nothing in it, a broken line, another encoding, or a column name that stands
            twice.
    """
    prefix = f"{where}: " if where else ""
    try:
        header = pandas.read_csv(path, header=None, nrows=1, dtype=str).iloc[0].tolist()
        with warnings.catch_warnings():
            warnings.simplefilter("error", pandas.errors.ParserWarning)
            # With an index column, a row with one cell too many would shift the others in silence.
            table = pandas.read_csv(path, index_col=False, low_memory=False)
    except FileNotFoundError:
        cure = "Paths start from the folder of the study file." if where else "Check the path."
        raise DataError(f"{prefix}there is no file {path}. {cure}") from None
    except pandas.errors.EmptyDataError:
        raise DataError(f"{prefix}{path} is empty. It must begin with a line of column names.") from None
    except pandas.errors.ParserError as error:
        raise DataError(f"{prefix}{path} is not a CSV table: {str(error).strip()}. Mend that line.") from None
    except pandas.errors.ParserWarning:
        cure = "Name every column in the first line."
        raise DataError(
            f"{prefix}{path} has rows with more cells than there are column names. {cure}"
        ) from None
    except UnicodeDecodeError as error:
        raise DataError(f"{prefix}{path} is not UTF-8 text ({error}). Save it as UTF-8.") from None
    except (OSError, EOFError, lzma.LZMAError, zipfile.BadZipFile, zlib.error) as error:
        cure = "Check that it is a file, whole, and packed as its name says."
        raise DataError(f"{prefix}{path} cannot be read: {error}. {cure}") from None
    twice = sorted({name for name in header if isinstance(name, str) and header.count(name) > 1}, key=str)
    if twice:
        raise DataError(f"{prefix}{path}: the column name {twice[0]!r} stands twice. Rename one.")
    return table


def _from_path(config: DataConfig, folder: Path, where: Where) -> tuple[pandas.DataFrame, str]:
    path = folder / (config.path or "")
    return read_csv(path, where("data", "path")), config.target or ""


def _from_sklearn(config: DataConfig, _: Path, where: Where) -> tuple[pandas.DataFrame, str]:
    name = config.sklearn or ""
    if name not in SKLEARN_TABLES:
        must, cure = "name a bundled table", one_of(SKLEARN_TABLES, name)
        raise DataError(explain("data.sklearn", must, name, cure, where=where("data", "sklearn")))
    bunch = SKLEARN_TABLES[name](as_frame=True)
    table: pandas.DataFrame = bunch.frame.copy()  # type: ignore[attr-defined]
    names = getattr(bunch, "target_names", None)
    if names is not None and isinstance(names[0], str):
        table["target"] = [str(names[code]) for code in table["target"]]
    return table, config.target or "target"


READERS: Mapping[str, Callable[[DataConfig, Path, Where], tuple[pandas.DataFrame, str]]] = {
    "path": _from_path,
    "sklearn": _from_sklearn,
}
