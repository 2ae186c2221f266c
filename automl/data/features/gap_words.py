"""Words that people and programs write where there is no value, among numbers and dates."""

GAP_WORDS = frozenset([
    "", "-", "--", "---", "–", "—", ".", "..", "...", "?", "??", "n/a", "n.a.", "n.a", "na", "nan", "nil",
    "null", "none", "#n/a", "#na", "#null!", "#value!", "#div/0!", "#ref!", "#num!", "unknown", "unk",
    "missing", "blank", "empty", "undefined", "unspecified", "tbd", "tba", "k.a.", "n.v.", "s/d", "s.d.",
    "n.d.", "<na>", "(null)", "(blank)", "(missing)", "(unknown)", "[null]", "\\n", "not available",
    "not applicable", "not known", "no data", "not reported", "not specified", "k. a.", ":", "…", "*", "**",
    "#", "####", "#####", "error", "err", "err.", "#error", "#error!", "#name?", "#name", "nd", "nr", "n/r",
    "n/d", "bdl", "bql", "lod", "not detected", "below detection limit", "suppressed", "redacted", "withheld",
    "(d)", "(s)", "(x)", "(na)", "(n/a)", "n. a.", "not recorded", "not given", "not stated", "no value",
    "keine angabe", "unbekannt", "fehlt", "leer", "inconnu", "non renseigné", "sin datos", "desconocido",
])  # fmt: skip
"""Texts, in small letters, that say that there is no value, where numbers or dates stand in the other cells."""


def is_gap_word(text: str) -> bool:
    """Whether a text without spaces around it says that there is no value."""
    return text.lower() in GAP_WORDS
