"""A study file's content from what Python is given: its keys, and arguments that stand for some of them."""

from collections.abc import Mapping
from typing import Any

from automl.errors import StudyFileError, explain

Keys = tuple[str, ...]
"""Where a value stands in a study file, as in `("budget", "minutes")`."""


def study_content(
    config: Mapping[str, Any] | None, arguments: Mapping[str, tuple[Keys, Any]]
) -> dict[str, Any]:
    """The content of a study file: `config`, and in it the values of arguments.

    Args:
        config: Sections of a study file by name, `{"search": {"trials": 20}}`; nothing when None.
        arguments: By the name of the argument, the keys that it stands for and its value; None for one that is not
            given.

    Raises:
        StudyFileError: `config` is no such dictionary, or says otherwise than an argument.
    """
    if config is not None and not isinstance(config, Mapping):
        must, cure = "be a dictionary with the keys of a study file", "As in `{'search': {'trials': 20}}`."
        raise StudyFileError(explain("config", must, config, cure))
    content = {
        key: dict(value) if isinstance(value, Mapping) else value for key, value in (config or {}).items()
    }
    for name, (keys, value) in arguments.items():
        if value is not None:
            _put(content, name, keys, value)
    return content


def _put(content: dict[str, Any], name: str, keys: Keys, value: Any) -> None:
    """Write an argument's value to its place.

    Raises:
        StudyFileError: Another value stands there already.
    """
    section = content
    for key in keys[:-1]:
        section = section.setdefault(key, {})
        if not isinstance(section, dict):  # wrong, which the check of the whole says better
            return
    if keys[-1] in section and section[keys[-1]] != value:
        must, got = f"be the same as `{name}={value!r}`", section[keys[-1]]
        raise StudyFileError(explain(f"config.{'.'.join(keys)}", must, got, "Leave one of them out."))
    section[keys[-1]] = value
