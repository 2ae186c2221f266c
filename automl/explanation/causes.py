"""The rules that weigh bias against variance: by their intervals, and none fits where these do not decide."""

from automl.evaluation.bias_variance import BiasVariance
from automl.evaluation.pairing import Measured
from automl.explanation.evidence import Evidence, Finding
from automl.explanation.shares import LEVEL, Shares, loss_on_trained, shares_of
from automl.explanation.weighing import (
    DEEPER,
    LESS,
    LOOK_FOR_FEATURES,
    LOWER_RATE,
    MORE,
    MORE_ROWS,
    NARROWER,
    SEEDS,
    WIDER,
    Proposal,
    penalties,
)
from automl.trial import Trial
from automl.wording import number

NOTABLE = 0.10
"""Share of the loss that a cause must have to be worth naming."""

SIMPLE_VARIANCE, SIMPLE_TRAINING = 0.25, 0.5
"""Shares of the loss: of a network that is simple for its rows, variance is below the first, and the loss on the rows
that it trained on above the second."""

UNSEEN = 1.8
"""Times that a variance can be what resamples show of it, where networks fit their rows (docs/statistics.md)."""

_USUAL_RESAMPLES = 8


def how_sure(analysis: BiasVariance) -> str:
    """What the numbers of an analysis can say and what they cannot, in sentences."""
    rows = f"{1.0 - 1.0 / analysis.num_folds:.0%} of the rows" if analysis.num_folds > 1 else "fewer rows"
    return (
        "The variance comes from resamples, which hold 63 % of the distinct rows: for 17 kinds of models it was 0.6 to "
        "1.3 times the true variance, and least accurate where a network fits its rows exactly. The risk is that of "
        f"networks trained on {rows}, the variance that of networks trained on all rows. ± is a standard "
        "error over rows, folds and resamples."
    )


def variance_bound(evidence: Evidence) -> Finding | None:
    """Variance is a notable share of the loss, and significantly more than the bias above the lowest floor.

    Of a trial that lies below all floors the bias is not known: variance must be more than bias and noise together. The
    same holds where a larger network, of less bias perhaps, was not analyzed.
    """
    shares = shares_of(evidence)
    if shares is None or shares.variance < NOTABLE * shares.risk:
        return None
    margin, excess = shares.standing.margin, shares.excess
    above_all = margin.value > margin.half(LEVEL)
    leads = excess is not None and excess.lead.value > excess.lead.half(LEVEL)
    if not above_all and not (leads and shares.has_capacity):
        return None
    of_all = f"{_measured(shares.analysis, 'variance')} of a loss of {number(shares.risk, 3)}"
    sentence = f"Variance dominates: {of_all}; {_bias(shares, above_all)}."
    proposals = [*penalties(evidence.trial, MORE), *_narrower(evidence.trial), MORE_ROWS]
    parts = shares.analysis.parts
    if parts and parts["initialization"] + parts["interaction"] > parts["data"]:
        sentence += " Most of it comes from the seed, not from the rows."
        proposals = [LOWER_RATE, *proposals[:-1], (f"{SEEDS[0]}; more rows help less", {})]
    return sentence, tuple(proposals)


def bias_bound(evidence: Evidence) -> Finding | None:
    """The bias above a floor is a notable share of the loss, and significantly more than variance.

    Where a network fits its rows, resamples show as little as half of its variance, and what they do not show looks
    like bias: it must be more than variance even then.
    """
    shares = shares_of(evidence)
    if shares is None:
        return None
    level = 1.0 - (1.0 - LEVEL) / max(1, shares.standing.choices)
    hidden = 2.0 * (UNSEEN - 1.0) * max(0.0, shares.variance) if shares.fits_its_rows else 0.0
    above = [
        excess
        for excess in shares.usable
        if excess.bias.value >= NOTABLE * shares.risk
        and -excess.lead.value - hidden > excess.lead.half(level)
    ]
    if not above:
        return None
    excess, analysis = (
        max(above, key=lambda candidate: candidate.bias.value - candidate.bias.error),
        shares.analysis,
    )
    sentence = (
        f"Bias dominates: {analysis.rest_name} are {_measured(analysis, 'rest')} of a loss of "
        f"{number(shares.risk, 3)}, {_with_error(excess.bias)} more than {excess.source} ({number(excess.floor, 3)}); "
        f"variance is {_measured(analysis, 'variance')}."
    )
    return sentence, (WIDER, DEEPER, *penalties(evidence.trial, LESS), ("more epochs", {"epochs": MORE}))


