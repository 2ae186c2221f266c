"""The ensemble of a study: which trials it takes, their folds' networks trained again, what is known of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy

from automl.ensembles.averaged import Averaged, Part
from automl.ensembles.correction import Chooser, corrected_ensemble
from automl.ensembles.selection import Array, blend, most_candidates
from automl.evaluation.ensemble_verdict import EnsembleVerdict
from automl.evaluation.fold_scores import fold_scores
from automl.evaluation.resampling import ScoredRows
from automl.evaluation.thresholds import EVEN, at_threshold, tuned_threshold
from automl.study.judging import scored_rows
from automl.study.preparation import PreparedStudy
from automl.study.session import Session
from automl.training.engine import Engine, FoldNetwork, Watch
from automl.training.members import plan_members
from automl.training.network import Network
from automl.training.plan import TrialFailure
from automl.trial import Hyperparameters, Task, Trial, derive_seed

NONE, FOLDS, GREEDY = "none", "folds", "greedy"

_MOST_CELLS = 20_000_000
"""Of the predictions that are chosen from: 40 steps over them take some ten seconds."""

_SHARE = 0.5
"""Of the time that is left for the refit: what the networks may take to be trained again, by what they took before."""

_INSTEAD = "The exported model is the single network."


@dataclass(frozen=True, slots=True)
class Ensemble:
    """An ensemble that has been trained.

    Attributes:
        averaged: The model.
        verdict: What is known of it.
    """

    averaged: Averaged
    verdict: EnsembleVerdict


@dataclass(frozen=True, slots=True)
class _Choice:
    """Weights by number of the trial, the number of candidates, and what was asked and not done."""

    weights: Mapping[int, float]
    num_candidates: int
    note: str = ""


def make_ensemble(session: Session, best: Trial) -> Ensemble | str:
    """The ensemble that the study asks for.

    Returns:
        Why there is none, in a sentence; an empty text where none is asked for.
    """
    kind = session.prepared.config.ensemble
    if kind == NONE:
        return ""
    if why := _prevented(session, best):
        return f"No ensemble was made: {why}. {_INSTEAD}"
    choice = _affordable(session, _chosen(session, best, kind))
    hyperparameters = {number: session.state.trial(number).hyperparameters for number in choice.weights}
    watch = session.watch(session.budget.for_refit)
    try:
        networks = fold_networks(session.engine, session.prepared, hyperparameters, watch)
    except TrialFailure as failure:
        return f"No ensemble was made: a network of it could not be trained again: {failure}. {_INSTEAD}"
    if not networks:
        why = "there was not enough time to train its networks"
        return f"No ensemble was made: {why}. {_INSTEAD} Raise `budget.minutes`."
    averaged = averaged_of(networks, choice.weights, hyperparameters)
    return Ensemble(averaged, _judged(session, best, choice, networks))


def _prevented(session: Session, best: Trial) -> str:
    """What is known to prevent an ensemble before it is chosen; empty where nothing is."""
    if session.prepared.splits.kind == "time":
        return "with `splits.kind: time` the networks of earlier folds have not learned from the latest rows"
    if not session.predictions_of([best.number]).numbers:
        return f"the out-of-fold predictions of trial {best.number} are not kept"
    return ""


def fold_networks(
    engine: Engine, prepared: PreparedStudy, trials: Mapping[int, Hyperparameters], watch: Watch
) -> dict[int, list[Network]] | None:
    """The networks of all folds of trials, by number of the trial; None where the time was over.

    Raises:
        TrialFailure: One of them cannot be trained.
    """
    num_folds, seed = len(prepared.splits.folds), prepared.config.search.seed
    members = [
        member for trial, values in trials.items() for member in plan_members(trial, values, num_folds, seed)
    ]
    if not members:
        return {}
    trained: dict[int, list[FoldNetwork]] = defaultdict(list)
    for one in engine.fold_networks(members, watch):
        trained[one.member.trial].append(one)
    everyone = [one for own in trained.values() for one in own]
    if len(everyone) < len(members) or any(one.cut for one in everyone):
        return None
    return {
        trial: [one.network for one in sorted(trained[trial], key=lambda one: one.member.fold)]
        for trial in trials
    }


def averaged_of(
    networks: Mapping[int, Sequence[Network]],
    weights: Mapping[int, float],
    hyperparameters: Mapping[int, Hyperparameters],
) -> Averaged:
    """The model that averages them; the folds of a trial count alike."""
    parts = tuple(
        Part(network, weights[trial] / len(own), hyperparameters[trial])
        for trial, own in networks.items()
        for network in own
    )
    return Averaged(parts, dict(weights))


def _chosen(session: Session, best: Trial, kind: str) -> _Choice:
    """Which trials are averaged, the heaviest and the best of them first."""
    if kind == FOLDS:
        return _Choice({best.number: 1.0}, 1)
    predictions, rows = _candidates(session, best)
    if len(predictions) < 2:
        why = "fewer than two trials were trained to their end and have their predictions kept"
        return _Choice({best.number: 1.0}, 1, f"Instead of `greedy`, its folds alone are averaged: {why}.")
    numbers = list(predictions)
    chooser = Chooser(session.prepared.metric, rows)
    weights = chooser.weights(list(predictions.values()), numpy.ones(len(rows.target)))
    order = sorted(weights, key=lambda place: (-weights[place], place))
    num_candidates = min(len(numbers), most_candidates(len(rows.target)))
    return _Choice({numbers[place]: weights[place] for place in order}, num_candidates)


def _affordable(session: Session, choice: _Choice) -> _Choice:
    """The heaviest of the trials whose networks there is time to train again, by what they took."""
    left, kept = _SHARE * session.budget.for_refit(), dict[int, float]()
    for trial, weight in choice.weights.items():
        left -= session.state.trial(trial).seconds
        if left < 0.0:
            break
        kept[trial] = weight
    if len(kept) in (0, len(choice.weights)):
        return choice if kept else replace(choice, weights={})
    total = sum(kept.values())
    note = f"Only {len(kept)} of the {len(choice.weights)} trials that were chosen are in it: there was not enough time"
    weights = {trial: weight / total for trial, weight in kept.items()}
    return replace(choice, weights=weights, note=f"{note} to train the networks of the others.")


def _candidates(session: Session, best: Trial) -> tuple[dict[int, Array], ScoredRows]:
    """Out-of-fold predictions of the trials that may be in it, the best first, and their rows."""
    objective = session.prepared.objective
    numbers = [trial.number for trial in objective.rank(session.state.completed)]
    own = session.predictions_of([best.number])[0]
    most = max(2, _MOST_CELLS // own.size)
    stored = session.predictions_of(numbers[:most])
    predictions = {number: stored[place] for place, number in enumerate(stored.numbers)}
    return predictions, scored_rows(session, own)


def _judged(
    session: Session, best: Trial, choice: _Choice, networks: Mapping[int, Sequence[Network]]
) -> EnsembleVerdict:
    """What is known of it without the test set."""
    prepared = session.prepared
    rows = scored_rows(session, session.predictions_of([best.number])[0])
    everyone = {trial: _out_of_fold(session, own) for trial, own in networks.items()}
    alone = fold_scores(prepared.metric, rows, list(everyone.values())).means(_even(rows))[0]
    recorded = [session.state.trial(trial).mean(prepared.objective.metric) for trial in everyone]
    together = blend(everyone, choice.weights)
    tuned = prepared.dataset.task is Task.BINARY and prepared.metric.tuned
    threshold = tuned_threshold(prepared.metric, rows, together) if tuned else EVEN
    said = numpy.stack([at_threshold(one, threshold) for one in together]) if tuned else together
    verdict = EnsembleVerdict(
        kind=prepared.config.ensemble,
        weights=choice.weights,
        num_networks=sum(map(len, networks.values())),
        num_candidates=choice.num_candidates,
        score=float(fold_scores(prepared.metric, rows, [said]).means(_even(rows))[0, 0]),
        threshold=threshold,
        differs=max(abs(own - old) / (abs(old) or 1.0) for own, old in zip(alone, recorded, strict=True)),
        note=choice.note,
        tuned=tuned,
    )
    return _corrected(session, best, verdict, rows)


def _corrected(session: Session, best: Trial, verdict: EnsembleVerdict, rows: ScoredRows) -> EnsembleVerdict:
    """The verdict with the score that corrects for the choice, where there was one."""
    if verdict.num_candidates < 2:
        return verdict
    predictions, _ = _candidates(session, best)
    seed = derive_seed(session.prepared.config.search.seed, "ensemble bootstrap")
    chooser = Chooser(session.prepared.metric, rows)
    estimate = corrected_ensemble(chooser, list(predictions.values()), seed, verdict.tuned)
    return replace(verdict, corrected=estimate)


def _out_of_fold(session: Session, networks: Sequence[Network]) -> Array:
    """What networks predict for the validation rows of their folds, as predictions are kept."""
    columns, folds = session.prepared.dataset.columns, session.prepared.splits.folds
    parts = [
        network.predict(columns.take(fold.validation)) for network, fold in zip(networks, folds, strict=True)
    ]
    return session.out_of_fold.arrange(numpy.concatenate(parts))


def _even(rows: ScoredRows) -> Array:
    return numpy.ones((1, len(rows.target)))
