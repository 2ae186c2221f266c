"""A network as a value: a tuple of layers, from which its weights, its arithmetic and its Keras model follow."""

import itertools
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self, final

import keras
import numpy

from automl.networks.layers.chain import (
    Layers,
    apply_layers,
    cost_of,
    initial_of,
    joined_layers,
    kinds_of,
    output_shape,
    signatures_of,
    twin_layers,
    values_of,
    weights_of,
)
from automl.networks.layers.dense import Dense
from automl.networks.layers.layer import Cost, Given, Role, Rounding, Step, Stream, Twin, Weight, size_of
from automl.networks.layers.views import AveragedViews, Heads


@final
@dataclass(frozen=True, slots=True)
class Network:
    """The layers of one member, or as a signature those of a program.

    Attributes:
        num_features: Inputs.
        layers: From the inputs to the logits.
    """

    num_features: int
    layers: Layers

    @property
    def weights(self) -> tuple[Weight, ...]:
        """What is trained, layer by layer."""
        return tuple(weight for weight in self._all if weight.role is not Role.MOMENT)

    @property
    def moments(self) -> tuple[Weight, ...]:
        """Moving statistics, layer by layer."""
        return tuple(weight for weight in self._all if weight.role is Role.MOMENT)

    @property
    def _all(self) -> tuple[Weight, ...]:
        return weights_of(self.layers, (self.num_features,))

    @property
    def capacity(self) -> int:
        """Number of trainable weights; of a signature with what is filled up."""
        return sum(size_of(weight.shape) for weight in self.weights)

    @property
    def num_outputs(self) -> int:
        """Outputs."""
        return output_shape(self.layers, (self.num_features,))[-1]

    @property
    def output(self) -> str:
        """The activation of the outputs."""
        last = self.layers[-1]
        return last.output if isinstance(last, Dense | Heads) else "linear"

    @property
    def cost(self) -> Cost:
        """What it costs for each row."""
        return cost_of(self.layers, (self.num_features,))

    @property
    def widths(self) -> tuple[int, ...]:
        """Units of the hidden dense layers."""
        return tuple(layer.units for layer in self.layers if isinstance(layer, Dense) and not layer.output)

    def initial(self, seed: int) -> list[numpy.ndarray]:
        """What a network begins with: float32 arrays for `weights`, then for `moments`."""
        arrays = initial_of(self.layers, (self.num_features,), seed)
        pairs = list(zip(self._all, arrays, strict=True))
        trained = [array for weight, array in pairs if weight.role is not Role.MOMENT]
        return trained + [array for weight, array in pairs if weight.role is Role.MOMENT]

    def signature(self, rounding: Rounding) -> Self:
        """What all members of a program share; with widths as they are where filled-up units would move others."""
        mixes = any(layer.mixes_units for layer in self.layers)
        return replace(self, layers=signatures_of(self.layers, None if mixes else rounding))

    @property
    def kind(self) -> Hashable:
        """Signatures of equal kind can be joined."""
        return self.num_features, kinds_of(self.layers)

    def joined(self, other: Self) -> Self:
        """The signature that members of both fit; they are of one kind."""
        return replace(self, layers=joined_layers(self.layers, other.layers))

    def values(self, network: Self) -> list[dict[str, Any]]:
        """What a member has for itself in a program with this signature, layer by layer; see `Layer.values`."""
        return values_of(self.layers, network.layers)

    def logits(
        self,
        weights: list[Any],
        moments: list[Any],
        values: Sequence[dict[str, Any]],
        inputs: Any,
        step: Step | None,
    ) -> tuple[Any, list[Any]]:
        """Logits of a stack of networks with this signature.

        Args:
            weights: Of shape (member, …), for each of `weights`.
            moments: The same for each of `moments`.
            values: For each layer, by name, arrays with a leading member axis.
            inputs: Of shape (member, row, feature).
            step: None for a prediction.

        Returns:
            Array of shape (member, row, output), with `Heads` (member, row, view, output), and the moments after a
            training step.
        """
        given = Given(weights, moments, {}, step)
        stream, moved = apply_layers(self.layers, (self.num_features,), given, values, Stream(inputs))
        return stream.array, moved

    def model(self, arrays: Sequence[numpy.ndarray], l2: float = 0.0, seed: int = 0) -> keras.Model:
        """The same network by ordinary Keras layers, not compiled.

        Args:
            arrays: Its weights and moments, as `initial` orders them.
            l2: Strength of the penalty on kernels and embeddings.
            seed: The masks of dropout follow from it.
        """
        inputs = keras.Input((self.num_features,), name="features")
        twin = Twin(l2, seed)
        outputs = twin_layers(self.layers, inputs, twin)
        if len(outputs.shape) == 3:
            views = keras.Model(inputs, outputs)
            model = AveragedViews(inputs, keras.ops.mean(outputs, axis=1), name="network")
            model.views = lambda rows, training: views(
                rows, training=training
            )  # no second owner of the layers
        else:
            model = keras.Model(inputs, outputs, name="network")
        trained = [variable for layer in twin.layers for variable in layer.trainable_weights]
        moving = [variable for layer in twin.layers for variable in layer.non_trainable_weights]
        for variable, array in zip([*trained, *moving], arrays, strict=True):
            variable.assign(array)
        weights = iter(self._all)
        for layer in twin.layers:
            setattr(layer, TRAITS, tuple(itertools.islice(weights, len(layer.weights))))
        return model


TRAITS = "automl_traits"
"""Attribute of a Keras layer: a `Weight` for each of its variables, which say how they are trained."""


def traits_of(model: keras.Model) -> dict[str, Weight]:
    """How the variables of a model from `Network.model` are trained, by their paths; empty for any other model."""
    return {
        variable.path: weight
        for layer in model._flatten_layers()
        for variable, weight in zip(layer.weights, getattr(layer, TRAITS, ()), strict=False)
    }
