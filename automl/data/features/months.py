"""Names of the months, as regular expressions: the same to Python and to TensorFlow."""

import re
from functools import lru_cache

_I = "[iıİ]"
"""What stands for an i in Turkish, in small and in capital letters."""

NAMES = (
    r"jan(?:v(?:ier)?|u[aá]r[yi]?|eiro)?|ianuarie|ene(?:ro)?|gennaio|stycz(?:nia|eń)|\bsty\b|led(?:en|na)|oca(?:k|\b)"
    r"|янв(?:аря|арь)?",
    r"feb(?:r(?:u[aá]r(?:ie|[yi])?|ero|aio)?)?|fevereiro|f[ée]v(?:r(?:ier)?)?|lutego|lut(?:y|\b)|únor[au]?"
    r"|[şs]ubat|şub\b|фев(?:раля|раль|р)?",
    r"mart(?:ie)?|marzec|m(?:ar(?:ch|s|zo|ço|ca)?|aart|ärz?|rz)|březen|března|március|март?а?",
    rf"apr(?:il(?:i?e)?)?|avr(?:il)?|abr(?:il)?|kwie(?:tnia|cień)|kwi\b|dub(?:en|na)|április|n{_I}s(?:an|\b)"
    r"|апр(?:еля|ель)?",
    rf"may{_I}s|maja|maj|ma[iy]o?|mei|maggio|květ(?:en|na)|május|ма[яй]",
    rf"jun(?:e|ho|io?)?|juin|giu(?:gno)?|czerw(?:ca|iec)|cze\b|červ(?:na|en\b)|június|iunie|haz(?:{_I}ran|\b)|июн[яь]?",
    r"jul(?:y|ho|io?)?|juil(?:let)?|lug(?:lio)?|lip(?:ca|iec|\b)|červen(?:ec|ce)|július|iulie|tem(?:muz|\b)|июл[яь]?",
    r"aug(?:ust(?:us|i)?|usztus)?|agosto|a[ğg]ustos|ağu\b|ago|ao[uû]t|sierp(?:nia|ień)|\bsie\b|srp(?:en|na)"
    r"|авг(?:уста|уст)?",
    r"sep(?:t(?:emb(?:er|rie|re)|iembre)?|tiembre|embro)?|settembre|setembro|szept(?:ember)?|wrze(?:śnia|sień)|wrz\b"
    r"|září|eyl(?:[üu]l|\b)|сен(?:тября|тябрь|т)?",
    rf"o[ck]t(?:[oó]b(?:er|re)|ombrie|ubre)?|ott(?:obre)?|outubro|październik[a]?|paź|říj(?:en|na)|ek{_I}(?:m|\b)"
    r"|окт(?:ября|ябрь)?",
    rf"nov(?:emb(?:er|re|ro)|iembre)?|noiembrie|listopad[au]?|\blis\b|kas(?:{_I}m|\b)|ноя(?:бря|брь|б)?",
    rf"d[eé][cz](?:emb(?:er|rie|re|ro))?|desember|dic(?:iembre|embre)?|grud(?:nia|zień)|\bgru\b|prosin(?:ec|ce)"
    rf"|aral{_I}k|\bara\b|дек(?:абря|абрь)?",
)
"""English, German, French, Spanish, Italian, Portuguese, Dutch, Scandinavian, Polish, Czech, Hungarian, Romanian,
Turkish, Russian."""

_ORDER = (6, *range(6), *range(7, 12))
"""July comes first: the Spanish `ene` stands in the Czech `červenec`."""

MONTHS_IN_ORDER = tuple((rf"(?i)(?:{NAMES[place]})\.?", f"{{{place + 1:02}}}") for place in _ORDER)
"""Where the name of a month stands, and a period after it, in any case, and what is written for it, one by one."""


@lru_cache(maxsize=4096)
def with_numbers(text: str) -> str:
    """A text with months as numbers in braces.

    >>> with_numbers("7 January 2018"), with_numbers("Dez-15"), with_numbers("1. července 2015")
    ('7 {01} 2018', '{12}-15', '1. {07} 2015')
    """
    for pattern, number in MONTHS_IN_ORDER:
        text = re.sub(pattern, number, text)
    return text