def untried_capacity(evidence: Evidence) -> Finding | None:
    """It learns its rows no better than others, and whether a larger network would is not known: none was tried.

    One that learns them after the epoch that is kept has the capacity for it.
    """
    shares = shares_of(evidence)
    if shares is None or evidence.larger is not False:
        return None
    if any(excess.final for excess in shares.standing.excesses):
        return None
    training = loss_on_trained(shares.analysis)
    is_simple = shares.variance <= SIMPLE_VARIANCE * shares.risk
    if not is_simple or shares.least_on_trained < SIMPLE_TRAINING * shares.risk:
        return None
    sentence = (
        f"No larger network was tried, and this one is small for its number of rows: variance is "
        f"{_measured(shares.analysis, 'variance')} of a loss of {number(shares.risk, 3)}, and the loss on its "
        f"training rows is {number(training, 3)}."
    )
    return sentence, (WIDER, DEEPER)


def near_floor(evidence: Evidence) -> Finding | None:
    """Neither is a notable share of the loss, and their intervals end below twice such a share."""
    shares = shares_of(evidence)
    excess = shares.excess if shares is not None else None
    if shares is None or excess is None:
        return None
    analysis = shares.analysis
    if not all(_is_small(part, shares.risk) for part in (analysis.measured(analysis.variance), excess.bias)):
        return None
    sentence = (
        f"It is near the floor: of a loss of {number(shares.risk, 3)}, variance is {_measured(analysis, 'variance')} "
        f"and bias above {excess.source} ({number(excess.floor, 3)}) is {_with_error(excess.bias)}."
    )
    return sentence, ((LOOK_FOR_FEATURES, {}),)


def bias_or_noise(evidence: Evidence) -> Finding | None:
    """Variance is no notable share of the loss, and its interval ends below twice such a share; how much of the rest is
    bias, the study cannot tell.
    """
    shares = shares_of(evidence)
    if shares is None or not _is_small(shares.analysis.measured(shares.analysis.variance), shares.risk):
        return None
    excess, rest = shares.excess, shares.analysis.rest_name.replace(" + ", " or ")
    above = "no other trial or baseline is known to have less of either"
    if excess is not None:
        above = f"bias above {excess.source} ({number(excess.floor, 3)}) is {_with_error(excess.bias)}"
    sentence = (
        f"Variance is not what limits it: {_measured(shares.analysis, 'variance')} of a loss of "
        f"{number(shares.risk, 3)}. The rest is {rest}; {above}."
    )
    return sentence, ((LOOK_FOR_FEATURES, {}), *(() if shares.can_fit_its_rows else (WIDER, DEEPER)))


def notable_variance(evidence: Evidence) -> Finding | None:
    """Variance is a notable share of the loss by its lower limit; whether bias is more, the study cannot tell."""
    shares = shares_of(evidence)
    if shares is None:
        return None
    variance, excess = shares.analysis.measured(shares.analysis.variance), shares.excess
    least = variance.value - variance.half(2.0 * LEVEL - 1.0)
    if not least >= NOTABLE * shares.risk:  # NaN is not
        return None
    above = f"how much of the {shares.analysis.rest_name} is bias is not known"
    if excess is not None:
        above = f"bias above {excess.source} is {_with_error(excess.bias)}, which may be more or less"
    sentence = (
        f"Variance is a notable part of its loss: {_with_error(variance)} of {number(shares.risk, 3)}, "
        f"{least / shares.risk:.0%} at least; {above}."
    )
    return sentence, (*penalties(evidence.trial, MORE), SEEDS, MORE_ROWS)


