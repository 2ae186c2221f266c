"""The closed table of families: a name here is a name in the study file."""

from collections.abc import Callable, Mapping

from automl.networks.families.inputs import Inputs
from automl.networks.families.perceptron import perceptron
from automl.networks.families.realmlp import realmlp
from automl.networks.families.residual import residual
from automl.networks.families.tabm import tabm
from automl.networks.network import Network
from automl.trial import Hyperparameters

NUMBER_EMBEDDINGS = ("none", "piecewise")
"""How hidden layers see numbers: as they are encoded, or through an embedding of their piecewise encoding."""

FAMILIES: Mapping[str, Callable[[Hyperparameters, Inputs], Network]] = {
    "perceptron": perceptron,
    "residual": residual,
    "tabm": tabm,
    "realmlp": realmlp,
}
"""Each turns active hyperparameters and what a network reads and predicts into layers."""
