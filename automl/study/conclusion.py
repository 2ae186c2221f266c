"""The end of a study: the winner's refit, its verdict, the one reading of the locked test set, its model."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy
import pandas

from automl.config.reading import load_study
from automl.errors import DataError, ExportError
from automl.evaluation.metrics import METRICS, metrics_for
from automl.evaluation.out_of_fold import OutOfFold
from automl.evaluation.resampling import Estimate, corrected_score, score_interval
from automl.evaluation.thresholds import EVEN, at_threshold, score_at, tuned_threshold
from automl.evaluation.verdict import Verdict
from automl.export.saved_model import ModelCard, copy_model, save_model
from automl.records.journal import MODEL, OUT_OF_FOLD_FILE, STUDY_FILE, Journal, read_journal
from automl.study.analysis import decompose, design_analysis
from automl.study.preparation import PreparedStudy, prepare_study
from automl.study.winner import learn_from_fewer, shuffle_columns
from automl.training.baselines import BASELINES, run_baseline
from automl.training.engine import Engine, Watch
from automl.training.network import Network
from automl.training.sequential import TrialFailure
from automl.training.trials import refit_epochs
from automl.trial import Member, Task, Trial, TrialState, derive_seed

REFIT = -1
"""Fold number of a refit on all training rows."""


@dataclass(frozen=True, slots=True)
class Refit:
    """A trial's network, trained on all training rows.

    Attributes:
        network: The network.
        epochs: For how many epochs: the median of those that the folds kept.
    """

    network: Network
    epochs: int


def refit_trial(engine: Engine, prepared: PreparedStudy, trial: Trial) -> Refit:
    """Train a trial's network on all training rows.

    Raises:
        ExportError: It diverged.
    """
    member = Member(trial.number, REFIT, trial.hyperparameters, prepared.config.search.seed)
    epochs = refit_epochs(trial)
    try:
        return Refit(engine.refit(member, prepared.splits.training, epochs), epochs)
    except TrialFailure as failure:
        cure = f"Export another trial with `automl export {prepared.config.name} --trial N --to DIR`."
        raise ExportError(f"trial {trial.number} cannot be refitted: {failure}. {cure}") from None


def judge(prepared: PreparedStudy, best: Trial, out_of_fold: OutOfFold) -> Verdict:
    """All that can be said of the winner without the test set: correction, baselines, threshold.

    Args:
        prepared: The study.
        best: The winner.
        out_of_fold: Predictions of all trials.
    """
    dataset, metric = prepared.dataset, prepared.objective.metric
    rows = out_of_fold.rows
    target, weights = dataset.target[rows], dataset.weights[rows]
    seed = derive_seed(prepared.config.search.seed, "bootstrap")
    everyone, own = out_of_fold.all(), out_of_fold.of(best.number)
    corrected, threshold = None, EVEN
    if own is not None:
        corrected = corrected_score(metric, target, everyone, weights, seed)
        if dataset.task is Task.BINARY and METRICS[metric].by_label:
            threshold = tuned_threshold(metric, target, own, weights)
    baselines = {
        name: run_baseline(name, dataset, prepared.layout, prepared.splits.folds, metric)
        for name in (BASELINES if prepared.config.baselines else ())
    }
    return Verdict(
        objective=prepared.objective,
        trial=best,
        num_trials=len(everyone),
        optimistic=prepared.optimistic,
        corrected=corrected,
        baselines=baselines,
        threshold=threshold,
    )


def read_test_set(
    prepared: PreparedStudy, network: Network, threshold: float
) -> tuple[dict[str, float], Estimate]:
    """Scores of the refitted winner on the locked test set by metric, and the objective's with its interval."""
    dataset, test = prepared.dataset, prepared.splits.test
    prediction = network.predict(dataset.columns.take(test))
    target, weights = dataset.target[test], dataset.weights[test]
    names = dict.fromkeys([*prepared.metrics, *metrics_for(dataset.task)])
    scores = score_at(tuple(names), target, prediction, weights, threshold)
    metric = prepared.objective.metric
    if threshold != EVEN:
        prediction = at_threshold(prediction, threshold)
    seed = derive_seed(prepared.config.search.seed, "test interval")
    return scores, score_interval(metric, target, prediction, weights, seed)


