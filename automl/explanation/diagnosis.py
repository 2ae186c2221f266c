"""What limits a trial, and what to change: an ordered set of rules over its numbers.

The first rule that fits is the diagnosis. The thresholds of gradients and dead units are AutoTrainer's (Zhang et al.,
ICSE 2021), those of bias and variance our own (DECISIONS.md).
"""

from collections.abc import Callable, Mapping

from automl.explanation.causes import (
    bias_bound,
    bias_or_noise,
    near_floor,
    notable_variance,
    undecided,
    untried_capacity,
    variance_bound,
)
from automl.explanation.evidence import Diagnosis, Evidence, Finding
from automl.explanation.weighing import (
    CLIP,
    LESS,
    LOOK_FOR_FEATURES,
    LOWER_DEPTH,
    LOWER_RATE,
    MORE,
    MORE_DROPOUT,
    MORE_L2,
    NARROWER,
    QUANTILE,
    Proposal,
    weigh,
)
from automl.trial import TrialState

NO_SIGNAL = 0.95
"""A loss above this share of a constant's has learned next to nothing."""

WORSE_THAN_NOTHING = 1.5
"""A loss above this multiple of a constant's did not just learn nothing, it went astray."""

SOME_SKILL = 0.3
"""Share of the way from chance to right labels: a network of more has seen a signal, whatever its loss."""

BLOWN_UP = 10.0
"""So did one that was above this multiple after some epoch and has not come back below a constant's."""

DEAD_UNITS = 0.7
"""Share of a layer's units that are inactive on all rows: a unit with zero output and zero gradient learns no more."""

VANISHED, EXPLODED = 1e-3, 70.0
"""Gradient of the first kernel over that of the last hidden one, before training (root mean squares)."""

SOLVED = 1e-3
"""A loss on validation rows below this share of a constant's leaves nothing to advise."""

_HIGHER_RATES: Proposal = ("widen the range of `learning_rate`", {"learning_rate": MORE})

_WITHOUT_SIGNAL: tuple[Proposal, ...] = (
    (LOOK_FOR_FEATURES, {}),
    ("check that all rows come from the same distribution", {}),
    NARROWER,
    MORE_DROPOUT,
    MORE_L2,
)

_FAR = ("standard", "robust")
"""Encodings of numbers under which values far from the others stay far from them, which matters to no tree."""

LAST_EPOCHS = 0.95
"""Where the best epoch lies beyond this share of all epochs, the budget ended the training."""


def diagnose(evidence: Evidence) -> Diagnosis:
    """The first rule that fits; when none does, `undecided`, or `not_analyzed` where nothing was measured.

    What the study's trials have tried without a gain is not advised.
    """
    name, (sentence, proposals) = _first(evidence)
    weighed = weigh(evidence.trial, proposals, evidence.tried)
    advice = weighed.advice or ((LOOK_FOR_FEATURES,) if proposals else ())
    return Diagnosis(name, sentence, advice, weighed.changes, weighed.tried)


def _first(evidence: Evidence) -> tuple[str, Finding]:
    for name, rule in RULES.items():
        finding = rule(evidence)
        if finding is not None:
            return name, finding
    return undecided(evidence)


def _pruned(evidence: Evidence) -> Finding | None:
    trial = evidence.trial
    if trial.state is not TrialState.PRUNED:
        return None
    return f"It ended early: {trial.reason}.", ()


def _failed(evidence: Evidence) -> Finding | None:
    trial = evidence.trial
    if trial.state is TrialState.COMPLETE or trial.reason.startswith("diverged"):
        return None
    return f"It failed: {trial.reason}.", (("fix the cause given in the reason", {}),)


def _diverged(evidence: Evidence) -> Finding | None:
    trial = evidence.trial
    if trial.state is TrialState.FAILED:
        sentence = f"Its training {trial.reason.split(';')[0]}"
    elif evidence.validation > WORSE_THAN_NOTHING and evidence.training > NO_SIGNAL:
        times = (
            f"{evidence.validation:.3g} times that of a constant, on fit rows {evidence.training:.3g} times"
        )
        sentence = f"Its loss is {times}"
    elif evidence.peak > BLOWN_UP and evidence.training > NO_SIGNAL:
        rose = f"{evidence.peak:.3g} times that of a constant"
        sentence = f"Its loss rose to {rose} and stays at {evidence.training:.0%} of it"
    else:
        return None
    return f"{sentence}.", (LOWER_RATE, CLIP)


def _dead_units(evidence: Evidence) -> Finding | None:
    health = evidence.trial.folds[0].health
    if health is None or max(health.dead_units, default=0.0) < DEAD_UNITS:
        return None
    layer = health.dead_units.index(max(health.dead_units))
    sentence = (
        f"{health.dead_units[layer]:.0%} of the units of hidden layer {layer + 1} are inactive on all rows, and no "
        "gradient reaches them"
    )
    return f"{sentence}.", (
        ("use `leaky_relu` or `gelu` as `activation`", {"activation": LESS}),
        LOWER_RATE,
        ("use `he_normal` as `initializer`", {}),
    )


