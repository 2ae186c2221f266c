"""Which members a trial has, and for how many epochs its network is refitted."""

import statistics

from automl.trial import Hyperparameters, Member, Trial

REFIT = -1
"""Fold number of a refit on all training rows."""


def plan_members(trial: int, hyperparameters: Hyperparameters, num_folds: int, seed: int) -> list[Member]:
    """One member per fold."""
    return [Member(trial, fold, hyperparameters, seed) for fold in range(num_folds)]


def refit_epochs(trial: Trial) -> int:
    """Epochs for a refit on all training rows: the median of the epochs that the folds kept."""
    return max(1, round(statistics.median(fold.best_epoch for fold in trial.folds)))
