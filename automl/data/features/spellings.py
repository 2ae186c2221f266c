"""Numbers as people write them: thousands separators, currencies, percent, decimal commas, units, ranges, bounds.

What must not become a number is half of this: codes, telephone numbers, versions, times, fractions, two units.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from .common_fractions import is_mixed, with_decimals
from .durations import DURATION, SHORT, minutes_of, short_minutes
from .magnitudes import CURRENCIES, SYMBOLS, without_magnitude
from .signs import BLANKS, written_number

MARKS = (".", ",")
"""What may stand before decimals, the one that computers write first."""

MOST_DIGITS = 15
"""Of longer numbers, different ones can be the same float64."""

_GROUPS = ",. \u00a0\u202f'’"
"""What may stand between thousands."""

_CURRENCY = rf"(?:(?:US|A|AU|C|CA|NZ|HK|S|R|MX)?{SYMBOLS}|(?:{CURRENCIES}|Rs\.?|kr\.?|zł|Fr\.))"
_SIGN = "[-+\u2212\u2013]"
_POWER = r"(?:(?<=m)|(?<=ft)|(?<=in)|(?<=\^))[23](?![0-9])"
"""As in `m2`, `ft^3` and `kg/m3`."""

_SQUARED = "\u2100-\u214f\u3371-\u33df"
"""Units that are one sign in East Asian fonts: degrees Celsius, square meters."""

_UNIT = (
    rf"(?!(?:or|and|und|oder|et|ou|[oy]) )(?:[%‰°µμΩ\"″′¢{_SQUARED}]|[^\W\d_])"
    rf"(?:[^\W\d_]|[%‰°²³/.·*^\"″′-]|{_POWER}){{0,14}}"
    r"(?: [^\W\d_][^\W\d_./²³]{0,11}\.?)?"
)
_MONEY = rf"{_CURRENCY}(?: ?/ ?{_UNIT})?"
_RATE = rf"/ ?{_UNIT}"
"""As in `$5/h`, behind an amount of money only."""
_ABOUT = (
    r"(?:~|≈|ca?\.|(?-i:[Cc]a)|circa |about |around |approx(?:\.|imately)? ?|etwa |rund |environ |"
    r"from |starting at |(?-i:[Aa]b )|à partir de |desde )"
)
_BOUND = (
    r"(?:<=|>=|[<>≤≥]|up to |under |over |above |below |less than |more than |at least |at most |[lg]te?\.? |"
    r"bis zu |unter |über |weniger als |mehr als |mindestens |höchstens |"
    r"jusqu'à |moins de |plus de |au moins |hasta |menos de |más de |al menos )"
)
_BOUND_BEHIND = (
    r"(?:\s(?:or|and)\s(?:more|less|over|under|above|below|up|older|younger|greater|higher|lower|fewer)|"
    r"\s(?:und|oder)\s(?:mehr|weniger|älter|jünger|darüber|darunter)|\set\s(?:plus|moins)|\sou\s(?:plus|moins)|"
    r"\s[oy]\s(?:más|menos))"
)
_HALVED = (
    *("<", "under ", "below ", "less than ", "lt ", "lt. "),
    *("unter ", "weniger als ", "moins de ", "menos de "),
)
"""Bounds from above: the middle between 0 and the bound is taken."""

_BETWEEN = r"(?P<between>\s*(?:-|–|—|~|\.\.\.?|…|\b(?:to|bis|through|thru|till|until|à|a)\b)\s*)"
_NO_UNIT = re.compile("e|xx+", re.IGNORECASE)
"""Ends of numbers that are cut off, or of which digits are hidden: `945xx`."""

_PLURALS: Mapping[str, str] = {
    "people": "person",
    "children": "child",
    "feet": "foot",
    "inches": "inch",
    "boxes": "box",
    "men": "man",
    "women": "woman",
}

_BRACKET = re.compile(rf"^({_CURRENCY})\s?\(", re.IGNORECASE)
_BEHIND = re.compile(rf"\)\s?({_CURRENCY}|%)$", re.IGNORECASE)
"""A currency before a bracket instead of in it, `$(1,200)`, and behind it, `(1,200) €`."""

_NOTHING = re.compile(
    rf"(?P<before>{_CURRENCY})\s*[-–—]{{1,2}}|[-–—]{{1,2}}\s*(?P<after>{_CURRENCY})", re.IGNORECASE
)
"""How spreadsheets write 0 as an amount: `$ -`."""

_DAY = re.compile("(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])[0-3][0-9]")
"""A day, of which two are no range of numbers."""

_PLAIN = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,4})?")


@dataclass(frozen=True, slots=True)
class Spelled:
    """A number that was found in a text.

    Attributes:
        value: It.
        unit: What stands around it, as units are compared; empty when nothing does.
        is_range: Whether it is the middle of a range.
        is_bound: Whether it is a bound, as in `< 1` and `10+`.
        is_nothing: Whether it is written as `$ -`.
    """

    value: float
    unit: str = ""
    is_range: bool = False
    is_bound: bool = False
    is_nothing: bool = False


def _number(decimal: str) -> str:
    """A number without a sign: in groups of three, or in none, with decimals after the mark or without."""
    mark = re.escape(decimal)
    groups = [re.escape(sign) for sign in _GROUPS if sign != decimal]
    grouped = [rf"[1-9][0-9]{{0,2}}(?:{sign}[0-9]{{3}})+" for sign in groups]
    if decimal == ".":
        grouped.append("[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}")  # as in India: 12,34,567
    whole = rf"(?:{'|'.join(grouped)}|[0-9]+)"
    digits = "*" if decimal == "." else "+"  # `1939, May` is no number with a decimal comma
    return rf"(?:{whole}(?:{mark}[0-9]{digits})?|{mark}[0-9]+)"


@lru_cache(maxsize=len(MARKS))
def _patterns(decimal: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """One number, and a range of two."""
    number, exponent = _number(decimal), "(?:[eE][-+]?[0-9]{1,4})?"
    single = (
        rf"(?:{_ABOUT}\s*)?(?P<bound>{_BOUND})?\s*(?P<open>\()?(?P<sign>{_SIGN})?\s?(?P<before>{_CURRENCY})?\s?(?P<inner>{_SIGN})?"
        rf"(?P<number>{number}{exponent})(?P<plus>\s?\+)?\s*(?P<after>{_MONEY}|{_RATE}|{_UNIT})?(?P<more>{_BOUND_BEHIND})?(?P<minus>-)?(?P<close>\))?"
    )
    span = (
        rf"(?P<before>{_CURRENCY})?\s?(?P<low>{_SIGN}?{number})(?:\s*(?:{_MONEY}|{_UNIT}))??{_BETWEEN}(?:{_CURRENCY})?\s?"
        rf"(?P<high>{_SIGN}?{number})\s*(?P<after>{_MONEY}|{_RATE}|{_UNIT})?"
    )
    return re.compile(single, re.IGNORECASE), re.compile(span, re.IGNORECASE)


def plain_number(text: str) -> float | None:
    """The number that a text without spaces around it is to a computer; None when it is none.

    >>> plain_number("-1.5e3"), plain_number("1,200"), plain_number("nan")
    (-1500.0, None, None)
    """
    return float(text) if _PLAIN.fullmatch(text) else None


def spelled_number(text: str, decimal: str, fractions: bool = False) -> Spelled | None:
    """The number that a text without spaces around it is to a person; None when it is none.

    Args:
        text: The text.
        decimal: The mark before decimals.
        fractions: Whether `1/2` is a number, as it is beside `5 1/2`.

    >>> spelled_number("(1,200.50)", "."), spelled_number("735-739", ".").value, spelled_number("1248 CC", ",").unit
    (Spelled(value=-1200.5, unit='', is_range=False, is_bound=False, is_nothing=False), 737.0, 'cc')
    >>> [spelled_number(text, ".") for text in ("02139-1234", "1.2.3", "10:30", "+49 30 1234", "A12", "1/2")]
    [None, None, None, None, None, None]
    """
    if match := _NOTHING.fullmatch(text):
        return Spelled(0.0, _unit(match.groupdict(default="")), is_nothing=True)
    if not any(map(str.isdecimal, text)) and not (fractions and any(map(str.isnumeric, text))):
        return None
    text = with_decimals(written_number(text), decimal, fractions)
    text = _BRACKET.sub(r"(\1", text) if "(" in text[1:] else text
    text = _BEHIND.sub(r" \1)", text) if text[:1] == "(" else text
    for unit, minutes in (
        (DURATION, minutes_of(text, several=True)),
        (SHORT, short_minutes(text, is_long=True)),
    ):
        if minutes is not None:
            return Spelled(minutes, unit)
    single, span = _patterns(decimal)
    if match := single.fullmatch(text):
        return _single(match.groupdict(default=""), decimal)
    if match := span.fullmatch(text):
        return _middle(match.groupdict(default=""), decimal)
    return None


def scaled_number(text: str, decimal: str, fractions: bool = False) -> Spelled | None:
    """The same where magnitudes are multiplied out.

    >>> scaled_number("$1.5k", "."), scaled_number("950", ".").value
    (Spelled(value=1500.0, unit='$', is_range=False, is_bound=False, is_nothing=False), 950.0)
    """
    bare, factor, _ = without_magnitude(written_number(text))
    spelled = spelled_number(bare, decimal, fractions)
    return spelled if spelled is None or factor == 1.0 else replace(spelled, value=factor * spelled.value)


def _single(part: Mapping[str, str], decimal: str) -> Spelled | None:
    signs = [part[name] for name in ("sign", "inner", "minus", "open") if part[name]]
    if len(signs) > 1 or bool(part["open"]) != bool(part["close"]) or (signs and part["bound"]):
        return None
    if (part["minus"] and part["after"]) or _NO_UNIT.fullmatch(part["after"]):
        return None
    if part["after"].startswith("/") and not part["before"]:
        return None
    if part["sign"] == "+" and _is_grouped(part["number"]) and not part["before"]:
        return None  # a telephone number
    value = _value(part["number"], decimal)
    if value is None:
        return None
    value = -value if signs and signs[0] != "+" else value
    bound = part["bound"].lower()
    is_bound = bool(bound or part["plus"] or part["more"])
    return Spelled(value / 2.0 if bound in _HALVED else value, _unit(part), is_bound=is_bound)


def _middle(part: Mapping[str, str], decimal: str) -> Spelled | None:
    if any(re.match("0[0-9]", part[name]) for name in ("low", "high")):
        return None
    if _DAY.fullmatch(part["low"]) and _DAY.fullmatch(part["high"]):
        return None
    if part["between"] == "-" and not (part["low"] + part["high"])[0].isdecimal():
        return None
    low, high = _value(part["low"], decimal), _value(part["high"], decimal)
    if low is None or high is None or low > high:
        return None
    return Spelled((low + high) / 2.0, _unit(part), is_range=True)


def _is_grouped(number: str) -> bool:
    return bool(re.search("[ \u00a0\u202f]", number))


def _value(number: str, decimal: str) -> float | None:
    mantissa, *power = re.split("[eE]", number)
    if power and any(sign in mantissa for sign in _GROUPS if sign != decimal):
        return None  # 7,265E+04 has no thousands
    if sum(map(str.isdigit, mantissa.lstrip("0,. "))) > MOST_DIGITS and not _has_fraction(mantissa, decimal):
        return None
    number = re.sub("^[\u2212\u2013]", "-", number)
    kept = re.sub(f"[^0-9eE+\\-{re.escape(decimal)}]", "", number)
    return float(kept.replace(decimal, "."))


def _has_fraction(number: str, decimal: str) -> bool:
    """Whether the digits that are too many stand behind the mark, where they are but noise."""
    whole, _, fraction = number.partition(decimal)
    return bool(fraction) and sum(map(str.isdigit, whole)) <= MOST_DIGITS


def _unit(part: Mapping[str, str]) -> str:
    """What stands before and after a number, so that a unit equals its plural: `years` is `year`."""
    after = part["after"].lower().rstrip(".")
    if after in _PLURALS:
        after = _PLURALS[after]
    elif len(after) > 2 and after.endswith("s") and not after.endswith("ss"):
        after = after[:-1]
    return " ".join(unit for unit in (part["before"].lower().rstrip("."), after) if unit).replace(" /", "/")


def is_code(text: str) -> bool:
    """Whether a text of digits is no amount, unless the column holds decimals too: `007`, `1E5`.

    >>> is_code("007"), is_code("1E5"), is_code("0"), is_code("1e-05"), is_code("0.5")
    (True, True, False, False, False)
    """
    return bool(re.fullmatch(r"[-+]?0[0-9]+|[0-9]+[eE][0-9]+", text))


def has_groups(text: str, decimal: str) -> bool:
    """Whether separators of thousands stand between digits of a text."""
    whole = text.split(decimal)[0] if not is_mixed(text) else ""
    return any(before.isdigit() and after.isdigit() for before, after in _around(whole))


def _around(text: str) -> list[tuple[str, str]]:
    """The signs before and after each separator of digits."""
    places = [place for place, sign in enumerate(text) if sign in _GROUPS + BLANKS]
    return [(text[place - 1 : place], text[place + 1 : place + 2]) for place in places]