def _gradients(evidence: Evidence) -> tuple[float, float] | None:
    """Gradients of the first kernel and of the last hidden one, before training; None without two hidden layers."""
    health = evidence.trial.folds[0].health
    hidden = health.gradients[:-1] if health is not None else ()
    return (hidden[0], hidden[-1]) if len(hidden) > 1 and hidden[-1] > 0.0 else None


def _vanishing(evidence: Evidence) -> Finding | None:
    ends = _gradients(evidence)
    if ends is None or ends[0] / ends[1] >= VANISHED or evidence.training < NO_SIGNAL:
        return None
    sentence = (
        f"The gradient shrinks from {ends[1]:.1e} at the last hidden layer to {ends[0]:.1e} at the first"
    )
    return f"{sentence}, and the loss stays at {evidence.training:.0%} of a constant's.", (
        ("use `relu` or `gelu` as `activation`", {"activation": LESS}),
        LOWER_DEPTH,
        ("set `batch_normalization: true`", {}),
    )


def _exploding(evidence: Evidence) -> Finding | None:
    ends = _gradients(evidence)
    if ends is None or ends[0] / ends[1] <= EXPLODED or evidence.training < NO_SIGNAL:
        return None
    sentence = (
        f"The gradient grows from {ends[1]:.1e} at the last hidden layer to {ends[0]:.1e} at the first."
    )
    return sentence, (CLIP, LOWER_RATE, LOWER_DEPTH)


def _overconfident(evidence: Evidence) -> Finding | None:
    if evidence.validation < NO_SIGNAL or not evidence.skill > SOME_SKILL:  # NaN is not
        return None
    sentence = (
        f"It is overconfident: {evidence.validation:.0%} of a constant's loss on validation rows, although "
        f"its accuracy is {evidence.skill:.0%} of the way from chance to perfect."
    )
    return sentence, (LOWER_RATE, MORE_DROPOUT, MORE_L2, ("set `label_smoothing: 0.1`", {}))


def _no_signal(evidence: Evidence) -> Finding | None:
    unfinished = evidence.training >= NO_SIGNAL and _used_up(evidence)
    if not evidence.validation >= NO_SIGNAL or unfinished:  # nor where it is not known
        return None
    has_learned = not evidence.training >= NO_SIGNAL  # nor where it is not known
    losses = [
        f"{evidence.validation:.0%} of a constant's loss on validation rows",
        f"{evidence.training:.0%} on its training rows",
    ]
    other = min(evidence.baselines, key=lambda name: evidence.baselines[name], default="")
    if other and evidence.baselines[other] < NO_SIGNAL:
        losses.append(f"and {other} has {evidence.baselines[other]:.0%} on validation rows")
        proposals = _as_the_other(evidence, other) if has_learned else (_HIGHER_RATES,)
    else:
        proposals = (
            _WITHOUT_SIGNAL if has_learned else (("check the features and the target", {}), _HIGHER_RATES)
        )
    sentence = "It does not generalize" if has_learned else "It has learned almost nothing"
    return f"{sentence}: {', '.join(losses)}.", proposals


def _as_the_other(evidence: Evidence, other: str) -> tuple[Proposal, ...]:
    """What to change where a plain model generalizes and the network does not."""
    encoding = evidence.trial.hyperparameters.get("numeric_encoding", "standard")
    bounded = (QUANTILE,) if other == "gradient boosting" and encoding in _FAR else ()
    simpler = (NARROWER,) if other == "linear" else ()
    return (*bounded, *simpler, MORE_DROPOUT, MORE_L2)


def _used_up(evidence: Evidence) -> bool:
    """Whether the last epochs were the best: what has learned nothing by then may do so later."""
    return evidence.trial.best_epoch >= LAST_EPOCHS * evidence.num_epochs


def _solved(evidence: Evidence) -> Finding | None:
    if not evidence.validation < SOLVED:  # NaN is not
        return None
    return (
        f"Its loss on validation rows is {evidence.validation:.2%} of a constant's: little is left to gain.",
        (),
    )


def _stopped_by_budget(evidence: Evidence) -> Finding | None:
    if not _used_up(evidence):
        return None
    when = f"best was epoch {evidence.trial.best_epoch:.0f} of {evidence.num_epochs}"
    sentence = f"It was still improving when the epochs ended: {when}."
    return sentence, (
        ("raise `training.epochs`", {"epochs": MORE}),
        ("raise `learning_rate`", {"learning_rate": MORE}),
    )


RULES: Mapping[str, Callable[[Evidence], Finding | None]] = {
    "pruned": _pruned,
    "failed": _failed,
    "diverged": _diverged,
    "dead_units": _dead_units,
    "vanishing_gradients": _vanishing,
    "exploding_gradients": _exploding,
    "overconfident": _overconfident,
    "no_signal": _no_signal,
    "solved": _solved,
    "stopped_by_budget": _stopped_by_budget,
    "variance_bound": variance_bound,
    "bias_bound": bias_bound,
    "untried_capacity": untried_capacity,
    "near_floor": near_floor,
    "bias_or_noise": bias_or_noise,
    "notable_variance": notable_variance,
}
"""The diagnoses, the ones that rule out the others first."""
