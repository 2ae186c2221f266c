"""What the name of a column says of its numbers, where the numbers alone do not: identifiers and codes."""

import re

_IDENTIFIER = re.compile(
    r"(?:^|[ _.-])(?:id|ids|uid|uuid|guid|index|idx|rownames?|row[ _.-]?(?:id|no|num|number|index))$"
    r"|^unnamed: [0-9]+$|^(?:level_[0-9]+|__index_level_[0-9]+__)$"
    r"|(?:customer|client|user|patient|member|account|order|invoice|ticket|transaction|policy|case|record|serial|unique"
    r"|store|shop|branch|employee|staff|student|product|item|article|device|vehicle|booking|claim|contract|loan)"
    r"[ _.-]?(?:id|no|num|nr|number|key)$"
    r"|(?:^|[ _.-])(?:tele)?(?:phone|telephone|telefon|mobile|fax|isbn|ean|upc|gtin|imei|iban|ssn)"
    r"[ _.-]?(?:no|num|nr|number|code)?[ _.-]?[0-9]?$",
    re.IGNORECASE,
)
_ROW = re.compile(
    r"^unnamed: [0-9]+$|^(?:level_[0-9]+|__index_level_[0-9]+__)$"
    r"|(?:^|[ _.-])(?:index|idx|rownames?|row[ _.-]?(?:id|no|num|number|index))$",
    re.IGNORECASE,
)
_CAMEL = re.compile("[a-z0-9]I[Dd]$|^ID$")
_CODE = re.compile(
    r"(?:^|[ _.-])(?:zip|postal|plz|fips|fp|(?:zip|post|postal|pin|area)[ _.-]?code)$",
    re.IGNORECASE,
)

_REFERS = re.compile(
    r"(?:^|[ _.-])(?:by|parent|ref|reference|manager|supervisor|mother|father|sire|dam|spouse|partner|boss|leader)$",
    re.IGNORECASE,
)

_COUNTED = {"hour": 23, "hr": 23, "minute": 59, "month": 12, "day": 31, "week": 53, "year": 99}
_COUNTS = re.compile(
    rf"(?:^|[ _.-])(?P<what>{'|'.join(_COUNTED)})s?(?:[ _.-]of[ _.-](?:the[ _.-])?[a-z]+)?$", re.IGNORECASE
)

_TIMES = frozenset([
    "time", "clock", "hhmm", "deptime", "arrtime", "starttime", "endtime", "departure", "arrival", "uhrzeit", "heure",
    "hora", "ora",
])  # fmt: skip
_AMOUNTS_OF_TIME = frozenset([
    "ms", "msec", "s", "sec", "secs", "second", "seconds", "min", "mins", "minute", "minutes", "h", "hr", "hrs",
    "hours",
    "d", "day", "days", "week", "weeks", "month", "months", "year", "years", "response", "reaction", "run", "running",
    "travel", "waiting", "wait", "survival", "elapsed", "total", "lap", "split", "to", "until", "since", "duration",
    "delay", "delays", "lead", "processing", "cpu", "spent", "step", "steps", "air", "flight",
])  # fmt: skip
_WORD = re.compile(r"[A-Z]?[^\W\d_A-Z]+|[A-Z]+(?![a-z])")


def names_identifier(name: str) -> bool:
    """Whether a column is named as one that tells rows apart.

    >>> [names_identifier(name) for name in ("id", "CustomerID", "Unnamed: 0", "patient_no", "Unique Key", "storenum")]
    [True, True, True, True, True, True]
    >>> [names_identifier(name) for name in ("paid", "humid", "index_price", "width", "class_no", "android")]
    [False, False, False, False, False, False]
    """
    return bool(_IDENTIFIER.search(name) or _CAMEL.search(name))


def names_row(name: str) -> bool:
    """Whether a column is named as one that counts the rows of its table.

    >>> [names_row(name) for name in ("Unnamed: 0", "index", "row_number", "level_0", "id", "case_no")]
    [True, True, True, True, False, False]
    """
    return bool(_ROW.search(name))


def names_code(name: str) -> bool:
    """Whether a column is named as one whose numbers are codes of places.

    >>> [names_code(name) for name in ("zip_code", "ZIP", "state_fp", "zipper", "code")]
    [True, True, True, False, False]
    """
    return bool(_CODE.search(name))


def names_reference(name: str) -> bool:
    """Whether a column is named as one whose cells are the identifiers of other rows.

    >>> [names_reference(name) for name in ("infected_by", "ReportsTo", "manager_id", "parent", "age", "standby")]
    [True, False, True, True, False, False]
    """
    return bool(_REFERS.search(name)) or names_identifier(name)


def most_counted(name: str) -> int | None:
    """Up to which number a column counts whose name says what part of a time its numbers are; None where it does not.

    >>> [most_counted(name) for name in ("hour", "pickup_hour", "Month", "day of week", "code", "daytime")]
    [23, 23, 12, 31, None, None]
    """
    match = _COUNTS.search(name)
    return _COUNTED[match["what"].lower()] if match else None


def names_time(name: str) -> bool:
    """Whether a column is named as one of times of day, and not of amounts of time.

    >>> [names_time(name) for name in ("time", "sched_dep_time", "CRSDepTime", "TIME OCC", "Arrival")]
    [True, True, True, True, True]
    >>> [names_time(name) for name in ("time_ms", "response time", "timestamp", "runtime", "code", "survivalTime")]
    [False, False, False, False, False, False]
    """
    words = {word.lower() for word in _WORD.findall(name)}
    return bool(words & _TIMES) and not words & _AMOUNTS_OF_TIME
