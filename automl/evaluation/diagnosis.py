"""What limits a trial, and what to change: an ordered set of rules over its numbers.

The first rule that fits is the diagnosis. Where bias is weighed against variance, it is by their intervals, and a rule
says so when they do not decide. The thresholds of gradients and dead units are AutoTrainer's (Zhang et al., ICSE 2021),
those of bias and variance our own (DECISIONS.md).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from automl.evaluation.bias_variance import LOG_LOSS, BiasVariance
from automl.trial import Trial, TrialState

NO_SIGNAL = 0.95
"""A loss above this share of a constant's has learned next to nothing."""

WORSE_THAN_NOTHING = 1.5
"""A loss above this multiple of a constant's did not just learn nothing, it went astray."""

DEAD_UNITS = 0.7
"""Share of a layer's units that answer nothing to any row."""

VANISHED, EXPLODED = 1e-3, 70.0
"""Gradient of the first kernel over that of the last hidden one, before training (root mean squares)."""

LAST_EPOCHS = 0.95
"""Where the best epoch lies beyond this share of all epochs, the budget ended the training."""

NOTABLE = 0.10
"""Share of the loss that a cause must have to be worth naming."""

Z = 1.96
"""Half the width of a 95 % interval, in standard errors."""

MORE, LESS = "more", "less"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What limits a trial.

    Attributes:
        name: A name in `RULES`, or `undecided`.
        sentence: It in words, with the numbers that it rests on.
        advice: What to do, the most promising first.
        changes: The same for a program: `more` or `less`, by hyperparameter or by key of the training section.
    """

    name: str
    sentence: str
    advice: tuple[str, ...] = ()
    changes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Floor:
    """The least loss that is known to be within reach, up to the variance of a network.

    Attributes:
        value: The loss.
        error: Its standard error.
        source: Where it is known from, as in "the study's least bias + noise".
    """

    value: float
    error: float
    source: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a trial.

    Attributes:
        trial: The trial.
        num_epochs: Epochs that it may take at most.
        constant: Log loss of a constant prediction; None for numbers, whose R² says the same.
        bias_variance: What its loss is made of; None when it was not looked into.
        floor: What bias is measured from; None when nothing is known.
    """

    trial: Trial
    num_epochs: int
    constant: float | None = None
    bias_variance: BiasVariance | None = None
    floor: Floor | None = None

    @property
    def validation(self) -> float:
        """Loss on validation rows over that of a constant: 1 has learned nothing, 0 is perfect."""
        if self.constant is None:
            return 1.0 - self.trial.mean("r2")
        return self.trial.mean("log_loss") / self.constant

    @property
    def training(self) -> float:
        """The same on fit rows."""
        if self.constant is None:
            return 1.0 - self.trial.training_mean("r2")
        return self.trial.training_mean("log_loss") / self.constant


def diagnose(evidence: Evidence) -> Diagnosis:
    """The first rule that fits; `undecided` when none does."""
    for name, rule in RULES.items():
        found = rule(evidence)
        if found is not None:
            return Diagnosis(name, *found)
    return _undecided(evidence)


Finding = tuple[str, tuple[str, ...], Mapping[str, str]]


def _failed(evidence: Evidence) -> Finding | None:
    trial = evidence.trial
    if trial.state is TrialState.COMPLETE or trial.reason.startswith("diverged"):
        return None
    return f"It failed: {trial.reason}.", ("mend what the reason names",), {}


def _diverged(evidence: Evidence) -> Finding | None:
    trial = evidence.trial
    if trial.state is TrialState.FAILED:
        said = f"Its training {trial.reason.split(';')[0]}"
    elif evidence.validation > WORSE_THAN_NOTHING and evidence.training > NO_SIGNAL:
        times = (
            f"{evidence.validation:.3g} times that of a constant, on fit rows {evidence.training:.3g} times"
        )
        said = f"Its loss is {times}"
    else:
        return None
    advice = ("lower `learning_rate`", "clip the gradient with `clip_norm: 1.0`")
    return f"{said}.", advice, {"learning_rate": LESS}


