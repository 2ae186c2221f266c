"""Writes a trial of a recorded study as a SavedModel: the one that the study exported, or a refit of another."""

from pathlib import Path

import pandas

from automl.config.reading import load_study
from automl.errors import ExportError
from automl.evaluation.verdict import Verdict
from automl.export.folders import check_folder
from automl.export.saved_model import copy_model
from automl.records.files import MODEL, STUDY_FILE
from automl.records.finding import read_run
from automl.study.conclusion import refit_trial, write_model
from automl.study.opening import check_digests
from automl.study.preparation import prepare_study
from automl.trial import Trial, TrialState


def export_trial(
    folder: Path,
    number: int | None,
    to: Path,
    table: pandas.DataFrame | None = None,
    uri: str | None = None,
) -> Trial:
    """Write a trial of a study as a SavedModel.

    The locked test set is not read again: only the trial that the study exported has a test score.

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
    if state.exported is not None and state.exported.trial == trial.number and model.is_dir():
        copy_model(model, to)
        return trial
    config = load_study(state.folder / STUDY_FILE, folder=Path(state.started.base))
    prepared = prepare_study(config, table)
    check_digests(prepared, state.started.digests or {"data": state.started.facts["data_digest"]})
    refit = refit_trial(prepared.make_engine(), prepared, trial)
    write_model(
        prepared, refit, Verdict(prepared.objective, trial, state.num_trials, prepared.optimistic), to
    )
    return trial