def _is_small(part: Measured, risk: float) -> bool:
    """Whether a part of the loss is not notable, and its upper limit (95 %, one-sided) is below twice that share."""
    upper = part.value + part.half(2.0 * LEVEL - 1.0)
    return part.value < NOTABLE * risk and upper < 2.0 * NOTABLE * risk


def undecided(evidence: Evidence) -> tuple[str, Finding]:
    """Name and finding where no rule fits: nothing was measured, bias is not known, or the errors are large."""
    shares = shares_of(evidence)
    if shares is None:
        gap = f"{evidence.validation:.0%} of a constant's loss on validation rows, {evidence.training:.0%} on fit rows"
        if evidence.quantile:
            sentence = f"The loss of a quantile has no bias and variance to measure: {gap}."
            return "not_analyzed", (sentence, ())
        ask = f"set `bias_variance: {{trials: all, resamples: {_USUAL_RESAMPLES}}}` to analyze every trial"
        return "not_analyzed", (f"Its bias and variance were not measured: {gap}.", ((ask, {}),))
    return "undecided", _undecided(evidence, shares)


def _undecided(evidence: Evidence, shares: Shares) -> Finding:
    parts, excess = f"variance is {_measured(shares.analysis, 'variance')}", shares.excess
    of_all = f"of a loss of {number(shares.risk, 3)}"
    if excess is None:
        return _unknown(evidence.trial, shares, f"{parts} {of_all}")
    if excess.lead.value > excess.lead.half(LEVEL) and not shares.has_capacity:
        sentence = "How much of its loss is bias is not known, as no larger network was"
        if evidence.larger is False:
            return f"{sentence} tried: {parts} {of_all}.", (WIDER, DEEPER)
        return f"{sentence} analyzed: {parts} {of_all}.", (("`trials: all` under `bias_variance`", {}),)
    sentence = f"{parts}, bias above {excess.source} {_with_error(excess.bias)}, {of_all}"
    return (
        f"Neither bias nor variance clearly dominates: {sentence}.",
        (("more `resamples` under `bias_variance`", {}), MORE_ROWS),
    )


def _unknown(trial: Trial, shares: Shares, parts: str) -> Finding:
    """Nothing that the study knows has as little bias. A network that can fit its rows does not lack capacity."""
    changes = penalties(trial, MORE) if shares.can_fit_its_rows else (WIDER, DEEPER)
    proposals: list[Proposal] = [("set `noise` under `bias_variance` if it is known", {}), *changes]
    others = "no other trial was analyzed and no baseline trained"
    if shares.standing.excesses:
        others = f"{'no other analyzed trial or baseline' if shares.standing.baselines else 'no other trial'} has less"
    if not shares.standing.baselines:
        proposals.insert(0, ("`baselines: true`", {}))
    rest = f"{shares.analysis.rest_name} are {_measured(shares.analysis, 'rest')}"
    return f"How much of its loss is bias is not known: {rest}, and {others}; {parts}.", tuple(proposals)


def _measured(analysis: BiasVariance, name: str) -> str:
    return _with_error(analysis.measured(getattr(analysis, name)))


def _with_error(part: Measured) -> str:
    return f"{number(part.value, 3)} ± {number(part.error, 1)}"


def _bias(shares: Shares, above_all: bool) -> str:
    excess = shares.excess
    if above_all or excess is None:
        return f"all bias and noise together are {_measured(shares.analysis, 'rest')}"
    return f"bias above {excess.source} ({number(excess.floor, 3)}) is {_with_error(excess.bias)}"


def _narrower(trial: Trial) -> list[Proposal]:
    return [NARROWER] if int(trial.hyperparameters.get("depth", 1)) > 0 else []
