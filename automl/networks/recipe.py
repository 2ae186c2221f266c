"""A network and how it is trained: all that a population needs to know of one configuration."""

from dataclasses import dataclass
from typing import final

from automl.networks.network import Network
from automl.trial import Hyperparameters


@final
@dataclass(frozen=True, slots=True)
class Recipe:
    """What becomes of one configuration.

    Attributes:
        network: Its layers.
        values: Hyperparameters of the training by name: those of the configuration, and those that a user's own
            network brings.
        loss: Name of the loss that a user's own network brings; empty for the study's.
    """

    network: Network
    values: Hyperparameters
    loss: str = ""
