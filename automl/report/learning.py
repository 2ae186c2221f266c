"""The parts of a report about how networks learn: training curves, bias and variance, the learning curve."""

from collections.abc import Sequence

import numpy

from automl.evaluation.bias_variance import BiasVariance
from automl.evaluation.curves import mean_curve
from automl.evaluation.learning_curve import FARTHEST, LearningCurve
from automl.report.content import ReportContent
from automl.report.markup import Section, figure
from automl.report.scales import around, fit_scale, nice_ticks, number
from automl.report.svg import FULL, Plot, Size
from automl.trial import Trial

_MOST_NOTES = 15
_SQUARE = Size(840, 420)


def training_curves(content: ReportContent) -> Section | None:
    """The winner's losses over epochs."""
    trial = content.winner
    if trial is None or not trial.folds:
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


def bias_variance(content: ReportContent) -> Section | None:
    """The winner's loss in parts over its epochs, and the parts of all trials that were looked into."""
    found = content.log.bias_variance
    if not found:
        return None
    number_of_best = content.winner.number if content.winner else -1
    parts = [_over_epochs(found[number_of_best])] if number_of_best in found else []
    if len(found) > 1:
        parts.append(_scatter(content, list(found.values())))
    return Section("Bias and variance", "".join(parts)) if parts else None


def _over_epochs(found: BiasVariance) -> str:
    epochs = list(map(float, found.epochs))
    rest, risk = found.rest.values, found.risk.values
    rest_of, unit = found.rest_name, found.loss.replace("_", " ")
    log = epochs[-1] >= 20.0 * epochs[0]
    shown = [0.0, *rest, *risk, *found.training]
    plot = Plot(
        fit_scale(epochs, log, room=0.01, whole=True), fit_scale(shown, zero=True), FULL, ("epoch", unit)
    )
    plot.band(epochs, [0.0] * len(epochs), rest, "rest")
    plot.band(epochs, rest, risk, "variance")
    plot.line(epochs, risk, "risk")
    plot.whiskers(epochs, *around(risk, found.risk.errors), "risk")
    plot.line(epochs, found.training, "training")
    plot.dots(epochs, risk, "risk", [_parts_tip(found, place) for place in range(len(epochs))])
    plot.upright(float(found.epoch), "guide", f"epoch {found.epoch}")
    (risk_at, error), (rest_at, _), (variance_at, variance_error) = map(
        found.at, (found.risk, found.rest, found.variance)
    )
    share = f" ({variance_at / risk_at:.0%})" if risk_at > 0.0 else ""
    caption = (
        f"At epoch {found.epoch} the risk is {number(risk_at, 3)} ± {number(error, 2)}: {number(rest_at, 3)} "
        f"{rest_of} and {number(variance_at, 3)} ± {number(variance_error, 2)} variance{share}. "
        "The lower area shrinks with capacity and features, the upper one with rows and regularization. "
        f"A constant has {number(found.constant, 3)}."
    )
    legend = [
        ("area variance", "variance"),
        ("area rest", rest_of),
        ("risk", "risk, by folds"),
        ("training", "training rows"),
    ]
    title = f"What the loss of trial {found.trial} is made of"
    return figure(title, plot.render(title), caption + _sources(found), legend)


def _parts_tip(found: BiasVariance, place: int) -> str:
    values = (("risk", found.risk), ("variance", found.variance), (found.rest_name, found.rest))
    return f"epoch {found.epochs[place]}: " + ", ".join(
        f"{name} {number(curve.values[place], 3)}" for name, curve in values
    )


def _sources(found: BiasVariance) -> str:
    """What the variance comes from, and how it was measured."""
    said = f" By {found.num_resamples} resamples, {found.num_seeds} seeds each and {found.num_folds} folds."
    if not found.parts:
        return said.replace(", 1 seeds each", "")
    named = ", ".join(f"{number(value, 2)} by {name}" for name, value in found.parts.items())
    return f" Of the variance, {named}.{said}"


