"""The files that go with a trial and with a study: tables and figures, ready to be looked at or uploaded."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas
from matplotlib.figure import Figure

from automl.evaluation.leaderboard import leaderboard
from automl.explanation.study import Explanation
from automl.records.journal import OUT_OF_FOLD_FILE, STUDY_FILE, StudyLog
from automl.report.bias_variance_figures import (
    bias_variance_curves,
    bias_variance_over_capacity,
    bias_variance_table,
    learning_curve_figure,
    where_the_loss_comes_from,
)
from automl.report.content import ReportContent, read_out_of_fold
from automl.report.figures import training_curves, validation_curve_over_capacity
from automl.report.page import report_page
from automl.trial import Trial

REPORT = "report.html"


def write_trial_files(trial: Trial, folder: Path, drawn: bool) -> None:
    """Write `trial.json`, and where a fold has ended `history.csv` and `figures/training_curves.png`.

    `history.csv` has one row a fold and epoch: fold, epoch, training_loss, stopping_loss, validation_loss, kept.

    Args:
        trial: An ended trial.
        folder: Where the files go.
        drawn: Whether there is to be a figure, which costs a tenth of a second.
    """
    content = {
        "trial": trial.number,
        "state": trial.state.value,
        "reason": trial.reason,
        "capacity": trial.capacity,
        "hyperparameters": dict(trial.hyperparameters),
    }
    (folder / "trial.json").write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    if not trial.folds:
        return
    rows = [
        (fold.fold, epoch + 1, *losses, epoch + 1 == fold.best_epoch)
        for fold in trial.folds
        for epoch, losses in enumerate(
            zip(fold.training_loss, fold.stopping_loss, fold.validation_loss, strict=True)
        )
    ]
    columns = ["fold", "epoch", "training_loss", "stopping_loss", "validation_loss", "kept"]
    pandas.DataFrame(rows, columns=columns).to_csv(folder / "history.csv", index=False)
    if drawn:
        figures = folder / "figures"
        figures.mkdir(exist_ok=True)
        training_curves(trial).savefig(figures / "training_curves.png", dpi=110)


def write_study_files(log: StudyLog, found: Explanation) -> Mapping[str, Path]:
    """Write the tables and figures of a study into its folder; nothing when no trial has ended.

    `report.html`; `leaderboard.csv`; `bias_variance.csv`, a row a trial and epoch; and `figures/`.

    Returns:
        The files by their path within the folder.
    """
    if not log.trials:
        return {}
    tables = {"leaderboard.csv": leaderboard(log.trials, log.objective, log.start["searched"])}
    if log.bias_variance:
        tables["bias_variance.csv"] = bias_variance_table(log.bias_variance.values())
    for name, table in tables.items():
        table.to_csv(log.folder / name, index=False)
    figures = _figures(log, found)
    (log.folder / "figures").mkdir(exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(log.folder / name, dpi=110)
    (log.folder / REPORT).write_text(study_report(log, found), encoding="utf-8")
    return {name: log.folder / name for name in (*tables, *figures, REPORT)}


def study_report(log: StudyLog, found: Explanation) -> str:
    """The study as one HTML page."""
    content = ReportContent(
        log=log,
        answer=(*found.answer, *found.remarks),
        diagnoses=found.diagnoses,
        tied=found.tied,
        smallest=found.smallest,
        importance=found.importance,
        learning_curve=found.learning_curve,
        out_of_fold=read_out_of_fold(log.folder / OUT_OF_FOLD_FILE),
        study_text=(log.folder / STUDY_FILE).read_text(encoding="utf-8"),
    )
    return report_page(content)


def _figures(log: StudyLog, found: Explanation) -> dict[str, Figure]:
    """The study's figures by their path."""
    drawn: dict[str, Figure] = {}
    if log.best is None:
        return drawn
    drawn["figures/validation_curve_capacity.png"] = validation_curve_over_capacity(log.trials, log.objective)
    if log.bias_variance:
        drawn["figures/bias_variance_capacity.png"] = bias_variance_over_capacity(
            log.trials, log.bias_variance
        )
        drawn["figures/where_the_loss_comes_from.png"] = where_the_loss_comes_from(log.bias_variance)
    if log.best.number in log.bias_variance:
        drawn["figures/bias_variance_of_the_best.png"] = bias_variance_curves(
            log.bias_variance[log.best.number]
        )
    if found.learning_curve is not None:
        drawn["figures/learning_curve.png"] = learning_curve_figure(found.learning_curve)
    return drawn
