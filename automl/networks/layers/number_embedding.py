"""Piecewise-linear embeddings of numbers, version B (Gorishniy et al. 2022, and the code of TabM 2025)."""

from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
import numpy
from keras import ops

from automl.networks.layers.layer import Cost, Given, Layer, Role, Rounding, Shape, Stream, Twin, Weight
from automl.trial import derive_seed


@final
@dataclass(frozen=True, slots=True)
class NumberEmbedding(Layer):
    """Each number becomes `size` numbers that are learned: a line of its score, plus a kernel for how far it reaches
    into each of its bins, which begins at 0.

    The first inputs are the scores of all numbers, then come the bins of each (the piecewise encoding), then all else,
    which passes through.

    Attributes:
        bins: Bins of each number.
        size: Numbers that each becomes.
        name: Of the Keras layer.
    """

    bins: tuple[int, ...]
    size: int
    name: str = ""

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        return (inputs[0] - len(self.bins) - sum(self.bins) + len(self.bins) * self.size,)

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """Slopes and offsets of shape (number, size), and kernels of shape (number, bin, size)."""
        line = Weight((len(self.bins), self.size), Role.VECTOR)
        return line, line, Weight((len(self.bins), max(self.bins), self.size), Role.VECTOR)

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """Slopes and offsets uniform within 1 / √size."""
        generator, limit = numpy.random.default_rng(derive_seed(seed, "numbers")), self.size**-0.5
        shape = (len(self.bins), self.size)
        lines = [generator.uniform(-limit, limit, shape).astype(numpy.float32) for _ in range(2)]
        return [*lines, numpy.zeros((len(self.bins), max(self.bins), self.size), numpy.float32)]

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        slopes, offsets, kernels = given.weights
        scores, reach, rest = self.parts(stream.array)
        bent = ops.swapaxes(ops.matmul(ops.swapaxes(reach, 1, 2), kernels), 1, 2)
        embedded = scores[..., None] * slopes[:, None] + offsets[:, None] + bent
        flat = ops.reshape(embedded, (*stream.array.shape[:2], len(self.bins) * self.size))
        return Stream(ops.concatenate([flat, rest], axis=-1)), []

    def parts(self, inputs: Any) -> tuple[Any, Any, Any]:
        """Scores (…, number), how far each number reaches into its bins (…, number, bin), and the other inputs."""
        count, most = len(self.bins), max(self.bins)
        begins = count + numpy.cumsum([0, *self.bins])
        indices = numpy.array(
            [
                [begins[number] + min(index, num_bins - 1) for index in range(most)]
                for number, num_bins in enumerate(self.bins)
            ]
        )
        has = numpy.arange(most) < numpy.array(self.bins)[:, None]
        reach = ops.take(inputs, indices, axis=-1) * has.astype("float32")
        return inputs[..., :count], reach, inputs[..., int(begins[-1]) :]

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        return twin.call(EmbeddedNumbers(self.bins, self.size, name=self.name or None), inputs)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, name="")

    def cost(self, inputs: Shape) -> Cost:
        """See `Layer.cost`."""
        return Cost(len(self.bins) * (max(self.bins) + 2) * self.size)


@final
class EmbeddedNumbers(keras.layers.Layer):
    """The Keras layer of `NumberEmbedding`.

    Args:
        bins: Bins of each number.
        size: Numbers that each becomes.
        name: Of the layer.
    """

    def __init__(self, bins: tuple[int, ...], size: int, name: str | None = None) -> None:
        super().__init__(name=name)
        self._embedding = NumberEmbedding(tuple(bins), size)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        del input_shape
        count, size = len(self._embedding.bins), self._embedding.size
        self.slopes = self.add_weight(shape=(count, size), initializer="zeros", name="slopes")
        self.offsets = self.add_weight(shape=(count, size), initializer="zeros", name="offsets")
        shape = (count, max(self._embedding.bins), size)
        self.kernels = self.add_weight(shape=shape, initializer="zeros", name="kernels")

    def call(self, inputs: Any) -> Any:
        """Inputs with their numbers embedded."""
        scores, reach, rest = self._embedding.parts(inputs)
        bent = ops.einsum("rnb,nbs->rns", reach, self.kernels)
        embedded = scores[..., None] * self.slopes + self.offsets + bent
        width = len(self._embedding.bins) * self._embedding.size
        return ops.concatenate([ops.reshape(embedded, (-1, width)), rest], axis=-1)
