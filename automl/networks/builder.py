"""The interface between hyperparameters and networks, and the one for our own networks."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import keras
import numpy

from automl.networks.families.inputs import Inputs
from automl.networks.families.table import FAMILIES
from automl.networks.layers.level_embedding import Blocks
from automl.networks.network import Network
from automl.networks.recipe import Recipe
from automl.trial import Hyperparameters, Task


class NetworkBuilder(ABC):
    """Builds one network from values; says nothing of what values are tried."""

    @abstractmethod
    def build(self, hyperparameters: Hyperparameters, seed: int) -> keras.Model:
        """A fresh model with weights drawn from the seed; compiled only when its author compiled it."""

    @property
    def stacks(self) -> bool:
        """Whether the first network of a study can be a member of a population."""
        return False

    def recipe(self, hyperparameters: Hyperparameters) -> Recipe | None:
        """What a population needs to train such networks; None where only Keras can train them."""
        del hyperparameters
        return None

    def restored(self, hyperparameters: Hyperparameters, arrays: Sequence[numpy.ndarray]) -> keras.Model:
        """A model with the weights that a population has trained, in the order of its recipe's network."""
        del hyperparameters, arrays
        raise NotImplementedError("a builder with recipes gives models with their weights")


@final
@dataclass(frozen=True, slots=True)
class FamilyBuilder(NetworkBuilder):
    """Networks of our own families for one table.

    Attributes:
        num_inputs: Inputs under each numeric encoding.
        num_outputs: Classes of a multiclass task, else 1.
        task: Decides the output's activation.
        embedded: Inputs that hidden layers see through an embedding.
        bins: Bins of each number under the piecewise encoding, one entry for each number.
    """

    num_inputs: Mapping[str, int]
    num_outputs: int
    task: Task
    embedded: Blocks = ()
    bins: tuple[int, ...] = ()

    @property
    def stacks(self) -> bool:
        """All of our own networks."""
        return True

    def build(self, hyperparameters: Hyperparameters, seed: int) -> keras.Model:
        """See `NetworkBuilder.build`."""
        network = self.network(hyperparameters)
        return network.model(network.initial(seed), float(hyperparameters["l2"]), seed)

    def network(self, hyperparameters: Hyperparameters) -> Network:
        """The layers for these values."""
        encoding = str(hyperparameters.get("numeric_encoding", "standard"))
        bins = self.bins if encoding == "piecewise" else ()
        inputs = Inputs(
            self.num_inputs[encoding], self.num_outputs, self.task, self.embedded, bins, len(self.bins)
        )
        return FAMILIES[str(hyperparameters.get("family", "perceptron"))](hyperparameters, inputs)

    def recipe(self, hyperparameters: Hyperparameters) -> Recipe:
        """See `NetworkBuilder.recipe`."""
        return Recipe(self.network(hyperparameters), hyperparameters)

    def restored(self, hyperparameters: Hyperparameters, arrays: Sequence[numpy.ndarray]) -> keras.Model:
        """See `NetworkBuilder.restored`."""
        return self.network(hyperparameters).model(arrays, float(hyperparameters["l2"]))
