"""Text: sentences, descriptions, messages. Words, and pairs of words, that come back have an input each (TF-IDF)."""

import re
from collections import Counter
from collections.abc import Mapping
from itertools import pairwise
from typing import final

from .cells import level_text
from .feature import Cells, Detection, Reading, Tensor
from .tokens import LEAST_ROWS_OF_A_TOKEN, TokenFeature

WORDS_OF_TEXT = 3.0
"""Words a cell, on average, from which different cells are text and not identifiers."""

_BETWEEN = re.compile(r"[\W_]+")

_NUMBER = re.compile(r"[-+]?[0-9]+(?:[.,][0-9]+)*")
_WORD = re.compile(r"[^\W\d_]+")
_NEARLY, _FEW_WORDS, _LEAST_DISTINCT = 0.9, 3, 20
"""Share of the cells that have the same few words around their numbers, how few, and how many different cells are no
text then."""


@final
class Text(TokenFeature):
    """See the module."""

    name = "text"
    weighted = True

    def detect(self, cells: Cells) -> Detection | None:
        """See `Feature.detect`."""
        if cells.inferred != "string":
            return None
        texts = cells.counted
        num_words = sum(num_cells * len(text.split()) for text, num_cells in texts.items()) / texts.total()
        if num_words < WORDS_OF_TEXT or not _holds_words(texts) or _differ_in_numbers(texts):
            return None
        rows = Counter[str]()
        for text, num_cells in texts.items():
            for word in set(_words(text)):
                rows[word] += num_cells
        if not any(number >= LEAST_ROWS_OF_A_TOKEN for number in rows.values()):
            return None
        note = f"free text ({len(texts)} different values of {num_words:.0f} words on average)"
        return Detection(0.3, note=f"{note}; its most frequent words and pairs of words are the inputs")

    def declared(self, cells: Cells) -> Detection:
        """See `Feature.declared`."""
        return Detection(1.0)

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
    with_letters = sum(num_cells for text, num_cells in texts.items() if any(map(str.isalpha, text)))
    return 2 * with_letters > sum(texts.values())


def _differ_in_numbers(texts: Mapping[str, int]) -> bool:
    """Whether the same few words stand in nearly all cells, as in `POINT (-73.9 40.7)` and `Census Tract 12.01`."""
    forms = Counter[str]()
    for text, num_cells in texts.items():
        forms[_NUMBER.sub("0", text)] += num_cells
    form, count = forms.most_common(1)[0]
    are_few = "0" in form and len(_WORD.findall(form)) <= _FEW_WORDS
    return are_few and count >= _NEARLY * forms.total() and len(texts) > _LEAST_DISTINCT


def tokens_of(text: str) -> list[str]:
    """Words and pairs of neighbors, in small letters.

    >>> tokens_of("Not good, not_bad")
    ['not', 'good', 'not', 'bad', 'not good', 'good not', 'not bad']
    """
    words = _words(text)
    return [*words, *(f"{word} {following}" for word, following in pairwise(words))]


def _words(text: object) -> list[str]:
    return _BETWEEN.sub(" ", level_text(text).lower()).split()
