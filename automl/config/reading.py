"""Reads a study file: YAML text to `StudyConfig`, errors with their file and line. The only user of PyYAML."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from automl.config import study as config
from automl.config.ranges import Choice, Fixed, FloatRange, IntRange
from automl.errors import StudyFileError, explain, one_of

Keys = tuple[str | int, ...]
Lines = dict[Keys, int]


MASK = "***"
"""Stands for a password in the copies of a study file."""

_PASSWORDS = (
    re.compile(r"(\bhttps?://[^\s:/@]*:)([^\s/@]+)(?=@)"),
    re.compile(r"((?!https?:)\b[a-z][\w+.-]*://[^\s:/]*:)([^\s@]+)(?=@)"),
    re.compile(r"([?&;](?:password|passwd|pwd)=)([^\s&;\"'#]+)", re.IGNORECASE),
)
"""What stands before a password in a URL, and the password. Those of databases may hold a slash, as in SQLAlchemy."""

_REFERENCE = re.compile(r"\$\{\w+\}")


def load_study(path: str | Path, *, folder: Path | None = None) -> config.StudyConfig:
    """Read and check the form of a study file.

    Args:
        path: The YAML file.
        folder: Where relative paths in it start; its own folder when left out.

    Raises:
        StudyFileError: The file is missing, is not YAML, or holds a wrong key or value, in the line that the
            message names.
    """
    file = Path(path)
    text = _read_text(file)
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
        described = _describe(
            error.errors(), lambda keys: config.locate(file, lines or {}, keys) if file else ""
        )
        raise StudyFileError(described) from None


def study_text(study: config.StudyConfig) -> str:
    """The study as YAML, to be kept: the file as it was read, or written anew when the study was made in Python.

    The passwords of its URLs are not kept; `MASK` stands in their place. References to environment variables are.
    """
    text = study.text or dump_study(study)
    values = [token for token in yaml.scan(text, Loader=_Loader) if isinstance(token, yaml.ScalarToken)]
    for token in reversed(values):  # from the end, so that the places of the others stay
        masked = _masked(token.value)
        if masked != token.value:
            end = "\n" if token.style in ("|", ">") else ""
            quoted = json.dumps(masked, ensure_ascii=False)
            text = f"{text[: token.start_mark.index]}{quoted}{end}{text[token.end_mark.index :]}"
    return re.sub("#.*", lambda comment: _masked(comment[0]), text)


def dump_study(study: config.StudyConfig) -> str:
    """The study as YAML, written anew: what it says beyond the defaults."""
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


def _masked(text: str) -> str:
    """Text with `MASK` for the passwords in its URLs."""
    for form in _PASSWORDS:
        text = form.sub(lambda found: found[1] + (found[2] if _REFERENCE.fullmatch(found[2]) else MASK), text)
    return text


def without_passwords(value: Any) -> Any:
    """Text, or lists and mappings of it, with `MASK` for the passwords in their URLs."""
    if isinstance(value, dict):
        return {key: without_passwords(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(without_passwords, value))
    return _masked(value) if isinstance(value, str) else value


def name_for(file: Path) -> str:
    """A legal study name from a file's name.

    >>> name_for(Path("data/my table.csv.gz"))
    'my-table'
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "-", file.name.partition(".")[0]).lstrip("_-") or "study"


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except FileNotFoundError:
        cure = "Check the path, or write a study file with `automl init`."
        raise StudyFileError(f"{file}: there is no such study file. {cure}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        got = f"the byte 0x{error.object[error.start]:02x}"
        raise StudyFileError(f"{file}:{line}: {got} is not UTF-8 text. Save the file as UTF-8.") from None
    except OSError as error:
        cure = "Give the path of a YAML file."
        raise StudyFileError(f"{file}: the study file cannot be read: {error.strerror}. {cure}") from None


def _parse(text: str, file: Path) -> tuple[dict[str, Any], Lines]:
    try:
        node = yaml.compose(text, Loader=_Loader)
        lines: Lines = {}
        if node is not None:
            _collect_lines(node, (), lines, file)
        content = yaml.load(text, Loader=_Loader)  # noqa: S506  _Loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        cure = "Indent with spaces, write `key: value`, and put text with `:` or `#` in quotes."
        raise StudyFileError(f"{file}:{line}: this is not YAML: {error.problem}. {cure}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = f"the character U+{error.character:04X} must not stand in YAML"
        raise StudyFileError(f"{file}:{line}: {what}. Remove it.") from None
    except RecursionError:
        raise StudyFileError(
            f"{file}: this is nested too deeply, or an alias stands in itself. Flatten it."
        ) from None
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
                got = f"`{key.value}`" if isinstance(key, yaml.ScalarNode) else f"a {key.id}"
                raise StudyFileError(f"{file}:{line}: a key must be text, got {got}. Put it in quotes.")
            here = (*keys, key.value)
            if here in lines:
                twice = f"`{key.value}` stands a second time (first in line {lines[here]})"
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


def _describe(errors: Sequence[Mapping[str, Any]], where: Callable[[Keys], str]) -> str:
    """The first of pydantic's errors in our own words; a misspelled key before what it leaves missing."""
    error = min(errors, key=lambda error: error["type"] != "extra_forbidden")
    kind, keys, got = error["type"], error["loc"], error["input"]
    if keys[0] == "space" and len(keys) > 4 and isinstance(keys[-1], str):
        kind, keys = (
            "scalar",
            keys[:-1],
        )  # the type of which pydantic complains is only the first one it tried
    elif kind == "missing" and isinstance(keys[-1], int):
        kind, keys = "too_long", keys[:-1]
    at, name, cure = where(keys), _name(keys), _help(keys)
    if kind == "extra_forbidden":
        known = [field.alias or key for key, field in _model_at(keys).model_fields.items()]
        sentence = f"`{name}` is not a key of a study file. {one_of(known, keys[-1])}"
    elif kind == "missing":
        sentence = f"`{name}` is missing. {cure}"
    elif kind == "value_error":  # raised by the models themselves, which say what was given
        sentence = f"`{name}` {error['msg'].removeprefix('Value error, ')}. {cure}"
    else:
        must = _WORDING.get(kind) or re.sub("^(Input|String) should ", "", error["msg"])
        sentence = explain(name, must, without_passwords(got), cure)
    return f"{at}: {sentence}" if at else sentence


_WORDING = {
    "bool_type": "be true or false",
    "int_type": "be a whole number",
    "float_type": "be a number",
    "string_type": "be text",
    "list_type": "be a list",
    "model_type": "hold `key: value` lines",
    "dict_type": "hold `key: value` lines",
    "tuple_type": "be a list",
    "too_short": "hold a value or more",
    "too_long": "be two numbers, `[low, high]`",
    "scalar": "be a number, text, true or false",
    "string_pattern_mismatch": "have another form",
}


def _name(keys: Keys) -> str:
    """`space.depth.int`: the keys as they stand in the file, where a range's kind stands once."""
    shown = [str(key) for index, key in enumerate(keys) if not (index > 2 and key == keys[index - 1])]
    return ".".join(key for key in shown if key != "fixed") or "study"


def _model_at(loc: Keys) -> type[BaseModel]:
    """The section that holds the last key of this location."""
    model: Any = config.StudyConfig
    if loc[:1] == ("space",) and len(loc) > 2:
        kinds: dict[str, type[BaseModel]] = {
            "int": IntRange,
            "float": FloatRange,
            "choice": Choice,
        }
        return kinds.get(str(loc[2]), Fixed)
    for key in loc[:-1]:
        field = model.model_fields.get(str(key))
        if (
            field is not None
            and isinstance(field.annotation, type)
            and issubclass(field.annotation, BaseModel)
        ):
            model = field.annotation
    return model


def _help(loc: Keys) -> str:
    """The description of the key, which says what it is for and what happens without it."""
    while loc and isinstance(loc[-1], int):
        loc = loc[:-1]
    for name, field in _model_at(loc).model_fields.items():
        if loc and (field.alias or name) == loc[-1]:
            return field.description or ""
    return ""


class _Loader(yaml.SafeLoader):
    """YAML 1.1 but for numbers like 1e-4, which YAML 1.1 takes for text."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep)
        except ValueError as error:  # 2026-13-45 has the form of a date
            raise yaml.constructor.ConstructorError(None, None, str(error), node.start_mark) from None


class _Dumper(yaml.SafeDumper):
    """Puts the text 1e-4 in quotes, as `_Loader` needs."""


_KEY_TAGS = ("tag:yaml.org,2002:str", "tag:yaml.org,2002:merge")
_EXPONENT = re.compile(r"^[-+]?(?:[0-9][0-9_]*\.?[0-9]*|\.[0-9]+)[eE][-+]?[0-9]+$")

for _yaml in (_Loader, _Dumper):
    _yaml.add_implicit_resolver("tag:yaml.org,2002:float", _EXPONENT, list("-+0123456789."))
