"""Cells that hold several things, words or choices: each that comes back has an input. What text and choices share."""

from abc import abstractmethod
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy
import pandas

from .blocks import Block, Fitted
from .categorical import level_texts
from .cells import changed_types, check_types
from .feature import Feature, Reading

LEAST_ROWS_OF_A_TOKEN = 5
"""Fit rows that a token needs for an input of its own; what is rarer, or new, has none."""

MOST_TOKENS, LEAST_TOKENS = 2048, 256
"""Tokens of a column with an input, the most frequent ones: of large tables fewer, as memory allows."""

_MOST_TOKEN_BYTES = 1 << 28
_BUCKETS = (1 << 62) - 57
"""Of the hash by which the graph finds a token: two tokens of one column as good as never share one."""


@final
@dataclass(frozen=True, slots=True)
class TokenBlock(Block):
    """Cells as counts of their tokens.

    Attributes:
        counts: Sparse matrix of shape (row, token).
        tokens: By column of the matrix.
        weighted: Whether rare tokens weigh more and long cells do not, as in text.
    """

    counts: Any
    tokens: tuple[str, ...]
    weighted: bool

    def __len__(self) -> int:
        return int(self.counts.shape[0])

    def __getitem__(self, rows: numpy.ndarray | slice) -> "TokenBlock":
        return TokenBlock(self.counts[rows], self.tokens, self.weighted)

    def hashes(self) -> numpy.ndarray:
        """See `Block.hashes`."""
        names = (
            pandas.util.hash_array(numpy.array(self.tokens, object))
            if self.tokens
            else numpy.zeros(0, "uint64")
        )
        hashes = numpy.zeros(len(self), numpy.uint64)
        cells = self.counts.tocoo()
        numpy.add.at(hashes, cells.row, names[cells.col] * cells.data.astype(numpy.uint64))
        return hashes

    def num_inputs(self) -> int:
        """See `Block.num_inputs`."""
        frequent = int((self._rows_of_tokens() >= LEAST_ROWS_OF_A_TOKEN).sum())
        most = MOST_TOKENS
        while most > LEAST_TOKENS and 4 * len(self) * min(frequent, most) > _MOST_TOKEN_BYTES:
            most //= 2
        return min(frequent, most)

    def fit(self, num_inputs: int) -> "FittedTokens":
        """See `Block.fit`."""
        counts = self._rows_of_tokens()
        frequent = numpy.flatnonzero(counts >= LEAST_ROWS_OF_A_TOKEN)
        order = sorted(frequent.tolist(), key=lambda place: (-counts[place], self.tokens[place]))[:num_inputs]
        kept = numpy.array(order, int)
        weights = numpy.ones(len(kept))
        if self.weighted:
            weights = numpy.log((1.0 + len(self)) / (1.0 + counts[kept])) + 1.0
        tokens = tuple(self.tokens[place] for place in kept)
        fitted = FittedTokens(tokens, weights, num_inputs, 1.0, self.weighted)
        known = fitted.apply(self)
        used = known[known > 0.0]
        scale = 1.0 / float(numpy.sqrt(numpy.square(used).mean())) if len(used) and self.weighted else 1.0
        return FittedTokens(tokens, weights, num_inputs, scale, self.weighted)

    def _rows_of_tokens(self) -> numpy.ndarray:
        """In how many rows each token stands."""
        return numpy.bincount(self.counts.nonzero()[1], minlength=len(self.tokens))


class TokenFeature(Feature):
    """A kind of which a cell holds several tokens.

    Attributes:
        weighted: As in `TokenBlock`.
    """

    store = "others"
    weighted: ClassVar[bool]

    @abstractmethod
    def split(self, text: str, reading: Reading) -> list[str]:
        """The tokens of a cell."""

    def read(self, values: pandas.Series, reading: Reading) -> TokenBlock:
        """See `Feature.read`."""
        return make_block([self.split(text, reading) for text in level_texts(values)], self.weighted)

    def given(self, values: pandas.Series, reading: Reading) -> numpy.ndarray:
        """See `Feature.given`."""
        check_types(values, reading.get("changed", ()))
        return level_texts(values).to_numpy(object)

    def contract(self, values: pandas.Series, reading: Reading) -> dict[str, Any]:
        """See `Feature.contract`."""
        return {"kind": self.name, **changed_types(values), **reading}


