"""The ensemble of a study: which trials it takes, their networks trained again, what is known of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy

from automl.ensembles.averaged import Averaged
from automl.ensembles.correction import Chooser, corrected_ensemble
from automl.ensembles.selection import Array, blend, most_candidates
from automl.ensembles.sharing import MOST_NETWORKS, affordable, shared_out
from automl.evaluation.ensemble_verdict import AUTO, FOLDS, GREEDY, NONE, EnsembleVerdict
from automl.evaluation.fold_scores import fold_scores
from automl.evaluation.resampling import ScoredRows
from automl.evaluation.thresholds import EVEN, at_threshold, tuned_threshold
from automl.study.ensemble_bounds import is_bounded, num_within
from automl.study.ensemble_networks import Copies, Networks, averaged_of, fold_networks, refitted_networks
from automl.study.judging import scored_rows
from automl.study.preparation import PreparedStudy
from automl.study.session import Session
from automl.training.members import refit_epochs
from automl.training.network import Network
from automl.training.plan import TrialFailure
from automl.training.population.lanes import num_workers
from automl.trial import Hyperparameters, Task, Trial, derive_seed

_MOST_CELLS = 20_000_000
"""Of the predictions that are chosen from: 40 steps over them take some ten seconds."""

_SHARE = 0.8
"""Of the time that is left for the refit: what the networks may take to be trained again, by what they took before."""

_NETWORK_SHARE = 0.75
"""What a network on all training rows takes among others like it, in what one of a fold took: it has more rows, and no
epochs after its best one."""

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
    num_candidates: int = 1
    note: str = ""


def make_ensemble(session: Session, best: Trial) -> Ensemble | str:
    """The ensemble that the study asks for.

    Returns:
        Why there is none, in a sentence; an empty text where none is asked for.
    """
    kind = session.prepared.ensemble
    if kind == NONE:
        return ""
    if why := _prevented(session, best):
        return f"No ensemble was made: {why}. {_INSTEAD}"
    choice = _chosen(session, best, kind)
    try:
        choice, networks = _trained(session, best, choice)
    except TrialFailure as failure:
        return f"No ensemble was made: a network of it could not be trained again: {failure}. {_INSTEAD}"
    if not networks:
        why = "there was not enough time to train its networks"
        return f"No ensemble was made: {why}. {_INSTEAD} Raise `budget.minutes`."
    within = _within_bounds(session, choice, networks)
    if isinstance(within, str):
        return f"No ensemble was made: {within}. {_INSTEAD}"
    choice, networks = within
    averaged = averaged_of(networks, choice.weights, _hyperparameters(session, choice))
    return Ensemble(averaged, _judged(session, best, choice, networks))


def _hyperparameters(session: Session, choice: _Choice) -> dict[int, Hyperparameters]:
    return {trial: session.state.trial(trial).hyperparameters for trial in choice.weights}


def _prevented(session: Session, best: Trial) -> str:
    """What is known to prevent an ensemble before it is chosen; empty where nothing is."""
    prepared = session.prepared
    if prepared.ensemble == FOLDS and prepared.splits.kind == "time":
        return "with `splits.kind: time` the networks of earlier folds have not learned from the latest rows"
    if not session.predictions_of([best.number]).numbers:
        return f"the out-of-fold predictions of trial {best.number} are not kept"
    return ""


def _chosen(session: Session, best: Trial, kind: str) -> _Choice:
    """Which trials are averaged, the heaviest and the best of them first."""
    if kind != GREEDY:
        return _Choice({best.number: 1.0})
    predictions, rows = _candidates(session, best)
    if len(predictions) < 2:
        why = "fewer than two trials were trained to their end and have their predictions kept"
        note = f"Instead of `greedy`, networks of the best trial alone are averaged: {why}."
        return _Choice({best.number: 1.0}, note=note)
    numbers = list(predictions)
    chooser = Chooser(session.prepared.metric, rows)
    weights = chooser.weights(list(predictions.values()), numpy.ones(len(rows.target)))
    order = sorted(weights, key=lambda place: (-weights[place], place))
    num_candidates = min(len(numbers), most_candidates(len(rows.target)))
    return _Choice({numbers[place]: weights[place] for place in order}, num_candidates)


def _trained(session: Session, best: Trial, choice: _Choice) -> tuple[_Choice, Networks | None]:
    """The choice that there is time for, and its networks; none where the time does not suffice.

    Raises:
        TrialFailure: One of them cannot be trained.
    """
    prepared, state = session.prepared, session.state
    available = _SHARE * session.budget.for_refit()
    watch = session.watch(session.budget.for_refit)
    if prepared.ensemble == FOLDS:
        if best.seconds / num_workers() > available:
            return choice, None
        own = {best.number: best.hyperparameters}
        return choice, fold_networks(session.engine, prepared, own, watch)
    counts = affordable(choice.weights, lambda trial: _network_seconds(session, trial), available)
    copies = {
        trial: Copies(state.trial(trial).hyperparameters, refit_epochs(state.whole(trial)), count)
        for trial, count in counts.items()
    }
    choice = _only(choice, list(counts))
    if sum(counts.values()) < 2:
        return choice, None
    return choice, refitted_networks(session.engine, prepared, copies, watch)


def seconds_share(prepared: PreparedStudy) -> float:
    """What the search leaves for an ensemble that is asked for, in what the networks of a trial took on one thread.

    One that is not asked for gets the time that is left.
    """
    kind = prepared.config.ensemble
    if kind in (AUTO, NONE):
        return 0.0
    if kind == FOLDS:
        return 1.0 / num_workers()
    return MOST_NETWORKS * _NETWORK_SHARE / len(prepared.splits.folds) / num_workers()


def _network_seconds(session: Session, trial: int) -> float:
    """What a network of a trial takes on all training rows, as a share of what all threads do."""
    folds = len(session.prepared.splits.folds)
    return _NETWORK_SHARE * session.state.trial(trial).seconds / folds / num_workers()


def _only(choice: _Choice, trials: Sequence[int]) -> _Choice:
    """The choice without the trials whose networks there is no time to train."""
    if len(trials) in (0, len(choice.weights)):
        return choice
    note = f"Only {len(trials)} of the {len(choice.weights)} trials that were chosen are in it: "
    why = "there was not enough time to train the networks of the others."
    return replace(choice, weights=_among(choice, trials), note=note + why)


def _among(choice: _Choice, trials: Collection[int]) -> dict[int, float]:
    """The weights of some of its trials, so that they sum to 1."""
    total = sum(choice.weights[trial] for trial in trials)
    return {trial: choice.weights[trial] / total for trial in trials}


def _within_bounds(session: Session, choice: _Choice, networks: Networks) -> tuple[_Choice, Networks] | str:
    """As many of the networks as the bounds of the study allow, or why these allow no ensemble."""
    prepared = session.prepared
    if not is_bounded(prepared.config.budget):
        return choice, networks
    total = sum(map(len, networks.values()))
    most, why = num_within(prepared, networks, choice.weights, _hyperparameters(session, choice))
    if most == total:
        return choice, networks
    if most < 2 or prepared.ensemble == FOLDS:
        return why
    fewer, kept = _fewer(choice, networks, most)
    note = f"{choice.note} It has {most} networks instead of {total}: {why}.".strip()
    return replace(fewer, note=note), kept


def _fewer(choice: _Choice, networks: Networks, num_networks: int) -> tuple[_Choice, Networks]:
    """So many of the networks, and their trials."""
    counts = shared_out({trial: choice.weights[trial] for trial in networks}, num_networks)
    kept = {trial: networks[trial][:count] for trial, count in counts.items()}
    return replace(choice, weights=_among(choice, counts)), kept


def _candidates(session: Session, best: Trial) -> tuple[dict[int, Array], ScoredRows]:
    """Out-of-fold predictions of the trials that may be in it, the best first, and their rows."""
    objective = session.prepared.objective
    numbers = [trial.number for trial in objective.rank(session.state.completed)]
    own = session.predictions_of([best.number])[0]
    most = max(2, _MOST_CELLS // own.size)
    stored = session.predictions_of(numbers[:most])
    predictions = {number: stored[place] for place, number in enumerate(stored.numbers)}
    return predictions, scored_rows(session, own)


def _judged(session: Session, best: Trial, choice: _Choice, networks: Networks) -> EnsembleVerdict:
    """What is known of it without the test set.

    Networks that are trained on all training rows have no out-of-fold predictions; those of their trials stand for
    theirs.
    """
    prepared = session.prepared
    rows = scored_rows(session, session.predictions_of([best.number])[0])
    differs = 0.0
    if prepared.ensemble == FOLDS:
        everyone = {trial: _out_of_fold(session, own) for trial, own in networks.items()}
        alone = fold_scores(prepared.metric, rows, list(everyone.values())).means(_even(rows))[0]
        recorded = [session.state.trial(trial).mean(prepared.objective.metric) for trial in everyone]
        differs = max(abs(own - old) / (abs(old) or 1.0) for own, old in zip(alone, recorded, strict=True))
    else:
        everyone = {trial: session.predictions_of([trial])[0] for trial in choice.weights}
    together = blend(everyone, choice.weights)
    tuned = prepared.dataset.task is Task.BINARY and prepared.metric.tuned
    threshold = tuned_threshold(prepared.metric, rows, together) if tuned else EVEN
    said = numpy.stack([at_threshold(one, threshold) for one in together]) if tuned else together
    verdict = EnsembleVerdict(
        kind=prepared.ensemble,
        weights=choice.weights,
        num_networks=sum(map(len, networks.values())),
        num_candidates=choice.num_candidates,
        score=float(fold_scores(prepared.metric, rows, [said]).means(_even(rows))[0, 0]),
        threshold=threshold,
        differs=differs,
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
