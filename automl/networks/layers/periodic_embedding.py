"""Periodic embeddings of numbers (PBLD of RealMLP, Holzmüller et al. 2024; after Gorishniy et al. 2022)."""

import math
from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
import numpy
from keras import ops

from automl.networks.layers.layer import Cost, Given, Layer, Role, Rounding, Shape, Stream, Twin, Weight
from automl.trial import derive_seed


@final
@dataclass(frozen=True, slots=True)
class PeriodicEmbedding(Layer):
    """Each number x becomes itself and `size - 1` linear combinations of `cos(2π w x + b)` with learned w and b.

    The first inputs are the numbers; all else passes through.

    Attributes:
        count: How many numbers there are.
        frequencies: How many w and b each number has.
        size: Numbers that each becomes, itself included.
        deviation: Of the first w, which are normal; the larger, the finer the steps that are seen.
        rate: Factor of the learning rate.
        name: Of the Keras layer.
    """

    count: int
    frequencies: int
    size: int
    deviation: float
    rate: float = 1.0
    name: str = ""

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        return (inputs[0] + self.count * (self.size - 1),)

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """Frequencies and phases of shape (number, frequency), kernels and biases of the combinations."""
        wave = (self.count, self.frequencies)
        shapes = wave, wave, (*wave, self.size - 1), (self.count, self.size - 1)
        return tuple(Weight(shape, Role.VECTOR, self.rate) for shape in shapes)

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """Normal frequencies, phases uniform within π, the others uniform within 1 / √frequencies."""
        generator, limit = numpy.random.default_rng(derive_seed(seed, "waves")), self.frequencies**-0.5
        waves, phases, kernels, biases = (weight.shape for weight in self.weights(inputs))
        arrays = [
            generator.normal(0.0, self.deviation, waves),
            generator.uniform(-math.pi, math.pi, phases),
            generator.uniform(-limit, limit, kernels),
            generator.uniform(-limit, limit, biases),
        ]
        return [array.astype(numpy.float32) for array in arrays]

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        waves, phases, kernels, biases = given.weights
        numbers, rest = stream.array[..., : self.count], stream.array[..., self.count :]
        swings = ops.cos(2.0 * math.pi * numbers[..., None] * waves[:, None] + phases[:, None])
        mixed = ops.swapaxes(ops.matmul(ops.swapaxes(swings, 1, 2), kernels), 1, 2) + biases[:, None]
        embedded = ops.concatenate([numbers[..., None], mixed], axis=-1)
        flat = ops.reshape(embedded, (*stream.array.shape[:2], self.count * self.size))
        return Stream(ops.concatenate([flat, rest], axis=-1)), []

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        return twin.call(Waves(self.count, self.frequencies, self.size, name=self.name or None), inputs)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, name="", deviation=0.0)

    def cost(self, inputs: Shape) -> Cost:
        """See `Layer.cost`."""
        waves = self.count * self.frequencies
        return Cost(waves * (self.size + 1), waves)


@final
class Waves(keras.layers.Layer):
    """The Keras layer of `PeriodicEmbedding`.

    Args:
        count: How many numbers there are.
        frequencies: Frequencies of each.
        size: Numbers that each becomes, itself included.
        name: Of the layer.
    """

    def __init__(self, count: int, frequencies: int, size: int, name: str | None = None) -> None:
        super().__init__(name=name)
        self._count, self._frequencies, self._size = count, frequencies, size

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        del input_shape
        wave = (self._count, self._frequencies)
        self.waves = self.add_weight(shape=wave, initializer="zeros", name="waves")
        self.phases = self.add_weight(shape=wave, initializer="zeros", name="phases")
        others = self._size - 1
        self.kernels = self.add_weight(shape=(*wave, others), initializer="zeros", name="kernels")
        self.biases = self.add_weight(shape=(self._count, others), initializer="zeros", name="biases")

    def call(self, inputs: Any) -> Any:
        """Inputs with their numbers embedded."""
        numbers = inputs[..., : self._count]
        swings = ops.cos(2.0 * math.pi * numbers[..., None] * self.waves + self.phases)
        mixed = ops.einsum("rnf,nfs->rns", swings, self.kernels) + self.biases
        embedded = ops.concatenate([numbers[..., None], mixed], axis=-1)
        width = self._count * self._size
        return ops.concatenate([ops.reshape(embedded, (-1, width)), inputs[..., self._count :]], axis=-1)
