"""Durations as people write them, in several units at once: `1h 30m`, `2 days 3 hours`, `25:30:00`. All are minutes."""

import re
from collections.abc import Callable, Mapping

DURATION = "duration in minutes"
"""The unit of a column of durations."""

SHORT = "duration in minutes, as 45:10"
"""The unit of a column of minutes and seconds, some of which are more than an hour of the day can be."""

_LONG = 25.0
"""Minutes from which `45:10` is no time of day."""

_MINUTES_AND_SECONDS = re.compile(r"(?P<minutes>[0-9]{1,3}):(?P<seconds>[0-5][0-9](?:\.[0-9]+)?)")

_WORDS = {
    "days": "days?|d",
    "hours": "hours?|hrs?|std|h",
    "minutes": "minutes?|mins?|m",
    "seconds": "seconds?|secs?|s",
}
_MINUTES = {"days": 1440.0, "hours": 60.0, "minutes": 1.0, "seconds": 1.0 / 60.0}
_MOST = {"hours": 24.0, "minutes": 60.0, "seconds": 60.0}
"""What a part stays below where a larger one stands before it."""

_FORMS = (
    re.compile(
        "".join(
            rf"(?:(?P<{name}>[0-9]+(?:\.[0-9]+)?)\s*(?:{words})\.?[\s,]*(?:and\s+)?)?"
            for name, words in _WORDS.items()
        ),
        re.IGNORECASE,
    ),
    re.compile(r"(?P<hours>[0-9]+)h(?P<minutes>[0-9]{2})", re.IGNORECASE),
    re.compile(
        r"(?:(?P<days>[0-9]+) days?,? \+?)?"
        r"(?P<hours>[0-9]+):(?P<minutes>[0-5][0-9]):(?P<seconds>[0-5][0-9](?:\.[0-9]+)?)",
        re.IGNORECASE,
    ),
    re.compile(r"(?P<minutes>[0-9]+):(?P<seconds>[0-5][0-9]\.[0-9]+)"),
    re.compile(
        r"P(?:(?P<days>[0-9]+)D)?(?:T(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?(?:(?P<seconds>[0-9.]+)S)?)?"
    ),
)


def minutes_of(text: str, several: bool = False) -> float | None:
    """The minutes that a text without spaces around it says; None when it is no duration.

    Args:
        text: The text.
        several: Whether it must be in several units: `2h` is a duration among others only, for it may be 2 of anything.

    >>> minutes_of("1h 30m"), minutes_of("2 days, 3 hours"), minutes_of("PT1H30M"), minutes_of("1h05")
    (90.0, 3060.0, 90.0, 65.0)
    >>> minutes_of("25:30:00"), minutes_of("3 days 04:00:00"), minutes_of("1:30.6"), minutes_of("1:30")
    (1530.0, 4560.0, 1.51, None)
    >>> minutes_of("45m"), minutes_of("45m", several=True), minutes_of("1h 75m"), minutes_of("5 kg 3 g")
    (45.0, None, None, None)
    """
    for form in _FORMS:
        match = form.fullmatch(text) if text[-1:].isalnum() or text[-1:] == "." else None
        parts = {name: float(part) for name, part in match.groupdict().items() if part} if match else {}
        is_sure = len(parts) > 1 or text.startswith("P")
        if parts and (is_sure or not several) and _fit_together(parts):
            return sum(part * _MINUTES[name] for name, part in parts.items())
    return None


def short_minutes(text: str, is_long: bool = False) -> float | None:
    """The minutes of minutes and seconds, or of hours, minutes and seconds; None of other texts.

    Args:
        text: A text without spaces around it.
        is_long: Whether it must be so long that it is no time of day.

    >>> short_minutes("45:30"), short_minutes("7:30"), short_minutes("1:05:30"), short_minutes("45:61")
    (45.5, 7.5, 65.5, None)
    >>> short_minutes("45:30", is_long=True), short_minutes("7:30", is_long=True)
    (45.5, None)
    """
    if match := _MINUTES_AND_SECONDS.fullmatch(text):
        minutes = float(match["minutes"]) + float(match["seconds"]) / 60.0
        return None if is_long and minutes < _LONG else minutes
    return None if is_long else minutes_of(text)


def _fit_together(parts: dict[str, float]) -> bool:
    """Whether only the last part is a fraction, and each stays below one of the larger unit before it."""
    *whole, _ = parts.values()
    limits = [_MOST[name] for name in list(parts)[1:]]
    below = all(part < most for part, most in zip(list(parts.values())[1:], limits, strict=True))
    return below and all(part % 1 == 0 for part in whole)


DURATIONS: Mapping[str, Callable[[str], float | None]] = {DURATION: minutes_of, SHORT: short_minutes}
"""By unit of a column: what reads a text without spaces around it."""