def write_model(prepared: PreparedStudy, refit: Refit, verdict: Verdict, folder: Path) -> None:
    """Write the SavedModel of a refitted trial with its card.

    Raises:
        ExportError: The folder cannot be written, or the model does not answer as the network does.
    """
    card = ModelCard(
        study=prepared.config.name,
        trial=verdict.trial,
        epochs=refit.epochs,
        num_rows=len(prepared.splits.training),
        scores={f"{prepared.objective.metric}: {name}": value for name, value in verdict.rows()},
        threshold=verdict.threshold,
    )
    save_model(refit.network, prepared.dataset, card, folder)


def export_trial(folder: Path, number: int | None, to: Path, table: pandas.DataFrame | None = None) -> Trial:
    """Write a trial of an ended study as a SavedModel: the one the study made, or a refit of another.

    The locked test set is not read again: only the best trial has a test score.

    Args:
        folder: The study's own folder.
        number: The trial; the best one when None.
        to: Where the model goes.
        table: The table, where the study asked Python for it.

    Raises:
        AutoMLError: No such trial, a failed one, a table that has changed, or a folder that cannot be written.
    """
    log = read_journal(folder)
    trial = log.best if number is None else log.trial(number)
    if trial is None or trial.state is not TrialState.COMPLETE:
        cure = "Choose a trial that completed; `automl show` lists them."
        raise ExportError(f"{folder}: there is no completed trial to export. {cure}")
    if log.finish.get("exported") == trial.number and (folder / MODEL).is_dir():
        copy_model(folder / MODEL, to)
        return trial
    config = load_study(folder / STUDY_FILE, folder=Path(log.start["base"]))
    prepared = prepare_study(config, table)
    if prepared.dataset.digest != log.start["facts"]["data_digest"]:
        raise DataError(f"{folder}: the table has changed since the study ran. Run the study again.")
    refit = refit_trial(prepared.make_engine(), prepared, trial)
    write_model(prepared, refit, Verdict(prepared.objective, trial, len(log.trials), prepared.optimistic), to)
    return trial


def examine(
    prepared: PreparedStudy,
    trials: Sequence[Trial],
    engine: Engine,
    journal: Journal,
    phase: Callable[[str], Watch],
) -> None:
    """Take trials apart into bias and variance, and ask the winner about rows and columns; all goes to the journal.

    Args:
        prepared: The study.
        trials: Ended trials.
        engine: What trained them.
        journal: Where the answers go.
        phase: Told what begins; gives who looks on.
    """
    design = design_analysis(prepared, trials)
    best = prepared.objective.best(list(trials))
    if best is None or prepared.config.bias_variance.resamples == 0:
        return
    if design.trials:
        what = f"bias and variance of {len(design.trials)} trials"
        size = f"{design.num_folds} folds and {design.num_resamples} resamples each"
        for found in decompose(prepared, design, phase(f"{what}: {size}")):
            journal.append_bias_variance(found)
    for event, ask, what in (
        ("learning_curve", learn_from_fewer, "learning curve of the best trial"),
        ("columns", shuffle_columns, "columns that the best trial leans on"),
    ):
        answer = ask(engine, prepared, best, phase(what))
        if answer:
            journal.append(event, answer)


def write_out_of_fold(prepared: PreparedStudy, out_of_fold: OutOfFold, number: int, folder: Path) -> None:
    """Write what the winner said of each training row while it had not seen it: row number, target, prediction."""
    predictions = out_of_fold.of(number)
    if predictions is None:
        return
    dataset, rows = prepared.dataset, out_of_fold.rows
    target = dataset.target[rows]
    columns: dict[str, numpy.ndarray] = {"row": rows, dataset.target_name: target}
    if dataset.task is Task.REGRESSION:
        columns["prediction"] = predictions
    else:
        columns[dataset.target_name] = numpy.array(dataset.classes, dtype=object)[target]
        columns |= {
            f"probability_{label}": predictions[:, code] for code, label in enumerate(dataset.classes)
        }
    pandas.DataFrame(columns).to_csv(folder / OUT_OF_FOLD_FILE, index=False, float_format="%.6g")
