"""Measures in two units or with a direction: `5'11"`, `48°51'N`, `74.0 W`. Only a whole column tells what they are."""

import re
from collections.abc import Callable, Mapping

from .durations import DURATION, DURATIONS, SHORT
from .gap_words import is_gap_word

FEET = "feet and inches as inches"
DEGREES = "degrees, south and west below 0"
"""The units of columns of such measures."""

_MOSTLY, _HALF = 0.9, 0.5

_INCHES = re.compile(
    r"(?:(?:under|below|less than|over|above|more than)\s+)?(?P<feet>[0-9])\s?(?:'|′|’|ft\.?|feet|foot)\s?"
    r"(?:(?P<inches>[0-9]{1,2}(?:\.[0-9]+|\s?[½¼¾])?)\s?(?:\"|″|”|''|’’|in\.?|inch(?:es)?)?)?"
    r"(?:\+|\s(?:or|and)\s(?:above|below|over|under|more|less|taller|shorter|up))?",
    re.IGNORECASE,
)
_PARTS = {"½": 0.5, "¼": 0.25, "¾": 0.75}

_DEGREES = re.compile(
    r"(?P<before>[NSEW])?\s?(?P<sign>[-+])?(?P<degrees>[0-9]{1,3}(?:\.[0-9]+)?)\s?(?P<mark>[°º]|deg\.?)?\s?"
    r"(?:(?P<minutes>[0-9]{1,2}(?:\.[0-9]+)?)\s?['′’]\s?)?(?:(?P<seconds>[0-9]{1,2}(?:\.[0-9]+)?)\s?(?:\"|″|”|'')\s?)?"
    r"(?P<after>[NSEW])?"
)
_BARE = re.compile(r"[0-9]{1,3}(?:\.[0-9]+)?")
_PAIRS = (frozenset("NS"), frozenset("EW"))


def inches_of(text: str) -> float | None:
    """The inches of a text such as `5'11"`; None of other texts.

    >>> inches_of("5'11\\""), inches_of("6 ft 2 in"), inches_of("6'"), inches_of("6'6\\" and above")
    (71.0, 74.0, 72.0, 78.0)
    >>> inches_of("5'45\\""), inches_of("5 kg"), inches_of("under 5 ft.")
    (None, None, 60.0)
    """
    match = _INCHES.fullmatch(text)
    if match is None:
        return None
    digits = match["inches"] or "0"
    inches = float(digits.rstrip("½¼¾ ")) + _PARTS.get(digits[-1], 0.0)
    return 12.0 * float(match["feet"]) + inches if inches < 12.0 else None


def degrees_of(text: str) -> float | None:
    """The degrees of a latitude, a longitude or an angle; None of other texts.

    >>> degrees_of("48°51'N"), degrees_of("33°52'48\\"S"), degrees_of("74.5 W"), degrees_of("N 12.25°")
    (48.85, -33.88, -74.5, 12.25)
    >>> degrees_of("48°75'N"), degrees_of("N 12 S"), degrees_of("12 kg")
    (None, None, None)
    """
    match = _DEGREES.fullmatch(text)
    if match is None or (match["before"] and match["after"]):
        return None
    if (match["minutes"] or match["seconds"]) and not match["mark"]:
        return None
    degrees, minutes, seconds = (float(match[part] or 0.0) for part in ("degrees", "minutes", "seconds"))
    if minutes >= 60.0 or seconds >= 60.0 or degrees > 360.0:
        return None
    is_below = (match["sign"] == "-") != ((match["before"] or match["after"] or "") in ("S", "W"))
    size = degrees + minutes / 60.0 + seconds / 3600.0
    return -size if is_below else size


def measure_of(values: Mapping[str, int]) -> str:
    """Which of these measures a column holds, as a unit; empty where it holds none.

    Args:
        values: Texts without spaces around them, each with the number of times that it stands there.
    """
    total = sum(count for text, count in values.items() if not is_gap_word(text))
    if (
        _share(values, total, lambda text: bool(_BARE.fullmatch(text)) or inches_of(text) is not None)
        >= _MOSTLY
    ):
        return FEET if _share(values, total, _has_inches) >= _HALF else ""
    matches = {
        text: match for text in values if (match := _DEGREES.fullmatch(text)) and degrees_of(text) is not None
    }
    if not total or sum(values[text] for text in matches) < _MOSTLY * total:
        return ""
    directions = {match["before"] or match["after"] or "" for match in matches.values()}
    has_minutes = (
        _share(values, total, lambda text: text in matches and matches[text]["minutes"] is not None) >= _HALF
    )
    return DEGREES if has_minutes or any(directions == pair for pair in _PAIRS) else ""


def _has_inches(text: str) -> bool:
    match = _INCHES.fullmatch(text)
    return match is not None and match["inches"] is not None


def _share(values: Mapping[str, int], total: int, is_such: Callable[[str], bool]) -> float:
    return sum(count for text, count in values.items() if is_such(text)) / total if total else 0.0


COMPUTED: Mapping[str, Callable[[str], float | None]] = {**DURATIONS, FEET: inches_of, DEGREES: degrees_of}
"""By unit of a column: what reads a text without spaces around it."""

NAMES: Mapping[str, tuple[str, str]] = {
    DURATION: ("durations as minutes", "minutes"),
    SHORT: ("durations as minutes", "minutes"),
    FEET: (FEET, "inches"),
    DEGREES: (DEGREES, "degrees"),
}
"""How a person is told what the numbers of such a column are, and what one without a unit is in."""
