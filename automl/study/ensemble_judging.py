"""What is known of an ensemble without the test set."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy

from automl.ensembles.correction import Chooser, corrected_ensemble
from automl.ensembles.selection import Array, blend
from automl.ensembles.temperature import Tempered, tempered
from automl.evaluation.ensemble_verdict import FOLDS, EnsembleVerdict
from automl.evaluation.fold_scores import fold_scores
from automl.evaluation.resampling import ScoredRows
from automl.evaluation.thresholds import EVEN, at_threshold, tuned_threshold
from automl.study.ensemble_choice import Choice, candidates
from automl.study.ensemble_networks import Networks
from automl.study.judging import scored_rows
from automl.study.session import Session
from automl.training.network import Network
from automl.trial import Task, Trial, derive_seed


def judged(session: Session, best: Trial, choice: Choice, networks: Networks) -> EnsembleVerdict:
    """Score, threshold, and the score that corrects for the choice.

    Networks that are trained on all training rows have no out-of-fold predictions; those of their trials stand for
    theirs.
    """
    prepared = session.prepared
    rows = scored_rows(session, session.predictions_of([best.number])[0])
    if prepared.ensemble == FOLDS:
        everyone = {trial: _out_of_fold(session, of_trial) for trial, of_trial in networks.items()}
        differs = _largest_difference(session, rows, everyone)
    else:
        everyone = {trial: session.predictions_of([trial])[0] for trial in choice.weights}
        differs = 0.0
    together = blend(everyone, choice.weights)
    tuned = prepared.dataset.task is Task.BINARY and prepared.metric.tuned
    threshold = tuned_threshold(prepared.metric, rows, together) if tuned else EVEN
    known = _tempered(session, rows, together, choice)
    scored = at_threshold(together, threshold) if tuned else known.predictions
    verdict = EnsembleVerdict(
        kind=prepared.ensemble,
        weights=choice.weights,
        num_networks=sum(map(len, networks.values())),
        num_candidates=choice.num_candidates,
        score=float(fold_scores(prepared.metric, rows, [scored]).means(_even(rows))[0, 0]),
        threshold=threshold,
        differs=differs,
        note=choice.note,
        tuned=tuned,
        temperature=known.temperature,
    )
    return verdict if choice.num_candidates < 2 else _corrected(session, best, verdict, rows)


def _tempered(session: Session, rows: ScoredRows, together: Array, choice: Choice) -> Tempered:
    """Probabilities that several trials average, at their temperature, where the log loss is the objective.

    The predictions of a single trial are those of one network: what they ask for is not what its average asks for.
    """
    if session.prepared.objective.metric != "log_loss" or len(choice.weights) < 2:
        return Tempered(1.0, together)
    return tempered(rows, together)


def _largest_difference(session: Session, rows: ScoredRows, predictions: Mapping[int, Array]) -> float:
    """Largest relative difference between a trial's recorded score and that of its networks, trained again."""
    objective = session.prepared.objective
    scores = fold_scores(session.prepared.metric, rows, list(predictions.values())).means(_even(rows))[0]
    recorded = [session.state.trial(trial).mean(objective.metric) for trial in predictions]
    return max(abs(score - old) / (abs(old) or 1.0) for score, old in zip(scores, recorded, strict=True))


def _corrected(session: Session, best: Trial, verdict: EnsembleVerdict, rows: ScoredRows) -> EnsembleVerdict:
    """The verdict with the score that corrects for the choice."""
    predictions, _ = candidates(session, best)
    seed = derive_seed(session.prepared.config.search.seed, "ensemble bootstrap")
    chooser = Chooser(session.prepared.metric, rows)
    estimate = corrected_ensemble(
        chooser, list(predictions.values()), seed, verdict.tuned, verdict.temperature
    )
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