def _dead_units(evidence: Evidence) -> Finding | None:
    health = evidence.trial.folds[0].health
    if health is None or max(health.dead_units, default=0.0) < DEAD_UNITS:
        return None
    layer = health.dead_units.index(max(health.dead_units))
    said = (
        f"{health.dead_units[layer]:.0%} of the units of hidden layer {layer + 1} answer nothing to any row, and no "
        "gradient reaches them"
    )
    advice = (
        "take `leaky_relu` or `gelu` for `activation`",
        "lower `learning_rate`",
        "take `he_normal` for `initializer`",
    )
    return f"{said}.", advice, {"learning_rate": LESS, "activation": LESS}


def _gradients(evidence: Evidence) -> tuple[float, float] | None:
    """Gradients of the first kernel and of the last hidden one, before training; None without two hidden layers."""
    health = evidence.trial.folds[0].health
    hidden = health.gradients[:-1] if health is not None else ()
    return (hidden[0], hidden[-1]) if len(hidden) > 1 and hidden[-1] > 0.0 else None


def _vanishing(evidence: Evidence) -> Finding | None:
    ends = _gradients(evidence)
    if ends is None or ends[0] / ends[1] >= VANISHED or evidence.training < NO_SIGNAL:
        return None
    said = f"The gradient shrinks from {ends[1]:.1e} at the last hidden layer to {ends[0]:.1e} at the first"
    advice = ("take `relu` or `gelu` for `activation`", "lower `depth`", "set `batch_normalization: true`")
    return (
        f"{said}, and the loss stays at {evidence.training:.0%} of a constant's.",
        advice,
        {"depth": LESS, "activation": LESS},
    )


def _exploding(evidence: Evidence) -> Finding | None:
    ends = _gradients(evidence)
    if ends is None or ends[0] / ends[1] <= EXPLODED or evidence.training < NO_SIGNAL:
        return None
    said = f"The gradient grows from {ends[1]:.1e} at the last hidden layer to {ends[0]:.1e} at the first."
    advice = ("clip the gradient with `clip_norm: 1.0`", "lower `learning_rate`", "lower `depth`")
    return said, advice, {"learning_rate": LESS, "depth": LESS}


def _no_signal(evidence: Evidence) -> Finding | None:
    if evidence.validation < NO_SIGNAL:
        return None
    validation = f"{evidence.validation:.0%} of a constant's loss on validation rows"
    if evidence.training >= NO_SIGNAL:
        said = f"It has learned next to nothing: {validation}, {evidence.training:.0%} on the rows it trained on."
        return (
            said,
            ("check the features and the target", "widen the range of `learning_rate`"),
            {"learning_rate": MORE},
        )
    said = f"What it learns does not carry over: {validation}, {evidence.training:.0%} on the rows it trained on."
    return said, ("look for features that tell more of the target", "check that the rows are of one kind"), {}


def _stopped_by_budget(evidence: Evidence) -> Finding | None:
    kept = evidence.trial.best_epoch
    if kept < LAST_EPOCHS * evidence.num_epochs:
        return None
    said = f"It was still getting better when the epochs ran out: best was epoch {kept:.0f} of {evidence.num_epochs}."
    return said, ("raise `training.epochs`", "raise `learning_rate`"), {"epochs": MORE, "learning_rate": MORE}


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
    (risk, _), (variance, first), (rest, second) = (
        found.at(curve) for curve in (found.risk, found.variance, found.rest)
    )
    excess = max(0.0, rest - floor.value) if floor else 0.0
    # the trial that is the floor itself has no excess, and no error of it
    second = math.hypot(second, floor.error) if floor and excess > 0.0 else 0.0
    return Shares(risk, variance, excess, math.hypot(first, second))


