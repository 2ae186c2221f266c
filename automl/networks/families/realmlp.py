"""RealMLP: a perceptron whose parts learn at rates that suit them (Holzmüller, Grinsztajn, Steinwart 2024).

In the paper a hidden kernel is drawn from the standard normal distribution and its products are divided by √inputs.
Under Adam, whose steps do not depend on the scale of a gradient, that is a kernel of variance 1 / inputs that learns at
the rate 1 / √inputs, which costs nothing in the forward pass. Without the paper's initial values from the data and its
schedules of dropout and decay.
"""

from automl.networks.activations import DEFAULT_SLOPE
from automl.networks.families.inputs import Inputs
from automl.networks.families.perceptron import embeddings, layer_widths
from automl.networks.layers.activation import Activation
from automl.networks.layers.chain import output_shape
from automl.networks.layers.dense import Dense
from automl.networks.layers.dropout import Dropout
from automl.networks.layers.layer import Layer
from automl.networks.layers.number_embedding import NumberEmbedding
from automl.networks.layers.parametric_activation import ParametricActivation
from automl.networks.layers.periodic_embedding import PeriodicEmbedding
from automl.networks.layers.scale import Scale
from automl.networks.network import Network
from automl.trial import Hyperparameters

_SCALE_RATE, _SLOW_RATE = 6.0, 0.1
"""Of the factors of inputs, and of biases, activations and embeddings; the paper's."""

_FREQUENCIES, _SIZE = 16, 4
"""Frequencies of each number, and the numbers that it becomes; the paper's."""


def realmlp(hyperparameters: Hyperparameters, inputs: Inputs) -> Network:
    """A factor for each input, `depth` hidden layers with parametric activations, and an output that begins at 0.

    Numbers are seen through a periodic embedding, unless `frequencies` is 0 or they have another embedding.

    Args:
        hyperparameters: Active values of `hyperparameters.HYPERPARAMETERS`.
        inputs: What it reads and predicts.
    """
    layers = _embedded(hyperparameters, inputs)
    layers.append(Scale("scale", _SCALE_RATE))
    function, rate = str(hyperparameters.get("activation", "")), float(hyperparameters.get("dropout", 0.0))
    slope = float(hyperparameters.get("negative_slope", DEFAULT_SLOPE))
    (num_inputs,) = output_shape(tuple(layers), (inputs.num_features,))
    for number, width in enumerate(layer_widths(hyperparameters), start=1):
        activation = Activation((function,), f"activation_{number}", slope)
        layers += [
            _dense(width, num_inputs, number),
            ParametricActivation(activation, _SLOW_RATE),
            Dropout(number - 1, rate, f"dropout_{number}"),
        ]
        num_inputs = width
    output = Dense(
        inputs.num_outputs,
        "output",
        "zeros",
        ("output",),
        output=inputs.activation,
        rate=num_inputs**-0.5,
        bias_rate=_SLOW_RATE,
    )
    return Network(inputs.num_features, (*layers, output))


def _embedded(hyperparameters: Hyperparameters, inputs: Inputs) -> list[Layer]:
    layers = embeddings(hyperparameters, inputs)
    deviation = float(hyperparameters["frequencies"])
    has_other = any(isinstance(layer, NumberEmbedding) for layer in layers)
    if has_other or not (deviation and inputs.num_numbers and int(hyperparameters["depth"])):
        return layers
    periodic = PeriodicEmbedding(
        inputs.num_numbers, _FREQUENCIES, _SIZE, deviation, _SLOW_RATE, "embedding_of_numbers"
    )
    return [periodic, *layers]


def _dense(width: int, num_inputs: int, number: int) -> Dense:
    return Dense(
        width,
        f"hidden_{number}",
        "lecun_normal",
        ("kernel", number),
        bias_initializer="normal",
        rate=num_inputs**-0.5,
        bias_rate=_SLOW_RATE,
    )
