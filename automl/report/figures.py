"""Figures of trials. Colors are told apart by every common kind of color vision (Okabe and Ito, 2008)."""

from collections.abc import Sequence

import numpy
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from automl.evaluation.curves import mean_curve
from automl.trial import Objective, Trial, TrialState

TRAINING, VALIDATION = "#0072B2", "#D55E00"


def training_curves(trial: Trial) -> Figure:
    """Training and validation loss against epochs, every fold and their mean, with the epochs that were kept."""
    figure, axes = make_axes()
    for fold in trial.folds:
        for losses, color in ((fold.training_loss, TRAINING), (fold.validation_loss, VALIDATION)):
            axes.plot(range(1, len(losses) + 1), losses, color=color, alpha=0.25, linewidth=0.8)
        axes.plot(
            fold.best_epoch, fold.validation_loss[fold.best_epoch - 1], "o", color=VALIDATION, markersize=4
        )
    for curves, label, color in (
        ([fold.training_loss for fold in trial.folds], "training", TRAINING),
        ([fold.validation_loss for fold in trial.folds], "validation", VALIDATION),
    ):
        curve = mean_curve(curves)
        # Where folds have stopped, the mean is over other folds than before and may jump: it is dotted there.
        shared = min((len(fold.training_loss) for fold in trial.folds), default=0)
        axes.plot(range(1, shared + 1), curve[:shared], color=color, linewidth=2, label=label)
        axes.plot(range(shared, len(curve) + 1), curve[shared - 1 :], ":", color=color, linewidth=1.5)
    axes.set(
        xlabel="epoch", ylabel="loss", title=f"Trial {trial.number}: mean and folds; dots are the epochs kept"
    )
    if min(min(fold.training_loss + fold.validation_loss) for fold in trial.folds) > 0:
        axes.set_yscale("log")
    axes.legend(frameon=False)
    return figure


def make_axes() -> tuple[Figure, Axes]:
    """One plot with fixed margins: to let matplotlib find them draws everything twice."""
    figure = Figure(figsize=(7, 4.2))
    figure.subplots_adjust(left=0.11, right=0.97, bottom=0.13, top=0.91)
    return figure, figure.subplots()


def validation_curve_over_capacity(trials: Sequence[Trial], objective: Objective) -> Figure:
    """Training and validation score against capacity: every trial, and the best trial at each capacity.

    The line joins the best validation score at each capacity, so that an unlucky learning rate does not pass for
    the effect of size.
    """
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE and trial.capacity]
    figure, axes = make_axes()
    metric = objective.metric
    capacities = [trial.capacity or 0 for trial in complete]
    errors = numpy.nan_to_num([trial.standard_error(metric) for trial in complete])
    training = [trial.training_mean(metric) for trial in complete]
    means = [trial.mean(metric) for trial in complete]
    axes.plot(capacities, training, "o", color=TRAINING, alpha=0.4, markersize=4, label="training")
    axes.errorbar(
        capacities, means, errors, fmt="o", color=VALIDATION, alpha=0.4, markersize=4, label="validation ± SE"
    )
    sizes = sorted(set(capacities))
    best = [objective.rank([trial for trial in complete if trial.capacity == size])[0] for size in sizes]
    best_means = [trial.mean(metric) for trial in best]
    axes.plot(sizes, best_means, color=VALIDATION, label="best at this capacity")
    axes.plot(sizes, [trial.training_mean(metric) for trial in best], color=TRAINING)
    if capacities and max(capacities) > 10 * max(1, min(capacities)):
        axes.set_xscale("log")
    axes.set(xlabel="capacity (trainable weights)", ylabel=metric, title="Validation curve over capacity")
    axes.legend(frameon=False)
    return figure
