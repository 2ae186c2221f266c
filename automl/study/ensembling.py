"""The ensemble of a study: its networks are trained with the refit, in the time that there is."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from automl.ensembles.averaged import Averaged
from automl.ensembles.sharing import MOST_NETWORKS, affordable
from automl.evaluation.ensemble_verdict import FOLDS, NONE, EnsembleVerdict
from automl.study.ensemble_bounds import is_bounded, num_within
from automl.study.ensemble_choice import Choice, chosen
from automl.study.ensemble_judging import judged
from automl.study.ensemble_networks import Networks, averaged_of, fold_networks
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
from automl.training.plan import TrialFailure
from automl.training.population.lanes import num_workers
from automl.trial import Hyperparameters, Trial

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
    choice = chosen(session, best)
    whole_watch = session.watch(session.budget.for_ensemble)
    if prepared.ensemble == FOLDS:
        refit = refit_trial(session.engine, prepared, best, watch)
        return refit, _made(session, best, choice, _of_folds(session, best, whole_watch))
    counts = _affordable(session, best, choice)
    if sum(counts.values()) < 2:
        return refit_trial(session.engine, prepared, best, watch), _without(OUT_OF_TIME)
    refit, networks = refit_together(session, best, counts, whole_watch)
    return refit, _made(session, best, choice, networks)


def _without(why: str) -> str:
    """That there is no ensemble, in sentences; an empty text where none is asked for."""
    if not why:
        return ""
    cure = " Raise `budget.minutes`." if why == OUT_OF_TIME else ""
    return f"No ensemble was made: {why}. The exported model is the single network.{cure}"


def _made(session: Session, best: Trial, choice: Choice, networks: Networks | str) -> Ensemble | str:
    """The ensemble of networks that have been trained, or why there is none."""
    if isinstance(networks, str):
        return _without(networks)
    choice = choice.in_time(list(networks))
    within = _within_bounds(session, choice, networks)
    if isinstance(within, str):
        return _without(within)
    choice, networks = within
    verdict = judged(session, best, choice, networks)
    averaged = averaged_of(networks, choice.weights, _hyperparameters(session, choice))
    return Ensemble(replace(averaged, temperature=verdict.temperature), verdict)


def _hyperparameters(session: Session, choice: Choice) -> dict[int, Hyperparameters]:
    return {trial: session.state.trial(trial).hyperparameters for trial in choice.weights}


def _prevented(session: Session, best: Trial) -> str:
    """What is known to prevent an ensemble before it is chosen; empty where nothing is."""
    prepared = session.prepared
    if prepared.ensemble == FOLDS and prepared.splits.kind == "time":
        return "with `splits.kind: time` the networks of earlier folds have not learned from the latest rows"
    if not session.predictions_of([best.number]).numbers:
        return f"the out-of-fold predictions of trial {best.number} are not kept"
    return ""


def _of_folds(session: Session, best: Trial, watch: Watch) -> Networks | str:
    """The networks of the best trial's folds, trained again, or why there are none."""
    if best.seconds / _num_threads(session) > _SHARE * session.budget.for_ensemble():
        return OUT_OF_TIME
    try:
        configuration = {best.number: best.hyperparameters}
        return fold_networks(session.engine, session.prepared, configuration, watch) or OUT_OF_TIME
    except TrialFailure as failure:
        return f"{NOT_TRAINED}: {failure}"


def _affordable(session: Session, best: Trial, choice: Choice) -> dict[int, int]:
    """How many networks of each trial there is time for; empty where there is none for a single one."""
    seconds = {
        number: refit_seconds(session.prepared, session.state.whole(number))
        for number in {best.number, *choice.weights}
    }

    def together(counts: Mapping[int, int]) -> float:
        networks = {best.number: 1, **counts}
        training = sum(count * seconds[number] for number, count in networks.items())
        return (training + _PROGRAM_SECONDS * len(networks)) / _num_threads(session)

    return affordable(choice.weights, together, _SHARE * session.budget.for_ensemble())


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


def _within_bounds(session: Session, choice: Choice, networks: Networks) -> tuple[Choice, Networks] | str:
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
    return choice.fewer(networks, most, why)
