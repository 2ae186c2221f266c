"""The files that go with a trial and with a study: tables and figures, ready to be looked at or uploaded."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas

from automl.evaluation.leaderboard import leaderboard
from automl.explanation.study import Explanation
from automl.records.state import StudyState
from automl.report.blocks import Figure
from automl.report.charts.learning import training_curves
from automl.report.charts.look import Chart, svg
from automl.report.content import ReportContent
from automl.report.learning import best_curves, learning_curve_figure, longest
from automl.report.loss_parts import over_capacity, over_epochs_figure, scatter
from automl.report.page import report_page, study_content
from automl.report.searching import capacity_curve
from automl.report.tables import bias_variance_table
from automl.trial import Trial

REPORT = "report.html"

CAPTION = "Dots are the epochs whose weights were kept; where folds have ended, the mean is dashed."


def write_trial_files(trial: Trial, folder: Path, drawn: bool) -> None:
    """Write `trial.json`, and where a fold has ended `history.csv` and `figures/training_curves.svg`.

    `history.csv` has one row per fold and epoch: fold, epoch, training_loss, stopping_loss, validation_loss, kept.

    Args:
        trial: An ended trial.
        folder: Where the files go.
        drawn: Whether there is to be a figure, which costs some hundredths of a second; there is none of single epochs.
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
    if drawn and longest(trial) > 1:
        figures = folder / "figures"
        figures.mkdir(exist_ok=True)
        _write(training_curves(trial), CAPTION, figures / "training_curves.svg")


def write_study_files(state: StudyState, explanation: Explanation) -> Mapping[str, Path]:
    """Write the tables and figures of a study into its folder; nothing when no trial has ended.

    `report.html`; `leaderboard.csv`; `bias_variance.csv`, a row per trial and epoch; and `figures/`.

    Returns:
        The files by their path within the folder.
    """
    if not state.num_trials:
        return {}
    content = study_content(state, explanation)
    tables = {"leaderboard.csv": leaderboard(state.trials, state.objective, state.started.searched)}
    if content.parts:
        tables["bias_variance.csv"] = bias_variance_table(content.parts.values())
    for name, table in tables.items():
        table.to_csv(state.folder / name, index=False)
    figures = _figures(content)
    (state.folder / "figures").mkdir(exist_ok=True)
    for name, figure in figures.items():
        _write(figure.chart, figure.caption, state.folder / name)
    (state.folder / REPORT).write_text(report_page(content), encoding="utf-8")
    return {name: state.folder / name for name in (*tables, *figures, REPORT)}


def _write(chart: Chart, caption: str, to: Path) -> None:
    to.write_text(svg(chart, caption), encoding="utf-8")


def _figures(content: ReportContent) -> dict[str, Figure]:
    """The study's figures by their path; none of a single dot."""
    figures = {
        "validation_curve_capacity": capacity_curve(content),
        "validation_loss_of_the_best": best_curves(content),
        "bias_variance_capacity": over_capacity(content),
        "where_the_loss_comes_from": scatter(content),
        "bias_variance_of_the_best": over_epochs_figure(content),
        "learning_curve": learning_curve_figure(content),
    }
    return {f"figures/{name}.svg": figure for name, figure in figures.items() if figure is not None}
