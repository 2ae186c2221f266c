"""The part of a report about what losses are made of: over epochs, over sizes and penalties, and by trial."""

from automl.evaluation.bias_variance import BiasVariance
from automl.explanation.causes import how_sure
from automl.report.axes import Axis, ordered_axes, place_text
from automl.report.content import ReportContent
from automl.report.markup import Section, figure, panels, paragraph
from automl.report.scales import around, fit_scale, nice_ticks
from automl.report.searching import best_in_bins
from automl.report.svg import FULL, HALF, Plot, Size
from automl.trial import Trial
from automl.wording import number

_MOST_NOTES = 15
_SQUARE = Size(840, 420)
_FEWEST_POINTS, _MOST_SWEEPS = 3, 8
_CURVES = ("risk", "rest", "variance")


def bias_variance(content: ReportContent) -> Section | None:
    """The winner's loss in parts over its epochs, and the parts of all trials that were looked into."""
    found = content.parts
    if not found:
        return None
    number_of_best = content.winner.number if content.winner else -1
    parts = [_over_epochs(found[number_of_best])] if number_of_best in found else []
    if len(found) > 1:
        parts += [_sweeps(content), _scatter(content)]
    if not parts:
        return None
    return Section("Bias and variance", "".join([*parts, paragraph(how_sure(next(iter(found.values()))))]))


def _over_epochs(found: BiasVariance) -> str:
    epochs = list(map(float, found.epochs))
    rest, risk = found.rest.values, found.risk.values
    rest_of, unit = found.rest_name, found.loss.replace("_", " ")
    log = epochs[-1] >= 20.0 * epochs[0]
    lows, highs = around(risk, found.risk.errors)
    shown = [0.0, *rest, *lows, *highs, *found.training]
    plot = Plot(
        fit_scale(epochs, log, room=0.01, whole=True), fit_scale(shown, zero=True), FULL, ("epoch", unit)
    )
    plot.band(epochs, [0.0] * len(epochs), rest, "rest")
    plot.band(epochs, rest, risk, "variance")
    plot.line(epochs, risk, "risk")
    plot.whiskers(epochs, lows, highs, "risk")
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
        f"A constant predictor scores {number(found.constant, 3)}."
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


def _scatter(content: ReportContent) -> str:
    drawn = content.drawn([trial for trial in content.ranked if trial.number in content.parts])
    found = [content.parts[trial.number] for trial in drawn]
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
    for trial, one, across, up in zip(drawn, found, xs, ys, strict=True):
        kind = "winner" if one.trial == best else "tied" if one.trial in content.is_tied else "neutral"
        tip = content.tip(trial)
        plot.dots((across,), (up,), kind, [f"{tip}; {rest_of} {number(across, 3)}, variance {number(up, 3)}"])
        if len(found) <= _MOST_NOTES:
            plot.note(across, up, str(one.trial))
    caption = (
        "All points of a diagonal have the same risk; down and to the left is better. Trials to the right are "
        "too simple or lack features, trials further up depend too much on the rows they happened to see."
        f"{content.left_out(len(content.parts))}"
    )
    legend = [("dot winner", "best"), ("dot tied", "tied with it"), ("dot neutral", "others")]
    title = f"Variance against {rest_of} of {len(found):,} trials"
    return figure(title, plot.render(title), caption, legend)


def _sweeps(content: ReportContent) -> str:
    """The parts over the number of weights, and over each hyperparameter that has an order."""
    trials = [trial for trial in content.completed if trial.number in content.parts]
    bests = [(axis, best_in_bins(content, axis, trials)) for axis in ordered_axes(content, trials)]
    drawn = [_sweep(content, axis, best) for axis, best in bests if len(best) >= _FEWEST_POINTS]
    if not drawn:
        return ""
    intro = (
        "At each value, or in each part of the range, the best of the analyzed trials. In theory, variance "
        "grows with capacity and shrinks with penalties, bias does the opposite. Whiskers are standard errors."
    )
    head = "<h3>Bias and variance over size, penalties and steps</h3>"
    return head + paragraph(intro) + panels(drawn[:_MOST_SWEEPS])


def _sweep(content: ReportContent, axis: Axis, best: list[Trial]) -> str:
    found = [content.parts[trial.number] for trial in best]
    points = {name: [one.at(getattr(one, name)) for one in found] for name in _CURVES}
    ends = [
        end for name in _CURVES for value, error in points[name] for end in (value - error, value + error)
    ]
    unit, rest_of = found[0].loss.replace("_", " "), found[0].rest_name
    plot = Plot(axis.scale, fit_scale([0.0, *ends], zero=True), HALF, (axis.name, unit))
    xs = [axis.values[trial.number] for trial in best]
    tips = [content.tip(trial) for trial in best]
    for name, own in points.items():
        values, errors = [value for value, _ in own], [error for _, error in own]
        plot.line(xs, values, name)
        plot.whiskers(xs, *around(values, errors), name)
        plot.dots(xs, values, name, tips)
    first, last = (place_text(axis, trial) for trial in (best[0], best[-1]))
    ways = (
        f"{label} from {number(points[name][0][0], 3)} to {number(points[name][-1][0], 3)}"
        for name, label in (("variance", "variance"), ("rest", rest_of))
    )
    caption = f"From {first} to {last}: {', '.join(ways)}."
    legend = [("risk", "risk"), ("rest", rest_of), ("variance", "variance")]
    return figure(axis.name, plot.render(f"Bias and variance over {axis.name}"), caption, legend)
