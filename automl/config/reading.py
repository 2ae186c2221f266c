"""Reads a study file: YAML text to `StudyConfig`, errors with their file and line. The only user of PyYAML."""

import json
import os
import re
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from automl.config import study as config
from automl.config.sections import TrainingConfig
from automl.config.written_cells import keep_cells
from automl.config.wrong_values import Keys, describe
from automl.errors import StudyFileError
from automl.secrets import masked

Lines = dict[Keys, int]


LARGEST_FILE = 1_000_000
"""Bytes of a study file; one with 20,000 names of columns has half of them."""

MOST_VALUES = 50_000
"""Values that a study file stands for, each counted where it stands and again wherever an alias repeats it."""

DEEPEST = 50
"""Levels of lists and mappings in each other."""

LONGEST_NUMBER = 100
"""Characters of a number: the time to read one grows with the square of its length."""


def load_study(path: str | Path, *, folder: Path | None = None) -> config.StudyConfig:
    """Read and check the form of a study file.

    Args:
        path: The YAML file.
        folder: Where relative paths in it start; default: its own folder.

    Raises:
        StudyFileError: The file is missing, is not YAML, or holds a wrong key or value, in the line that the
            message names.
    """
    file = Path(path)
    return read_study(_read_text(file), file, folder=folder)


def read_study(text: str, file: Path, *, folder: Path | None = None) -> config.StudyConfig:
    """A study from the text of its file, which need not exist.

    Args:
        text: Of the file.
        file: What messages call it; gives a study without a name its own.
        folder: Where relative paths in it start; default: that of the file.

    Raises:
        StudyFileError: As for `load_study`.
    """
    content, lines = _parse(text, file)
    content.setdefault("name", name_for(file))
    study = make_study(content, file=file, lines=lines)
    study._text, study._file, study._lines, study._folder = text, file, lines, folder
    return study


def make_study(
    content: dict[str, Any], *, file: Path | None = None, lines: Lines | None = None
) -> config.StudyConfig:
    """A study from plain values, as they would stand in a study file.

    Raises:
        StudyFileError: A key or a value is wrong.
    """
    prepared = dict(content)
    if isinstance(prepared.get("space"), dict):
        prepared["space"] = {name: _spell_out(entry) for name, entry in prepared["space"].items()}
    try:
        return config.StudyConfig.model_validate(prepared)
    except ValidationError as error:
        described = describe(
            error.errors(), lambda keys: config.locate(file, lines or {}, keys) if file else ""
        )
        raise StudyFileError(described) from None


def study_text(study: config.StudyConfig) -> str:
    """The study as YAML, for the record: the file as it was read, or generated if the study was made in Python.

    Passwords and tokens are not kept; `MASK` stands in their place. References to environment variables are.
    """
    text = study.text or dump_study(study)
    values = [token for token in yaml.scan(text, Loader=_Loader) if isinstance(token, yaml.ScalarToken)]
    for token in reversed(values):  # from the end, so that the places of the others stay
        masked_value = masked(token.value)
        if masked_value != token.value:
            end = "\n" if token.style in ("|", ">") else ""
            quoted = json.dumps(masked_value, ensure_ascii=False)
            text = f"{text[: token.start_mark.index]}{quoted}{end}{text[token.end_mark.index :]}"
    return re.sub("#.*", lambda comment: masked(comment[0]), text)


def with_value(text: str, keys: Keys, value: str) -> str:
    """The text of a study file with another text as the value of a key that it has; all else stays as it is.

    >>> with_value("data: {path: a.csv}  # the table", ("data", "path"), "b.csv")
    'data: {path: "b.csv"}  # the table'
    """
    node: Any = _Loader(text).get_single_node()
    for key in keys:
        node = next(entry for name, entry in node.value if name.value == key)
    end = "\n" if node.style in ("|", ">") else ""
    return f"{text[: node.start_mark.index]}{json.dumps(value)}{end}{text[node.end_mark.index :]}"


def with_training(study: config.StudyConfig, training: TrainingConfig) -> config.StudyConfig:
    """The study with another training section; its text stays the one that was asked for."""
    changed = study.model_copy(update={"training": training})
    changed._text = study.text or dump_study(study)
    return changed


def dump_study(study: config.StudyConfig) -> str:
    """The study as YAML: all values that differ from the defaults."""
    content = study.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    content["space"] = {
        name: entry["fixed"] if set(entry) == {"fixed"} else entry
        for name, entry in content.get("space", {}).items()
    }
    if not content["space"]:
        del content["space"]
    if "minutes" in content.get("search", {}):  # alone, it would mean a budget without limit
        content["budget"] = {"minutes": study.budget.minutes} | content.get("budget", {})
    return str(yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True))


