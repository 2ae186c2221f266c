"""Cells that hold several numbers, as `76 (+1)`, `120/80` and `5.1 ± 0.3`: pointed out, not read."""

import re
from collections import Counter
from collections.abc import Mapping
from itertools import islice

from .signs import bare_text

_NUMBER = re.compile(r"(?<![0-9])[-\u2212]?[0-9]+(?:[.,][0-9]+)*%?")
_WORD = re.compile(r"[^\W\d_]+")
_BETWEEN = ("(", "±", "/", "x", "×", "*", "@", ", ", "'", "[", " to ", "|", ";", "+", "~")
"""What stands between numbers that are said together; one of it must stand in a cell."""

_IN_WORDS = re.compile("0 ?a,? 0")
"""As in `172HP 1.6L` and `5 ft 11 in`."""

_BEHIND = re.compile(r"(?P<word>[^\W\d_]{2,12}[:=]? {0,3})[-+]?[0-9]+[.,][0-9]+")
_NEARLY = 0.9
_PHRASE = re.compile("a(?:,? a){2}")
"""Words in a row of which addresses have more: `1 Learned Pl, Durham, NC 27705`."""

_PLACE = re.compile(r"(?:a ?)?\(0[,;]? 0\)")
"""As in `(40.7, -74.0)` and `POINT (-74.0 40.7)`."""

_MONEY = re.compile(r"^[$€£¥₹]\s?")
_MOSTLY, _FORMS, _MOST_WORDS = 0.7, 3, 4
_MOST_TRIED = 2000
_LEAST_DISTINCT = 20
"""Different cells from which it is said: fewer are categories."""


def several_numbers(texts: Mapping[str, int]) -> str:
    """What is said of a column most cells of which hold several numbers in one of a few forms; empty of others.

    Args:
        texts: The cells, text without spaces around it, each with the number of times that it stands there.
    """
    if len(texts) <= _LEAST_DISTINCT:
        return ""
    texts = dict(islice(texts.items(), _MOST_TRIED))
    forms, examples = Counter[str](), dict[str, str]()
    for text, count in texts.items():
        form = _form(bare_text(text))
        forms[form] += count
        examples.setdefault(form, text)
    usual = [form for form, _ in forms.most_common(_FORMS) if _says_several(form)]
    if sum(forms[form] for form in usual) < _MOSTLY * forms.total():
        return ""
    reason = f"its cells hold several numbers (as in {examples[usual[0]]!r}), which are not read"
    return f"{reason}; put each number into a separate column"


def behind_a_word(texts: Mapping[str, int]) -> str:
    """What is said of fractions that all stand behind one word, as `pH 7.5`; empty of other columns, as `INV-12`."""
    texts = dict(islice(texts.items(), _MOST_TRIED))
    matches = {text: match for text in texts if (match := _BEHIND.fullmatch(text))}
    words = {match["word"] for match in matches.values()}
    count = sum(texts[text] for text in matches)
    if len(words) != 1 or count < _NEARLY * sum(texts.values()) or len(texts) <= _LEAST_DISTINCT:
        return ""
    reason = f"looks like numbers after {words.pop().strip()!r} (as in {next(iter(matches))!r}), which are not read"
    return f"{reason}; remove it from the cells"


def _form(text: str) -> str:
    """A text with its numbers as 0 and its words as small letters; codes keep what makes them codes."""
    text = re.sub(r"(?<![\w.,])0[0-9]+", "!", _MONEY.sub("", text))
    text = _NUMBER.sub("0", text).replace("X", "x")
    return _WORD.sub(lambda match: match[0] if match[0] in ("x", "to") else "a", text)


def _says_several(form: str) -> bool:
    """Whether numbers stand in it, the first of them at its beginning, and they are no telephone, date or address."""
    if _PLACE.fullmatch(form):
        return True
    return (
        form.startswith(("0", "[0"))
        and not _PHRASE.search(form)
        and form.count("0") > 1
        and "!" not in form
        and form.count("a") <= _MOST_WORDS
        and form.count("/") < 2
        and (any(sign in form for sign in _BETWEEN) or bool(_IN_WORDS.search(form)))
    )
