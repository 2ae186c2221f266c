"""Cells of a table in a study file are meant as they are written: `yes` is no truth value there, and `010` no 8."""

import re
from typing import Any

_TEXT = "tag:yaml.org,2002:str"
_CHANGED = re.compile(
    r"(?:yes|no|on|off|null|~|[-+]?0[0-9_]+|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}.*|[-+]?[0-9]+(?::[0-5]?[0-9])+(?:\.[0-9]*)?)",
    re.IGNORECASE,
)
"""What YAML makes something else of: truth values, nothing, octal numbers, dates, numbers to the base of 60."""

_NOTHING = ("null", "Null", "NULL", "~")
"""A class that is not named."""


def keep_cells(root: Any) -> None:
    """Leave the class of `data.positive` and the cells of `data.gaps` as the text that they are.

    Args:
        root: The YAML node of a whole study file, which is changed.
    """
    data = _value(root, "data")
    gaps = _value(data, "gaps")
    lists = [value for _, value in gaps.value] if _is(gaps, "mapping") else []
    cells = [cell for part in lists if _is(part, "sequence") for cell in part.value]
    positive = _value(data, "positive")
    for node in (*cells, positive):
        if _is(node, "scalar") and node.style is None and _CHANGED.fullmatch(node.value):
            is_nothing = node is positive and node.value in _NOTHING
            node.tag = node.tag if is_nothing else _TEXT


def _value(node: Any, name: str) -> Any:
    pairs = node.value if _is(node, "mapping") else []
    return next((value for key, value in pairs if key.value == name), None)


def _is(node: Any, kind: str) -> bool:
    """Whether there is a node, of this kind in YAML's own words."""
    return node is not None and node.id == kind
