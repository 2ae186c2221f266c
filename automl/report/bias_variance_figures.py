"""Figures of what losses are made of. Colors as in `figures.py`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy
import pandas
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from automl.evaluation.bias_variance import BiasVariance
from automl.evaluation.learning_curve import FARTHEST, LearningCurve
from automl.report.figures import TRAINING, VALIDATION, make_axes
from automl.trial import Trial

Z = 1.96
"""Half the width of a 95 % interval of a loss by many rows, in standard errors."""

REST, VARIANCE = "#56B4E9", "#E69F00"

_MOST_NUMBERS = 100
"""Dots up to which each has the number of its trial beside it."""


def bias_variance_table(found: Iterable[BiasVariance]) -> pandas.DataFrame:
    """One row per trial and epoch: whether it was kept, and risk, variance, rest with their standard errors."""
    rows = [
        {
            "trial": one.trial,
            "epoch": epoch,
            "kept": epoch == one.epoch,
            "loss": one.loss,
            **{
                f"{name}{suffix}": values[place]
                for name, curve in (("risk", one.risk), ("variance", one.variance), ("rest", one.rest))
                for suffix, values in (("", curve.values), ("_error", curve.errors))
            },
            "training": one.training[place],
            "resamples": one.num_resamples,
            "seeds": one.num_seeds,
            "folds": one.num_folds,
            "rows": one.num_rows,
        }
        for one in found
        for place, epoch in enumerate(one.epochs)
    ]
    return pandas.DataFrame(rows)


def bias_variance_curves(found: BiasVariance) -> Figure:
    """Bias + noise and variance stacked over epochs, with the loss on new rows and on rows trained on."""
    figure, axes = make_axes()
    epochs = numpy.array(found.epochs)
    rest, variance = numpy.array(found.rest.values), numpy.array(found.variance.values)
    axes.fill_between(epochs, 0.0, rest, color=REST, alpha=0.55, linewidth=0, label=found.rest_name)
    axes.fill_between(
        epochs, rest, rest + variance, color=VARIANCE, alpha=0.65, linewidth=0, label="variance"
    )
    risk, halves = numpy.array(found.risk.values), numpy.array(found.risk.halves)
    axes.errorbar(
        epochs, risk, halves, color=VALIDATION, linewidth=2, capsize=2, label="loss on new rows (95 %)"
    )
    axes.plot(epochs, found.training, color=TRAINING, linewidth=1.5, label="loss on rows trained on")
    axes.axvline(found.epoch, color="0.4", linestyle=":", linewidth=1)
    axes.set_ylim(0.0, _top(risk + halves, found))
    if epochs[-1] > 10:
        axes.set_xscale("log")
        ticks = [epoch for epoch in (1, 2, 5, 10, 20, 50, 100, 200, 500) if epoch <= epochs[-1]]
        axes.set_xticks(ticks, [str(tick) for tick in ticks])
        axes.minorticks_off()
    title = f"Trial {found.trial}: {found.rest_name} and variance; dotted is the epoch kept"
    axes.set(xlabel="epoch", ylabel=found.loss.replace("_", " "), title=title)
    axes.legend(frameon=False, fontsize=8)
    return figure


def _top(risk: numpy.ndarray, found: BiasVariance) -> float:
    """An upper end of the axis that shows the later epochs: the first ones may be far above."""
    place = found.epochs.index(found.epoch)
    return float(min(risk.max() * 1.05, max(3.0 * risk[place], 1.3 * risk[place:].max())))


def bias_variance_over_capacity(trials: Sequence[Trial], found: Mapping[int, BiasVariance]) -> Figure:
    """Bias + noise, variance and their sum against the number of weights: the best trial of each size."""
    figure, axes = make_axes()
    sizes = {trial.number: trial.capacity or 0 for trial in trials}
    best: dict[int, BiasVariance] = {}
    for number, one in found.items():
        size = sizes.get(number, 0)
        if size not in best or one.at(one.risk)[0] < best[size].at(best[size].risk)[0]:
            best[size] = one
    ordered = sorted(best)
    for name, color, label in (
        ("risk", VALIDATION, "loss on new rows"),
        ("rest", TRAINING, next(iter(found.values())).rest_name),
        ("variance", VARIANCE, "variance"),
    ):
        _band(
            axes,
            ordered,
            [_with_half(best[size], name) for size in ordered],
            color=color,
            label=label,
        )
    if len(ordered) > 1 and ordered[-1] > 10 * max(1, ordered[0]):
        axes.set_xscale("log")
    loss = next(iter(found.values())).loss.replace("_", " ")
    axes.set(
        xlabel="capacity (trainable weights)",
        ylabel=loss,
        title="Best trial of each size, with 95 % intervals",
    )
    axes.legend(frameon=False)
    return figure


def _with_half(found: BiasVariance, name: str) -> tuple[float, float]:
    """A value at the kept epoch with half the width of its interval."""
    measured = found.measured(getattr(found, name))
    return measured.value, measured.half()


def _band(axes: Axes, places: Sequence[float], points: Sequence[tuple[float, float]], **look: Any) -> None:
    values, halves = numpy.array(points).T
    axes.errorbar(places, values, halves, fmt="o-", markersize=4, capsize=2, linewidth=1.5, **look)


def where_the_loss_comes_from(found: Mapping[int, BiasVariance]) -> Figure:
    """Variance against bias + noise, a dot per trial; the diagonals join equal losses."""
    figure, axes = make_axes()
    rest, variance = (
        numpy.array([one.at(getattr(one, name))[0] for one in found.values()])
        for name in ("rest", "variance")
    )
    axes.plot(rest, variance, "o", color=VALIDATION, alpha=0.7)
    few = found if len(found) <= _MOST_NUMBERS else ()
    for number, across, up in zip(few, rest, variance, strict=False):
        axes.annotate(str(number), (across, up), textcoords="offset points", xytext=(4, 3), fontsize=7)
    right, top = 1.05 * max(rest.max(), 1e-12), 1.1 * max(variance.max(), 1e-12)
    left, bottom = min(0.95 * rest.min(), rest.min() * 1.05), min(0.0, 1.1 * variance.min())
    for risk in numpy.linspace(left + bottom, right + top, 7)[1:-1]:
        axes.plot([left, right], [risk - left, risk - right], color="0.8", linewidth=0.8, zorder=0)
    name = next(iter(found.values())).rest_name
    axes.set(xlim=(left, right), ylim=(bottom, top), xlabel=name, ylabel="variance")
    axes.set_title("Where the loss comes from: a dot per trial, lines of equal loss")
    return figure


def learning_curve_figure(curve: LearningCurve) -> Figure:
    """Loss against rows to learn from, with the fitted power law and its band up to four times the rows."""
    figure, axes = make_axes()
    rows = numpy.geomspace(curve.rows[0], FARTHEST * curve.rows[-1] * (1 - 1e-9), 60)
    fitted, low, high = curve.predicted(rows)
    if not curve.refused:
        axes.fill_between(rows, low, high, color=VALIDATION, alpha=0.15, linewidth=0, label="95 % band")
    axes.plot(
        rows, fitted, color=VALIDATION, linewidth=1.5, label=f"{curve.a:.3g} + {curve.b:.3g} n^−{curve.c:.2g}"
    )
    points = list(zip(curve.losses_mean, curve.losses_error, strict=True))
    values, errors = numpy.array(points).T
    axes.errorbar(curve.rows, values, Z * errors, fmt="o", color=TRAINING, capsize=2, label="measured (95 %)")
    axes.axvline(curve.rows[-1], color="0.4", linestyle=":", linewidth=1)
    axes.set_xscale("log")
    axes.set(
        xlabel="rows to learn from (n)",
        ylabel="loss on new rows",
        title="Learning curve; dotted are all rows",
    )
    axes.legend(frameon=False)
    return figure
