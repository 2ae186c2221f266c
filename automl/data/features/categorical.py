"""Categories: a column of few values that come back, its levels. A level is a 1 among zeros."""

from typing import Any, final

import numpy
import pandas

from .cells import (
    GAP,
    changed_types,
    check_types,
    is_numeric,
    kind_of_cells,
    level_text,
    stripped_graph,
    typed_cells,
)
from .feature import Cells, Detection, Feature, Reading, Tensor
from .names import names_code
from .numeric import number_share, number_values

_DISTINCT_SHARE, LEAST_DISTINCT = 0.5, 50
"""Text with more different values than both is no category."""

_TRUTHS = frozenset([
    "yes", "no", "y", "n", "true", "false", "t", "f", "0", "1", "ja", "nein", "j", "oui", "non", "si", "sí",
    "on", "off",
])  # fmt: skip
_SHOWN = 4


@final
class Categorical(Feature):
    """See the module."""

    name = "categorical"
    store = "codes"

    def detect(self, cells: Cells) -> Detection | None:
        """See `Feature.detect`."""
        if cells.inferred == "boolean":
            return Detection(1.0)
        code = _codes(cells) if names_code(cells.name) else None
        if code is not None:
            return code
        if cells.known.nunique() > max(LEAST_DISTINCT, _DISTINCT_SHARE * len(cells.known)):
            return None
        share, note = number_share(cells.known), ""
        if share > 0.0 and cells.known.map(type).nunique() > 1:
            note = f"numbers ({share:.0%} of the cells) are mixed with text; treated as categories"
        note = note or _other_spellings(cells)
        return Detection(0.5, note=note)

    def declared(self, cells: Cells) -> Detection:
        """See `Feature.declared`."""
        return Detection(1.0)

    def read(self, values: pandas.Series, reading: Reading) -> pandas.Series:
        """See `Feature.read`."""
        return level_texts(values)

    def given(self, values: pandas.Series, reading: Reading) -> numpy.ndarray:
        """See `Feature.given`."""
        check_types(values, reading.get("changed", ()))
        return level_texts(typed_cells(values, reading.get("cells", "text"))).to_numpy(object)

    def graph(self, cells: Tensor, reading: Reading) -> Tensor:
        """See `Feature.graph`."""
        return stripped_graph(cells)

    def contract(self, values: pandas.Series, reading: Reading) -> dict[str, Any]:
        """See `Feature.contract`."""
        return {"kind": self.name, "cells": kind_of_cells(values), **changed_types(values), **reading}


def _other_spellings(cells: Cells) -> str:
    """What is said of levels that may be the same: other letters, or several words for yes and no."""
    texts = sorted({cell for cell in cells.known.unique() if isinstance(cell, str)})
    if len(texts) > 2 and all(text.casefold() in _TRUTHS for text in texts):
        shown = ", ".join(map(repr, texts[:_SHOWN]))
        return f"truth values have {len(texts)} spellings ({shown}, …), each of which is a level; spell them the same"
    usual: dict[str, str] = {}
    for text in texts:
        other = usual.setdefault(" ".join(text.casefold().split()), text)
        if other != text:
            difference = "case" if other.casefold() == text.casefold() else "case or blanks"
            return f"levels differ in {difference} only, as {other!r} and {text!r}; spell them the same if they are one"
    return ""


def _codes(cells: Cells) -> Detection | None:
    """Whole numbers that are codes by the name of their column, and come back."""
    numbers = number_values(cells.known)
    if (numbers % 1 != 0).any():
        return None
    if 2 * cells.known.nunique() > len(cells.known):
        return _rare_codes(cells)
    return Detection(
        0.96,
        note="treated as categories because of its name; set it to numeric under `data.columns` if it "
        "is an amount",
    )


def _rare_codes(cells: Cells) -> Detection | None:
    """What is said of numbers that are codes by the name of their column, and seldom come back."""
    if not is_numeric(cells.values) or cells.known.nunique() <= LEAST_DISTINCT:
        return None
    finding = "named as codes of places, which seldom come back, and learned as amounts"
    cure = "set it to drop or to categorical under `data.columns`"
    return Detection(0.0, note=f"{finding}; {cure}", is_said=True)


def level_texts(values: pandas.Series) -> pandas.Series:
    """A column's cells as levels: text without spaces around it, whole numbers without a point, `GAP` for gaps."""
    known: dict[object, str] = {}  # a loop, because pandas takes milliseconds for a column of one row
    texts = numpy.empty(len(values), object)
    for place, (cell, is_gap) in enumerate(zip(values.astype(object), values.isna(), strict=True)):
        if is_gap:
            texts[place] = GAP
            continue
        text = known.get(cell)
        if text is None:
            text = known[cell] = level_text(cell)
        texts[place] = text
    return pandas.Series(texts, values.index, dtype=object, name=values.name)
