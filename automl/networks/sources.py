"""The file of a user's builder and the local modules that it imports: where they are, and a digest of them.

Imports are read from the source, without running it, so that the digest is the same in every command.
"""

import ast
import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import final

from automl.errors import NetworkError

BUILDER_KEY = "network.builder"
"""The key of the study file that names a builder."""

_IMPORTERS = ("import_module", "__import__")


@final
@dataclass(frozen=True, slots=True)
class BuilderFile:
    """Where a builder is.

    Attributes:
        path: Its file, absolute.
        name: Its function.
        folder: The folder of the study file, absolute.
    """

    path: Path
    name: str
    folder: Path

    @property
    def roots(self) -> tuple[Path, ...]:
        """Folders whose modules it can import: its own, and those above it up to the folder of the study file."""
        folder = self.path.parent
        above = [parent for parent in folder.parents if parent.is_relative_to(self.folder)]
        return folder, *above

    def modules(self) -> tuple[Path, ...]:
        """Its file and the local modules that it imports, directly or through one another, sorted.

        Imports inside functions and `import_module("name")` are followed too; a name that is put together is not.
        """
        files: set[Path] = set()
        waiting = [self.path]
        while waiting:
            file = waiting.pop()
            if file not in files:
                files.add(file)
                waiting += _imported(file, self.roots)
        return tuple(sorted(files))


def find_builder(reference: str, folder: Path, key: str = BUILDER_KEY) -> BuilderFile:
    """The place of `file.py:function`, which a key of the study file names.

    Raises:
        NetworkError: There is no such file.
    """
    file_name, _, name = reference.rpartition(":")
    path = Path(os.path.abspath(folder / file_name))
    if not path.is_file():
        cure = "Paths are relative to the folder of the study file."
        raise NetworkError(f"`{key}` must name a Python file, got {file_name!r}. {cure}")
    return BuilderFile(path, name, Path(os.path.abspath(folder)))


def builder_sources(reference: str, folder: Path, key: str = BUILDER_KEY) -> dict[str, str]:
    """A digest of the bytes of each file of a builder, by its path from the study file's folder.

    Files: the builder's own and the local modules that it imports. Packages that are installed, and files that it
    opens, are not among them.

    Raises:
        NetworkError: There is no such file, or one of them cannot be read.
    """
    file = find_builder(reference, folder, key)
    try:
        return {
            Path(os.path.relpath(path, file.folder)).as_posix(): _digest(path.read_bytes())
            for path in file.modules()
        }
    except OSError as error:
        raise NetworkError(f"a file of `{key}` cannot be read: {error}.") from error


def changed_files(before: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Names of the files that were edited, added or removed between two results of `builder_sources`.

    >>> changed_files({"net.py": "1", "layers.py": "2"}, {"net.py": "1", "layers.py": "3"})
    ['layers.py']
    """
    return sorted(name for name in {*before, *now} if before.get(name) != now.get(name))


def _digest(content: bytes) -> str:
    return hashlib.blake2b(content, digest_size=16).hexdigest()


def _imported(file: Path, roots: tuple[Path, ...]) -> list[Path]:
    """Local files that one file imports."""
    try:
        tree = ast.parse(file.read_bytes())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return []
    return [
        module
        for node in ast.walk(tree)
        for name, level in _names(node)
        for root in (roots if level == 0 else [_above(file, level)])
        for module in _files_of(name, root)
    ]


def _names(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Dotted names that a piece of source imports, and from how many folders up; 0 is for absolute imports."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, 0) for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = node.module or ""
        yield from ((f"{module}.{alias.name}".strip("."), node.level) for alias in node.names)
    elif isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
        called = getattr(node.func, "attr", getattr(node.func, "id", ""))
        if called in _IMPORTERS and isinstance(node.args[0].value, str):
            yield node.args[0].value, 0


def _above(file: Path, level: int) -> Path:
    return file.parents[min(level, len(file.parents)) - 1]


def _files_of(name: str, root: Path) -> Iterator[Path]:
    """Files that an import of a dotted name runs, where they lie under a folder."""
    for part in filter(None, name.split(".")):
        yield from (path for path in (root / f"{part}.py", root / part / "__init__.py") if path.is_file())
        root = root / part
