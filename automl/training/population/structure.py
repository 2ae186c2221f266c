"""What the members of one program have in common."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from typing import Self, final

from automl.networks.layers.layer import Shape
from automl.networks.network import Network


@final
@dataclass(frozen=True, slots=True)
class Structure:
    """The signature of a program.

    Attributes:
        network: The signatures of the members' layers.
        loss: Name in `losses.LOSSES`.
        optimizer: Name in `updates.UPDATES`.
        batch_size: Rows a step.
        schedules: What the members' learning rates follow, by position.
        clipped: Whether any member clips its gradient.
    """

    network: Network
    loss: str
    optimizer: str
    batch_size: int
    schedules: tuple[str, ...] = ("constant",)
    clipped: bool = False

    @property
    def num_features(self) -> int:
        """Inputs."""
        return self.network.num_features

    @property
    def num_outputs(self) -> int:
        """Outputs."""
        return self.network.num_outputs

    @property
    def shapes(self) -> list[Shape]:
        """Shapes of a member's trainable weights, layer by layer; vectors are (1, unit)."""
        return [weight.stacked for weight in self.network.weights]

    @property
    def moment_shapes(self) -> list[Shape]:
        """Shapes of a member's moving statistics."""
        return [weight.stacked for weight in self.network.moments]

    @property
    def capacity(self) -> int:
        """Number of trainable weights, with what is filled up."""
        return self.network.capacity

    @property
    def kind(self) -> Hashable:
        """Structures of equal kind can be joined: what a program cannot have in two ways."""
        return self.network.kind, self.loss, self.optimizer, self.batch_size

    def joined(self, other: Self) -> Self:
        """The structure that members of both fit; they must be of one kind."""
        return replace(
            self,
            network=self.network.joined(other.network),
            schedules=_either(self.schedules, other.schedules),
            clipped=self.clipped or other.clipped,
        )


def _either(names: tuple[str, ...], others: tuple[str, ...]) -> tuple[str, ...]:
    return names if names == others else tuple(sorted({*names, *others}))
