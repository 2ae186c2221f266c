"""The end of a study: the winner's refit, its verdict, the one reading of the locked test set, its model, analyses."""

import gzip
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy
import pandas

from automl.data.sources.file_source import text_reading
from automl.ensembles.averaged import Averaged
from automl.ensembles.selection import blend
from automl.ensembles.temperature import at_temperature
from automl.errors import StudyFailedError
from automl.evaluation.conformal import margins_of
from automl.evaluation.ensemble_verdict import GREEDY, NONE
from automl.evaluation.out_of_fold import PROBABILITY, WEIGHT
from automl.evaluation.verdict import Verdict
from automl.export.cost import cost_of
from automl.export.saved_model import ModelCard, save_model
from automl.records.files import (
    MODEL,
    OUT_OF_FOLD_FILE,
    answer_file,
    write_json,
    write_whole,
)
from automl.records.outcomes import Analyzed, Exported
from automl.records.predictions import StoredPredictions
from automl.records.scored_rows import KeptRows, write_scored_rows
from automl.records.sums import write_sums
from automl.study.analyses import ANALYSES
from automl.study.analyses.analysis import Analysis, Subject
from automl.study.ensemble_bounds import measured
from automl.study.ensembling import Ensemble, refit_with_ensemble
from automl.study.judging import judge, read_test_set, scored_rows
from automl.study.preparation import PreparedStudy
from automl.study.refitting import Refit
from automl.study.session import Session
from automl.study.verdict_event import verdict_event
from automl.tracking.model import write_example
from automl.training.backend import backend_name
from automl.trial import Task, Trial

_EXAMPLE_ROWS = 3


def conclude(session: Session) -> None:
    """Refit the winner, judge it, read the test set once, export it. What is recorded already is not done again.

    Raises:
        StudyFailedError: No trial has completed.
        ExportError: The refit diverged, or the model cannot be written.
    """
    state = session.state
    if state.best is None:
        reasons = (
            "; ".join(dict.fromkeys(trial.reason for trial in state.trials[:3])) or "no trial was started"
        )
        raise StudyFailedError(f"{state.started.name}: no trial completed ({reasons}). See `automl show`.")
    best = state.whole(state.best.number)
    model = session.run.folder / MODEL
    if _is_exported(session, best.number) and model.is_dir():
        return
    phase = "refit of the best trial" if session.prepared.ensemble == NONE else "refit and ensemble"
    session.begin(phase)
    refit, ensemble = refit_with_ensemble(session, best)
    session.end(phase)
    verdict = _reach_verdict(session, best, refit, ensemble)
    session.begin("export")
    if isinstance(ensemble, str):
        margins = kept_margins(session.prepared, session.run.folder, {best.number: 1.0})
        write_model(session.prepared, refit, verdict, model, margins)
    else:
        _write_ensemble(session, refit, ensemble.averaged, verdict)
    _write_out_of_fold(session, best.number)
    training = session.prepared.splits.training
    write_example(session.run.folder, session.prepared.dataset.frame(training[:_EXAMPLE_ROWS]))
    kind = session.prepared.ensemble
    session.record(Exported(best.number, refit.epochs, kind, not isinstance(ensemble, str)))
    session.end("export")


def _is_exported(session: Session, best: int) -> bool:
    """Whether the model that the study asks for has been exported, and is what its trials would make again."""
    state, kind = session.state, session.prepared.ensemble
    exported = state.exported
    if exported is None or (exported.trial, exported.asked) != (best, kind):
        return False
    return kind != GREEDY or state.verdict.num_trials == len(state.completed)


def _reach_verdict(session: Session, best: Trial, refit: Refit, ensemble: Ensemble | str) -> Verdict:
    """Judge the winner and read the test set, unless that has been done; record both."""
    session.begin("verdict")
    verdict, averaged = judge(session, best), None
    if isinstance(ensemble, str):
        verdict = replace(verdict, no_ensemble=ensemble)
    else:
        verdict, averaged = replace(verdict, ensemble=ensemble.verdict), ensemble.averaged
    if len(session.prepared.splits.test):
        verdict = read_test_set(session, verdict, refit.network, averaged)
    session.record(verdict_event(verdict))
    session.end("verdict")
    return verdict


def _write_ensemble(session: Session, refit: Refit, averaged: Averaged, verdict: Verdict) -> None:
    """Export the ensemble, and record what it and the single network cost who asks them."""
    prepared, model, known = session.prepared, session.run.folder / MODEL, verdict.ensemble
    assert known is not None
    alone = card_of(prepared, refit, verdict)
    margins = kept_margins(prepared, session.run.folder, known.weights, known.temperature)
    card = replace(alone, epochs=0, threshold=known.threshold, ensemble=known.weights, margins=margins)
    save_model(averaged, prepared.dataset, card, model, prepared.builder)
    if backend_name() != "tensorflow":  # which is left out of this process
        return
    row = prepared.dataset.frame(prepared.splits.training[:1])
    costs = replace(known, cost=cost_of(model, row), single=measured(prepared, refit.network, alone))
    session.record(verdict_event(replace(verdict, ensemble=costs)))


