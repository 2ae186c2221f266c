"""The files that go with a trial and with a study: tables and figures, ready to be looked at or uploaded."""

import json
from collections.abc import Mapping
from pathlib import Path

import pandas
from matplotlib.figure import Figure

from automl.evaluation.leaderboard import leaderboard
from automl.explanation.study import Explanation
from automl.records.state import StudyState
from automl.report.bias_variance_figures import (
    bias_variance_curves,
    bias_variance_over_capacity,
    bias_variance_table,
    learning_curve_figure,
    where_the_loss_comes_from,
)
from automl.report.content import ReportContent
from automl.report.figures import training_curves, validation_curve_over_capacity
from automl.report.page import report_page, study_content
from automl.trial import Trial

REPORT = "report.html"


def write_trial_files(trial: Trial, folder: Path, drawn: bool) -> None:
    """Write `trial.json`, and where a fold has ended `history.csv` and `figures/training_curves.png`.

    `history.csv` has one row per fold and epoch: fold, epoch, training_loss, stopping_loss, validation_loss, kept.

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


def write_study_files(state: StudyState, found: Explanation) -> Mapping[str, Path]:
    """Write the tables and figures of a study into its folder; nothing when no trial has ended.

    `report.html`; `leaderboard.csv`; `bias_variance.csv`, a row per trial and epoch; and `figures/`.

    Returns:
        The files by their path within the folder.
    """
    if not state.num_trials:
        return {}
    content = study_content(state, found)
    tables = {"leaderboard.csv": leaderboard(state.trials, state.objective, state.started.searched)}
    if content.parts:
        tables["bias_variance.csv"] = bias_variance_table(content.parts.values())
    for name, table in tables.items():
        table.to_csv(state.folder / name, index=False)
    figures = _figures(content)
    (state.folder / "figures").mkdir(exist_ok=True)
    for name, figure in figures.items():
        figure.savefig(state.folder / name, dpi=110)
    (state.folder / REPORT).write_text(report_page(content), encoding="utf-8")
    return {name: state.folder / name for name in (*tables, *figures, REPORT)}


def _figures(content: ReportContent) -> dict[str, Figure]:
    """The study's figures by their path."""
    drawn: dict[str, Figure] = {}
    best, parts = content.winner, content.parts
    if best is None:
        return drawn
    drawn["figures/validation_curve_capacity.png"] = validation_curve_over_capacity(
        content.trials, content.state.objective, content.training_mean
    )
    if parts:
        drawn["figures/bias_variance_capacity.png"] = bias_variance_over_capacity(content.trials, parts)
        drawn["figures/where_the_loss_comes_from.png"] = where_the_loss_comes_from(parts)
    if best.number in parts:
        drawn["figures/bias_variance_of_the_best.png"] = bias_variance_curves(parts[best.number])
    if content.learning_curve is not None:
        drawn["figures/learning_curve.png"] = learning_curve_figure(content.learning_curve)
    return drawn
