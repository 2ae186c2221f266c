"""What is wrong with the values of a study file, in our own words: pydantic's errors as one sentence."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from automl.config import study as config
from automl.config.ranges import Choice, Fixed, FloatRange, IntRange
from automl.errors import explain, one_of
from automl.secrets import masked, masked_values

Keys = tuple[str | int, ...]
"""Where a value stands: the keys that lead to it, and places in lists."""

_LONGEST_VALUE = 300
"""Characters that a message repeats of a value."""


def describe(errors: Sequence[Mapping[str, Any]], where: Callable[[Keys], str]) -> str:
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
        names = [field.alias or key for key, field in _model_at(keys).model_fields.items()]
        sentence = f"`{name}` is not a key of a study file. {one_of(names, keys[-1])}"
    elif kind == "missing":
        sentence = f"`{name}` is missing. {cure}"
    elif kind == "value_error":  # raised by the models themselves, which say what was given
        sentence = f"`{name}` {_cut(error['msg'].removeprefix('Value error, '))}. {cure}"
    else:
        must = _WORDING.get(kind) or re.sub("^(Input|String) should ", "", error["msg"])
        sentence = explain(name, must, _Shown(got), cure)
    sentence = masked(sentence)
    return f"{at}: {sentence}" if at else sentence


class _Shown:
    """A value as a message repeats it: without passwords, and not at any length."""

    def __init__(self, value: Any) -> None:
        self._text = _cut(repr(masked_values(value)))

    def __repr__(self) -> str:
        return self._text


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} …"


_WORDING = {
    "bool_type": "be true or false",
    "int_type": "be a whole number",
    "float_type": "be a number",
    "string_type": "be text",
    "list_type": "be a list",
    "model_type": "hold `key: value` lines",
    "dict_type": "hold `key: value` lines",
    "tuple_type": "be a list",
    "too_short": "hold at least one value",
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
