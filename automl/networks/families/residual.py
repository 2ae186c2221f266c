"""Residual networks for tables (Gorishniy, Rubachev, Khrulkov, Babenko 2021), with layer normalization."""

from automl.networks.activations import DEFAULT_SLOPE
from automl.networks.families.inputs import Inputs
from automl.networks.families.perceptron import embeddings, layer_widths
from automl.networks.layers.activation import Activation
from automl.networks.layers.branches import residual as added
from automl.networks.layers.dense import Dense
from automl.networks.layers.dropout import Dropout
from automl.networks.layers.layer_normalization import LayerNormalization
from automl.networks.network import Network
from automl.trial import Hyperparameters


def residual(hyperparameters: Hyperparameters, inputs: Inputs) -> Network:
    """`depth` blocks of one width, each normalization, dense, activation, dropout and dense, added to its input.

    Args:
        hyperparameters: Active values of `hyperparameters.HYPERPARAMETERS`.
        inputs: What it reads and predicts.
    """
    layers, widths = embeddings(hyperparameters, inputs), layer_widths(hyperparameters)
    output = Dense(inputs.num_outputs, "output", stream=("output",), output=inputs.activation)
    if not widths:
        return Network(inputs.num_features, (*layers, output))
    width, initializer = widths[0], str(hyperparameters.get("initializer"))
    slope = float(hyperparameters.get("negative_slope", DEFAULT_SLOPE))
    function, rate = str(hyperparameters["activation"]), float(hyperparameters["dropout"])
    layers.append(Dense(width, "hidden_0", initializer, ("kernel", 0)))
    for number in range(1, len(widths) + 1):
        block = (
            LayerNormalization(f"normalization_{number}"),
            Dense(width, f"hidden_{number}", initializer, ("kernel", number)),
            Activation((function,), f"activation_{number}", slope),
            Dropout(number - 1, rate, f"dropout_{number}"),
            Dense(width, f"added_{number}", initializer, ("added", number)),
        )
        layers.append(added(*block))
    layers += [
        LayerNormalization("normalization_last"),
        Activation((function,), "activation_last", slope),
    ]
    return Network(inputs.num_features, (*layers, output))
