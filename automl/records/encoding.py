"""Events as lines of JSON, and back."""

import functools
import json
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from typing import Any

import numpy

from automl.errors import RecordError
from automl.records.events import EVENTS, VERSION, Event, Recorded, StudyStarted, TrialEnded
from automl.trial import Direction, TrialState

Convert = Callable[[Any], Any]

_STATES = frozenset(state.value for state in TrialState)


def kind_of(event: Event) -> str:
    """Name of the event's kind."""
    return next(kind for kind, event_class in EVENTS.items() if type(event) is event_class)


def to_json(event: Event) -> str:
    """An event as one line of JSON in ASCII, which every database keeps whatever its encoding.

    Numbers keep every bit; those that are not finite are `NaN`, `Infinity`, as Python writes them.
    """
    return plain_json({entry.name: getattr(event, entry.name) for entry in fields(event)})


def event_line(recorded: Recorded) -> str:
    """An event as a line that every reader of JSON takes: numbers that are not finite are text."""
    head = {"seq": recorded.seq, "time": recorded.time, "event": kind_of(recorded.event)}
    return json.dumps(head | json.loads(to_json(recorded.event), parse_constant=str))


def plain_json(content: object) -> str:
    """Plain values as JSON in ASCII. NumPy's numbers become Python's."""
    return json.dumps(content, separators=(",", ":"), default=_plain)


def _plain(value: object) -> object:
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, numpy.ndarray | numpy.generic):
        return value.tolist()
    raise TypeError(f"{value!r} cannot be recorded")


def from_json(kind: str, payload: str, version: int = VERSION) -> Event:
    """An event from its line. Keys that this version does not know are ignored, missing ones take their default.

    Raises:
        RecordError: The kind, the version or a needed key is unknown, or the line is not JSON of that form.
    """
    if version > VERSION:
        raise RecordError(
            f"the event `{kind}` (version {version}) was written by a newer version of automl. Update automl."
        )
    if kind not in EVENTS:
        raise RecordError(f"{kind!r} is not a kind of event.")
    try:
        return _decoded(EVENTS[kind], _checked(dict, parse_json(payload)))
    except (ValueError, TypeError) as error:
        raise RecordError(f"the event `{kind}` is broken: {error}.") from None


def parse_json(text: str | bytes) -> Any:
    """Plain values of JSON.

    Raises:
        ValueError: It is none, or no UTF-8.
    """
    try:
        if isinstance(text, str) and not text.isascii():
            text.encode()  # a database may hold bytes that are no text
        return json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _decoded(kind: type[Any], content: Mapping[str, Any]) -> Any:
    values = {}
    for name, exact_types, convert, needed in _plan(kind):  # type: ignore[arg-type]  # a type is hashable
        if name in content:
            value = content[name]
            values[name] = value if type(value) in exact_types else convert(value)
        elif needed:
            raise ValueError(f"it has no `{name}`")
    event = kind(**values)
    _check(event)
    return event


def _check(event: Event) -> None:
    """Refuse values that have the right types and that no state can take in."""
    match event:
        case StudyStarted():
            Direction(event.direction)
        case TrialEnded():
            if event.state not in _STATES:
                TrialState(event.state)
            lengths = map(len, (event.epochs, event.folds or event.scores, event.counts or event.scores))
            if any(length != len(event.scores) for length in lengths):
                raise ValueError("a fold has a score, an epoch, a number and a count, or none of them")


@functools.cache
def _plan(kind: type[Any]) -> Sequence[tuple[str, frozenset[Any], Convert, bool]]:
    """Name of each field, types that it keeps, how to bring others into its type, whether it must be there."""
    return tuple(
        (
            entry.name,
            _own_types(entry.type),
            _converter(entry.type),
            entry.default is MISSING and entry.default_factory is MISSING,
        )
        for entry in fields(kind)
    )


def _converter(annotation: Any) -> Convert:
    """Brings a value of JSON into the type of a field; it raises TypeError for what cannot be of that type."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if annotation is Any:
        return _unchanged
    if origin is tuple:
        return functools.partial(_tuple, _own_types(arguments[0]), _converter(arguments[0]))
    if origin is Mapping:
        return functools.partial(_mapping, _own_types(arguments[1]), _converter(arguments[1]))
    if origin is types.UnionType:
        return functools.partial(_one_of, arguments, tuple(map(_converter, arguments)))
    if annotation is float:
        return _float
    return functools.partial(_checked, annotation)


def _own_types(annotation: Any) -> frozenset[Any]:
    """Types whose values are left as they are: most are, and looking at all of them at once is fast."""
    if typing.get_origin(annotation) is types.UnionType:
        return frozenset(typing.get_args(annotation))
    return frozenset([annotation] if type(annotation) is type else [])


def _unchanged(value: Any) -> Any:
    return value


def _float(value: Any) -> float:
    if type(value) is float:
        return value
    return float(_checked(int, value))


def _checked(kind: type[Any], value: Any) -> Any:
    if type(value) is not kind:
        raise TypeError(f"{value!r:.100} is not of type {kind.__name__}")
    return value


def _tuple(exact_types: frozenset[Any], convert: Convert, value: Any) -> tuple[Any, ...]:
    entries = _checked(list, value)
    return tuple(entries if exact_types.issuperset(map(type, entries)) else map(convert, entries))


def _mapping(exact_types: frozenset[Any], convert: Convert, value: Any) -> dict[str, Any]:
    entries: dict[str, Any] = _checked(dict, value)
    if exact_types.issuperset(map(type, entries.values())):
        return entries
    return {key: convert(entry) for key, entry in entries.items()}


def _one_of(kinds: Sequence[Any], converters: Sequence[Convert], value: Any) -> Any:
    """A value of one of several types: as it is where its own type is among them."""
    if type(value) in kinds:
        return value
    for convert in converters:
        try:
            return convert(value)
        except TypeError:
            continue
    raise TypeError(f"{value!r:.100} is not of a type that it can have")
