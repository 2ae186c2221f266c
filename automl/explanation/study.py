"""What a study has found, in sentences: the answer first, then what limits it and what to change."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from automl.evaluation.bias_variance import BiasVariance
from automl.evaluation.comparison import Comparison, compare, smallest, tied
from automl.evaluation.edges import edges
from automl.evaluation.importance import MOST_TRIALS, Importance, importance
from automl.evaluation.learning_curve import LearningCurve
from automl.evaluation.metrics import METRICS
from automl.explanation.answer import verdict_of
from automl.explanation.causes import how_sure
from automl.explanation.diagnoses import Diagnoses
from automl.explanation.evidence import Diagnosis
from automl.explanation.more_rows import curve_of, more_rows
from automl.explanation.ties import ties
from automl.explanation.verdict import StudyVerdict
from automl.explanation.weighing import LESS, MORE
from automl.means import weighted_mean
from automl.records.standing import ended
from automl.records.state import StudyState
from automl.trial import Trial, TrialState
from automl.wording import number, score

ROPE = 0.01
"""Differences below this share of the way from a constant's score to a perfect one count as none (Benavoli et al. 2017
call it a region of practical equivalence)."""

_FEWEST_FOR_EDGES = 8
_MOST_REASONS = 3


@dataclass(frozen=True, slots=True)
class Explanation:
    """What can be said of a study.

    Attributes:
        standing: How far the run has come, in words; empty where it is finished.
        verdict: Which model to take, and the scores that say so.
        answer: In sentences, the most important first: the verdict, the winner and its scores, how it compares.
        limits: What limits the winner, and what to try next, in sentences.
        remarks: Ties, what matters, what more rows would bring, what failed, in sentences.
        diagnoses: What limits each trial, by number; each is made when it is asked for.
        tied: Numbers of the trials that are not significantly different from the best, the best first.
        smallest: Number of the smallest trial within a standard error of the best; None when no trial completed.
        rival: The best trial against the next one; None when there is none.
        importance: Which hyperparameters matter; None for too few trials.
        importance_trials: Number of trials that the importance rests on.
        edges: Hyperparameters whose best values are at an edge of their range: `low` or `high`.
        learning_curve: What more rows would bring; None when it was not asked.
        changes: What to change in the next study: `more` or `less`, by hyperparameter or key of the training section.
    """

    standing: str = ""
    verdict: StudyVerdict = field(default_factory=StudyVerdict)
    answer: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    diagnoses: Mapping[int, Diagnosis] = field(default_factory=dict)
    tied: tuple[int, ...] = ()
    smallest: int | None = None
    rival: Comparison | None = None
    importance: Importance | None = None
    importance_trials: int = 0
    edges: Mapping[str, str] = field(default_factory=dict)
    learning_curve: LearningCurve | None = None
    changes: Mapping[str, str] = field(default_factory=dict)


def explain_study(state: StudyState, standing: str | None = None) -> Explanation:
    """All that the record of a study allows to say.

    Args:
        state: The study; of one that still runs, what there is of it.
        standing: How far the run has come, as `records.standing` says it, empty where it is finished; by what is
            recorded of its end when None.
    """
    if standing is None:
        end = state.finished
        standing = "" if end is None else ended(state, end.status, end.reason)
    best, failures, verdict = state.best, _failures(state), verdict_of(state)
    if best is None:
        diagnoses = Diagnoses(state)
        return Explanation(standing, verdict, (verdict.sentence,), remarks=failures, diagnoses=diagnoses)
    ranked = state.objective.rank(state.completed)
    parts = _measured(state, ranked)
    diagnoses = Diagnoses(state, parts.edges)
    parts = replace(parts, standing=standing, diagnoses=diagnoses)
    changes = dict(diagnoses[best.number].changes)
    changes |= {name: MORE if end == "high" else LESS for name, end in parts.edges.items()}
    remarks = [_edge(state, name, end) for name, end in parts.edges.items()]
    small = best if parts.smallest is None else state.trial(parts.smallest)
    remarks += [
        ties(best, small, len(parts.tied) - 1, len(state.completed)),
        *_shares(parts, len(ranked) + state.num_in(TrialState.PRUNED)),
        *more_rows(state, parts.learning_curve),
        *_untried(state),
        *_drawn(state),
        *failures,
    ]
    answer = (verdict.sentence, _headline(state, best, standing), *verdict.comparisons)
    limits = _limits(diagnoses[best.number])
    return replace(
        parts, verdict=verdict, answer=answer, limits=limits, remarks=tuple(remarks), changes=changes
    )


def _measured(state: StudyState, ranked: Sequence[Trial]) -> Explanation:
    """What is computed from the scores of completed trials, the best first."""
    started, objective = state.started, state.objective
    num_folds = len(ranked[0].folds) // started.repeats
    return Explanation(
        tied=tuple(trial.number for trial in tied(ranked, objective, num_folds)),
        smallest=smallest(ranked, objective, num_folds).number,
        rival=_rival(state, ranked, num_folds),
        importance=importance(state.trials, objective, started.log_scaled),
        importance_trials=min(len(ranked) + state.num_in(TrialState.PRUNED), MOST_TRIALS),
        edges=_edges_of(state, ranked),
        learning_curve=curve_of(state),
    )


def _edges_of(state: StudyState, ranked: Sequence[Trial]) -> dict[str, str]:
    """Hyperparameters whose best values are at an edge beyond which there is something."""
    started, bounds = state.started, state.started.bounds
    if len(ranked) < _FEWEST_FOR_EDGES:
        return {}
    return {
        name: end
        for name, end in edges(ranked, state.objective, bounds, started.log_scaled).items()
        if end == "high" or bounds[name][0] > 0.0  # nothing lies below 0
    }


def smallest_tied(state: StudyState) -> int | None:
    """Number of the smallest trial within a standard error of the best; None when no trial completed."""
    if state.best is None:
        return None
    return smallest(state.completed, state.objective, len(state.best.folds) // state.started.repeats).number


def explain_trial(state: StudyState, number: int) -> list[str]:
    """What can be said of one trial, in sentences.

    Raises:
        RecordError: There is no such trial, or its files cannot be read.
    """
    trial = state.whole(number)
    is_best = state.best is not None and state.best.number == number
    ends = _edges_of(state, state.objective.rank(state.completed)) if is_best else {}
    diagnosis = Diagnoses(state, ends).of(trial)
    lines = [f"Trial {number} is {diagnosis.name.replace('_', ' ')}. {diagnosis.sentence}"]
    if trial.state is TrialState.COMPLETE:
        metric, best = state.objective.metric, state.best
        weights = "an unknown number of" if trial.capacity is None else f"{trial.capacity:,}"
        lines.append(
            f"{metric} {score(trial, metric)}, {weights} weights, epoch {trial.best_epoch:.0f} kept."
        )
        if best is not None and best.number != number and len(best.folds) == len(trial.folds):
            num_folds = len(best.folds) // state.started.repeats
            compared = _compare(state, best, trial, num_folds)
            lines.append(_against(compared, f"Trial {best.number}, the best, is", "it", len(state.completed)))
    found = state.bias_variance.get(number)
    if found is not None:
        lines += [*([_sources(found)] if found.parts else []), how_sure(found)]
    return [*lines, *(f"To change: {one}." for one in diagnosis.advice), *_tried(diagnosis)]


def _sources(found: BiasVariance) -> str:
    parts = ", ".join(f"{name} {number(value, 2)}" for name, value in found.parts.items())
    return f"Where the variance comes from: {parts}{' (Brier units)' if found.error_rate else ''}."


def _failures(state: StudyState) -> tuple[str, ...]:
    """How many trials failed, and of what."""
    failed = [trial for trial in state.trials if trial.state is TrialState.FAILED]
    if not failed:
        return ()
    # What stands before the first colon or semicolon is the kind; behind it are numbers of this trial.
    kinds = Counter(trial.reason.split(";")[0].split(":")[0] or "no reason is recorded" for trial in failed)
    named = [f"{kind} ({count:,})" for kind, count in kinds.most_common(_MOST_REASONS)]
    named += ["other reasons"] if len(kinds) > _MOST_REASONS else []
    return (f"{len(failed):,} of {state.num_trials:,} trials failed: {', '.join(named)}.",)


def _drawn(state: StudyState) -> list[str]:
    """What is said where the search algorithm failed, and random trials took the place of its own."""
    failed = sum(len(cohort.failed) for cohort in state.cohorts)
    if not failed:
        return []
    note = next(cohort.notes[0] for cohort in state.cohorts if cohort.failed and cohort.notes)
    return [
        f"The search algorithm failed for {failed:,} of {state.num_asked:,} trials, which were drawn at random "
        f"instead: the search was less effective. The first: {note}"
    ]


def _untried(state: StudyState) -> list[str]:
    """What is said where the time limit came before the dearer networks of the last cohort, which begin last."""
    untried = [number for number in state.asked if not state.has_ended(number)]
    if state.finished is None or state.started.time_limit is None or not untried:
        return []
    count = f"{len(untried):,} of {state.num_asked:,} configurations that were drawn were"
    return [
        f"{count} not tried before the time limit. These are the more expensive ones, so the statements on "
        "hyperparameters and edges of ranges hold for the cheaper part of the space."
    ]


def _rival(state: StudyState, ranked: Sequence[Trial], num_folds: int) -> Comparison | None:
    if len(ranked) < 2 or len(ranked[0].folds) != len(ranked[1].folds):
        return None
    return _compare(state, ranked[0], ranked[1], num_folds)


def _compare(state: StudyState, one: Trial, other: Trial, num_folds: int) -> Comparison:
    metric = state.objective.metric
    constant = state.verdict.baselines.get("constant", ())
    nothing = weighted_mean(constant) if constant else other.mean(metric)
    # Of a metric of one's own the perfect score is not known, and that of the trial stands for it.
    perfect = METRICS[metric].perfect if metric in METRICS else one.mean(metric)
    scale = abs(perfect - nothing)
    scores = one.fold_scores(metric), other.fold_scores(metric)
    return compare(scores[0], scores[1], num_folds, state.objective.direction, ROPE * scale)


def _limits(diagnosis: Diagnosis) -> tuple[str, ...]:
    said = f"What limits it ({diagnosis.name.replace('_', ' ')}): {diagnosis.sentence}"
    advice = (f"To try next: {'; '.join(diagnosis.advice)}.",) if diagnosis.advice else ()
    return (said, *advice, *_tried(diagnosis))


def _tried(diagnosis: Diagnosis) -> tuple[str, ...]:
    return (f"Tried already: {'; '.join(diagnosis.tried)}.",) if diagnosis.tried else ()


def _headline(state: StudyState, best: Trial, standing: str) -> str:
    metric, planned = state.objective.metric, state.started.num_trials
    label = ", optimistic: the scored rows chose the epochs" if state.started.optimistic else ""
    one = state.num_trials == 1
    which = (
        "The only trial" if one else f"The best of {'the ' if standing else ''}{state.num_trials:,} trials"
    )
    if standing:
        which += f" that {'has' if one else 'have'} ended" + (f", of {planned:,} planned," if planned else "")
    said = f"{which} is trial {best.number}: {metric} {score(best, metric)}{label}"
    corrected, test = state.verdict.corrected, state.verdict.test
    if corrected:
        said += f"; {number(corrected[0])} when corrected for the choice"
    if test:
        said += f"; {number(test[0])} on the locked test rows (95 % interval {number(test[1])} to {number(test[2])})"
    return f"{said}."


def _edge(state: StudyState, name: str, end: str) -> str:
    low, high, _ = state.started.bounds[name]
    bound, way = (high, "above") if end == "high" else (low, "below")
    return f"The best trials are at the {end} edge of `{name}`: search {way} {bound:g}."


def _against(found: Comparison, who: str, whom: str, num_trials: int) -> str:
    before = (
        f", before allowing for the choice of the best among {num_trials:,} trials" if num_trials > 2 else ""
    )
    return (
        f"{who} better than {whom} with probability {found.better:.0%}, practically equal {found.equal:.0%}, worse "
        f"{found.worse:.0%} (p = {found.p_value:.2g}, corrected resampled t test{before})."
    )


def _shares(found: Explanation, num_trials: int) -> list[str]:
    known = found.importance
    if known is None or not known.is_known:
        return []
    main = [f"`{name}` {known.main[name]:.0%}" for name in known.names[:3] if known.main[name] >= 0.05]
    if not main:
        return []
    used = found.importance_trials
    some = f", by {used:,} of {num_trials:,} trials drawn at random" if used < num_trials else ""
    return [f"What matters most for the score, by its share of the variance{some}: {', '.join(main)}."]