def kept_margins(
    prepared: PreparedStudy, run: Path, weights: Mapping[int, float], temperature: float = 1.0
) -> tuple[float, ...]:
    """Of prediction intervals, by the out-of-fold predictions of trials; none where these are not kept.

    Args:
        prepared: The study.
        run: Folder of the run.
        weights: How much each trial counts, by its number.
        temperature: Of their average.
    """
    out_of_fold = prepared.out_of_fold
    kept = StoredPredictions(run, weights, out_of_fold.predictions)
    if len(kept) < len(weights):
        return ()
    together = at_temperature(blend(dict(zip(kept.numbers, kept, strict=True)), weights), temperature)
    return margins_of(prepared.dataset.target[out_of_fold.rows], together)


def write_model(
    prepared: PreparedStudy, refit: Refit, verdict: Verdict, folder: Path, margins: tuple[float, ...] = ()
) -> None:
    """Write the SavedModel of a refitted trial with its card.

    Args:
        prepared: The study.
        refit: The network.
        verdict: What is known of it.
        folder: Its place.
        margins: Of prediction intervals.

    Raises:
        ExportError: The folder cannot be written, or the model does not answer as the network does.
    """
    card = replace(card_of(prepared, refit, verdict), margins=margins)
    save_model(refit.network, prepared.dataset, card, folder, prepared.builder)


def card_of(prepared: PreparedStudy, refit: Refit, verdict: Verdict) -> ModelCard:
    """What a reader of the model of a trial should know."""
    return ModelCard(
        study=prepared.config.name,
        trial=verdict.trial,
        epochs=refit.epochs,
        num_rows=len(prepared.splits.training),
        scores={f"{prepared.objective.metric}: {name}": value for name, value in verdict.rows()},
        threshold=verdict.threshold,
        file=text_reading(prepared.config.data),
    )


def analyze(session: Session) -> None:
    """Make every analysis that has not been made, as far as the time allows."""
    state, prepared = session.state, session.prepared
    if state.best is None or prepared.config.bias_variance.resamples == 0:
        return
    for analysis in ANALYSES:
        limit = session.budget.for_bias_variance if analysis is ANALYSES[0] else session.budget.before_ending
        subject = Subject(
            prepared=prepared,
            engine=session.engine,
            trials=tuple(state.completed),
            best=state.whole(state.best.number),
            answered=frozenset(trial for name, trial in state.analyzed if name == analysis.name),
            seconds=limit(),
        )
        _make(session, analysis, subject)


def _make(session: Session, analysis: Analysis, subject: Subject) -> None:
    plan = analysis.plan(subject) if subject.seconds > 0.0 else None
    if plan is None:
        return
    session.begin(plan.title)
    ends = session.budget.left() - subject.seconds
    limited = math.isfinite(subject.seconds)
    watch = session.watch(lambda: session.budget.left() - ends if limited else math.inf)
    for answer in analysis.answers(subject, plan, watch):
        file = answer_file(analysis.name, answer.trial)
        if answer.sums is not None:
            write_sums(session.run.folder, file, answer.sums)
        write_json(session.run.folder / file, answer.content)
        session.record(Analyzed(analysis.name, answer.trial, file))
    session.end(plan.title)


def _write_out_of_fold(session: Session, number: int) -> None:
    """Write what the winner predicted for each training row while it had not seen it: row, target, prediction.

    Where rows count differently, the last column is their weight. What other runs are compared by lies beside it.
    """
    kept = session.predictions_of([number])
    if not kept.numbers:
        return
    dataset, rows, predictions = session.prepared.dataset, session.out_of_fold.rows, kept[0][0]
    scored = scored_rows(session, kept[0])
    write_scored_rows(session.run.folder, KeptRows(dataset.rows[rows], scored, len(dataset.classes)))
    target = dataset.target[rows]
    columns: dict[str, numpy.ndarray] = {"row": dataset.rows[rows], dataset.target_name: target}
    if dataset.task is Task.REGRESSION:
        columns["prediction"] = predictions
    else:
        columns[dataset.target_name] = numpy.array(dataset.classes, dtype=object)[target]
        columns |= {
            f"{PROBABILITY}{label}": predictions[:, code] for code, label in enumerate(dataset.classes)
        }
    if (dataset.weights[rows] != 1.0).any() and dataset.target_name != WEIGHT:
        columns[WEIGHT] = dataset.weights[rows]
    text = pandas.DataFrame(columns).to_csv(index=False, float_format="%.6g")
    packed = gzip.compress(text.encode(), mtime=0)
    write_whole(session.run.folder / OUT_OF_FOLD_FILE, lambda file: file.write(packed))
