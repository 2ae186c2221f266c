"""Choices: several of a few things in one cell, as in `Go;Python`. Each choice that comes back has an input."""

from collections import Counter
from collections.abc import Mapping
from typing import final

from .feature import Cells, Detection, Reading, Tensor
from .tokens import LEAST_ROWS_OF_A_TOKEN, TokenFeature

SEPARATORS = (";", "|", "\n", ",", "/", "+")

_SIGNS = ("/", "+")
"""Separators that are also parts of things."""

_LISTS = (";", "|", "\n")
"""Separators that no number has: codes such as `1;3` are choices with them."""

_EDGES = " \t\n\v\f\r[]{}'\""
"""What may stand around a choice: spaces, and what lists are written with."""

_LEAST_SEVERAL = 0.1
"""Share of the cells that must hold several choices."""

_MOST_RARE, _HINTED_RARE = 0.02, 0.15
"""Share of all choices that may stand in few cells: names and titles have commas too, but their parts are rare. Up to
the second share the column is pointed out."""


@final
class Choices(TokenFeature):
    """See the module. A reading has the `separator`."""

    name = "choices"
    weighted = False

    def detect(self, cells: Cells) -> Detection | None:
        """See `Feature.detect`."""
        if cells.inferred != "string":
            return None
        texts = cells.counted
        shares = {sign: _rare_share(texts, sign) for sign in SEPARATORS}
        near = [sign for sign, share in shares.items() if share <= _HINTED_RARE]
        shares |= {sign: 1.0 for sign in near if _end_in_years(texts, sign)}
        separator = next((sign for sign in SEPARATORS if shares[sign] <= _MOST_RARE), None)
        if separator is not None:
            count = len({part for text in texts for part in parts_of(text, separator)})
            note = f"several choices per cell, separated by {separator!r}: {count} different ones, one input per choice"
            return Detection(0.6, {"separator": separator}, note)
        hinted = min(SEPARATORS, key=lambda sign: shares[sign])
        if shares[hinted] > _HINTED_RARE:
            return None
        reason = f"looks like several choices per cell, separated by {hinted!r}, some of them rare"
        return Detection(
            0.0, note=f"{reason}; set it to choices under `data.columns` for one input per frequent choice"
        )

    def declared(self, cells: Cells) -> Detection:
        """See `Feature.declared`."""
        counts = {
            sign: int(cells.known.map(lambda cell, sign=sign: sign in str(cell)).sum()) for sign in SEPARATORS
        }
        return Detection(1.0, {"separator": max(counts, key=lambda sign: counts[sign])})

    def split(self, text: str, reading: Reading) -> list[str]:
        """See `TokenFeature.split`."""
        return parts_of(text, reading["separator"])

    def graph(self, cells: Tensor, reading: Reading) -> Tensor:
        """See `Feature.graph`."""
        import tensorflow

        edges = r"^[\s\v\[\]{}'\"]+|[\s\v\[\]{}'\"]+$"
        parts = tensorflow.strings.split(cells, reading["separator"])
        parts = parts.with_values(tensorflow.strings.regex_replace(parts.values, edges, ""))
        return tensorflow.ragged.boolean_mask(parts, parts != "")


def parts_of(text: str, separator: str) -> list[str]:
    """The choices in a cell.

    >>> parts_of("Go; Python;", ";"), parts_of("['a', 'b']", ","), parts_of("", ";")
    (['Go', 'Python'], ['a', 'b'], [])
    """
    return [part for piece in text.split(separator) if (part := piece.strip(_EDGES))]


def _end_in_years(texts: Mapping[str, int], separator: str) -> bool:
    """Whether all cells have as many parts, the last of them a year: dates in words, `Friday, July 13, 1984`."""
    cells = [parts_of(text, separator) for text in texts]
    return len({len(parts) for parts in cells}) == 1 and all(
        len(parts[-1]) == 4 and parts[-1].isdecimal() for parts in cells if parts
    )


def _ends_cells(texts: Mapping[str, int], separator: str) -> bool:
    """Whether a cell begins or ends with it: it is a sign of something then, as in `A+` and `B+`."""
    return any(text.startswith(separator) or text.endswith(separator) for text in texts)


def _rare_share(texts: Mapping[str, int], separator: str) -> float:
    """Share of the parts of the cells that are rare; 1 where they cannot be choices at all.

    Choices come back, in more combinations than there are of them.
    """
    several = sum(count for text, count in texts.items() if separator in text.strip(separator))
    if several < _LEAST_SEVERAL * sum(texts.values()) or (
        separator in _SIGNS and _ends_cells(texts, separator)
    ):
        return 1.0
    parts = Counter[str]()
    for text, count in texts.items():
        for part in set(parts_of(text, separator)):
            parts[part] += count
    are_codes = separator in _LISTS and all(len(part) < 3 and part.isdecimal() for part in parts)
    if not are_codes and 2 * sum(any(map(str.isalpha, part)) for part in parts) < len(parts):
        return 1.0  # dates, coordinates, times of day
    if not len(texts) > len(parts) > 1:
        return 1.0
    return sum(count for count in parts.values() if count < LEAST_ROWS_OF_A_TOKEN) / parts.total()
