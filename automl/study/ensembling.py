"""The ensemble of a study: which trials it takes, their networks trained again, what is known of it."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy

from automl.ensembles.averaged import Averaged
from automl.ensembles.correction import Chooser, corrected_ensemble
from automl.ensembles.selection import Array, blend, most_candidates
from automl.ensembles.sharing import MOST_NETWORKS, affordable, shared_out
from automl.evaluation.ensemble_verdict import FOLDS, GREEDY, NONE, EnsembleVerdict
from automl.evaluation.fold_scores import fold_scores
from automl.evaluation.resampling import ScoredRows
from automl.evaluation.thresholds import EVEN, at_threshold, tuned_threshold
from automl.study.ensemble_bounds import is_bounded, num_within
from automl.study.ensemble_networks import Networks, averaged_of, fold_networks
from automl.study.judging import scored_rows
from automl.study.refitting import (
    NOT_TRAINED,
    OUT_OF_TIME,
    Refit,
    refit_seconds,
    refit_together,
    refit_trial,
)
from automl.study.session import Session
from automl.training.engine import Watch
from automl.training.network import Network
from automl.training.plan import TrialFailure
from automl.training.population.lanes import num_workers
from automl.trial import Hyperparameters, Task, Trial, derive_seed

_MOST_CELLS = 20_000_000
"""Of the predictions that are chosen from: 40 steps over them take some ten seconds."""

_SHARE = 0.8
"""Of the time that is left for the refit: what all networks may take, by the estimate."""

_PROGRAM_SECONDS = 3.0
"""What the program of a trial's networks takes, and its inputs; hotel_rates took 2 to 5 s."""

_NETWORK_SHARE = 0.75
"""What a network on all training rows takes among others like it, in what one of a fold took: it has more rows, and no
epochs after its best one."""


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


def refit_with_ensemble(session: Session, best: Trial) -> tuple[Refit, Ensemble | str]:
    """The best trial's network on all training rows, and the ensemble that the study asks for, trained together.

    Returns:
        The refit; and the ensemble, or why there is none in a sentence, which is empty where none is asked for.

    Raises:
        ExportError: The refit of the best trial diverged.
    """
    prepared, watch = session.prepared, session.watch(session.budget.for_refit)
    why = "" if prepared.ensemble == NONE else _prevented(session, best)
    if why or prepared.ensemble == NONE:
        return refit_trial(session.engine, prepared, best, watch), _without(why)
    choice = _chosen(session, best)
    if prepared.ensemble == FOLDS:
        refit = refit_trial(session.engine, prepared, best, watch)
        return refit, _made(session, best, choice, _of_folds(session, best, watch))
    choice, counts = _affordable(session, best, choice)
    if sum(counts.values()) < 2:
        return refit_trial(session.engine, prepared, best, watch), _without(OUT_OF_TIME)
    watch = session.watch(session.budget.for_ensemble)
    refit, networks = refit_together(session, best, counts, watch)
    return refit, _made(session, best, choice, networks)


def _without(why: str) -> str:
    """That there is no ensemble, in sentences; an empty text where none is asked for."""
    if not why:
        return ""
    cure = " Raise `budget.minutes`." if why == OUT_OF_TIME else ""
    return f"No ensemble was made: {why}. The exported model is the single network.{cure}"


def _made(session: Session, best: Trial, choice: _Choice, networks: Networks | str) -> Ensemble | str:
    """The ensemble of networks that have been trained, or why there is none."""
    if isinstance(networks, str):
        return _without(networks)
    choice = _only(choice, list(networks))
    within = _within_bounds(session, choice, networks)
    if isinstance(within, str):
        return _without(within)
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


def _chosen(session: Session, best: Trial) -> _Choice:
    """Which trials are averaged, the heaviest and the best of them first."""
    if session.prepared.ensemble != GREEDY:
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


def _of_folds(session: Session, best: Trial, watch: Watch) -> Networks | str:
    """The networks of the best trial's folds, trained again, or why there are none."""
    if best.seconds / _num_threads(session) > _SHARE * session.budget.for_ensemble():
        return OUT_OF_TIME
    try:
        configuration = {best.number: best.hyperparameters}
        return fold_networks(session.engine, session.prepared, configuration, watch) or OUT_OF_TIME
    except TrialFailure as failure:
        return f"{NOT_TRAINED}: {failure}"


def _affordable(session: Session, best: Trial, choice: _Choice) -> tuple[_Choice, dict[int, int]]:
    """The choice that there is time for, and how many networks each of its trials has."""
    seconds = {
        number: refit_seconds(session.prepared, session.state.whole(number))
        for number in {best.number, *choice.weights}
    }

    def together(counts: Mapping[int, int]) -> float:
        networks = {best.number: 1, **counts}
        training = sum(count * seconds[number] for number, count in networks.items())
        return (training + _PROGRAM_SECONDS * len(networks)) / _num_threads(session)

    counts = affordable(choice.weights, together, _SHARE * session.budget.for_ensemble())
    return _only(choice, list(counts)), counts


def _num_threads(session: Session) -> int:
    """Networks that the engine trains at the same time, a program aside."""
    return 1 if session.engine.cohort_size == 1 else num_workers()


def seconds_share(session: Session) -> float:
    """What the search leaves for an ensemble, in what the networks of a trial took on one thread."""
    kind = session.prepared.ensemble
    if kind == NONE:
        return 0.0
    if kind == FOLDS:
        return 1.0 / _num_threads(session)
    num_folds = len(session.prepared.splits.folds)
    return MOST_NETWORKS * _NETWORK_SHARE / num_folds / _num_threads(session)


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
    prediction = session.predictions_of([best.number])[0]
    most = max(2, _MOST_CELLS // prediction.size)
    stored = session.predictions_of(numbers[:most])
    predictions = {number: stored[place] for place, number in enumerate(stored.numbers)}
    return predictions, scored_rows(session, prediction)


def _judged(session: Session, best: Trial, choice: _Choice, networks: Networks) -> EnsembleVerdict:
    """What is known of it without the test set.

    Networks that are trained on all training rows have no out-of-fold predictions; those of their trials stand for
    theirs.
    """
    prepared = session.prepared
    rows = scored_rows(session, session.predictions_of([best.number])[0])
    differs = 0.0
    if prepared.ensemble == FOLDS:
        everyone = {trial: _out_of_fold(session, of_trial) for trial, of_trial in networks.items()}
        alone = fold_scores(prepared.metric, rows, list(everyone.values())).means(_even(rows))[0]
        recorded = [session.state.trial(trial).mean(prepared.objective.metric) for trial in everyone]
        differs = max(
            abs(score - old) / (abs(old) or 1.0) for score, old in zip(alone, recorded, strict=True)
        )
    else:
        everyone = {trial: session.predictions_of([trial])[0] for trial in choice.weights}
    together = blend(everyone, choice.weights)
    tuned = prepared.dataset.task is Task.BINARY and prepared.metric.tuned
    threshold = tuned_threshold(prepared.metric, rows, together) if tuned else EVEN
    labels = at_threshold(together, threshold) if tuned else together
    verdict = EnsembleVerdict(
        kind=prepared.ensemble,
        weights=choice.weights,
        num_networks=sum(map(len, networks.values())),
        num_candidates=choice.num_candidates,
        score=float(fold_scores(prepared.metric, rows, [labels]).means(_even(rows))[0, 0]),
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
