"""Tables in JSON: an object a line, or one array of objects. Errors name the line, or the place in the array."""

import io
import json
from collections.abc import Iterator
from typing import Any

import pandas

from automl.data.files.table_file import TableFile, Wanted, choose, first_line, open_file, text_encoding

_CURE = "Write one object per line, or an array of objects."


def read_json(file: TableFile, wanted: Wanted) -> pandas.DataFrame:
    """The table in a file of JSON objects; a name that one does not have is a gap in its row.

    An object inside another gives a column for each of its values, `outer.inner`.
    """
    with open_file(file) as stream, io.TextIOWrapper(stream, encoding=text_encoding(file)) as text:
        first = next((line for line in text if line.strip()), "")
    rows = list(_array_rows(file) if first.lstrip().startswith("[") else _line_rows(file))
    if not rows:
        raise file.error(" is empty. It must hold one JSON object per line, or an array of objects.")
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pandas.DataFrame(rows, columns=choose(names, wanted, file.error) or names)


def _line_rows(file: TableFile) -> Iterator[dict[str, Any]]:
    with open_file(file) as stream, io.TextIOWrapper(stream, encoding=text_encoding(file)) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                value = _parsed(file, line, f"line {number}")
                if not isinstance(value, JsonObject):
                    raise file.error(f': line {number} must hold an object, as in {{"a": 1}}. {_CURE}')
                yield _row(file, value, f"line {number}")


def _array_rows(file: TableFile) -> Iterator[dict[str, Any]]:
    with open_file(file) as stream, io.TextIOWrapper(stream, encoding=text_encoding(file)) as text:
        values = _parsed(file, text.read(), "")
    for number, value in enumerate(values, start=1):
        if not isinstance(value, JsonObject):
            kind = "an array" if isinstance(value, list) else json.dumps(value, ensure_ascii=False)[:40]
            must = f': entry {number} of the array must be an object, as in {{"a": 1}}, got {kind}'
            raise file.error(f"{must}. {_CURE}")
        yield _row(file, value, f"entry {number}")


def _parsed(file: TableFile, text: str, location: str) -> Any:
    """A value of JSON, with objects as `JsonObject`."""
    try:
        return json.loads(text, object_pairs_hook=JsonObject)
    except json.JSONDecodeError as error:
        reason = f"{error.msg[0].lower()}{error.msg[1:]} at character {error.colno}"
        raise file.error(f": {location or f'line {error.lineno}'} is not JSON: {reason}. {_CURE}") from None
    except (ValueError, RecursionError) as error:
        reason = f": {location or 'the array'} cannot be read as JSON: {first_line(error)}. {_CURE}"
        raise file.error(reason) from None


def _row(file: TableFile, pairs: "JsonObject", location: str) -> dict[str, Any]:
    """The values of an object by their names, those of objects inside it too."""
    row: dict[str, Any] = {}
    for name, value in _flat(pairs):
        if name in row:
            raise file.error(f": the name {name!r} occurs twice in {location}. Rename one.")
        row[name] = value
    return row


def _flat(pairs: "JsonObject", before: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in pairs:
        if isinstance(value, JsonObject):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield f"{before}{name}", value


class JsonObject(list[tuple[str, Any]]):
    """The names and values of a JSON object, also those that stand twice."""
