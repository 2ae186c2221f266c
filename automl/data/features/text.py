"""Text: sentences, descriptions, messages. Words, and pairs of words, that come back have an input each (TF-IDF)."""

import re
from collections import Counter
from itertools import pairwise
from typing import Any, final

import numpy
import pandas

from .categorical import level_texts
from .cells import changed_types, check_types, level_text
from .feature import Cells, Feature, Found, Reading, Tensor
from .tokens import LEAST_ROWS_OF_A_TOKEN, TokenBlock, make_block

WORDS_OF_TEXT = 3.0
"""Words a cell, on average, from which different cells are text and not identifiers."""

_BETWEEN = re.compile(r"[\W_]+")


@final
class Text(Feature):
    """See the module."""

    name = "text"
    store = "others"

    def detect(self, cells: Cells) -> Found | None:
        """See `Feature.detect`."""
        if cells.inferred != "string":
            return None
        texts = cells.counted
        count = sum(own * len(text.split()) for text, own in texts.items()) / texts.total()
        if count < WORDS_OF_TEXT:
            return None
        rows = Counter[str]()
        for text, own in texts.items():
            for word in set(_words(text)):
                rows[word] += own
        if not any(number >= LEAST_ROWS_OF_A_TOKEN for number in rows.values()):
            return None
        note = f"free text ({len(texts)} different values of {count:.0f} words on average)"
        return Found(0.3, note=f"{note}; its most frequent words and pairs of words are learned from")

    def told(self, cells: Cells) -> Found:
        """See `Feature.told`."""
        return Found(1.0)

    def read(self, values: pandas.Series, reading: Reading) -> TokenBlock:
        """See `Feature.read`."""
        return make_block([tokens_of(text) for text in level_texts(values)], weighted=True)

    def given(self, values: pandas.Series, reading: Reading) -> numpy.ndarray:
        """See `Feature.given`."""
        check_types(values, reading.get("changed", ()))
        return level_texts(values).to_numpy(object)

    def contract(self, values: pandas.Series, reading: Reading) -> dict[str, Any]:
        """See `Feature.contract`."""
        changed = changed_types(values)
        return {"kind": self.name, **({"changed": changed} if changed else {}), **reading}

    def graph(self, cells: Tensor, reading: Reading) -> Tensor:
        """See `Feature.graph`."""
        import tensorflow

        text = tensorflow.strings.regex_replace(cells, r"\x00", " ")  # at which `lower` would end
        text = tensorflow.strings.lower(text, encoding="utf-8")
        words = tensorflow.strings.split(tensorflow.strings.regex_replace(text, r"[^\pL\pN]+", " "))
        return tensorflow.strings.ngrams(words, ngram_width=(1, 2), separator=" ")


def tokens_of(text: str) -> list[str]:
    """Words and pairs of neighbors, in small letters.

    >>> tokens_of("Not good, not_bad")
    ['not', 'good', 'not', 'bad', 'not good', 'good not', 'not bad']
    """
    words = _words(text)
    return [*words, *(f"{one} {two}" for one, two in pairwise(words))]


def _words(text: object) -> list[str]:
    return _BETWEEN.sub(" ", level_text(text).lower()).split()
