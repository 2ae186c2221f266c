"""Numbers that are written with a magnitude: `3k`, `1.2M`, `€5 Mio.`, `45 lakh`. All are multiplied out."""

import re

SYMBOLS = "[$€£¥₹₽₩₺₪฿₫₴₦]"
CURRENCIES = (
    "USD|EUR|GBP|CHF|JPY|CNY|RMB|INR|AUD|CAD|NZD|SGD|HKD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|KRW|TRY|RUB|ILS"
)
"""Signs and codes of currencies, as regular expressions."""

_FACTORS = {
    "k": 1e3, "thousand": 1e3, "tsd": 1e3,
    "m": 1e6, "mn": 1e6, "mln": 1e6, "mio": 1e6, "million": 1e6, "millions": 1e6, "millionen": 1e6,
    "b": 1e9, "bn": 1e9, "mrd": 1e9, "billion": 1e9, "billions": 1e9,
    "lac": 1e5, "lacs": 1e5, "lakh": 1e5, "lakhs": 1e5, "cr": 1e7, "crore": 1e7, "crores": 1e7,
}  # fmt: skip
_WORDS = "|".join(sorted((name for name in _FACTORS if len(name) > 1), key=len, reverse=True))
_CURRENCY = f"{SYMBOLS}|(?:{CURRENCIES})"
_SCALED = re.compile(
    rf"(?P<head>.*[0-9])(?:(?P<letter>[kmb])|\s?(?P<word>{_WORDS})\.?)"
    rf"(?P<tail>\+|\)|\s?(?:{_CURRENCY})|(?P<unit>\s(?:[^\W\d_]|[./]){{2,15}}(?: [^\W\d_]{{2,12}})?))?",
    re.IGNORECASE,
)
_AMOUNT = re.compile(_CURRENCY, re.IGNORECASE)


def without_magnitude(text: str) -> tuple[str, float, bool]:
    """A text without its magnitude, what its number is multiplied by, and whether that is sure; 1 where it has none.

    `1.2m` may be meters or millions, `5M` meters or a size; with a currency, and as words, magnitudes are sure, and so
    is `k`.

    >>> without_magnitude("3k"), without_magnitude("$1.2m"), without_magnitude("5 Mio. €")
    (('3', 1000.0, True), ('$1.2', 1000000.0, True), ('5 €', 1000000.0, True))
    >>> without_magnitude("5.4M views"), without_magnitude("5 m long")
    (('5.4 views', 1000000.0, True), ('5 m long', 1.0, True))
    >>> without_magnitude("1.2M"), without_magnitude("5 kg"), without_magnitude("12 m")
    (('1.2', 1000000.0, False), ('5 kg', 1.0, True), ('12 m', 1.0, True))
    """
    match = None if text[-1:].isdigit() else _SCALED.fullmatch(text)
    if match is None or match["word"] == "CR":
        return text, 1.0, True
    name = (match["letter"] or match["word"]).lower()
    if match["unit"] and (match["letter"] or "") in ("m", "b"):
        return text, 1.0, True  # meters of something
    is_sure = len(name) > 1 or name == "k" or bool(_AMOUNT.search(text)) or bool(match["unit"])
    return match["head"] + (match["tail"] or ""), _FACTORS[name], is_sure
