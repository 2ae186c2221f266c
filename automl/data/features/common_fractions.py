"""Fractions as recipes, carpenters and exchanges write them: `5 1/2`, `5½`. `1/2` alone may be a date or a part."""

import re

_DENOMINATORS = "2|3|4|5|6|8|10|12|16|32|64"
_SIGNS = {
    "½": "1/2", "⅓": "1/3", "⅔": "2/3", "¼": "1/4", "¾": "3/4", "⅕": "1/5", "⅖": "2/5", "⅗": "3/5", "⅘": "4/5",
    "⅙": "1/6", "⅚": "5/6", "⅛": "1/8", "⅜": "3/8", "⅝": "5/8", "⅞": "7/8",
}  # fmt: skip
_SPACED = str.maketrans({sign: f" {fraction}" for sign, fraction in _SIGNS.items()} | {"⁄": "/"})
_FRACTION = re.compile(
    rf"(?P<before>[^0-9]*?)(?:(?P<whole>[0-9]{{1,6}}) +)?(?P<up>[0-9]{{1,2}})/(?P<down>{_DENOMINATORS})"
    r"(?P<after>(?![0-9/])[^0-9]*)"
)


def is_mixed(text: str) -> bool:
    """Whether a text holds a whole number and a fraction.

    >>> is_mixed("5 1/2 cups"), is_mixed("5½"), is_mixed("1/2"), is_mixed("1/2-1/2"), is_mixed("5 7/5")
    (True, True, False, False, False)
    """
    match = _match(text)
    return match is not None and match["whole"] is not None


def is_fraction(text: str) -> bool:
    """Whether a text holds a fraction, alone or behind a whole number.

    >>> is_fraction("1/2"), is_fraction("¾ cup"), is_fraction("5 1/2"), is_fraction("1/1")
    (True, True, True, False)
    """
    return _match(text) is not None


def with_decimals(text: str, decimal: str, alone: bool = False) -> str:
    """A text with its fraction as decimals; other texts as they are.

    Args:
        text: Without spaces around it.
        decimal: What stands before decimals.
        alone: Whether a fraction without a whole number is one, too.

    >>> with_decimals("5 1/2 cups", "."), with_decimals("-2¾", ",")
    ('5.5 cups', '-2,75')
    >>> with_decimals("1/2", "."), with_decimals("1/2", ".", alone=True)
    ('1/2', '0.5')
    """
    match = _match(text)
    if match is None or (match["whole"] is None and not alone):
        return text
    value = int(match["whole"] or 0) + int(match["up"]) / int(match["down"])
    number = f"{value:.12g}".replace(".", decimal)
    return f"{match['before']}{number}{match['after']}"


def _match(text: str) -> re.Match[str] | None:
    """The parts of a text with a fraction that is less than 1."""
    if "/" not in text and text.isascii():
        return None
    match = _FRACTION.fullmatch(text.translate(_SPACED).strip())
    return match if match and 0 < int(match["up"]) < int(match["down"]) else None
