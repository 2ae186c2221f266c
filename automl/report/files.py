"""The files that go with a trial and with a study: tables and figures, ready to be looked at or uploaded."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas

from automl.evaluation.leaderboard import leaderboard
from automl.report.figures import training_curves, validation_curve_over_capacity
from automl.trial import Objective, Trial, TrialState


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


def write_study_files(
    trials: Sequence[Trial], objective: Objective, names: Sequence[str], folder: Path
) -> Mapping[str, Path]:
    """Write `leaderboard.csv` and `figures/validation_curve_capacity.png`; nothing when no trial has ended.

    Returns:
        The files by their path within the folder.
    """
    if not trials:
        return {}
    files = {"leaderboard.csv": folder / "leaderboard.csv"}
    leaderboard(trials, objective, names).to_csv(files["leaderboard.csv"], index=False)
    if any(trial.state is TrialState.COMPLETE for trial in trials):
        name = "figures/validation_curve_capacity.png"
        files[name] = folder / name
        files[name].parent.mkdir(exist_ok=True)
        validation_curve_over_capacity(trials, objective).savefig(files[name], dpi=110)
    return files
