"""A user's Keras model as a tuple of layers, where each of its layers has a twin."""

import itertools
from dataclasses import dataclass
from typing import Any, final

import keras

from automl.networks.layers.activation import Activation
from automl.networks.layers.branches import ADD, CONCATENATE, Branches
from automl.networks.layers.chain import Layers
from automl.networks.layers.dense import Dense
from automl.networks.layers.layer import Layer
from automl.networks.network import Network
from automl.networks.twins import TWINS, Numbers, Obstacle, name_of


@final
@dataclass(frozen=True, slots=True)
class Translation:
    """A Keras model in the population's words.

    Attributes:
        network: Its layers.
        variables: The model's variables for the network's weights and moments, in their order.
        l2: Strength of the penalty on all of its kernels.
    """

    network: Network
    variables: tuple[Any, ...]
    l2: float


def translate(model: keras.Model) -> Translation:
    """The layers of a Functional or Sequential model.

    Raises:
        Obstacle: A layer has no twin, is used in a way that has none, or the layers are connected in such a way.
    """
    try:
        return _translated(model)
    except (
        AttributeError,
        LookupError,
        TypeError,
        ValueError,
    ) as error:  # Keras can train what this cannot read
        raise Obstacle(f"it cannot be translated ({type(error).__name__}: {error})") from error


def _translated(model: keras.Model) -> Translation:
    steps = _Steps()
    path = steps.path_to_output(model)
    layers, made = steps.layers_of(path)
    last = layers[-1] if layers else None
    if not isinstance(last, Dense | Activation):
        raise Obstacle("its last layer is neither Dense nor an activation")
    layers = _with_output(layers)
    network = Network(int(model.inputs[0].shape[-1]), layers)
    pairs = [(layer, weights) for layer, weights in made if weights]
    trained = [variable for _, weights in pairs for variable in weights if variable.trainable]
    moving = [variable for _, weights in pairs for variable in weights if not variable.trainable]
    expected = [weight.shape for weight in (*network.weights, *network.moments)]
    variables = (*trained, *moving)
    if [tuple(variable.shape) for variable in variables] != expected:
        raise Obstacle("its weights are not those of its layers")
    return Translation(network, variables, _penalty_of([layer for layer, _ in made]))


def _with_output(layers: Layers) -> Layers:
    """The last dense layer as the output, with the activation that follows it."""
    *rest, last = layers
    function = "linear"
    if isinstance(last, Activation):
        function = last.names[0]
        if not rest or not isinstance(rest[-1], Dense):
            raise Obstacle("its last activation does not follow a Dense layer")
        *rest, last = rest
    assert isinstance(last, Dense)
    if any(isinstance(layer, Activation) and layer.names == ("softmax",) for layer in rest):
        raise Obstacle("a softmax that is not the last layer has no stacked twin")
    output = Dense(
        last.units, last.name, last.initializer, last.stream, last.use_bias, last.bias_initializer, function
    )
    return (*rest, output)


@final
class _Steps:
    """Walks a Keras graph once.

    Each tensor has the path that leads to it from the inputs. Where layers merge tensors, what their paths have in
    common stays the path, and the rest of each becomes a branch.
    """

    def __init__(self) -> None:
        self._paths: dict[int, list[Any]] = {}
        self._numbers = Numbers()

    def path_to_output(self, model: keras.Model) -> list[Any]:
        """Operations and merges from the inputs to the outputs, in order."""
        if not isinstance(model, keras.Sequential) and not hasattr(model, "operations"):
            raise Obstacle(
                f"it is a subclass of keras.Model ({type(model).__name__}), not Functional or Sequential"
            )
        if isinstance(model, keras.Sequential):
            model = model._functional
        if model is None:
            raise Obstacle("it does not say what inputs it takes; begin it with `keras.Input`")
        if len(model.inputs) != 1 or len(model.outputs) != 1 or len(model.inputs[0].shape) != 2:
            raise Obstacle("it does not have one input of features and one output")
        self._paths[id(model.inputs[0])] = []
        for operation in model.operations:
            if isinstance(operation, keras.layers.InputLayer):
                continue
            if len(operation._inbound_nodes) != 1:
                raise Obstacle(f"{name_of(operation)} is used more than once")
            [node] = operation._inbound_nodes
            tensors, outputs = node.input_tensors, node.outputs
            if len(outputs) != 1 or any(id(tensor) not in self._paths for tensor in tensors):
                raise Obstacle(f"{name_of(operation)} is connected in a way that has no twin")
            self._paths[id(outputs[0])] = self._path(operation, tensors)
        return self._paths[id(model.outputs[0])]

    def _path(self, operation: Any, tensors: list[Any]) -> list[Any]:
        paths = [self._paths[id(tensor)] for tensor in tensors]
        if len(paths) == 1:
            return [*paths[0], operation]
        merge = {keras.layers.Add: ADD, keras.layers.Concatenate: CONCATENATE}.get(type(operation))
        if merge is None or (merge == CONCATENATE and operation.axis not in (-1, len(tensors[0].shape) - 1)):
            raise Obstacle(f"{name_of(operation)} has no stacked twin")
        common = list(
            itertools.takewhile(
                lambda parts: all(part is parts[0] for part in parts), zip(*paths, strict=False)
            )
        )
        return [*(part for part, *_ in common), (merge, [path[len(common) :] for path in paths])]

    def layers_of(self, path: list[Any]) -> tuple[Layers, list[tuple[Any, list[Any]]]]:
        """Twins of a path, and each Keras layer with its variables, in the same order.

        Raises:
            Obstacle: A layer would have to stand in two places, or has no twin.
        """
        layers, made = list[Layer](), list[tuple[Any, list[Any]]]()
        for part in path:
            if isinstance(part, tuple):
                merge, branches = part
                pairs = [self.layers_of(branch) for branch in branches]
                layers.append(Branches(tuple(layer for layer, _ in pairs), merge))
                made += [variable for _, variables in pairs for variable in variables]
            else:
                layers += self._twin(part)
                made.append((part, _variables(part)))
        operations = [id(layer) for layer, _ in made]
        if len(operations) > len(set(operations)):
            raise Obstacle(
                "its layers are connected in a way that has no twin: a part of it would occur twice"
            )
        return tuple(layers), made

    def _twin(self, layer: Any) -> list[Layer]:
        make = TWINS.get(type(layer))
        if make is None:
            raise Obstacle(f"{name_of(layer)} has no stacked twin")
        if layer.weights and not layer.trainable:
            raise Obstacle(f"{name_of(layer)} is frozen")
        if isinstance(layer, keras.layers.Layer) and layer.dtype_policy.name != "float32":
            raise Obstacle(f"{name_of(layer)} computes in {layer.dtype_policy.name}")
        return make(layer, self._numbers)


def _variables(layer: Any) -> list[Any]:
    """A layer's weights and moving statistics, without the states of its random numbers."""
    return [variable for variable in layer.weights if "seed_generator" not in variable.path]


def _penalty_of(layers: list[Any]) -> float:
    """The strength of L2 on all kernels alike.

    Raises:
        Obstacle: Some kernels have another penalty than others, or another one than L2.
    """
    strengths = set()
    for layer in layers:
        if isinstance(layer, keras.layers.Dense):
            penalty = layer.kernel_regularizer
            if penalty is not None and type(penalty) is not keras.regularizers.L2:
                raise Obstacle(f"{name_of(layer)} has a penalty other than L2")
            strengths.add(0.0 if penalty is None else float(penalty.l2))
    if len(strengths) > 1:
        raise Obstacle("its kernels have L2 penalties of different strengths")
    return max(strengths, default=0.0)
