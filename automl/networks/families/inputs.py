"""What the networks of one table read and predict."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

from automl.networks.layers.level_embedding import Blocks
from automl.trial import Task

OUTPUTS: Mapping[Task, str] = {
    Task.BINARY: "sigmoid",
    Task.MULTICLASS: "softmax",
    Task.REGRESSION: "linear",
}
"""The activation behind the last layer."""


@final
@dataclass(frozen=True, slots=True)
class Inputs:
    """The inputs and outputs of a network.

    Attributes:
        num_features: Inputs, under the numeric encoding of the configuration.
        num_outputs: Classes of a multiclass task, else 1.
        task: Decides the activation of the outputs.
        embedded: Inputs that hidden layers see through an embedding.
        bins: Bins of each number, where the inputs are their piecewise encoding.
        num_numbers: How many of the first inputs are a number each, under any encoding.
    """

    num_features: int
    num_outputs: int
    task: Task
    embedded: Blocks = ()
    bins: tuple[int, ...] = ()
    num_numbers: int = 0

    @property
    def activation(self) -> str:
        """Of the outputs."""
        return OUTPUTS[self.task]
