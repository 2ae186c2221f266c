"""The parts of a report about how networks learn: over epochs, and over rows."""

from collections.abc import Sequence

import numpy

from automl.evaluation.curves import mean_curve
from automl.evaluation.learning_curve import FARTHEST, LearningCurve
from automl.report.content import ReportContent
from automl.report.markup import Section, figure
from automl.report.scales import around, fit_scale
from automl.report.svg import FULL, Plot
from automl.trial import Trial
from automl.wording import number


def training_curves(content: ReportContent) -> Section | None:
    """The winner's losses over epochs."""
    trial = content.whole(content.winner) if content.winner is not None else None
    if trial is None or not any(fold.training_loss for fold in trial.folds):
        return None
    dashed = "where folds have ended, the mean is dashed"
    caption = f"{_course(trial)} Dots are the epochs whose weights were kept; {dashed}."
    legend = [
        ("training", "training rows"),
        ("validation", "validation rows"),
        ("dot validation", "epoch kept"),
    ]
    title = f"Loss of trial {trial.number} over epochs, {len(trial.folds)} folds and their mean"
    return Section("Training curves", figure(title, _losses(trial).render(title), caption, legend))


def _losses(trial: Trial) -> Plot:
    losses = [loss for fold in trial.folds for loss in (*fold.training_loss, *fold.validation_loss)]
    longest = max(len(fold.training_loss) for fold in trial.folds)
    across = fit_scale([1.0, float(longest)], room=0.01, most=8, whole=True)
    plot = Plot(across, fit_scale(losses, min(losses) > 0.0), FULL, ("epoch", "loss"))
    for kind, curves in (
        ("training", [fold.training_loss for fold in trial.folds]),
        ("validation", [fold.validation_loss for fold in trial.folds]),
    ):
        for curve in curves:
            plot.line(_epochs(curve), curve, f"{kind} thin")
        mean, shared = mean_curve(curves), min(map(len, curves))
        plot.line(_epochs(mean)[:shared], mean[:shared], f"{kind} thick")
        # Where folds have stopped, the mean is over other folds than before and may jump.
        plot.line(_epochs(mean)[shared - 1 :], mean[shared - 1 :], f"{kind} dashed")
    heights = [fold.validation_loss[fold.best_epoch - 1] for fold in trial.folds]
    tips = [f"fold {fold.fold}: epoch {fold.best_epoch} was kept" for fold in trial.folds]
    plot.dots([float(fold.best_epoch) for fold in trial.folds], heights, "validation", tips)
    return plot


def _epochs(curve: Sequence[float]) -> list[float]:
    return [float(epoch) for epoch in range(1, len(curve) + 1)]


def _course(trial: Trial) -> str:
    """What the end of the curves says."""
    kept = sum(fold.best_epoch for fold in trial.folds) / len(trial.folds)
    trained = sum(len(fold.training_loss) for fold in trial.folds) / len(trial.folds)
    if kept > 0.95 * trained:
        return f"The best epoch is near the last ({kept:.0f} of {trained:.0f} on average): longer training may help."
    return f"The best epoch is {kept:.0f} of {trained:.0f} on average; the rows that choose it saw no gain beyond."


def learning_curve(content: ReportContent) -> Section | None:
    """The winner's loss against the rows it learns from, with the curve through it."""
    found, fitted = content.state.learning_curve, content.learning_curve
    if not found.get("rows") and fitted is None:
        return None
    rows = [float(row) for row in (fitted.rows if fitted else found["rows"])]
    losses = [list(map(float, own)) for own in found.get("losses", ())]
    losses = losses if len(losses) == len(rows) else []
    means = list(fitted.losses_mean) if fitted else [sum(own) / len(own) for own in losses]
    if len(means) < len(rows):
        return None
    predicted = _predicted(fitted) if fitted else None
    heights = [loss for own in losses for loss in own]
    shown = [*heights, *means, *(predicted[2] + predicted[3] if predicted else [])]
    across = fit_scale([*rows, *(predicted[0] if predicted else [])], True, room=0.03)
    unit = str(found.get("loss", "loss")).replace("_", " ")
    plot = Plot(across, fit_scale(shown), FULL, ("rows to learn from", unit))
    if fitted and predicted:
        _draw_fit(plot, fitted, predicted)
    plot.cloud([row for row, own in zip(rows, losses, strict=False) for _ in own], heights, "quiet")
    each = zip(rows, means, strict=True)
    plot.dots(rows, means, "validation", [f"{number(row)} rows: {number(mean)}" for row, mean in each])
    legend = [("dot validation", "mean of the folds" + " ± SE" * bool(fitted)), ("dot quiet", "a fold")]
    law = "power law" if fitted and fitted.refused else "power law with 95 % interval"
    legend += [("fit", f"{law}, dashed where it is extrapolated")] if fitted else []
    chart = figure("Loss against rows", plot.render("Learning curve"), _gain(fitted), legend)
    return Section("Learning curve", chart)


_Predicted = tuple[list[float], list[float], list[float], list[float]]


def _draw_fit(plot: Plot, fitted: LearningCurve, predicted: _Predicted) -> None:
    """The power law, its interval, and the errors of the means."""
    xs, middle, low, high = predicted
    if not fitted.refused:
        plot.band(xs, low, high, "fit")
    known = sum(x <= fitted.rows[-1] for x in xs)
    plot.line(xs[:known], middle[:known], "fit")
    plot.line(xs[known - 1 :], middle[known - 1 :], "fit dashed")
    plot.whiskers(fitted.rows, *around(fitted.losses_mean, fitted.losses_error), "validation")


def _predicted(fitted: LearningCurve) -> _Predicted:
    """Rows, the curve, and the bounds of its interval."""
    first, last = fitted.rows[0], fitted.rows[-1]
    # The last number of rows is one of the points, so that the extrapolation begins there.
    inside, beyond = (
        numpy.geomspace(first, last, 30),
        numpy.geomspace(last, FARTHEST * last * (1.0 - 1e-9), 16)[1:],
    )
    xs = numpy.concatenate([inside[:-1], [last], beyond])
    middle, low, high = fitted.predicted(xs)
    return xs.tolist(), middle.tolist(), low.tolist(), high.tolist()


def _gain(fitted: LearningCurve | None) -> str:
    if fitted is None:
        return "Too few numbers of rows for a curve through them."
    if fitted.refused:
        return f"It says nothing of more rows: {fitted.refused}."
    gain = fitted.gain
    helps = (
        "more rows would help" if fitted.says_more_rows_help else "that more rows would help is not certain"
    )
    shape = (
        ""
        if fitted.monotone
        else " The loss rises somewhere by more than chance explains: no law of this kind fits."
    )
    return (
        f"Twice as many rows would lower the loss by {number(gain.value, 3)} (95 % interval {number(gain.low, 3)} to "
        f"{number(gain.high, 3)}): {helps}.{shape}"
    )
