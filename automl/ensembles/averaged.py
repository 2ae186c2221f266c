"""A model that averages what several networks predict, each under its own preprocessing."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy

from automl.data.columns import Columns
from automl.ensembles.temperature import at_temperature
from automl.training.network import Network
from automl.trial import Hyperparameters


@dataclass(frozen=True, slots=True)
class Part:
    """One network of several.

    Attributes:
        network: The network.
        weight: How much it counts; those of all parts sum to 1.
        hyperparameters: What its model can be built from again.
    """

    network: Network
    weight: float
    hyperparameters: Hyperparameters


@final
@dataclass(frozen=True, slots=True)
class Averaged:
    """The weighted mean of the predictions of networks: of probabilities, or of values in the target's units.

    Attributes:
        parts: The networks, at least one.
        weights: How much each trial counts, by its number.
        temperature: Of the mean of probabilities; see `ensembles/temperature.py`.
    """

    parts: tuple[Part, ...]
    weights: Mapping[int, float]
    temperature: float = 1.0

    def predict(self, columns: Columns) -> numpy.ndarray:
        """Predictions for raw rows, as `Network.predict` gives them."""
        total = self.parts[0].weight * self.parts[0].network.predict(columns)
        for part in self.parts[1:]:
            total += part.weight * part.network.predict(columns)
        return at_temperature(total, self.temperature)
