"""Tables in JSON: an object a line, one array of objects, or one object. Errors name the line, or the entry."""

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
        filled = (line.strip() for line in text if line.strip())
        first, second = next(filled, ""), next(filled, "")
    if first.startswith("["):
        rows = list(_array_rows(file))
    elif first.startswith("{") and not (first.endswith("}") and second):
        rows = list(_object_rows(file))
    else:
        rows = list(_line_rows(file))
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


def _object_rows(file: TableFile) -> Iterator[dict[str, Any]]:
    """The rows of one object: of its columns, as pandas writes them too, of the array of objects in it, or itself."""
    with open_file(file) as stream, io.TextIOWrapper(stream, encoding=text_encoding(file)) as text:
        value = _parsed(file, text.read(), "")
    names, parts = [name for name, _ in value], [part for _, part in value]
    entries = [part for part in parts if type(part) is list and part and _are_objects(part)]
    content = dict(value)
    if _is_split(content):
        yield from (dict(zip(content["columns"], row, strict=False)) for row in content["data"])
    elif len(entries) == 1:
        for number, entry in enumerate(entries[0], start=1):
            yield _row(file, entry, f"entry {number}")
    elif columns := _columns(parts):
        yield from (dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True))
    else:
        yield _row(file, value, "the object")


def _is_split(content: dict[str, Any]) -> bool:
    """Whether an object holds the names of columns and the cells of rows."""
    if not {"columns", "data"} <= set(content) <= {"columns", "data", "index"}:
        return False
    are_lists = all(type(part) is list for part in content.values())
    return are_lists and all(type(row) is list for row in content["data"])


def _are_objects(values: list[Any]) -> bool:
    return all(isinstance(value, JsonObject) for value in values)


def _columns(parts: list[Any]) -> list[list[Any]]:
    """The cells of each column where all values are arrays as long as each other, or objects by the numbers of rows."""
    if parts and _are_objects(parts):
        numbers = [[name for name, _ in part] for part in parts]
        are_rows = all(number == numbers[0] for number in numbers) and all(map(str.isdigit, numbers[0]))
        return [[cell for _, cell in part] for part in parts] if are_rows else []
    are_arrays = bool(parts) and all(type(part) is list for part in parts)
    return parts if are_arrays and len({len(part) for part in parts}) == 1 and len(parts[0]) > 1 else []


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