def _scatter(content: ReportContent, found: list[BiasVariance]) -> str:
    rests = [one.at(one.rest) for one in found]
    variances = [one.at(one.variance) for one in found]
    rest_of, unit = found[0].rest_name, found[0].loss.replace("_", " ")
    x = fit_scale([value for value, _ in rests], room=0.12)
    y = fit_scale([0.0, *(value + error for value, error in variances)], room=0.08, zero=True)
    plot = Plot(x, y, _SQUARE, (f"{rest_of} ({unit})", "variance"))
    for risk in nice_ticks(x.low + y.low, x.high + y.high, 7):
        # Only the part of the line x + y = risk that lies within both axes.
        left, right = max(x.low, risk - y.high), min(x.high, risk - y.low)
        if right > left:
            plot.line((left, right), (risk - left, risk - right), "grid-line")
            inside = left + 0.02 * (x.high - x.low)
            plot.note(inside, risk - inside, f"risk {number(risk)}")
    xs, ys = [value for value, _ in rests], [value for value, _ in variances]
    plot.whiskers(xs, *around(ys, [error for _, error in variances]), "neutral")
    best = content.winner.number if content.winner else -1
    for one, across, up in zip(found, xs, ys, strict=True):
        kind = "winner" if one.trial == best else "tied" if one.trial in content.tied else "neutral"
        tip = content.tip(content.log.trial(one.trial))
        plot.dots((across,), (up,), kind, [f"{tip}; {rest_of} {number(across, 3)}, variance {number(up, 3)}"])
        if len(found) <= _MOST_NOTES:
            plot.note(across, up, str(one.trial))
    caption = (
        "All points of a diagonal have the same risk; down and to the left is better. Trials to the right are "
        "too simple or lack features, trials further up depend too much on the rows they happened to see."
    )
    legend = [("dot winner", "best"), ("dot tied", "tied with it"), ("dot neutral", "others")]
    title = f"Variance against {rest_of} of {len(found)} trials"
    return figure(title, plot.render(title), caption, legend)


def learning_curve(content: ReportContent) -> Section | None:
    """The winner's loss against the rows it learns from, with the curve through it."""
    event, fitted = content.log.learning_curve, content.learning_curve
    if not event.get("rows") and fitted is None:
        return None
    rows = [float(row) for row in (fitted.rows if fitted else event["rows"])]
    losses = [list(map(float, own)) for own in event.get("losses", ())]
    losses = losses if len(losses) == len(rows) else []
    means = list(fitted.losses_mean) if fitted else [sum(own) / len(own) for own in losses]
    if len(means) < len(rows):
        return None
    predicted = _predicted(fitted) if fitted else None
    heights = [loss for own in losses for loss in own]
    shown = [*heights, *means, *(predicted[2] + predicted[3] if predicted else [])]
    across = fit_scale([*rows, *(predicted[0] if predicted else [])], True, room=0.03)
    unit = str(event.get("loss", "loss")).replace("_", " ")
    plot = Plot(across, fit_scale(shown), FULL, ("rows to learn from", unit))
    if fitted and predicted:
        _draw_fit(plot, fitted, predicted)
    plot.cloud([row for row, own in zip(rows, losses, strict=False) for _ in own], heights, "quiet")
    each = zip(rows, means, strict=True)
    plot.dots(rows, means, "validation", [f"{number(row)} rows: {number(mean)}" for row, mean in each])
    legend = [("dot validation", "mean of the folds" + " ± SE" * bool(fitted)), ("dot quiet", "a fold")]
    legend += [("fit", "power law with 95 % interval, dashed where it is extrapolated")] if fitted else []
    chart = figure("Loss against rows", plot.render("Learning curve"), _gain(fitted), legend)
    return Section("Learning curve", chart)


_Predicted = tuple[list[float], list[float], list[float], list[float]]


def _draw_fit(plot: Plot, fitted: LearningCurve, predicted: _Predicted) -> None:
    """The power law, its interval, and the errors of the means."""
    xs, middle, low, high = predicted
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
        return "Where the loss still falls at the right, more rows would help."
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
