"""The interface between hyperparameters and Keras models, and the one for our own networks."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import keras

from automl.networks.embeddings import Blocks
from automl.networks.mlp import build_mlp
from automl.trial import Hyperparameters, Task


class NetworkBuilder(ABC):
    """Builds one network from values; says nothing of what values are tried."""

    @abstractmethod
    def build(self, hyperparameters: Hyperparameters, seed: int) -> keras.Model:
        """A fresh model with weights drawn from the seed; compiled only when its author compiled it."""


@final
@dataclass(frozen=True, slots=True)
class PerceptronBuilder(NetworkBuilder):
    """Multilayer perceptrons for one table.

    Attributes:
        num_inputs: Inputs under each numeric encoding.
        num_outputs: Classes of a multiclass task, else 1.
        task: Decides the output's activation.
        embedded: Inputs that hidden layers see through an embedding.
    """

    num_inputs: Mapping[str, int]
    num_outputs: int
    task: Task
    embedded: Blocks = ()

    def build(self, hyperparameters: Hyperparameters, seed: int) -> keras.Model:
        """See `build_mlp`."""
        return build_mlp(
            hyperparameters,
            self.num_inputs[str(hyperparameters.get("numeric_encoding", "standard"))],
            self.num_outputs,
            self.task,
            seed,
            self.embedded,
        )
