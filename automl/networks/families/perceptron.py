"""Multilayer perceptrons: dense layers, each with batch normalization, activation and dropout."""

from automl.networks.activations import DEFAULT_SLOPE
from automl.networks.families.inputs import Inputs
from automl.networks.layers.activation import Activation
from automl.networks.layers.batch_normalization import BatchNormalization
from automl.networks.layers.dense import Dense
from automl.networks.layers.dropout import Dropout
from automl.networks.layers.layer import Layer
from automl.networks.layers.level_embedding import LevelEmbedding
from automl.networks.layers.number_embedding import NumberEmbedding
from automl.networks.network import Network
from automl.trial import Hyperparameters


def perceptron(hyperparameters: Hyperparameters, inputs: Inputs) -> Network:
    """A perceptron of `depth` hidden layers; of depth 0 a linear model, which has a weight for each level as it is.

    Args:
        hyperparameters: Active values of `hyperparameters.HYPERPARAMETERS`.
        inputs: What it reads and predicts.
    """
    layers = embeddings(hyperparameters, inputs) + hidden_layers(hyperparameters)
    output = Dense(inputs.num_outputs, "output", stream=("output",), output=inputs.activation)
    return Network(inputs.num_features, (*layers, output))


def embeddings(hyperparameters: Hyperparameters, inputs: Inputs) -> list[Layer]:
    """What hidden layers see the inputs through: numbers as the hyperparameters ask for, columns of many levels."""
    layers: list[Layer] = []
    if not int(hyperparameters["depth"]):
        return layers
    if hyperparameters.get("number_embedding", "none") == "piecewise" and inputs.bins:
        layers.append(
            NumberEmbedding(inputs.bins, int(hyperparameters["embedding_size"]), "embedding_of_numbers")
        )
    if inputs.embedded:
        layers.append(LevelEmbedding(inputs.embedded, initializer=str(hyperparameters.get("initializer"))))
    return layers


def hidden_layers(hyperparameters: Hyperparameters) -> list[Layer]:
    """Dense layers with their normalizations, activations and dropouts."""
    widths = enumerate(layer_widths(hyperparameters), start=1)
    return [layer for number, width in widths for layer in _hidden(hyperparameters, number, width)]


def layer_widths(hyperparameters: Hyperparameters) -> list[int]:
    """Units of each hidden layer: `width_1` … where each has its own, else `width`."""
    widths = [
        hyperparameters.get(f"width_{layer}", hyperparameters.get("width", 0))
        for layer in range(1, int(hyperparameters["depth"]) + 1)
    ]
    return [int(width) for width in widths]


def _hidden(hyperparameters: Hyperparameters, number: int, width: int) -> list[Layer]:
    normalize = bool(hyperparameters["batch_normalization"])
    dense = Dense(
        width,
        f"hidden_{number}",
        str(hyperparameters.get("initializer")),
        ("kernel", number),
        use_bias=not normalize,  # the normalization's own offset makes a bias idle
    )
    slope = float(hyperparameters.get("negative_slope", DEFAULT_SLOPE))
    return [
        dense,
        *([BatchNormalization(f"normalization_{number}")] if normalize else []),
        Activation((str(hyperparameters["activation"]),), f"activation_{number}", slope),
        Dropout(number - 1, float(hyperparameters["dropout"]), f"dropout_{number}"),
    ]
