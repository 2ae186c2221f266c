"""What can be said of the winner: without the test set, and after its one reading."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, replace

import numpy

from automl.ensembles.averaged import Averaged
from automl.evaluation.correction import Corrected, corrected_score
from automl.evaluation.ensemble_verdict import named
from automl.evaluation.fold_scores import fold_scores
from automl.evaluation.intervals import score_interval
from automl.evaluation.metrics import metrics_for
from automl.evaluation.resampling import BLOCKS, GROUPS, ROWS, Estimate, ScoredRows, time_blocks, whole
from automl.evaluation.thresholds import EVEN, at_threshold, never_predicted, score_at, tuned_threshold
from automl.evaluation.verdict import Verdict
from automl.means import corrected_error
from automl.records.old_journal import earlier_reads
from automl.records.outcomes import TestReadingDone, TestReadingIntended
from automl.search.table import SAMPLERS
from automl.study.analyses.blocks import targets_of
from automl.study.baselines import train_baselines
from automl.study.preparation import PreparedStudy
from automl.study.session import Session
from automl.training.baselines.baselines import BaselineResult
from automl.training.network import Network
from automl.trial import Task, Trial, TrialState, derive_seed

Array = numpy.ndarray


def judge(session: Session, best: Trial) -> Verdict:
    """All that can be said of the winner without the test set: correction, baselines, threshold."""
    prepared = session.prepared
    dataset = prepared.dataset
    baselines = train_baselines(session)
    everyone = session.predictions_of(trial.number for trial in session.state.completed)
    verdict = Verdict(
        objective=prepared.objective,
        trial=best,
        num_trials=len(everyone),
        num_pruned=session.state.num_in(TrialState.PRUNED),
        optimistic=prepared.optimistic,
        guided=SAMPLERS[prepared.config.search.algorithm].is_guided,
        baselines={name: result.scores for name, result in baselines.items()},
        baseline_losses={name: result.losses for name, result in baselines.items()},
        settings={name: result.settings for name, result in baselines.items() if result.settings},
        positive="" if dataset.positive is None else str(dataset.positive),
    )
    if best.number not in everyone.numbers:
        return verdict
    own = everyone[everyone.numbers.index(best.number)]
    rows = scored_rows(session, own)
    tuned = dataset.task is Task.BINARY and prepared.metric.tuned
    threshold = tuned_threshold(prepared.metric, rows, own) if tuned else EVEN
    rivals = _whole_predictions(session, baselines)
    corrected = _correct(prepared, rows, everyone, rivals, tuned)
    verdict = replace(
        verdict,
        unit=rows.unit,
        num_units=rows.num_units,
        corrected=corrected.estimate,
        differences=corrected.differences,
        scores=corrected.rivals,
        between=corrected.between,
        dropped=corrected.dropped,
        threshold=threshold,
        never_predicted=never_predicted(own[0], threshold, dataset.classes),
    )
    return _at_threshold(prepared, verdict, rows, own) if tuned else verdict


def _correct(
    prepared: PreparedStudy,
    rows: ScoredRows,
    everyone: Sequence[Array],
    rivals: Mapping[str, Array],
    tuned: bool,
) -> Corrected:
    seed = derive_seed(prepared.config.search.seed, "bootstrap")
    return corrected_score(prepared.metric, rows, everyone, seed, rivals, tuned)


def scored_rows(session: Session, winner: Array) -> ScoredRows:
    """The rows that every trial has predictions for, with what is drawn of them."""
    prepared, kept = session.prepared, session.out_of_fold
    dataset, rows = prepared.dataset, kept.rows
    units, unit = _units(prepared, rows, kept.folds[0], winner[0])
    return ScoredRows(dataset.target[rows], dataset.weights[rows], kept.folds, units, unit)


def _units(prepared: PreparedStudy, rows: Array, folds: Array, prediction: Array) -> tuple[Array, str]:
    """Codes of what is drawn as a whole of some rows, as their splits have it, and what that is."""
    together = prepared.splits.together
    if together is None:
        return numpy.arange(len(rows)), ROWS
    if prepared.splits.kind == "group":
        return numpy.unique(together[rows], return_inverse=True)[1], GROUPS
    order = numpy.argsort(together[rows], kind="stable")
    return time_blocks(order, folds, targets_of(prepared.dataset).losses(rows, prediction)), BLOCKS


def _whole_predictions(session: Session, baselines: Mapping[str, BaselineResult]) -> dict[str, Array]:
    """Out-of-fold predictions of baselines that were fitted on every fold, as those of trials are."""
    num_folds = len(session.prepared.splits.folds)
    return {
        name: session.out_of_fold.arrange(numpy.concatenate(result.predictions))
        for name, result in baselines.items()
        if len(result.predictions) == num_folds
    }


def _at_threshold(prepared: PreparedStudy, verdict: Verdict, rows: ScoredRows, own: Array) -> Verdict:
    """The cross-validated score at the tuned threshold."""
    moved = at_threshold(own, verdict.threshold)
    folds = [
        prepared.metric.function(rows.target[places], moved[repeat][places], rows.weights[places])
        for repeat, places in rows.parts
    ]
    everything = numpy.ones((1, len(rows.target)))
    mean = float(fold_scores(prepared.metric, rows, [moved]).means(everything)[0, 0])
    return replace(verdict, tuned=(mean, corrected_error(folds, len(folds) // verdict.trial.repeats)))


def read_test_set(
    session: Session, verdict: Verdict, network: Network, averaged: Averaged | None = None
) -> Verdict:
    """Score the locked test rows, the intention recorded first. Within a study they are read for one trial only.

    The ensemble of the study is scored in the same reading.

    After a kill between the two events the same reading is repeated: nothing was chosen in between. Where another
    trial has become the winner since, it gets no score on these rows.
    """
    prepared, state, number = session.prepared, session.state, verdict.trial.number
    dataset, splits = prepared.dataset, prepared.splits
    digest = splits.test_digest(dataset)
    done = [test for test in state.tests if test.trial == number]
    if done:
        return _with_test(verdict, done[-1])
    others = [event.trial for event in state.intended if event.trial != number]
    if others:
        late = None if verdict.ensemble is None else replace(verdict.ensemble, read_before=True)
        return replace(verdict, test_read_for=others[0], ensemble=late)
    session.record(TestReadingIntended(number, digest, len(splits.test)))
    scores, test = score_test_set(prepared, network, verdict.threshold)
    earlier = _earlier_reads(session, (digest, splits.earlier_test_digest(dataset)))
    reading = TestReadingDone(number, digest, scores, astuple(test), earlier)
    if averaged is not None and verdict.ensemble is not None:
        own, estimate = score_test_set(prepared, averaged, verdict.ensemble.threshold)
        reading = replace(
            reading,
            ensemble=named(verdict.ensemble.weights),
            ensemble_scores=own,
            ensemble_interval=astuple(estimate),
        )
    session.record(reading)
    return _with_test(verdict, reading)


def _with_test(verdict: Verdict, reading: TestReadingDone) -> Verdict:
    """The verdict with what a reading has given; an ensemble that was not scored in it has no test score."""
    ensemble = verdict.ensemble
    if ensemble is not None and dict(reading.ensemble) == named(ensemble.weights):
        ensemble = replace(ensemble, test=Estimate(*reading.ensemble_interval))
    elif ensemble is not None:
        ensemble = replace(ensemble, read_before=True)
    test = Estimate(*reading.interval)
    return replace(verdict, test=test, earlier_reads=reading.earlier, ensemble=ensemble)


def _earlier_reads(session: Session, digests: tuple[str, ...]) -> tuple[str, ...]:
    """Other runs that have read these test rows, as `NAME/RUN`, in order."""
    own = f"{session.run.name}/{session.run.identifier}"
    found = [which for digest in digests for which in earlier_reads(session.records.mlruns, digest)]
    for which, recorded in session.records.all_of("test_reading_intended"):
        assert isinstance(recorded.event, TestReadingIntended)
        if recorded.event.digest in digests:
            found.append(which)
    return tuple(dict.fromkeys(which for which in found if which != own))


def score_test_set(
    prepared: PreparedStudy, network: Network | Averaged, threshold: float
) -> tuple[dict[str, float], Estimate]:
    """Scores of the refitted winner, or of an ensemble, on the locked test set.

    Returns:
        By metric, and the objective's with its interval.
    """
    dataset, test = prepared.dataset, prepared.splits.test
    prediction = network.predict(dataset.columns.take(test))
    target, weights = dataset.target[test], dataset.weights[test]
    names = dict.fromkeys([*prepared.metrics, *metrics_for(dataset.task, len(dataset.classes))])
    scores = score_at(tuple(names), target, prediction, weights, threshold, prepared.known)
    units, unit = _units(prepared, test, numpy.zeros(len(test), int), prediction)
    if prepared.metric.by_label and threshold != EVEN:
        prediction = at_threshold(prediction, threshold)
    seed = derive_seed(prepared.config.search.seed, "test interval")
    return scores, score_interval(prepared.metric, whole(target, weights, units, unit), prediction, seed)
