"""Which trackers a study file names."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import PathFinder
from pathlib import Path

from automl.config.study import StudyConfig
from automl.errors import TrackingError, explain
from automl.tracking.mlflow.tracker import MlflowTracker
from automl.tracking.mlflow.trial_runs import Render
from automl.tracking.tracker import Tracker

NONE, MLFLOW = "none", "mlflow"


def make_trackers(config: StudyConfig, mlruns: Path, render: Render) -> list[Tracker]:
    """The trackers that `tracking.to` names: none, MLflow, or one of the user's own.

    Args:
        config: The study.
        mlruns: The folder of the MLflow store, where nothing names another.
        render: Writes the files of a trial into a folder.

    Raises:
        TrackingError: The user's class cannot be imported or made, or is no tracker.
    """
    tracking = config.tracking
    if tracking.to == NONE:
        return []
    if tracking.to == MLFLOW:
        return [MlflowTracker(tracking.uri, mlruns, render)]
    return [_own_tracker(tracking.to, config.folder, config.where("tracking", "to"))]


def _own_tracker(name: str, folder: Path, where: str) -> Tracker:
    """An instance of `module:Class`, which is looked for beside the study file first."""
    module, _, attribute = name.partition(":")

    def wrong(must: str, cure: str) -> TrackingError:
        return TrackingError(explain("tracking.to", must, name, cure, where=where))

    with _importable(module, folder):
        try:
            kind = getattr(importlib.import_module(module), attribute, None)
        except (Exception, SystemExit) as error:
            if isinstance(error, ModuleNotFoundError) and module.split(".")[0] == error.name:
                cure = f"Put {error.name}.py into the folder of the study file, or install the package."
                raise wrong("name a module that can be imported", cure) from None
            raise wrong("name a module that can be imported", f"It raises {_message_of(error)}.") from error
        if not (inspect.isclass(kind) and issubclass(kind, Tracker)):
            cure = f"Let `class {attribute}` in {module} inherit from `automl.Tracker`."
            raise wrong("name a tracker, as `package.module:Class`", cure)
        if inspect.isabstract(kind):
            missing = ", ".join(f"`{method}`" for method in sorted(kind.__abstractmethods__))
            raise wrong("name a tracker that has every method", f"Write {missing}.")
        try:
            return kind()
        except (Exception, SystemExit) as error:
            cure = f"It raises {_message_of(error)}."
            raise wrong("name a tracker that can be made without arguments", cure) from error


@contextmanager
def _importable(module: str, folder: Path) -> Iterator[None]:
    """Look for modules in a folder first; one of the same name from another folder is imported anew."""
    importlib.invalidate_caches()
    package = module.split(".")[0]
    here = PathFinder.find_spec(package, [str(folder)])
    loaded = getattr(sys.modules.get(package), "__file__", None)
    if here is not None and here.origin is not None and loaded not in (None, here.origin):
        for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
            del sys.modules[name]
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))


def _message_of(error: BaseException) -> str:
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0].rstrip('.')}" if text else type(error).__name__
