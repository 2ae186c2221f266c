"""Where the training of a cohort stands, as engines tell it and trackers show it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the training of a cohort stands.

    Attributes:
        done: Networks that have ended.
        total: Networks of the cohort.
        running: Networks that train at this moment.
        epoch: Epochs of the running network, where only one is running; else 0.
        num_epochs: Epochs at most of a network.
        before: Share of the cohort's work that was done before these networks began.
        part: Share of it that they are.
    """

    done: int
    total: int
    running: int
    epoch: int = 0
    num_epochs: int = 0
    before: float = 0.0
    part: float = 1.0

    @property
    def ended(self) -> float:
        """Share of the cohort's work that is done, as far as networks have ended."""
        return self._of_all(self.done + (self.epoch / self.num_epochs if self.epoch else 0.0))

    @property
    def likely(self) -> float:
        """The same, with networks in training as half done."""
        return max(self.ended, self._of_all(self.done + 0.5 * self.running))

    def _of_all(self, networks: float) -> float:
        return self.before + self.part * networks / max(1, self.total)
