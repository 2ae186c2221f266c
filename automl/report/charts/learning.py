"""Charts of how networks learn: over epochs, and over rows."""

from collections.abc import Iterator, Sequence

import altair
import numpy

from automl.evaluation.curves import mean_curve
from automl.evaluation.learning_curve import FARTHEST, LearningCurve
from automl.evaluation.spacing import evenly_spaced
from automl.report.charts.look import (
    FAINT,
    GRAY,
    GREEN,
    ORANGE,
    TRAINING,
    VALIDATION,
    WIDE,
    Along,
    Chart,
    Row,
    color_of,
    data,
    layered,
    log_along,
    x_of,
    y_of,
)
from automl.trial import Trial
from automl.wording import number

MOST_EPOCHS = 200
"""Points of a curve; of more epochs evenly spaced ones are drawn, those that were kept among them."""

Z = 1.96
_KINDS = {"training rows": TRAINING, "validation rows": VALIDATION}


def training_curves(trial: Trial) -> Chart:
    """Training and validation loss against epochs: every fold, their mean, and the epochs that were kept.

    Where folds have stopped, the mean is over other folds than before and may jump: it is dashed there.
    """
    curves = {
        "training rows": [fold.training_loss for fold in trial.folds],
        "validation rows": [fold.validation_loss for fold in trial.folds],
    }
    kept_epochs = {fold.best_epoch for fold in trial.folds}
    shared = min(len(fold.training_loss) for fold in trial.folds)
    folds, means, dashed = [], [], []
    for kind, losses in curves.items():
        for fold, curve in enumerate(losses):
            folds += [row | {"fold": fold} for row in _points(curve, kind, kept_epochs)]
        mean = mean_curve(losses)
        means += list(_points(mean[:shared], kind, kept_epochs))
        dashed += list(_points(mean[shared - 1 :], kind, kept_epochs, first=shared))
    losses_seen = [loss for of_kind in curves.values() for curve in of_kind for loss in curve]
    x = x_of(Along("epoch", whole=True))
    y = y_of(log_along("loss", losses_seen) if min(losses_seen) > 0.0 else Along("loss"))
    color = color_of(_KINDS)
    layers = [
        altair.Chart(data(folds)).mark_line(strokeWidth=1, opacity=0.35).encode(x, y, color, detail="fold:N"),
        altair.Chart(data(means)).mark_line(strokeWidth=2.4).encode(x, y, color),
        altair.Chart(data(dashed)).mark_line(strokeWidth=1.8, strokeDash=[5, 4]).encode(x, y, color),
        altair.Chart(data(_kept(trial)))
        .mark_point(filled=True, size=45)
        .encode(x, y, color, tooltip="tip:N"),
    ]
    title = f"Loss of trial {trial.number} over epochs, {len(trial.folds)} folds and their mean"
    return layered(layers, title, WIDE)


def _points(
    curve: Sequence[float], kind: str, kept_epochs: set[int], first: int = 1
) -> Iterator[dict[str, object]]:
    epochs = range(first, first + len(curve))
    shown = sorted(
        {*evenly_spaced(epochs, MOST_EPOCHS), *(epoch for epoch in kept_epochs if epoch in epochs)}
    )
    return ({"x": epoch, "y": curve[epoch - first], "kind": kind} for epoch in shown)


def _kept(trial: Trial) -> Iterator[Row]:
    for fold in trial.folds:
        loss = fold.validation_loss[fold.best_epoch - 1]
        tip = f"fold {fold.fold}: epoch {fold.best_epoch} was kept, validation loss {number(loss)}"
        yield {"x": fold.best_epoch, "y": loss, "kind": "validation rows", "tip": tip}


