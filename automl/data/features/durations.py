"""Durations as people write them, in several units at once: `1h 30m`, `1 year 3 months`, `25:30:00`; all in minutes."""

import re
from collections.abc import Callable, Collection, Mapping

DURATION = "duration in minutes"
"""The unit of a column of durations."""

SHORT = "duration in minutes, as 45:10"
"""The unit of a column of minutes and seconds, some of which are more than an hour of the day can be."""

_LONG = 25.0
"""Minutes from which `45:10` is no time of day."""

_MINUTES_AND_SECONDS = re.compile(r"(?P<minutes>[0-9]{1,3}):(?P<seconds>[0-5][0-9](?:\.[0-9]+)?)")

_WORDS = {
    "years": "years?|yrs?|jahre?n?|años?|ans?|y",
    "months": "months?|mths?|mons?|mos?|monate?n?|mois|mes(?:es)?",
    "weeks": "weeks?|wks?|wochen?|semaines?|semanas?|w",
    "days": "days?|tage?n?|jours?|días?|d",
    "hours": "hours?|hrs?|stunden?|std|heures?|horas?|h",
    "minutes": "minut(?:e|en|es|os?)|mins?|m",
    "seconds": "seconds?|secs?|sekunden?|secondes?|segundos?|s",
}
_MINUTES = {
    "years": 525_960.0, "months": 43_830.0, "weeks": 10_080.0,
    "days": 1440.0, "hours": 60.0, "minutes": 1.0, "seconds": 1.0 / 60.0,
}  # fmt: skip
"""A year has 365.25 days, and twelve months."""

_MOST = {"months": 12.0, "weeks": 53.0, "days": 366.0, "hours": 24.0, "minutes": 60.0, "seconds": 60.0}
"""What a part stays below where a larger one stands before it."""

_LEAST_WORD = 3
"""Letters of a unit that cannot be another one: `m` may be meters, or months."""

_FORMS = (
    re.compile(
        r"(?P<years>[0-9]+)\s*y(?:rs?|ears?)?[\s,]*(?:and\s+)?(?P<months>[0-9]+)\s*m(?:o|os|on|ons|ths?|onths?)?",
        re.IGNORECASE,
    ),
    re.compile(
        "".join(
            rf"(?:(?P<{name}>[0-9]+(?:\.[0-9]+)?)\s*(?:{words})\.?[\s,]*(?:(?:and|und|et|y|e|en)\s+)?)?"
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
        r"P(?:(?P<years>[0-9]+)Y)?(?:(?P<months>[0-9]+)M)?(?:(?P<weeks>[0-9]+)W)?(?:(?P<days>[0-9]+)D)?(?:T(?:(?P<hours>[0-9]+)H)?(?:(?P<minutes>[0-9]+)M)?(?:(?P<seconds>[0-9.]+)S)?)?"
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
    >>> minutes_of("2 years 6 months"), minutes_of("1y6m"), minutes_of("P1Y6M"), minutes_of("2 weeks, 1 day")
    (1314900.0, 788940.0, 788940.0, 21600.0)
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


def are_times(units: Collection[str]) -> bool:
    """Whether units are those of time, two or more, each a word: `year` and `month`.

    >>> [are_times(units) for units in (["year", "month"], ["min", "hour"], ["year"], ["d", "h"], ["kg", "g"])]
    [True, True, False, False, False]
    """
    kinds = [
        next((kind for kind, words in _WORDS.items() if re.fullmatch(words, unit)), None) for unit in units
    ]
    are_words = all(len(unit) >= _LEAST_WORD for unit in units)
    return are_words and None not in kinds and len(set(kinds)) > 1


def _fit_together(parts: dict[str, float]) -> bool:
    """Whether only the last part is a fraction, and each stays below one of the larger unit before it."""
    *whole, _ = parts.values()
    limits = [_MOST[name] for name in list(parts)[1:]]
    below = all(part < most for part, most in zip(list(parts.values())[1:], limits, strict=True))
    return below and all(part % 1 == 0 for part in whole)


DURATIONS: Mapping[str, Callable[[str], float | None]] = {DURATION: minutes_of, SHORT: short_minutes}
"""By unit of a column: what reads a text without spaces around it."""
