"""Figures of trials. Colors are told apart by every common kind of color vision (Okabe and Ito, 2008)."""

from collections.abc import Callable, Sequence

import numpy
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from automl.evaluation.curves import mean_curve
from automl.evaluation.spacing import evenly_spaced
from automl.trial import Objective, Trial, TrialState

TRAINING, VALIDATION = "#0072B2", "#D55E00"

_MOST_TRIALS, _MOST_SIZES = 500, 100


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


def validation_curve_over_capacity(
    trials: Sequence[Trial], objective: Objective, training_mean: Callable[[Trial], float] | None = None
) -> Figure:
    """Training and validation score against capacity: the trials, and the best trial at each capacity.

    The line joins the best validation score at each capacity, so that an unlucky learning rate does not pass for
    the effect of size. Of many trials, and of many capacities, evenly spaced ones are drawn.

    Args:
        trials: Ended trials.
        objective: Metric and direction that rank them.
        training_mean: Mean score of a trial on the rows it trained on; the trial's own when None.
    """
    metric = objective.metric
    of_training = training_mean or (lambda trial: trial.training_mean(metric))
    complete = [trial for trial in trials if trial.state is TrialState.COMPLETE and trial.capacity]
    best_of: dict[int, Trial] = {}
    for trial in objective.rank(complete):
        best_of.setdefault(trial.capacity or 0, trial)
    shown = evenly_spaced(complete, _MOST_TRIALS)
    best = evenly_spaced([best_of[size] for size in sorted(best_of)], _MOST_SIZES)
    figure, axes = make_axes()
    capacities = [trial.capacity or 0 for trial in shown]
    errors = numpy.nan_to_num([trial.standard_error(metric) for trial in shown])
    training = [of_training(trial) for trial in shown]
    means = [trial.mean(metric) for trial in shown]
    axes.plot(capacities, training, "o", color=TRAINING, alpha=0.4, markersize=4, label="training")
    axes.errorbar(
        capacities, means, errors, fmt="o", color=VALIDATION, alpha=0.4, markersize=4, label="validation ± SE"
    )
    sizes = [trial.capacity or 0 for trial in best]
    best_means = [trial.mean(metric) for trial in best]
    axes.plot(sizes, best_means, color=VALIDATION, label="best at this capacity")
    axes.plot(sizes, [of_training(trial) for trial in best], color=TRAINING)
    if capacities and max(capacities) > 10 * max(1, min(capacities)):
        axes.set_xscale("log")
    axes.set(xlabel="capacity (trainable weights)", ylabel=metric, title="Validation curve over capacity")
    axes.legend(frameon=False)
    return figure
