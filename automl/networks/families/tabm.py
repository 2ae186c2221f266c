"""TabM-mini: one perceptron seen by several views of its inputs (Gorishniy, Kotelnikov, Babenko, ICLR 2025)."""

from automl.networks.families.inputs import Inputs
from automl.networks.families.perceptron import embeddings, hidden_layers
from automl.networks.layers.chain import output_shape
from automl.networks.layers.number_embedding import NumberEmbedding
from automl.networks.layers.views import Heads, Views
from automl.networks.network import Network
from automl.trial import Hyperparameters


def tabm(hyperparameters: Hyperparameters, inputs: Inputs) -> Network:
    """The hidden layers of a perceptron, shared by `views` views that differ in factors of their inputs.

    Each view has an output of its own. The views train on the mean of their losses and predict by the mean of their
    predictions; early stopping watches the loss of that mean.

    Args:
        hyperparameters: Active values of `hyperparameters.HYPERPARAMETERS`.
        inputs: What it reads and predicts.
    """
    layers = embeddings(hyperparameters, inputs)
    chunks: tuple[int, ...] = ()
    if layers and isinstance(layers[0], NumberEmbedding):
        chunks = (layers[0].size,) * len(layers[0].bins)
    assert len(output_shape(tuple(layers), (inputs.num_features,))) == 1
    return Network(
        inputs.num_features,
        (
            *layers,
            Views(int(hyperparameters["views"]), chunks, "views"),
            *hidden_layers(hyperparameters),
            Heads(inputs.num_outputs, inputs.activation, "heads"),
        ),
    )
