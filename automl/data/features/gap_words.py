"""Words that people and programs write where there is no value, among numbers and dates, and infinite values."""

import re

GAP_WORDS = frozenset([
    "", "-", "--", "---", "–", "—", ".", "..", "...", "?", "??", "n/a", "n.a.", "n.a", "na", "nan", "nil",
    "null", "none", "#n/a", "#na", "#null!", "#value!", "#div/0!", "#ref!", "#num!", "unknown", "unk",
    "missing", "blank", "empty", "undefined", "unspecified", "tbd", "tba", "k.a.", "n.v.", "s/d", "s.d.",
    "n.d.", "<na>", "(null)", "(blank)", "(missing)", "(unknown)", "[null]", "\\n", "not available",
    "not applicable", "not known", "no data", "not reported", "not specified", "k. a.", ":", "…", "*", "**",
    "#", "####", "#####", "error", "err", "err.", "#error", "#error!", "#name?", "#name", "nd", "nr", "n/r",
    "n/d", "bdl", "bql", "lod", "not detected", "below detection limit", "suppressed", "redacted", "withheld",
    "(d)", "(s)", "(x)", "(na)", "(n/a)", "n. a.", "not recorded", "not given", "not stated", "no value",
    "nat", "undef", "n/k", "nk", "tbc", "(none)", "[n/a]", "[na]", "[none]", "(empty)", "(unspecified)",
    "refused", "not asked", "n.k.", "pending", "tbc.", "____", "___", "__", "_", "/",
    "don't know", "dont know", "no answer", "no response", "not answered", "prefer not to say",
    "inf", "-inf", "+inf", "infinity", "-infinity", "∞", "-∞",
    "0000-00-00", "0000-00-00 00:00:00", "00/00/0000", "00.00.0000", "00-00-0000", "0000/00/00",
    *(f".{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"),
    "keine", "nicht bekannt", "nicht erhoben",
    "keine angabe", "unbekannt", "fehlt", "leer", "entfällt", "nicht verfügbar", "k.a", "o.a.", "o. a.",
    "inconnu", "inconnue", "non renseigné", "non disponible", "néant", "s.o.", "n.c.", "n.r.", "sans objet",
    "sin datos", "sin dato", "desconocido", "desconocida", "no disponible", "no aplica", "n/s", "ns/nc",
    "non disponibile", "sconosciuto", "nessuno", "n.p.", "não informado", "não disponível", "não se aplica",
    "desconhecido", "sem dados", "sem informação", "onbekend", "n.v.t.", "nvt", "niet bekend", "geen", "g.o.",
    "brak", "brak danych", "nieznane", "nie dotyczy", "b.d.", "okänd", "saknas", "uppgift saknas", "ukjent", "ukendt",
    "ei tiedossa", "nincs adat", "neznámé", "bilinmiyor", "нет данных", "неизвестно", "н/д", "н.д.",
    "不明", "なし", "無し", "未知", "无", "無", "不详", "暂无", "없음", "미상",
])  # fmt: skip
"""Texts, in small letters, that say that there is no value, where numbers or dates stand in the other cells."""


_ERROR = re.compile(r"#[A-ZÀ-Ž][A-ZÀ-Ž0-9/_]{1,15}[!?]|#N(?:/?[AVD]|/DISP)", re.IGNORECASE)
"""Errors of spreadsheets in any language: `#VALEUR!`, `#WERT!`, `#NV`."""

_SIGNS = re.compile(r"[^\w\s+$€£¥%]{2,12}")
"""Signs that say nothing: `-/-`, `****`; `++` may be a mark."""


def is_gap_word(text: str) -> bool:
    """Whether a text without spaces around it says that there is no value."""
    return text.lower() in GAP_WORDS or bool(_ERROR.fullmatch(text) or _SIGNS.fullmatch(text))
