"""Events as lines of JSON, and back."""

import functools
import json
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from typing import Any

from automl.errors import RecordError
from automl.records.events import EVENTS, VERSION, Event


def kind_of(event: Event) -> str:
    """Name of the event's kind."""
    return next(kind for kind, known in EVENTS.items() if type(event) is known)


def to_json(event: Event) -> str:
    """An event as one line of JSON; numbers keep every bit, and those that are not finite are `NaN`, `Infinity`."""
    return json.dumps(_plain(event), ensure_ascii=False, separators=(",", ":"))


def _plain(event: Event) -> dict[str, Any]:
    return {entry.name: getattr(event, entry.name) for entry in fields(event)}


def from_json(kind: str, payload: str, version: int = VERSION) -> Event:
    """An event from its line. Keys that this version does not know are ignored, missing ones take their default.

    Raises:
        RecordError: The kind, the version or a needed key is unknown, or the line is not JSON of that form.
    """
    if version > VERSION or kind not in EVENTS:
        raise RecordError(
            f"the event `{kind}` (version {version}) was written by a newer version of automl. Update automl."
        )
    try:
        content = json.loads(payload)
        return _decoded(EVENTS[kind], content)  # type: ignore[no-any-return]
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordError(f"the event `{kind}` is broken: {type(error).__name__}: {error}.") from None


def _decoded(kind: type[Any], content: Mapping[str, Any]) -> Any:
    known = {}
    for name, convert, needed in _plan(kind):
        if name in content:
            known[name] = convert(content[name])
        elif needed:
            raise KeyError(name)
    return kind(**known)


@functools.cache
def _plan(kind: type[Any]) -> tuple[tuple[str, Callable[[Any], Any], bool], ...]:
    """Name of each field, how to bring a value of JSON into its type, and whether it must be there."""
    return tuple(
        (
            entry.name,
            _converter(entry.type),
            entry.default is MISSING and entry.default_factory is MISSING,
        )
        for entry in fields(kind)
    )


def _converter(annotation: Any) -> Callable[[Any], Any]:
    """Brings a value of JSON into the type of its field, as far as JSON has no such type.

    It raises TypeError for a value that cannot be of that type.
    """
    origin = typing.get_origin(annotation)
    if origin is tuple:
        return lambda value: _frozen(list(value))
    if origin is types.UnionType:
        return _frozen
    if annotation is float:
        return float
    return functools.partial(_checked, Mapping if origin is not None else annotation)


def _checked(kind: type[Any], value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is not of type {kind.__name__}")
    return value


def _frozen(value: Any) -> Any:
    """Lists as tuples, at every depth of lists."""
    return tuple(map(_frozen, value)) if isinstance(value, list) else value
