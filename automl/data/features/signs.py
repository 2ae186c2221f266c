"""What programs and writers put around a number without meaning anything by it, and a number without it."""

import re
import unicodedata

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
_WIDE = {0xFF01 + place: 0x21 + place for place in range(0x5E)}
"""Signs of double width, as East Asian keyboards write them: U+FF11 is a 1."""

BLANKS = "".join(map(chr, (*range(0x2000, 0x200B), 0x205F)))
"""Blanks of several widths, as typesetters put them between thousands."""

_DIGITS = {
    place: str(digit)
    for place in range(0x660, 0xAC00)
    if (digit := unicodedata.decimal(chr(place), None)) is not None
}
"""Digits of other scripts: U+0665 is a 5."""

_BLANKS = dict.fromkeys(map(ord, BLANKS + "\u3000"), " ")
_SIGNS = str.maketrans({**dict.fromkeys(map(ord, _INVISIBLE)), **_WIDE, **_DIGITS, **_BLANKS, 0xFFE5: "¥"})
_QUOTED = re.compile(r'=?"(?P<inner>[^"]*)"|\'(?P<rest>[^\']+)')
"""Texts as spreadsheets keep them from being changed: `="12"` and `'12`."""

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻\u2212", "0123456789+--")
_POWER = re.compile(
    r"\s?(?:[×x*·]\s?10\^\(?(?P<power>[-+\u2212]?[0-9]{1,3})\)?|[×·]\s?10(?P<raised>[-+\u2212⁺⁻]?[⁰¹²³⁴-⁹]{1,3}|[-+\u2212][0-9]{1,2}))$"
)
_NOTE = re.compile(r"(?<=[0-9%])\s?(?:\*{1,3}|[†‡§?]|\[[0-9a-z]{1,2}\])+$")
"""Marks of footnotes and of doubt: `12*`, `12[3]`, `12?`."""

_ORDINAL = re.compile(r"(?<=[0-9])(?:st|nd|rd|th)(?=$| [^\W\d_])", re.IGNORECASE)
_BRACKETS = re.compile(r"\[\s?(?P<inner>[-+]?[0-9][0-9.,]*)\s?\]")
"""As in `[98]`, an estimate among others."""

_RUPEES = re.compile(r"(?<=[0-9])/-$")
_WHOLE_PRICE = re.compile(r"(?<=[0-9])(?P<mark>[.,])(?:--?|–|—)(?=$|\s)")
"""As in `Fr. 20.-` and `20,-- €`: there are no cents, and no minus; but it is said what stands before cents."""

_REMARK = re.compile(r"(?<=[^\s(])\s?\((?P<remark>[^\W\d_][^\d()]{1,20})\)$")
"""As in `12 (est.)` and `5 (kg)`."""

_INTERVAL = re.compile(
    r"[\[\](]\s?(?P<low>[-+\u2212]?(?:[0-9][0-9.]*|inf|∞))\s?(?P<between>[,;]|-|–)\s?(?P<high>[-+]?(?:[0-9][0-9.]*|inf|∞))\s?[\])\[]"
)
_BETWEEN = re.compile(
    r"(?:between|from|von|zwischen|entre|de) (?P<low>.*[0-9].*?) (?:and|und|to|bis|et|y|a|à) (?P<high>.*[0-9].*)",
    re.IGNORECASE,
)


def bare_text(text: str) -> str:
    """A text without invisible signs, with usual digits, and without the marks with which a number is quoted.

    >>> bare_text("\\u200b１２"), bare_text('="007"'), bare_text("'12.5"), bare_text("5'11")
    ('12', '007', '12.5', "5'11")
    """
    text = text.translate(_SIGNS).strip() if not text.isascii() else text
    match = _QUOTED.fullmatch(text) if text[:1] in "=\"'" else None
    return match["inner"] or match["rest"] or "" if match else text


def written_number(text: str) -> str:
    """A text as a number is to be found in it: bare, without marks of footnotes and endings.

    >>> [written_number(text) for text in ("12*", "1,200[3]", "21st", "Rs. 500/-", "5.2×10^3", "3 x 4", "[98]")]
    ['12', '1,200', '21', 'Rs. 500', '5.2e3', '3 x 4', '98']
    >>> [written_number(text) for text in ("Fr. 20.-", "12 (est.)", "(40, 50]", "(50.0, inf]", "[1, 2]", "5.00-")]
    ['Fr. 20.0', '12 est', '40 to 50', '> 50.0', '[1, 2]', '5.00-']
    """
    text = bare_text(text)
    if text.isascii() and text[-1:].isdigit() and "^" not in text:  # as most are: nothing stands behind it
        return _spelled_out(text) if text[:1].isalpha() else text
    if text[:1] in "[](" and (match := _BRACKETS.fullmatch(text)):
        return match["inner"]
    if text[:1] in "[](" and (match := _INTERVAL.fullmatch(text)):
        return _limits(match, text)
    for pattern in (_NOTE, _ORDINAL, _RUPEES):
        text = pattern.sub("", text)
    text = _WHOLE_PRICE.sub(r"\g<mark>0", text)
    text = _REMARK.sub(lambda match: f" {match['remark'].rstrip('.')}", text)
    text = _POWER.sub(lambda match: f"e{(match['power'] or match['raised']).translate(_RAISED)}", text)
    return _spelled_out(text) if text[:1].isalpha() else text


def _spelled_out(text: str) -> str:
    """A text such as `between 18 and 24` as a range."""
    match = _BETWEEN.fullmatch(text)
    return f"{match['low']} to {match['high']}" if match else text


def _limits(match: re.Match[str], text: str) -> str:
    """An interval of numbers as a range or a bound; accounts' `(1,200)` and lists `[1, 2]` are none."""
    low, high = match["low"].replace("\u2212", "-"), match["high"]
    ends = text[0] + text[-1]
    if ends == "()" or (ends == "[]" and match["between"] in ",;"):
        return text
    if not high[-1:].isdigit() and not high.endswith("."):
        return f"> {low}"
    return f"< {high}" if not low[-1].isdigit() and not low.endswith(".") else f"{low} to {high}"