def best_curves(trials: Sequence[Trial], most: int = 10) -> Chart:
    """Mean validation loss of ranked trials over epochs: the best ones in color, at most as many others faint."""
    rows: list[Row] = []
    for rank, trial in enumerate(trials[: 2 * most]):
        curve = mean_curve([fold.validation_loss for fold in trial.folds])
        kind = "best" if rank == 0 else f"ranks 2 to {most}" if rank < most else "others"
        rows += [row | {"trial": trial.number} for row in _points(curve, kind, set())]
    kinds = {"others": FAINT, f"ranks 2 to {most}": TRAINING, "best": ORANGE}
    present = {row["kind"] for row in rows}
    heights = [float(str(row["y"])) for row in rows]
    loss = "validation loss"
    x = x_of(Along("epoch", whole=True))
    y = y_of(log_along(loss, heights) if min(heights) > 0.0 else Along(loss))
    color = color_of({kind: color for kind, color in kinds.items() if kind in present})
    ends = {row["trial"]: row for row in rows if row["kind"] != "others"}.values()
    line = altair.Chart(data(rows)).mark_line(strokeWidth=1.5)
    weight = (
        altair.when("datum.kind == 'best'")
        .then(altair.value(1.0))
        .when("datum.kind == 'others'")
        .then(altair.value(0.25))
        .otherwise(altair.value(0.8))
    )
    names = altair.Chart(data(ends)).mark_text(align="left", dx=4, fontSize=10)
    layers = [
        line.encode(x, y, color, opacity=weight, detail="trial:N"),
        names.encode(x, y, color, text="trial:N"),
    ]
    return layered(layers, "Validation loss of the best trials over epochs, mean of the folds", WIDE)


def learning_curve(
    rows: Sequence[float], losses: Sequence[Sequence[float]], loss: str, fitted: LearningCurve | None
) -> Chart:
    """Loss against the rows to learn from: the folds, their means, and the power law through these.

    Args:
        rows: Numbers of rows.
        losses: Of each number of rows the losses of the folds.
        loss: Its name.
        fitted: The power law; None where there are too few numbers of rows for one.
    """
    means = list(fitted.losses_mean) if fitted else [sum(of_folds) / len(of_folds) for of_folds in losses]
    halves = [Z * error for error in fitted.losses_error] if fitted else [0.0] * len(means)
    points = [
        {
            "x": count,
            "y": mean,
            "low": mean - half,
            "high": mean + half,
            "kind": "mean of the folds" + " (95 %)" * bool(fitted),
            "tip": f"{number(count)} rows: {number(mean)}",
        }
        for count, mean, half in zip(rows, means, halves, strict=True)
    ]
    folds = [
        {"x": count, "y": value, "kind": "a fold"}
        for count, of_folds in zip(rows, losses, strict=False)
        for value in of_folds
    ]
    kinds = {str(points[0]["kind"]): ORANGE, "a fold": GRAY} | ({"power law": GREEN} if fitted else {})
    ends = [*rows, FARTHEST * rows[-1]] if fitted else rows
    x, y, color = x_of(log_along("rows to learn from", ends)), y_of(Along(loss)), color_of(kinds)
    dots = altair.Chart(data(points))
    layers = [
        *(_law(fitted, x, y, color) if fitted else []),
        altair.Chart(data(folds)).mark_point(filled=True, size=25, opacity=0.5).encode(x, y, color),
        dots.mark_rule().encode(x, altair.Y("low:Q"), altair.Y2("high:Q"), color),
        dots.mark_point(filled=True, size=50, opacity=1).encode(x, y, color, tooltip="tip:N"),
    ]
    return layered(layers, "Learning curve: loss against rows", WIDE)


def _law(fitted: LearningCurve, x: altair.X, y: altair.Y, color: altair.Color) -> list[altair.Chart]:
    """The power law, dashed where it is extrapolated, and its interval where it may be trusted."""
    last = fitted.rows[-1]
    inside = numpy.geomspace(fitted.rows[0], last, 30)
    beyond = numpy.geomspace(last, FARTHEST * last * (1.0 - 1e-9), 16)
    layers = []
    for counts, dash in ((inside, [1, 0]), (beyond, [5, 4])):
        middle, low, high = fitted.predicted(counts)
        law = [
            {"x": count, "y": value, "low": bottom, "high": top, "kind": "power law"}
            for count, value, bottom, top in zip(counts, middle, low, high, strict=True)
        ]
        chart = altair.Chart(data(law))
        if not fitted.refused:
            layers.append(
                chart.mark_area(opacity=0.18).encode(x, altair.Y("low:Q"), altair.Y2("high:Q"), color)
            )
        layers.append(chart.mark_line(strokeDash=dash, strokeWidth=1.8).encode(x, y, color))
    return layers
