"""Views of one input, which a TabM network sees with shared weights (Gorishniy, Kotelnikov, Babenko 2025)."""

from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
import numpy
from keras import ops

from automl.networks.layers.dense import penalty
from automl.networks.layers.layer import Cost, Given, Layer, Role, Rounding, Shape, Stream, Twin, Weight
from automl.trial import derive_seed


@final
@dataclass(frozen=True, slots=True)
class Views(Layer):
    """The inputs `count` times, each time scaled by factors that are learned: `(feature,)` to `(view, feature)`.

    Attributes:
        count: How many.
        chunks: Sizes of runs of inputs whose factors begin alike, as those that embed one number; the rest are alone.
            Factors begin as standard normal numbers where there are chunks, otherwise as random signs.
        name: Of the Keras layer.
    """

    count: int
    chunks: tuple[int, ...] = ()
    name: str = ""

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        return (self.count, *inputs)

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """Factors of shape (view, feature)."""
        return (Weight((self.count, inputs[0]), Role.VECTOR),)

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """From a stream of its own."""
        generator = numpy.random.default_rng(derive_seed(seed, "views"))
        sizes = [*self.chunks, *[1] * (inputs[0] - sum(self.chunks))]
        drawn = generator.standard_normal((self.count, len(sizes)))
        factors = numpy.repeat(drawn if self.chunks else numpy.where(drawn < 0.0, -1.0, 1.0), sizes, axis=1)
        return [factors.astype(numpy.float32)]

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        return Stream(stream.array[:, :, None] * given.weights[0][:, None]), []

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        return twin.call(Scaled(self.count, name=self.name or None), inputs)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, name="", chunks=())

    def cost(self, inputs: Shape) -> Cost:
        """See `Layer.cost`."""
        return Cost(self.count * inputs[0])


@final
class Scaled(keras.layers.Layer):
    """The Keras layer of `Views`.

    Args:
        count: Views.
        name: Of the layer.
    """

    def __init__(self, count: int, name: str | None = None) -> None:
        super().__init__(name=name)
        self._count = count

    def build(self, input_shape: Any) -> None:
        """Make the factors."""
        self.factors = self.add_weight(
            shape=(self._count, input_shape[-1]), initializer="zeros", name="factors"
        )

    def call(self, inputs: Any) -> Any:
        """(row, feature) to (row, view, feature)."""
        return inputs[:, None] * self.factors


@final
@dataclass(frozen=True, slots=True)
class Heads(Layer):
    """A linear output for each view: `(view, feature)` to logits of shape `(view, output)`.

    The loss is the mean over views of their losses; predictions are the mean over views of their predictions.

    Attributes:
        units: Outputs.
        output: The activation of its Keras twin.
        name: Of the Keras layer.
    """

    units: int
    output: str = "linear"
    name: str = ""

    def outputs(self, inputs: Shape) -> Shape:
        """See `Layer.outputs`."""
        return (inputs[0], self.units)

    def weights(self, inputs: Shape) -> tuple[Weight, ...]:
        """A kernel of shape (view, feature, output) and a bias of shape (view, output)."""
        return Weight((*inputs, self.units)), Weight((inputs[0], self.units), Role.VECTOR)

    def initial(self, inputs: Shape, seed: int) -> list[numpy.ndarray]:
        """Uniform within 1 / √features, a bias of zeros."""
        generator, limit = numpy.random.default_rng(derive_seed(seed, "heads")), inputs[1] ** -0.5
        kernel = generator.uniform(-limit, limit, (*inputs, self.units)).astype(numpy.float32)
        return [kernel, numpy.zeros((inputs[0], self.units), numpy.float32)]

    def apply(self, given: Given, stream: Stream) -> tuple[Stream, list[Any]]:
        """See `Layer.apply`."""
        kernel, bias = given.weights
        by_view = ops.matmul(ops.swapaxes(stream.array, 1, 2), kernel)
        return Stream(ops.swapaxes(by_view, 1, 2) + bias[:, None]), []

    def twin(self, inputs: Any, twin: Twin) -> Any:
        """See `Layer.twin`."""
        logits = twin.call(LinearByView(self.units, penalty(twin), name=self.name or None), inputs)
        return keras.layers.Activation(self.output, name="output")(logits)

    def signature(self, rounding: Rounding | None) -> Self:
        """See `Layer.signature`."""
        return replace(self, name="")

    def cost(self, inputs: Shape) -> Cost:
        """See `Layer.cost`."""
        return Cost(inputs[0] * (inputs[1] + 1) * self.units)


@final
class LinearByView(keras.layers.Layer):
    """The Keras layer of `Heads`, without its activation.

    Args:
        units: Outputs.
        kernel_penalty: Of the kernel.
        name: Of the layer.
    """

    def __init__(
        self, units: int, kernel_penalty: keras.Regularizer | None = None, name: str | None = None
    ) -> None:
        super().__init__(name=name)
        self._units, self._penalty = units, kernel_penalty

    def build(self, input_shape: Any) -> None:
        """Make kernel and bias."""
        views, features = input_shape[-2:]
        self.kernel = self.add_weight(
            shape=(views, features, self._units),
            initializer="zeros",
            regularizer=self._penalty,
            name="kernel",
        )
        self.bias = self.add_weight(shape=(views, self._units), initializer="zeros", name="bias")

    def call(self, inputs: Any) -> Any:
        """(row, view, feature) to (row, view, output)."""
        return ops.einsum("rvf,vfo->rvo", inputs, self.kernel) + self.bias


@final
class AveragedViews(keras.Model):
    """A Keras model whose predictions are the mean over views, and whose loss is the mean of the views' losses."""

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """The mean of the views' losses; the averaged predictions are not looked at."""
        del y_pred
        views, losses = self.views(x, training=training), list[Any]()
        logits = getattr(views, "_keras_logits", None)  # what Keras's cross-entropies prefer to probabilities
        for number in range(views.shape[1]):
            view = views[:, number]
            if logits is not None:
                view._keras_logits = logits[:, number]
            losses.append(super().compute_loss(x, y, view, sample_weight, training))
        return sum(losses[1:], losses[0]) / len(losses)
