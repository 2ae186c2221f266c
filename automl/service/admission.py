"""Whether a study may enter the queue: its form, what it names, and what a client may not use."""

import json
import posixpath
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from automl.config.reading import read_study
from automl.config.study import StudyConfig
from automl.errors import AutoMLError, StudyFileError
from automl.records.file_names import is_name
from automl.records.file_store import FileStore
from automl.service.driver import STUDY_FILE
from automl.service.settings import Allowed

_ESCAPE = re.compile(r"\\(?:u(?P<high>d[89ab][0-9a-f]{2})\\u(?P<low>d[c-f][0-9a-f]{2})|.)", re.S)
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class RefusedError(AutoMLError):
    """A study uses what clients of this service may not use."""


@dataclass(frozen=True, slots=True)
class _Use:
    """Something that a study uses, and a client may not without leave.

    Attributes:
        kind: As in `settings.KINDS`.
        keys: Where it stands.
        value: What is used.
    """

    kind: str
    keys: tuple[str, ...]
    value: str


@final
class Admission:
    """Lets studies in.

    Args:
        files: The files of the service, among them tables that clients have sent.
        allowed: What clients may use.
    """

    def __init__(self, files: FileStore, allowed: Allowed) -> None:
        self._files, self._allowed = files, allowed

    def admit(self, text: str, name: str | None) -> StudyConfig:
        """The study, whose form, names, space and columns are right and which uses nothing that is refused.

        Args:
            text: Of the study file.
            name: Of the study, where its file has none.

        Raises:
            RefusedError: It uses something that the operator has not listed.
            AutoMLError: Something in it is wrong.
        """
        config = read_study(
            text, Path(STUDY_FILE if name is None else f"{name}.yaml"), folder=self._files.folder
        )
        for use in _uses(config):
            self._check(use, config)
        self._files.fetch_named(text)
        self._check_table(config)
        from automl.study.table import check_before_table  # pandas takes a while

        check_before_table(config)
        return config

    def _check(self, use: _Use, config: StudyConfig) -> None:
        at = config.where(*use.keys)
        key = ".".join(use.keys)
        if use.kind == "records.uri":
            reason = f"`{key}` must be left out: a service keeps its studies in its own record"
            raise RefusedError(f"{at}: {reason}. Remove it.")
        if use.kind == "path" and is_name(use.value):
            return
        if use.kind == "path" and _escapes(use.value):
            raise RefusedError(f"{at}: `{key}` must not leave its folder with `..`. {_CURES['path']}")
        if not self._allowed.matches(use.kind, use.value):
            raise RefusedError(
                f"{at}: `{key}` must not {_WORDS[use.kind]} on this service. {_CURES[use.kind]}"
            )

    def _check_table(self, config: StudyConfig) -> None:
        path = config.data.path
        if path is None or not is_name(path):
            return
        if not self._files.has(path):
            cure = "Send it with POST /tables first; the answer has its name."
            reason = f"this service has no table {path!r}"
            raise StudyFileError(f"{config.where('data', 'path')}: {reason}. {cure}")
        from automl.service.tables import check_columns

        check_columns(config, self._files.path(path))


_SEND = "Send the table with POST /tables, and write `path: NAME` with the name in the answer"
_WORDS = {
    "path": "name a file of the server",
    "url": "make the server fetch an address",
    "sql": "make the server ask a database",
    "tracking.uri": "choose where the service tracks",
    "variable": "read an environment variable of the server",
    "builder": "bring code",
    "objective": "bring code",
    "tracking.to": "bring code",
}
_CURES = {
    kind: f"{_SEND}, or ask the operator for `--allow {kind}`."
    if kind in ("path", "url", "sql")
    else f"Remove it, or ask the operator for `--allow {kind}`."
    for kind in _WORDS
}


def _uses(config: StudyConfig) -> Iterator[_Use]:
    """What a study uses that may be refused."""
    data, tracking = config.data, config.tracking
    given: Sequence[tuple[str, tuple[str, ...], str | None]] = (
        ("records.uri", ("records", "uri"), config.records.uri),
        ("path", ("data", "path"), data.path),
        ("url", ("data", "url"), data.url),
        ("sql", ("data", "sql"), data.sql),
        ("tracking.uri", ("tracking", "uri"), tracking.uri),
        ("builder", ("network", "builder"), config.network.builder),
        ("objective", ("objective",), config.own_metric or None),
        ("tracking.to", ("tracking", "to"), tracking.to if ":" in tracking.to else None),
    )
    for kind, keys, value in given:
        if value is None:
            continue
        yield _Use(kind, keys, value)
        for name in _VARIABLE.findall(value):
            yield _Use("variable", keys, name)
    if data.frame:
        raise RefusedError(f"{config.where('data', 'frame')}: `data.frame` is for Python. {_SEND}.")


def _escapes(path: str) -> bool:
    return ".." in posixpath.normpath(path.replace("\\", "/")).split("/") or ".." in path.split("/")


def study_text(body: bytes, is_json: bool) -> str:
    """The text of a study file that was sent as YAML or as JSON.

    Raises:
        StudyFileError: It is no text, or no JSON.
    """
    try:
        text = body.decode("utf-8")
        text.encode("utf-8")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        reason = f"the byte 0x{body[error.start]:02x} is not UTF-8 text"
        raise StudyFileError(f"{STUDY_FILE}:{line}: {reason}. Save the file as UTF-8.") from None
    if not is_json:
        return text.replace("\r\n", "\n").replace("\r", "\n")
    try:
        content = json.loads(text, object_pairs_hook=_without_twins, parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        line, reason = getattr(error, "lineno", 1), getattr(error, "msg", "it is nested too deeply")
        raise StudyFileError(f"{STUDY_FILE}:{line}: this is not JSON: {reason}. Correct that line.") from None
    return _ESCAPE.sub(_whole_character, json.dumps(content, indent=2)) + "\n"


def _whole_character(escape: re.Match[str]) -> str:
    """An escape of JSON as YAML has it: two halves of a character are one there."""
    if escape["high"] is None:
        return escape[0]
    return f"\\U{0x10000 + ((int(escape['high'], 16) - 0xD800) << 10) + int(escape['low'], 16) - 0xDC00:08X}"


def _without_twins(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for key, value in pairs:
        if key in content:
            raise StudyFileError(f"{STUDY_FILE}: `{key}` occurs twice. Remove one.")
        content[key] = value
    return content


def _no_constant(name: str) -> Any:
    raise StudyFileError(f"{STUDY_FILE}: {name} is not JSON. Write a number.")
