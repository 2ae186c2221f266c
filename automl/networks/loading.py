"""A user's builder in this process: imported beside its neighbors, and called so that it cannot end the process.

The study's own process and the one that tries builders first (`probe_main.py`) import and call them alike.
"""

import importlib
import importlib.util
import sys
import traceback
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import Any, final

from automl.networks.output import held_output
from automl.networks.sources import BuilderFile

_MARK = "__automl_builder_module__"


class BuilderFailure(Exception):
    """A builder that gives no network for some values; the message is the reason of their trial.

    Not one of `errors.py`: it is a trial's state, not the study's end.
    """


@final
@dataclass(frozen=True, slots=True)
class LocalModules:
    """Modules beside a builder, which can be imported while it is imported and while it builds.

    Attributes:
        roots: Their folders.
        files: The builder's own file and the modules that it imports.
    """

    roots: tuple[Path, ...]
    files: Collection[str]

    @classmethod
    def of(cls, file: BuilderFile) -> "LocalModules":
        """The modules beside a builder, as its source names them."""
        return cls(file.roots, frozenset(map(str, file.modules())))

    def forget(self) -> None:
        """Let modules of builders be imported anew: edited ones, and others of the same name in another folder."""
        for name in [name for name, module in list(sys.modules.items()) if _variables_of(module).get(_MARK)]:
            del sys.modules[name]
        importlib.invalidate_caches()

    @contextmanager
    def importable(self) -> Iterator[None]:
        """Look for modules in the folders too, after all others.

        No bytecode is written: Python takes bytecode for current when an edit keeps the second and the length.
        """
        last, writes_none = next(reversed(sys.modules)), sys.dont_write_bytecode
        added = [str(root) for root in self.roots if str(root) not in sys.path]
        sys.path.extend(added)
        sys.dont_write_bytecode = True
        try:
            yield
        finally:
            sys.dont_write_bytecode = writes_none
            sys.path[:] = [entry for entry in sys.path if entry not in added]
            for name in _imported_after(last):
                if _variables_of(sys.modules[name]).get("__file__") in self.files:
                    _variables_of(sys.modules[name])[_MARK] = True


def import_builder(file: BuilderFile, modules: LocalModules) -> ModuleType:
    """Run a builder's file.

    Raises:
        BaseException: Whatever the file raises.
    """
    spec = importlib.util.spec_from_file_location(f"automl_user_{file.path.stem}", file.path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    modules.forget()
    sys.modules[spec.name] = module  # where dataclasses and pickle look for the file's own classes
    with modules.importable(), held_output():
        spec.loader.exec_module(module)
    return module


def call_builder(function: Callable[[Any], Any], space: Any, path: Path | None = None) -> Any:
    """What a builder returns for a space with values.

    Args:
        function: The builder.
        space: The space.
        path: The builder's file, where it has one.

    Raises:
        BuilderFailure: It raises what would end the process.
        Exception: Whatever else it raises.
    """
    with held_output():
        try:
            return function(space)
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:
            raise BuilderFailure(f"the network builder raises: {short(error, path)}") from error


def short(error: BaseException, path: Path | None = None) -> str:
    """An error in one line, with the line of a file that it comes from.

    >>> short(ValueError("units must be even. See below."))
    'ValueError: units must be even. See below'
    """
    text = str(error).strip().splitlines()
    message = f"{type(error).__name__}: {text[0][:300] if text else 'no message'}".rstrip(".")
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(path)
    ]
    return f"{message} ({path.name}, line {lines[-1]})" if path is not None and lines else message


def _imported_after(last: str) -> list[str]:
    """Modules that came after the one that was the last; a metric asks thousands of times, mostly for none."""
    if next(reversed(sys.modules)) == last:
        return []
    return list(takewhile(lambda name: name != last, list(reversed(sys.modules))))


def _variables_of(module: Any) -> dict[str, Any]:
    """Variables of a module, without waking the lazy ones."""
    variables = getattr(module, "__dict__", None)
    return variables if isinstance(variables, dict) else {}
