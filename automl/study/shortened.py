"""A study cut short, to be timed: fewer rows, fewer epochs."""

import math
from dataclasses import replace

import numpy

from automl.data.folds import Fold
from automl.study.preparation import PreparedStudy
from automl.training.members import plan_members
from automl.trial import Hyperparameters, Member, derive_seed


def with_fewer_rows(prepared: PreparedStudy, share: float) -> PreparedStudy:
    """The study on a random share of the rows of each fold, the same one each time."""
    if share >= 1.0:
        return prepared
    generator = numpy.random.default_rng(derive_seed(prepared.config.search.seed, "forecast", "rows"))
    folds = tuple(_sample(fold, share, generator) for fold in prepared.splits.folds)
    return replace(prepared, splits=replace(prepared.splits, folds=folds))


def _sample(fold: Fold, share: float, generator: numpy.random.Generator) -> Fold:
    def some(count: int) -> numpy.ndarray:
        return numpy.sort(generator.choice(count, max(1, math.ceil(share * count)), replace=False))

    fit, stopping, validation = (some(len(rows)) for rows in (fold.fit, fold.stopping, fold.validation))
    groups = None if fold.groups is None else fold.groups[fit]
    return Fold(fold.fit[fit], fold.stopping[stopping], fold.validation[validation], groups, fold.ordered)


def num_fit_rows(prepared: PreparedStudy) -> int:
    """Of the largest fold."""
    return max(len(fold.fit) for fold in prepared.splits.folds)


def with_few_epochs(prepared: PreparedStudy, epochs: int) -> PreparedStudy:
    """The study whose networks train for so many epochs."""
    training = prepared.config.training.model_copy(update={"epochs": epochs, "patience": epochs})
    return replace(prepared, config=prepared.config.model_copy(update={"training": training}))


def members_of(sample: PreparedStudy, trial: int, values: Hyperparameters, num_folds: int) -> list[Member]:
    """Members of a trial that train the epochs of a shortened study, even where the trial's values name others."""
    epochs = sample.plan.epochs
    members = plan_members(trial, values, num_folds, sample.config.search.seed)
    return [replace(member, epochs=epochs, patience=epochs) for member in members]
