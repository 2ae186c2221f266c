"""Folders of models: a new one appears whole or not at all, and nothing goes that automl did not write.

A model's folder lists its own files in `model_files.json`. Only a folder in which all is listed and unchanged gives way
to a new model.
"""

import ctypes
import errno
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from automl.errors import ExportError

MANIFEST = "model_files.json"
"""Names the files of the model beside it, each with its digest, and its folders."""

_VERSION = 1
_EARLIER = re.compile(
    r"model\.json|model_card\.md|saved_model\.pb|fingerprint\.pb|keras_metadata\.pb|assets/|variables/"
    r"|variables/variables\.(index|data-\d{5}-of-\d{5})"
)
"""What a model consists of that was written before there was a manifest."""

_EARLIER_KEYS = {"study", "trial", "task", "target", "features", "classes", "hyperparameters", "scores"}
"""What its `model.json` holds at least."""

_HERE = -100  # AT_FDCWD: paths are as for any other call
_EXCHANGE = 2  # RENAME_EXCHANGE


def check_folder(folder: Path) -> None:
    """Refuse a folder that cannot give way to a model.

    Raises:
        ExportError: It is a link or the current folder, cannot be read, or holds what automl did not write.
    """
    cure = "Choose an empty or a new folder."
    try:
        if folder.is_symlink():
            raise ExportError(f"{folder} is a link. Give the folder that it points to, or choose another.")
        if not folder.exists():
            return
        if not folder.is_dir():
            raise ExportError(f"{folder} is not a folder. {cure}")
        if folder.samefile(Path.cwd()):
            raise ExportError(f"{folder} is the current folder. Give the name of a folder in it.")
        strange = _strange_entry(folder)
    except OSError as error:
        raise ExportError(f"{folder} cannot be read: {error.strerror}. {cure}") from None
    if strange:
        raise ExportError(f"{folder} holds {strange}. Move it away, or choose an empty or a new folder.")


def replace_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Write a folder of a model beside its place, then put it there in one step.

    Where the system cannot exchange two folders in one step, the earlier model is moved away first; an interruption
    between these two steps leaves both in a folder `.export-…` beside the place.

    Args:
        folder: Its place; empty, new, or that of an earlier model.
        write: Makes the folder that it is given, with all that is in it.

    Raises:
        ExportError: The place holds what automl did not write.
        OSError: It cannot be written.
    """
    check_folder(folder)
    folder.parent.mkdir(parents=True, exist_ok=True)
    target = folder.resolve() if folder.name in ("", "..") else folder.parent.resolve() / folder.name
    prefix = ".export-"
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=prefix, ignore_cleanup_errors=True) as scratch:
        made = Path(scratch) / "model"
        write(made)
        _write_manifest(made)
        check_folder(folder)  # again: writing takes its time
        if not target.exists() or not any(target.iterdir()):
            made.rename(target)  # takes the place of an empty folder, too
            return
        _exchange(made, target)
        if strange := _strange_entry(made):  # it came in the last moment
            _exchange(made, target)
            raise ExportError(f"{folder} holds {strange}. Move it away, or choose an empty or a new folder.")


def _strange_entry(folder: Path) -> str:
    """What a folder holds beside a model that automl wrote; empty where there is nothing else."""
    manifest = _manifest(folder)
    digests: dict[str, str] = manifest["files"] if manifest else {}
    entries = {MANIFEST, *digests, *manifest["folders"]} if manifest else set()
    is_earlier = manifest is None and _is_earlier_model(folder)
    for entry in _entries(folder, ""):
        shown = entry if entry.isprintable() else repr(entry)
        if entry not in entries and not (is_earlier and _EARLIER.fullmatch(entry)):
            return f"{shown}, which is not part of a model written by automl"
        if entry in digests and _digest(folder / entry) != digests[entry]:
            return f"{shown}, which has changed since automl wrote it"
    return ""


def _entries(folder: Path, within: str) -> Iterator[str]:
    """Paths of all files and folders, the latter with a slash at their end, and links with an arrow: never followed."""
    for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
        name = f"{within}{entry.name}"
        if entry.is_dir(follow_symlinks=False):
            yield f"{name}/"
            yield from _entries(Path(entry.path), f"{name}/")
        else:
            yield name if entry.is_file(follow_symlinks=False) else f"{name} ->"


def _manifest(folder: Path) -> dict[str, Any] | None:
    content = _json(folder / MANIFEST)
    if content.get("format") != "automl model" or content.get("version") != _VERSION:
        return None
    files, folders = content.get("files"), content.get("folders")
    return content if isinstance(files, dict) and isinstance(folders, list) else None


def _write_manifest(folder: Path) -> None:
    entries = list(_entries(folder, ""))
    content = {
        "format": "automl model",
        "version": _VERSION,
        "files": {name: _digest(folder / name) for name in entries if name[-1] != "/" and name != MANIFEST},
        "folders": [name for name in entries if name[-1] == "/"],
    }
    (folder / MANIFEST).write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _is_earlier_model(folder: Path) -> bool:
    return _json(folder / "model.json").keys() >= _EARLIER_KEYS and (folder / "saved_model.pb").is_file()


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _exchange(first: Path, second: Path) -> None:
    """Let two folders change places, in one step where the system can."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is not None:
        if rename(_HERE, os.fsencode(first), _HERE, os.fsencode(second), _EXCHANGE) == 0:
            return
        number = ctypes.get_errno()
        if number not in (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP):
            raise OSError(number, os.strerror(number))
    away = first.with_name("earlier")
    second.rename(away)
    try:
        first.rename(second)
    except OSError:
        away.rename(second)
        raise
    away.rename(first)
