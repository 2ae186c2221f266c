"""Writes a model of a recorded study as a SavedModel: the trial that it exported, a refit of another, or a baseline."""

from pathlib import Path

import numpy
import pandas

from automl.config.reading import load_study
from automl.data.sources.file_source import text_reading
from automl.errors import ExportError
from automl.evaluation.resampling import ScoredRows
from automl.evaluation.thresholds import EVEN, tuned_threshold
from automl.evaluation.verdict import Verdict
from automl.explanation.answer import contender_text, verdict_of
from automl.export.folders import check_folder
from automl.export.saved_model import ModelCard, copy_model, save_model
from automl.records.files import MODEL, STUDY_FILE
from automl.records.finding import read_run
from automl.records.state import StudyState
from automl.study.conclusion import kept_margins, write_model
from automl.study.opening import check_digests
from automl.study.preparation import PreparedStudy, prepare_study
from automl.study.refitting import refit_trial
from automl.training.baselines.baselines import run_baseline
from automl.training.baselines.linear_network import linear_network
from automl.trial import Task, Trial, TrialState

LINEAR = "linear"
"""The baseline that can be exported."""


def export_trial(
    folder: Path,
    number: int | None,
    to: Path,
    table: pandas.DataFrame | None = None,
    uri: str | None = None,
) -> Trial:
    """Write a trial of a study as a SavedModel.

    Without a number it is the model that the study exported, which may be an ensemble; with one, the network of that
    trial alone. The locked test set is not read again: only the trial that the study exported has a test score.

    Args:
        folder: The folder of the run.
        number: The trial; the best one when None.
        to: Where the model goes.
        table: The table, where the study asked Python for it.
        uri: The database of the record; AUTOML_RECORDS, then the file in `mlruns`, when None.

    Raises:
        AutoMLError: No such trial, a failed one, a table or a builder that has changed, or a folder that cannot be
            written.
    """
    check_folder(to)
    state = read_run(folder, uri)
    best = state.best if number is None else state.trial(number)
    if best is None or best.state is not TrialState.COMPLETE:
        cure = "Choose a trial that completed; `automl show` lists them."
        raise ExportError(f"{folder}: there is no completed trial to export. {cure}")
    trial, model = state.whole(best.number), state.folder / MODEL
    exported = state.exported
    asked_alone = number is not None and exported is not None and exported.ensemble
    if exported is not None and exported.trial == trial.number and model.is_dir() and not asked_alone:
        copy_model(model, to)
        return trial
    prepared = _prepared_again(state, table)
    refit = refit_trial(prepared.make_engine(), prepared, trial)
    verdict = Verdict(prepared.objective, trial, state.num_trials, prepared.optimistic)
    write_model(prepared, refit, verdict, to, kept_margins(prepared, state.folder, {trial.number: 1.0}))
    return trial


def export_baseline(
    folder: Path, name: str, to: Path, table: pandas.DataFrame | None = None, uri: str | None = None
) -> None:
    """Write a baseline of a study as a SavedModel that takes raw rows, as `export_trial` writes a trial.

    It is fitted on all training rows. The locked test set is not read.

    Args:
        folder: The folder of the run.
        name: `linear`.
        to: Where the model goes.
        table: The table, where the study asked Python for it.
        uri: See `export_trial`.

    Raises:
        AutoMLError: Another baseline, a table that has changed, or a folder that cannot be written.
    """
    if name != LINEAR:
        raise ExportError(
            f"`--baseline` must be '{LINEAR}', got {name!r}. Other baselines are scikit-learn models."
        )
    check_folder(to)
    state = read_run(folder, uri)
    prepared = _prepared_again(state, table)
    rows = prepared.splits.training
    network, _ = linear_network(prepared.dataset, prepared.layout, rows, prepared.metric.level)
    contender = verdict_of(state).contender(name)
    metric = state.objective.metric
    card = ModelCard(
        study=prepared.config.name,
        trial=None,
        epochs=0,
        num_rows=len(rows),
        scores={} if contender is None else {f"{metric}: cross-validation": contender_text(contender)},
        threshold=_threshold(prepared),
        file=text_reading(prepared.config.data),
        baseline=name,
    )
    save_model(network, prepared.dataset, card, to)


def _prepared_again(state: StudyState, table: pandas.DataFrame | None) -> PreparedStudy:
    """The study on the table that it has run on."""
    config = load_study(state.folder / STUDY_FILE, folder=Path(state.started.base))
    prepared = prepare_study(config, table)
    recorded = state.started.digests or {"data": state.started.facts.get("data_digest", "")}
    check_digests(prepared, recorded)
    return prepared


def _threshold(prepared: PreparedStudy) -> float:
    """The threshold that suits the linear baseline best out of fold, where the objective has one."""
    dataset, folds = prepared.dataset, prepared.splits.folds
    if dataset.task is not Task.BINARY or not prepared.metric.tuned:
        return EVEN
    result = run_baseline(LINEAR, dataset, prepared.layout, folds, prepared.metric)
    if len(result.predictions) < len(folds):
        return EVEN
    kept = prepared.out_of_fold
    rows = ScoredRows(
        dataset.target[kept.rows], dataset.weights[kept.rows], kept.folds, numpy.arange(len(kept.rows))
    )
    return tuned_threshold(prepared.metric, rows, kept.arrange(numpy.concatenate(result.predictions)))
