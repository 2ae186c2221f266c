"""The rules that weigh bias against variance: by their intervals, and none fits where these do not decide."""

import math
from dataclasses import dataclass

from automl.evaluation.bias_variance import BiasVariance
from automl.explanation.evidence import LESS, MORE, Diagnosis, Evidence, Finding
from automl.trial import Trial
from automl.wording import number

NOTABLE = 0.10
"""Share of the loss that a cause must have to be worth naming."""

SIMPLE_VARIANCE, SIMPLE_TRAINING = 0.25, 0.5
"""Shares of the loss: of a network that is simple for its rows, variance is below the first, and the loss on the rows
that it trained on above the second."""

_USUAL_RESAMPLES = 8

Z = 1.96
"""Half the width of a 95 % interval, in standard errors."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Variance and excess bias of a trial.

    Attributes:
        risk: The whole loss.
        variance: How much of it is variance.
        excess: How far bias + noise lie above the floor.
        error: Standard error of their difference.
    """

    risk: float
    variance: float
    excess: float
    error: float

    @property
    def difference(self) -> float:
        """Variance minus excess."""
        return self.variance - self.excess


def shares_of(evidence: Evidence) -> Shares | None:
    """What the loss is made of beside the floor; None when the trial was not looked into."""
    found, floor = evidence.bias_variance, evidence.floor
    if found is None:
        return None
    (risk, risk_error), (variance, variance_error) = (
        found.at(curve) for curve in (found.risk, found.variance)
    )
    excess = max(0.0, found.at(found.rest)[0] - floor.value) if floor else 0.0
    if floor is None or excess == 0.0:  # the trial that is the floor itself has no excess, and no error of it
        return Shares(risk, variance, excess, variance_error)
    # excess is risk − variance − floor, so variance is in the difference twice
    return Shares(risk, variance, excess, math.hypot(2.0 * variance_error, risk_error, floor.error))


def variance_bound(evidence: Evidence) -> Finding | None:
    """Variance is a notable share of the loss, and beyond doubt more than the excess bias."""
    shares = shares_of(evidence)
    found = evidence.bias_variance
    if shares is None or found is None or shares.variance < NOTABLE * shares.risk:
        return None
    if shares.difference < Z * shares.error:
        return None
    of_all = f"{_measured(found, 'variance')} of a loss of {number(shares.risk, 3)}"
    said = f"Variance dominates: {of_all}; {_excess(evidence, shares)}."
    hidden = int(evidence.trial.hyperparameters.get("depth", 1)) > 0
    advice = [
        f"more {_penalties(evidence.trial, 'or')}",
        *(["a smaller network"] if hidden else []),
        "more rows",
    ]
    changes = {"dropout": MORE, "weight_decay": MORE, "l2": MORE, "width": LESS}
    if found.parts and found.parts["initialization"] + found.parts["interaction"] > found.parts["data"]:
        said += " Most of it comes from the seed, not from the rows."
        advice = [
            "lower `learning_rate`",
            *advice[:-1],
            "average networks of several seeds; more rows help less",
        ]
        changes["learning_rate"] = LESS
    return said, tuple(advice), changes


def bias_bound(evidence: Evidence) -> Finding | None:
    """The excess bias is a notable share of the loss, and beyond doubt more than variance."""
    shares = shares_of(evidence)
    found = evidence.bias_variance
    if shares is None or found is None or shares.excess < NOTABLE * shares.risk:
        return None
    if -shares.difference < Z * shares.error:
        return None
    assert evidence.floor is not None
    said = (
        f"Bias dominates: {found.rest_name} are {_measured(found, 'rest')} of a loss of {number(shares.risk, 3)}, "
        f"where {evidence.floor.source} is {number(evidence.floor.value, 3)}; variance is "
        f"{_measured(found, 'variance')}."
    )
    advice = ("a wider or deeper network", f"less {_penalties(evidence.trial, 'and')}", "more epochs")
    changes = {
        "width": MORE,
        "depth": MORE,
        "dropout": LESS,
        "weight_decay": LESS,
        "l2": LESS,
        "epochs": MORE,
    }
    return said, advice, changes


def untried_capacity(evidence: Evidence) -> Finding | None:
    """It learns its rows no better than others, and whether a larger network would is not known: none was tried."""
    shares, found = shares_of(evidence), evidence.bias_variance
    if shares is None or found is None or evidence.larger is not False:
        return None
    if evidence.floor is not None and evidence.floor.final:
        return None
    training = found.training[found.epochs.index(found.epoch)]
    if shares.variance > SIMPLE_VARIANCE * shares.risk or training < SIMPLE_TRAINING * shares.risk:
        return None
    said = (
        f"No larger network was tried, and this one is simple for its rows: variance is "
        f"{_measured(found, 'variance')} of a loss of {number(shares.risk, 3)}, and on the rows that it trained on "
        f"it loses {number(training, 3)}."
    )
    return said, ("a wider or deeper network",), {"width": MORE, "depth": MORE}


def near_floor(evidence: Evidence) -> Finding | None:
    """Neither is a notable share of the loss."""
    shares = shares_of(evidence)
    found = evidence.bias_variance
    if shares is None or found is None or evidence.floor is None:
        return None
    if max(shares.variance, shares.excess) >= NOTABLE * shares.risk:
        return None
    said = (
        f"It is near the floor: of a loss of {number(shares.risk, 3)}, variance is {_measured(found, 'variance')} and "
        f"bias above {evidence.floor.source} ({number(evidence.floor.value, 3)}) is {number(shares.excess, 2)}."
    )
    return said, ("look for features or labels that tell more; the search has little left to find",), {}


def undecided(evidence: Evidence) -> Diagnosis:
    """What is said when no rule fits."""
    shares = shares_of(evidence)
    gap = f"{evidence.validation:.0%} of a constant's loss on validation rows, {evidence.training:.0%} on fit rows"
    if shares is None or evidence.bias_variance is None:
        advice = (
            f"set `bias_variance: {{trials: all, resamples: {_USUAL_RESAMPLES}}}` to analyze every trial",
        )
        return Diagnosis("undecided", f"No bias–variance analysis was run for this trial: {gap}.", advice)
    said = (
        f"Neither bias nor variance clearly dominates: variance is {_measured(evidence.bias_variance, 'variance')}, "
        f"bias above the floor {number(shares.excess, 2)}, of a loss of {number(shares.risk, 3)}."
    )
    return Diagnosis(
        "undecided", said, ("more `resamples` under `bias_variance`", "more `repeats` under `splits`")
    )


def _measured(found: BiasVariance, name: str) -> str:
    value, error = found.at(getattr(found, name))
    return f"{number(value, 3)} ± {number(error, 1)}"


def _excess(evidence: Evidence, shares: Shares) -> str:
    if evidence.floor is None or shares.excess <= 0.0:
        return "no trial or baseline has less bias"
    return f"bias above {evidence.floor.source} is {number(shares.excess, 2)}"


def _penalties(trial: Trial, word: str) -> str:
    """What holds the weights of a trial's networks back, or could."""
    names = [name for name in ("dropout", "weight_decay") if name in trial.hyperparameters]
    return f" {word} ".join(f"`{name}`" for name in [*names, "l2"])
