"""What the loss of an analyzed trial is made of, and how that compares with the study's floors."""

from dataclasses import dataclass

from automl.evaluation.bias_variance import BiasVariance
from automl.explanation.evidence import Evidence
from automl.explanation.floors import Excess, Standing

FITTED = 0.25
"""Whose loss on the rows that it trained on is below this share of its bias + noise does not lack capacity."""

LEVEL = 0.95
"""Of the intervals that decide. Where the floor is chosen among several, all of these hold together (Bonferroni)."""


@dataclass(frozen=True, slots=True)
class Shares:
    """What the loss of an analyzed trial is made of, and how that compares.

    Attributes:
        analysis: Its parts.
        standing: Beside the study's floors.
        falls_to: As `Evidence` has it.
    """

    analysis: BiasVariance
    standing: Standing
    falls_to: float = 1.0

    @property
    def risk(self) -> float:
        """The whole loss."""
        return self.analysis.at(self.analysis.risk)[0]

    @property
    def variance(self) -> float:
        """How much of it is variance."""
        return self.analysis.at(self.analysis.variance)[0]

    @property
    def usable(self) -> list[Excess]:
        """The floors that its bias can be measured from: not those that it lies significantly below."""
        return [
            excess
            for excess in self.standing.excesses
            if excess.final or excess.bias.value + excess.bias.half(LEVEL) > 0.0
        ]

    @property
    def excess(self) -> Excess | None:
        """The lowest of these floors, as far as their errors tell; None where it lies below all."""
        return max(self.usable, key=lambda excess: excess.bias.value - excess.bias.error, default=None)

    @property
    def has_capacity(self) -> bool:
        """Whether a larger network is known to have no less bias: one was analyzed, or this one can fit its rows."""
        final = any(excess.final for excess in self.standing.excesses)
        return final or self.standing.larger or self.can_fit_its_rows

    @property
    def fits_its_rows(self) -> bool:
        """Whether the loss on the rows that it trained on is next to nothing."""
        return self._is_fitted(loss_on_trained(self.analysis))

    @property
    def least_on_trained(self) -> float:
        """The least loss on the rows that it trained on, after the kept epoch too."""
        return loss_on_trained(self.analysis) * self.falls_to

    @property
    def can_fit_its_rows(self) -> bool:
        """Whether that loss is next to nothing: then capacity is not what it lacks."""
        return self._is_fitted(self.least_on_trained)

    def _is_fitted(self, loss: float) -> bool:
        return loss <= FITTED * self.analysis.at(self.analysis.rest)[0]


def shares_of(evidence: Evidence) -> Shares | None:
    """What the loss is made of; None when the trial was not analyzed."""
    if evidence.bias_variance is None or evidence.standing is None:
        return None
    return Shares(evidence.bias_variance, evidence.standing, evidence.falls_to)


def loss_on_trained(analysis: BiasVariance) -> float:
    """Loss on the rows that the networks trained on, at the epoch of the refit."""
    return analysis.training[analysis.epochs.index(analysis.epoch)]