def _variance_bound(evidence: Evidence) -> Finding | None:
    shares = shares_of(evidence)
    found = evidence.bias_variance
    if shares is None or found is None or shares.variance < NOTABLE * shares.risk:
        return None
    if shares.difference < Z * shares.error:
        return None
    said = f"Variance dominates: {_measured(found, 'variance')} of a loss of {shares.risk:.3g}; {_excess(evidence, shares)}."
    hidden = int(evidence.trial.hyperparameters.get("depth", 1)) > 0
    advice = [
        f"more {_penalties(evidence.trial, 'or')}",
        *(["a smaller network"] if hidden else []),
        "more rows",
    ]
    if found.parts and found.parts["initialization"] + found.parts["interaction"] > found.parts["data"]:
        said += " Most of it comes from the seed, not from the rows."
        advice = [
            "lower `learning_rate`",
            *advice[:-1],
            "average networks of several seeds; more rows help less",
        ]
    changes = {"dropout": MORE, "weight_decay": MORE, "l2": MORE, "width": LESS, "learning_rate": LESS}
    return said, tuple(advice), changes


def _bias_bound(evidence: Evidence) -> Finding | None:
    shares = shares_of(evidence)
    found = evidence.bias_variance
    if shares is None or found is None or shares.excess < NOTABLE * shares.risk:
        return None
    if -shares.difference < Z * shares.error:
        return None
    assert evidence.floor is not None
    said = (
        f"Bias dominates: {_rest_name(found)} {_measured(found, 'rest')} of a loss of {shares.risk:.3g}, where "
        f"{evidence.floor.source} is {evidence.floor.value:.3g}; variance is {_measured(found, 'variance')}."
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


def _near_floor(evidence: Evidence) -> Finding | None:
    shares = shares_of(evidence)
    found = evidence.bias_variance
    if shares is None or found is None or evidence.floor is None:
        return None
    if max(shares.variance, shares.excess) >= NOTABLE * shares.risk:
        return None
    said = (
        f"It is near the floor: of a loss of {shares.risk:.3g}, variance is {_measured(found, 'variance')} and bias "
        f"above {evidence.floor.source} ({evidence.floor.value:.3g}) is {shares.excess:.2g}."
    )
    return said, ("look for features or labels that tell more; the search has little left to find",), {}


def _undecided(evidence: Evidence) -> Diagnosis:
    shares = shares_of(evidence)
    gap = f"{evidence.validation:.0%} of a constant's loss on validation rows, {evidence.training:.0%} on fit rows"
    if shares is None or evidence.bias_variance is None:
        advice = ("set `bias_variance: {trials: all}` to have every trial taken apart",)
        return Diagnosis("undecided", f"It was not taken apart: {gap}.", advice)
    said = (
        f"Bias and variance cannot be told apart by size: variance is {_measured(evidence.bias_variance, 'variance')}, "
        f"bias above the floor {shares.excess:.2g}, of a loss of {shares.risk:.3g}."
    )
    return Diagnosis(
        "undecided", said, ("more `resamples` under `bias_variance`", "more `repeats` under `splits`")
    )


def _measured(found: BiasVariance, name: str) -> str:
    value, error = found.at(getattr(found, name))
    return f"{value:.3g} ± {error:.1g}"


def _rest_name(found: BiasVariance) -> str:
    return "bias + noise are" if found.loss == LOG_LOSS else "bias² + noise are"


def _excess(evidence: Evidence, shares: Shares) -> str:
    if evidence.floor is None or shares.excess <= 0.0:
        return "no trial or baseline has less bias"
    return f"bias above {evidence.floor.source} is {shares.excess:.2g}"


def _penalties(trial: Trial, word: str) -> str:
    """What holds the weights of a trial's networks back, or could."""
    names = [name for name in ("dropout", "weight_decay") if name in trial.hyperparameters]
    return f" {word} ".join(f"`{name}`" for name in [*names, "l2"])


RULES: Mapping[str, Callable[[Evidence], Finding | None]] = {
    "failed": _failed,
    "diverged": _diverged,
    "dead_units": _dead_units,
    "vanishing_gradients": _vanishing,
    "exploding_gradients": _exploding,
    "no_signal": _no_signal,
    "stopped_by_budget": _stopped_by_budget,
    "variance_bound": _variance_bound,
    "bias_bound": _bias_bound,
    "near_floor": _near_floor,
}
"""The diagnoses, the ones that rule out the others first."""
