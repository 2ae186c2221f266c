"""What programs and writers put around a number without meaning anything by it, and a number without it."""

import re

_INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"
_WIDE = {0xFF01 + place: 0x21 + place for place in range(0x5E)}
"""Signs of double width, as East Asian keyboards write them: U+FF11 is a 1."""

_SIGNS = str.maketrans({**dict.fromkeys(map(ord, _INVISIBLE)), **_WIDE, 0xFFE5: "¥", 0x3000: " "})
_QUOTED = re.compile(r'=?"(?P<inner>[^"]*)"|\'(?P<rest>[^\']+)')
"""Texts as spreadsheets keep them from being changed: `="12"` and `'12`."""

_POWER = re.compile(r"\s?[×x*·]\s?10\^\(?(?P<power>[-+\u2212]?[0-9]{1,3})\)?$")
_NOTE = re.compile(r"(?<=[0-9%])\s?(?:\*{1,3}|[†‡§]|\[[0-9a-z]{1,2}\])+$")
"""Marks of footnotes: `12*`, `12[3]`."""

_ORDINAL = re.compile(r"(?<=[0-9])(?:st|nd|rd|th)(?=$| [^\W\d_])", re.IGNORECASE)
_BRACKETS = re.compile(r"\[\s?(?P<inner>[-+]?[0-9][0-9.,]*)\s?\]")
"""As in `[98]`, an estimate among others."""

_RUPEES = re.compile(r"(?<=[0-9])/-$")


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
    """
    text = bare_text(text)
    if text[-1:].isdigit() and "^" not in text:  # as most are: nothing stands behind it
        return text
    if text[:1] == "[" and (match := _BRACKETS.fullmatch(text)):
        return match["inner"]
    for pattern in (_NOTE, _ORDINAL, _RUPEES):
        text = pattern.sub("", text)
    return (
        _POWER.sub(lambda match: "e" + match["power"].replace("\u2212", "-"), text) if "^" in text else text
    )