def name_for(file: Path) -> str:
    """A legal study name from a file's name.

    >>> name_for(Path("data/my table.csv.gz"))
    'my-table'
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "-", file.name.partition(".")[0]).lstrip("_-") or "study"


def _read_text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            content = stream.read(LARGEST_FILE + 1)
            size = os.fstat(stream.fileno()).st_size
    except FileNotFoundError:
        cure = "Check the path, or write a study file with `automl init`."
        raise StudyFileError(f"{file}: there is no such study file. {cure}") from None
    except OSError as error:
        cure = "Give the path of a YAML file."
        raise StudyFileError(f"{file}: the study file cannot be read: {error.strerror}. {cure}") from None
    if len(content) > LARGEST_FILE:
        got = f"{size / 1e6:.1f} MB" if size > LARGEST_FILE else "more"
        cure = "Keep the table in a separate file, and give its path under `data.path`."
        raise StudyFileError(
            f"{file}: a study file must have at most {LARGEST_FILE // 10**6} MB, got {got}. {cure}"
        )
    try:
        return content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        got = f"the byte 0x{content[error.start]:02x}"
        raise StudyFileError(f"{file}:{line}: {got} is not UTF-8 text. Save the file as UTF-8.") from None


def _parse(text: str, file: Path) -> tuple[dict[str, Any], Lines]:
    lines: Lines = {}
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        if node is not None:
            _collect_lines(node, (), lines, file)
            keep_cells(node)
        content = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        reason = "" if isinstance(error, _BoundError) else "this is not YAML: "
        cure = error.note or "Indent with spaces, write `key: value`, and put text with `:` or `#` in quotes."
        raise StudyFileError(
            f"{file}:{line}: {reason}{masked(error.problem or 'the text cannot be read')}. {cure}"
        ) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        reason = f"the character U+{error.character:04X} is not allowed in YAML"
        raise StudyFileError(f"{file}:{line}: {reason}. Remove it.") from None
    if not isinstance(content, dict):
        cure = "Begin with `data:`, or write a study file with `automl init`."
        raise StudyFileError(f"{file}:1: a study file must hold `key: value` lines. {cure}")
    return content, lines


def _collect_lines(node: yaml.Node, keys: Keys, lines: Lines, file: Path) -> None:
    """Note the line of every key; refuse a key that stands twice, of which YAML would drop one in silence."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.tag not in _KEY_TAGS:
                got = f"`{masked(key.value)}`" if isinstance(key, yaml.ScalarNode) else f"a {key.id}"
                raise StudyFileError(f"{file}:{line}: a key must be text, got {got}. Put it in quotes.")
            here = (*keys, key.value)
            if here in lines:
                twice = f"`{masked(key.value)}` occurs twice (first in line {lines[here]})"
                raise StudyFileError(f"{file}:{line}: {twice}. Remove one.")
            lines[here] = line
            _collect_lines(value, here, lines, file)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            lines[(*keys, index)] = value.start_mark.line + 1
            _collect_lines(value, (*keys, index), lines, file)


def _spell_out(entry: Any) -> Any:
    """`relu` stands for `{fixed: relu}`; other shapes are left for the models to judge."""
    return {"fixed": entry} if isinstance(entry, bool | int | float | str) else entry


class _BoundError(yaml.MarkedYAMLError):
    """More than a study file may hold; the note is the cure."""


class _Loader(yaml.SafeLoader):
    """YAML 1.1 but for numbers like 1e-4, which YAML 1.1 takes for text. What a few lines stand for is bounded."""

    def __init__(self, stream: str) -> None:
        super().__init__(stream)
        self._levels = 0
        self._extents: dict[Any, tuple[int, int]] = {}  # values and levels that a whole node stands for

    def compose_node(self, parent: Any, index: Any) -> Any:
        """A node with all that is in it. One that an alias repeats is the same object, and counts again."""
        mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
        if self.check_event(yaml.AliasEvent):
            node = super().compose_node(parent, index)
            if node not in self._extents:
                raise _BoundError(None, None, "an alias refers to itself", mark, "Write its content instead.")
            return node
        self._levels += 1
        self._require(len(self._extents), self._levels, mark)
        node = super().compose_node(parent, index)
        self._levels -= 1
        self._extents[node] = self._extent(node)
        self._require(*self._extents[node], mark)
        return node

    def _require(self, values: int, levels: int, mark: Any) -> None:
        if levels > DEEPEST:
            raise _BoundError(
                None, None, f"this is nested too deeply, over {DEEPEST} levels", mark, "Flatten it."
            )
        if values > MOST_VALUES:
            reason = f"a study file must hold at most {MOST_VALUES:,} values, got {values:,} up to here"
            raise _BoundError(None, None, reason, mark, "Shorten its lists, and repeat less with aliases.")

    def _extent(self, node: Any) -> tuple[int, int]:
        parts = [] if isinstance(node, yaml.ScalarNode) else node.value
        if isinstance(node, yaml.MappingNode):
            parts = [part for pair in parts for part in pair]
        extents = [self._extents[part] for part in parts]
        return 1 + sum(values for values, _ in extents), 1 + max((levels for _, levels in extents), default=0)

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        if node.tag in _NUMBER_TAGS and len(node.value) > LONGEST_NUMBER:
            reason = f"a number must have at most {LONGEST_NUMBER} characters, got {len(node.value)}"
            raise _BoundError(None, None, reason, node.start_mark, "Put it in quotes if it is text.")
        if isinstance(node.value, str) and (half := _HALF.search(node.value)):
            reason = f"U+{ord(half[0]):04X} is half of a character"
            raise _BoundError(
                None, None, reason, node.start_mark, "Write the whole character, as in \\U0001F600."
            )
        try:
            return super().construct_object(node, deep)
        except ValueError as error:  # 2026-13-45 has the form of a date
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None


class _Dumper(yaml.SafeDumper):
    """Puts the text 1e-4 in quotes, as `_Loader` needs."""


_CURE = "Indent with spaces, write `key: value`, and put text with `:` or `#` in quotes."
_KEY_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")
_NUMBER_TAGS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")
_HALF = re.compile(r"[\ud800-\udfff]")
_EXPONENT = re.compile(r"^[-+]?(?:[0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)[eE][-+]?[0-9]+$")

for _yaml in (_Loader, _Dumper):
    _yaml.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENT, list("-+0123456789."))
