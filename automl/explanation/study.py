"""What a study has found, in sentences: the answer first, then what limits it and what to change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from automl.evaluation.bias_variance import BiasVariance
from automl.evaluation.comparison import Comparison, compare, smallest, tied
from automl.evaluation.importance import Importance, edges, importance
from automl.evaluation.learning_curve import LearningCurve, learning_curve
from automl.explanation.diagnosis import diagnose
from automl.explanation.evidence import LESS, MORE, Diagnosis, Evidence, Floor
from automl.records.journal import StudyLog
from automl.trial import Trial, TrialState, derive_seed
from automl.wording import number, score

ROPE = 0.01
"""Differences below this share of a constant's score count as none (Benavoli et al. 2017 call it a region of practical
equivalence)."""

LARGER = 1.5
"""A network of so many times the weights is a larger one."""

_FEWEST_FOR_EDGES = 8
_BASELINES_WITH_A_FLOOR = ("linear", "gradient boosting")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What can be said of a study.

    Attributes:
        answer: In sentences, the most important first: the winner and its scores.
        limits: What limits the winner, and what to try next, in sentences.
        remarks: Ties, what matters, what more rows would bring, in sentences.
        diagnoses: What limits each trial, by number.
        tied: Numbers of the trials that cannot be told from the best, the best first.
        smallest: Number of the smallest trial within a standard error of the best; None when no trial completed.
        rival: The best trial against the next one; None when there is none.
        importance: Which hyperparameters matter; None for too few trials.
        edges: Hyperparameters whose best values are at an edge of their range: `low` or `high`.
        learning_curve: What more rows would bring; None when it was not asked.
        changes: What to change in the next study: `more` or `less`, by hyperparameter or key of the training section.
    """

    answer: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    diagnoses: Mapping[int, Diagnosis] = field(default_factory=dict)
    tied: tuple[int, ...] = ()
    smallest: int | None = None
    rival: Comparison | None = None
    importance: Importance | None = None
    edges: Mapping[str, str] = field(default_factory=dict)
    learning_curve: LearningCurve | None = None
    changes: Mapping[str, str] = field(default_factory=dict)


def explain_study(log: StudyLog) -> Explanation:
    """All that the journal of a study allows to say.

    Args:
        log: The journal; of a study that still runs, what there is of it.
    """
    floor = _floor(log)
    diagnoses = {trial.number: diagnose(_evidence(log, trial, floor)) for trial in log.trials}
    best = log.best
    if best is None:
        return Explanation(("No trial completed, so there is nothing to choose from.",), diagnoses=diagnoses)
    num_folds = len(best.folds) // int(log.start.get("repeats", 1))
    complete = [trial for trial in log.trials if trial.state is TrialState.COMPLETE]
    bounds = log.start.get("bounds", {})
    found = {
        name: end
        for name, end in edges(complete, log.objective, bounds).items()
        if end == "high" or bounds[name][0] > 0.0  # nothing lies below 0
    }
    parts = Explanation(
        diagnoses=diagnoses,
        tied=tuple(trial.number for trial in tied(complete, log.objective, num_folds)),
        smallest=smallest(complete, log.objective, num_folds).number,
        rival=_rival(log, complete, num_folds),
        importance=importance(complete, log.objective, log.start.get("log_scaled", ())),
        edges=found if len(complete) >= _FEWEST_FOR_EDGES else {},
        learning_curve=_learning_curve(log),
    )
    changes = dict(diagnoses[best.number].changes)
    changes |= {name: MORE if end == "high" else LESS for name, end in parts.edges.items()}
    answer = (_headline(log, best), *log.verdict.get("sentences", ())[:2])
    remarks = [_edge(log, name, end) for name, end in parts.edges.items()]
    remarks += [_ties(log, best, parts), *_shares(parts), *_rows(log, parts)]
    limits = _limits(diagnoses[best.number])
    return replace(parts, answer=answer, limits=limits, remarks=tuple(remarks), changes=changes)


def explain_trial(log: StudyLog, number: int) -> list[str]:
    """What can be said of one trial, in sentences."""
    trial = log.trial(number)
    diagnosis = diagnose(_evidence(log, trial, _floor(log)))
    lines = [f"Trial {number} is {diagnosis.name.replace('_', ' ')}. {diagnosis.sentence}"]
    if trial.state is TrialState.COMPLETE:
        metric, best = log.objective.metric, log.best
        lines.append(
            f"{metric} {score(trial, metric)}, {trial.capacity:,} weights, epoch {trial.best_epoch:.0f} kept."
        )
        if best is not None and best.number != number and len(best.folds) == len(trial.folds):
            num_folds = len(best.folds) // int(log.start.get("repeats", 1))
            lines.append(
                _against(_compare(log, best, trial, num_folds), f"Trial {best.number}, the best, is", "it")
            )
    found = log.bias_variance.get(number)
    if found is not None and found.parts:
        lines.append(_sources(found))
    return [*lines, *(f"To change: {one}." for one in diagnosis.advice)]


def _sources(found: BiasVariance) -> str:
    parts = ", ".join(f"{name} {number(value, 2)}" for name, value in found.parts.items())
    return f"Where the variance comes from: {parts}{' (Brier units)' if found.error_rate else ''}."


def _evidence(log: StudyLog, trial: Trial, floor: Floor | None) -> Evidence:
    return Evidence(
        trial=trial,
        num_epochs=int(log.start.get("num_epochs", 0))
        or max((len(fold.training_loss) for fold in trial.folds), default=1),
        constant=log.start.get("constant"),
        bias_variance=log.bias_variance.get(trial.number),
        floor=floor,
        larger=_larger_was_tried(log, trial),
    )


