"""Text: sentences, descriptions, messages. Words, and pairs of words, that come back have an input each (TF-IDF)."""

import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import final

from .cells import level_text
from .feature import Cells, Found, Reading, Tensor
from .tokens import LEAST_ROWS_OF_A_TOKEN, TokenFeature

WORDS_OF_TEXT = 3.0
"""Words a cell, on average, from which different cells are text and not identifiers."""

_BETWEEN = re.compile(r"[\W_]+")


@final
class Text(TokenFeature):
    """See the module."""

    name = "text"
    weighted = True

    def detect(self, cells: Cells) -> Found | None:
        """See `Feature.detect`."""
        if cells.inferred != "string":
            return None
        texts = cells.counted
        count = (
            sum(count_of_text * len(text.split()) for text, count_of_text in texts.items()) / texts.total()
        )
        if count < WORDS_OF_TEXT or not _holds_words(texts):
            return None
        rows = Counter[str]()
        for text, own in texts.items():
            for word in set(_words(text)):
                rows[word] += own
        if not any(number >= LEAST_ROWS_OF_A_TOKEN for number in rows.values()):
            return None
        note = f"free text ({len(texts)} different values of {count:.0f} words on average)"
        return Found(0.3, note=f"{note}; its most frequent words and pairs of words are the inputs")

    def told(self, cells: Cells) -> Found:
        """See `Feature.told`."""
        return Found(1.0)

    def split(self, text: str, reading: Reading) -> list[str]:
        """See `TokenFeature.split`."""
        return tokens_of(text)

    def graph(self, cells: Tensor, reading: Reading) -> Tensor:
        """See `Feature.graph`."""
        import tensorflow

        text = tensorflow.strings.regex_replace(cells, r"\x00", " ")  # at which `lower` would end
        text = tensorflow.strings.lower(text, encoding="utf-8")
        words = tensorflow.strings.split(tensorflow.strings.regex_replace(text, r"[^\pL\pN]+", " "))
        return tensorflow.strings.ngrams(words, ngram_width=(1, 2), separator=" ")


def _holds_words(texts: Mapping[str, int]) -> bool:
    """Whether letters stand in most cells; telephones and times have as many parts as sentences."""
    return 2 * sum(count for text, count in texts.items() if any(map(str.isalpha, text))) > sum(
        texts.values()
    )


def tokens_of(text: str) -> list[str]:
    """Words and pairs of neighbors, in small letters.

    >>> tokens_of("Not good, not_bad")
    ['not', 'good', 'not', 'bad', 'not good', 'good not', 'not bad']
    """
    words = _words(text)
    return [*words, *(f"{word} {two}" for word, two in pairwise(words))]


def _words(text: object) -> list[str]:
    return _BETWEEN.sub(" ", level_text(text).lower()).split()
