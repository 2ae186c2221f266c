"""The page of all keys of a study file, made from its JSON Schema: `automl schema --format markdown`."""

from collections.abc import Iterator
from typing import Any

from automl.config.study import study_schema

_HEAD = """\
# The study file

Every key of a study file, made from its schema by `automl schema --format markdown`. Only `data` is required.
`automl init` writes a file with a comment at every key, and `automl check` checks one. Hyperparameters and ranges of
`space` are in [search_space.md](search_space.md), tables in [tables.md](tables.md).
"""

_TYPES = {
    "array": "list",
    "boolean": "true or false",
    "integer": "whole number",
    "null": "null",
    "number": "number",
    "object": "mapping",
    "string": "text",
}
_BOUNDS = {
    "minimum": "at least",
    "exclusiveMinimum": "above",
    "maximum": "at most",
    "exclusiveMaximum": "below",
}


def study_reference() -> str:
    """The page as Markdown: the keys of the study file, then those of each of its sections."""
    schema = study_schema()
    sections = {key: _section(schema, entry) for key, entry in schema["properties"].items()}
    parts = [_HEAD, *_table(schema, schema, {key for key, section in sections.items() if section})]
    for key, section in sections.items():
        if section:
            parts += ["", f"## `{key}`", "", section["description"], "", *_table(schema, section, set())]
    ranges = [schema["$defs"][name] for name in ("IntRange", "FloatRange", "Choice")]
    parts += ["", "## Ranges of `space`", "", "A single value is fixed; a range is one of:"]
    for entry in ranges:
        parts += ["", entry["description"], "", *_table(schema, entry, set())]
    return "\n".join(parts) + "\n"


def _section(schema: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any] | None:
    """The schema of the section that a key holds, or None for a key with a value."""
    reference = entry.get("$ref", "")
    return schema["$defs"][reference.rsplit("/", 1)[-1]] if reference else None


def _table(schema: dict[str, Any], section: dict[str, Any], sections: set[str]) -> Iterator[str]:
    yield "| key | value | default | meaning |"
    yield "|---|---|---|---|"
    required = section.get("required", [])
    for key, entry in section["properties"].items():
        inside = _section(schema, entry) if key in sections else None
        value = f"[section](#{key})" if inside else _value(entry)
        meaning = entry.get("description") or (inside or {}).get("description", "")
        cells = [f"`{key}`", value, _default(key, entry, required, sections), meaning]
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _value(entry: dict[str, Any]) -> str:
    """The values that a key takes, in words."""
    if "enum" in entry:
        return ", ".join(f"`{name}`" for name in entry["enum"])
    if "const" in entry:
        return f"`{entry['const']}`"
    if "anyOf" in entry:
        kinds = [_value(kind) for kind in entry["anyOf"] if kind.get("type") != "null"]
        if entry.get("default") is not None and len(kinds) < len(entry["anyOf"]):
            kinds.append("null")
        return " or ".join(dict.fromkeys(kinds))
    if "prefixItems" in entry:
        return f"list of {len(entry['prefixItems'])}: {_value(entry['prefixItems'][0])}"
    if "oneOf" in entry or "$ref" in entry:
        return "range"
    kind = _TYPES[entry["type"]] if "type" in entry else "value"
    if entry.get("type") == "object" and isinstance(entry.get("additionalProperties"), dict):
        kind = f"mapping of names to: {_value(entry['additionalProperties'])}"
    if isinstance(entry.get("items"), dict) and entry["items"]:
        kind = f"list of: {_value(entry['items'])}"
    bounds = [f"{words} {entry[key]:g}" for key, words in _BOUNDS.items() if key in entry]
    return " ".join([kind, " and ".join(bounds)]).strip()


def _default(key: str, entry: dict[str, Any], required: list[str], sections: set[str]) -> str:
    if key in required:
        return "required"
    default = entry.get("default")
    if key in sections or default is None:
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"
