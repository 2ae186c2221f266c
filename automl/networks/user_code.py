"""A user's function from `file.py:function`, a builder or a metric: imported in a process of its own first."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from automl.errors import NetworkError, one_of
from automl.networks.loading import LocalModules, import_builder, short
from automl.networks.probe import BuilderProbe
from automl.networks.sources import BUILDER_KEY, BuilderFile, find_builder


def load_user_function(
    reference: str, folder: Path, where: str, probe: BuilderProbe | None, key: str = BUILDER_KEY
) -> tuple[Callable[..., Any], BuilderFile, LocalModules]:
    """The function behind `file.py:function`, its file, and what it can import.

    Args:
        reference: `file.py:function`.
        folder: The folder of the study file.
        where: File and line of the reference.
        probe: What imports the file first.
        key: The key of the study file that names it.

    Raises:
        NetworkError: No such file or function, or the file itself raises, hangs or ends the process.
    """
    try:
        file = find_builder(reference, folder, key)
    except NetworkError as error:
        raise NetworkError(f"{where}: {error}") from error
    path = folder / reference.rpartition(":")[0]
    if probe is not None and (loaded := probe.load()).fatal:
        raise NetworkError(f"{where}: {path} cannot be imported: it {loaded.reason}.")
    modules = LocalModules.of(file)
    try:
        module = import_builder(file, modules)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        raise NetworkError(f"{where}: {path} cannot be imported: {short(error, file.path)}.") from error
    function = getattr(module, file.name, None)
    if not callable(function):
        functions = [key for key, value in vars(module).items() if callable(value) and key[0] != "_"]
        raise NetworkError(
            f"{where}: {path} contains no function {file.name!r}. {one_of(functions, file.name)}"
        )
    return function, file, modules