def make_block(cells: Sequence[Sequence[str]], weighted: bool) -> TokenBlock:
    """Cells as counts, from the tokens of each."""
    from scipy.sparse import csr_matrix

    places: dict[str, int] = {}
    columns, values, ends = [], [], [0]
    for tokens in cells:
        counts = Counter(tokens)
        columns += [places.setdefault(token, len(places)) for token in counts]
        values += list(counts.values())
        ends.append(len(columns))
    shape = (len(cells), len(places))
    data = (numpy.array(values, numpy.float64), numpy.array(columns, numpy.int64), numpy.array(ends))
    return TokenBlock(csr_matrix(data, shape=shape), tuple(places), weighted)


@final
@dataclass(frozen=True, slots=True)
class FittedTokens(Fitted):
    """Tokens of one column to inputs: 1 for a token that a cell holds, or its weight in text.

    The weight is `(1 + log(count)) * weight`, of a row of length 1, times the scale: sublinear TF-IDF, as in
    scikit-learn's `TfidfVectorizer`.

    Attributes:
        tokens: Those with an input.
        weights: Of these tokens, float64; 1 where they are not weighted.
        num_inputs: Number of inputs; the last ones are empty where a fold knows fewer tokens.
        scale: Brings the inputs that are not 0 to a mean square of 1.
        weighted: Whether they are weighted.
    """

    tokens: tuple[str, ...]
    weights: numpy.ndarray
    num_inputs: int
    scale: float
    weighted: bool

    def apply(self, block: TokenBlock) -> numpy.ndarray:
        """See `Fitted.apply`."""
        inputs = numpy.zeros((len(block), self.num_inputs))
        places = {token: place for place, token in enumerate(block.tokens)}
        known = [(column, places[token]) for column, token in enumerate(self.tokens) if token in places]
        if known:
            columns, counted = map(list, zip(*known, strict=True))
            inputs[:, columns] = block.counts[:, counted].toarray()
        if not self.weighted:
            return (inputs > 0.0).astype(numpy.float64)
        inputs = numpy.where(inputs > 0.0, 1.0 + numpy.log(numpy.maximum(inputs, 1.0)), 0.0)
        inputs[:, : len(self.weights)] *= self.weights
        length = numpy.sqrt(numpy.square(inputs).sum(axis=1, keepdims=True))
        return self.scale * inputs / numpy.where(length > 0.0, length, 1.0)

    def graph(self, block: Any) -> Any:
        """See `Fitted.graph`: of a ragged tensor of tokens, (row, token of the row)."""
        import tensorflow

        rows = block.nrows(tensorflow.int64)
        shape = tensorflow.stack([rows, tensorflow.constant(self.num_inputs, tensorflow.int64)])
        if not self.tokens:
            return tensorflow.zeros(shape, tensorflow.float64)
        hashes = tensorflow.strings.to_hash_bucket_fast(tensorflow.constant(self.tokens), _BUCKETS)
        order = tensorflow.argsort(hashes)
        hashes = tensorflow.gather(hashes, order)
        given = tensorflow.strings.to_hash_bucket_fast(block.values, _BUCKETS)
        places = tensorflow.minimum(tensorflow.searchsorted(hashes, given), len(self.tokens) - 1)
        known = tensorflow.cast(tensorflow.gather(hashes, places) == given, tensorflow.float64)
        columns = tensorflow.cast(tensorflow.gather(order, places), tensorflow.int64)
        counts = tensorflow.scatter_nd(
            tensorflow.stack([block.value_rowids(), columns], axis=1), known, shape
        )
        if not self.weighted:
            return tensorflow.cast(counts > 0.0, tensorflow.float64)
        weights = numpy.zeros(self.num_inputs)
        weights[: len(self.weights)] = self.weights
        logs = 1.0 + tensorflow.math.log(tensorflow.maximum(counts, 1.0))
        inputs = tensorflow.where(counts > 0.0, logs, tensorflow.zeros_like(counts)) * weights
        length = tensorflow.sqrt(tensorflow.reduce_sum(tensorflow.square(inputs), axis=1, keepdims=True))
        return self.scale * inputs / tensorflow.where(length > 0.0, length, tensorflow.ones_like(length))