def _larger_was_tried(log: StudyLog, trial: Trial) -> bool | None:
    if trial.capacity is None:
        return None
    sizes = [other.capacity or 0 for other in log.trials if other.state is TrialState.COMPLETE]
    return any(size >= LARGER * trial.capacity for size in sizes)


def _floor(log: StudyLog) -> Floor | None:
    """The noise where it is known; else the least bias + noise of a trial, or the loss of a baseline that is lower."""
    noise = log.start.get("noise")
    if noise is not None:
        return Floor(float(noise), 0.0, "the noise that the study file gives", final=True)
    floors = [
        Floor(*found.at(found.rest), f"the study's least bias + noise (trial {number})")
        for number, found in log.bias_variance.items()
    ]
    power = {"log_loss": 1, "rmse": 2}.get(log.objective.metric)
    for name in _BASELINES_WITH_A_FLOOR:
        scores = [score**power for score in log.verdict.get("baselines", {}).get(name, ())] if power else []
        if len(scores) > 1:
            mean = sum(scores) / len(scores)
            spread = sum((score - mean) ** 2 for score in scores) / (len(scores) - 1)
            floors.append(Floor(mean, (spread / len(scores)) ** 0.5, f"the loss of {name}"))
    # by its upper end: the least of several uncertain values is mostly luck
    least = (
        min(floors, key=lambda floor: floor.value + floor.error, default=None) if log.bias_variance else None
    )
    return replace(least, value=max(0.0, least.value)) if least else None


def _learning_curve(log: StudyLog) -> LearningCurve | None:
    event = log.learning_curve
    if not event.get("rows"):
        return None
    return learning_curve(event["rows"], event["losses"], derive_seed(log.start["name"], "learning curve"))


def _rival(log: StudyLog, complete: Sequence[Trial], num_folds: int) -> Comparison | None:
    ranked = log.objective.rank(list(complete))
    if len(ranked) < 2 or len(ranked[0].folds) != len(ranked[1].folds):
        return None
    return _compare(log, ranked[0], ranked[1], num_folds)


def _compare(log: StudyLog, one: Trial, other: Trial, num_folds: int) -> Comparison:
    metric = log.objective.metric
    constant = log.verdict.get("baselines", {}).get("constant", ())
    scale = abs(sum(constant) / len(constant)) if constant else abs(one.mean(metric))
    scores = one.fold_scores(metric), other.fold_scores(metric)
    return compare(scores[0], scores[1], num_folds, log.objective.direction, ROPE * scale)


def _limits(diagnosis: Diagnosis) -> tuple[str, ...]:
    said = f"What limits it ({diagnosis.name.replace('_', ' ')}): {diagnosis.sentence}"
    return (said, f"To try next: {'; '.join(diagnosis.advice)}.") if diagnosis.advice else (said,)


def _headline(log: StudyLog, best: Trial) -> str:
    metric = log.objective.metric
    label = ", optimistic: the scored rows chose the epochs" if log.start.get("optimistic") else ""
    said = (
        f"The best of {len(log.trials)} trials is trial {best.number}: {metric} {score(best, metric)}{label}"
    )
    corrected, test = log.verdict.get("corrected"), log.verdict.get("test")
    if corrected:
        said += f"; {number(corrected[0])} when corrected for having picked it"
    if test:
        said += f"; {number(test[0])} on the locked test rows (95 % interval {number(test[1])} to {number(test[2])})"
    return f"{said}."


def _edge(log: StudyLog, name: str, end: str) -> str:
    low, high, _ = log.start["bounds"][name]
    bound, way = (high, "above") if end == "high" else (low, "below")
    return f"The best trials sit at the {end} edge of `{name}`: look {way} {bound:g}."


def _ties(log: StudyLog, best: Trial, found: Explanation) -> str:
    others = len(found.tied) - 1
    if not others:
        return "No other trial comes as close as chance would allow."
    said = (
        f"{others} other trial{'s' if others > 1 else ''} cannot be told from it (corrected resampled t test)"
    )
    small = next((trial for trial in log.trials if trial.number == found.smallest), best)
    if small.number != best.number and small.capacity and best.capacity and small.capacity < best.capacity:
        said += (
            f"; the smallest within a standard error is trial {small.number}, of {small.capacity:,} weights beside "
            f"{best.capacity:,} (`automl export --smallest`)"
        )
    return f"{said}."


def _against(found: Comparison, who: str, whom: str) -> str:
    return (
        f"{who} better than {whom} with probability {found.better:.0%}, practically equal {found.equal:.0%}, worse "
        f"{found.worse:.0%} (p = {found.p_value:.2g}, corrected resampled t test)."
    )


def _shares(found: Explanation) -> list[str]:
    known = found.importance
    if known is None or known.r2 < 0.3:
        return []
    main = [f"`{name}` {known.main[name]:.0%}" for name in known.names[:3] if known.main[name] >= 0.05]
    return (
        [f"What matters most for the score, by its share of the variance: {', '.join(main)}."] if main else []
    )


def _rows(log: StudyLog, found: Explanation) -> list[str]:
    curve = found.learning_curve
    if curve is None:
        return []
    gain, last = curve.gain, curve.losses_mean[-1]
    if curve.says_more_rows_help:
        return [
            f"More rows would help: twice as many lower the {_loss(log)} by about {number(gain.value, 2)} (95 % "
            f"interval {number(gain.low, 2)} to {number(gain.high, 2)}) of {number(last, 3)}."
        ]
    return ["The learning curve does not show that more rows would help."]


def _loss(log: StudyLog) -> str:
    return str(log.learning_curve.get("loss", "loss")).replace("_", " ")
