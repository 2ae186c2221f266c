"""Charts of what losses are made of: over epochs, over a hyperparameter, and by trial."""

from collections.abc import Mapping, Sequence

import altair
import numpy

from automl.evaluation.bias_variance import BiasVariance
from automl.report.charts.look import (
    AMBER,
    FAINT,
    GRAY,
    HALF,
    INK,
    ORANGE,
    RULE,
    SKY,
    SOFT,
    TRAINING,
    WIDE,
    Along,
    Chart,
    Layer,
    Row,
    Size,
    color_of,
    data,
    finished,
    layered,
    log_along,
    stacked,
    upright,
    x_of,
    y_of,
)
from automl.report.charts.trials import whiskers
from automl.wording import number

SMALL_SHARE = 0.15
"""A variance below this share of the risk has an axis of its own."""

_NOTED = 10
_BELOW = 90
_SHIFTS = {"risk": 0, "rest": -5, "variance": 5}
"""Pixels that the parts of a loss stand apart."""

_VARIANCE, _RISK, _TRAINED = "variance", "loss on new rows", "loss on rows trained on"


def over_epochs(analysis: BiasVariance) -> Chart:
    """Bias + noise and variance over epochs, with the loss on new rows and on rows trained on.

    The two areas lie above each other. Where the variance is too small to be seen so, it is drawn again below, on an
    axis of its own.
    """
    title = f"What the loss of trial {analysis.trial} is made of"
    is_log = analysis.epochs[-1] >= 20 * analysis.epochs[0]
    x = x_of(log_along("epoch", map(float, analysis.epochs)) if is_log else Along("epoch", whole=True))
    top = stacked(_areas(analysis, x), WIDE)
    risk, variance = (analysis.at(curve)[0] for curve in (analysis.risk, analysis.variance))
    if variance >= SMALL_SHARE * risk:
        return finished(top, title)
    rows = [
        {"x": epoch, "y": value, "low": value - half, "high": value + half, "kind": _VARIANCE}
        for epoch, value, half in zip(
            analysis.epochs, analysis.variance.values, analysis.variance.halves, strict=True
        )
    ]
    line, y = altair.Chart(data(rows)), Along("variance", zero=True)
    color = _kinds(analysis)
    layers = [
        line.mark_line(strokeWidth=1.8).encode(x, y_of(y), color),
        whiskers(line, x, y, color),
        upright([analysis.epoch]),
    ]
    return finished(altair.vconcat(top, stacked(layers, Size(WIDE.width, _BELOW))), title)


def _kinds(analysis: BiasVariance) -> altair.Color:
    return color_of({_RISK: INK, _TRAINED: TRAINING, _VARIANCE: AMBER, analysis.rest_name: SKY})


def _areas(analysis: BiasVariance, x: altair.X) -> list[altair.Chart]:
    rest, risk = analysis.rest.values, analysis.risk.values
    areas = [
        {"x": epoch, "low": low, "high": high, "kind": kind}
        for kind, lows, highs in (
            (analysis.rest_name, [0.0] * len(rest), rest),
            (
                _VARIANCE,
                rest,
                [low + variance for low, variance in zip(rest, analysis.variance.values, strict=True)],
            ),
        )
        for epoch, low, high in zip(analysis.epochs, lows, highs, strict=True)
    ]
    lines = [
        {"x": epoch, "y": value, "low": value - half, "high": value + half, "kind": _RISK}
        | {"tip": _tip(analysis, index)}
        for index, (epoch, value, half) in enumerate(
            zip(analysis.epochs, risk, analysis.risk.halves, strict=True)
        )
    ]
    trained = [
        {"x": epoch, "y": value, "kind": _TRAINED}
        for epoch, value in zip(analysis.epochs, analysis.training, strict=True)
    ]
    up = Along(analysis.loss, bounds=_bounds(analysis))
    color, chart = _kinds(analysis), altair.Chart(data(lines))
    y = y_of(up)
    return [
        altair.Chart(data(areas))
        .mark_area(opacity=0.6, clip=True)
        .encode(x, y_of(up, "low"), altair.Y2("high:Q"), color),
        chart.mark_line(strokeWidth=2, clip=True).encode(x, y, color),
        whiskers(chart, x, up, color),
        chart.mark_point(filled=True, size=35, opacity=1, clip=True).encode(x, y, color, tooltip="tip:N"),
        altair.Chart(data(trained)).mark_line(strokeWidth=1.6, clip=True).encode(x, y, color),
        upright([analysis.epoch]),
    ]


def _bounds(analysis: BiasVariance) -> tuple[float, float]:
    """From 0 or below to a loss that shows the later epochs: the first ones may be far above."""
    index = analysis.epochs.index(analysis.epoch)
    ends = [risk + half for risk, half in zip(analysis.risk.values, analysis.risk.halves, strict=True)]
    ends = [end for end in ends if numpy.isfinite(end)] or [1.0]
    kept_risk = analysis.risk.values[index]
    high = min(1.05 * max(ends), max(3.0 * kept_risk, 1.3 * max(ends[min(index, len(ends) - 1) :])))
    low = min(0.0, *analysis.rest.values, *analysis.training)
    return 1.05 * low, high if high > low else low + 1.0


def _tip(analysis: BiasVariance, index: int) -> str:
    curves = ((_RISK, analysis.risk), (_VARIANCE, analysis.variance), (analysis.rest_name, analysis.rest))
    values = ", ".join(f"{name} {number(curve.values[index], 3)}" for name, curve in curves)
    return f"epoch {analysis.epochs[index]}: {values}"


def sweep(
    points: Mapping[str, Sequence[Row]], along: Along, rest_name: str, loss: str, size: Size = HALF
) -> Chart:
    """Risk, bias + noise and variance over a hyperparameter; a small variance has an axis of its own below.

    Args:
        points: By `risk`, `rest` and `variance`: `x`, `y`, `low`, `high`, `tip` and `trial`, in the order of `x`.
        along: The axis of the hyperparameter.
        rest_name: What bias and noise are called together.
        loss: The name of the loss.
        size: Of the chart.
    """
    names = {"risk": _RISK, "rest": rest_name, "variance": _VARIANCE}
    color = color_of({_RISK: INK, rest_name: SKY, _VARIANCE: AMBER})
    title = f"Bias and variance over {along.title}"
    marked = {name: [dict(row) | {"kind": names[name]} for row in rows] for name, rows in points.items()}
    heights = {name: [float(str(row["y"])) for row in rows] for name, rows in points.items()}
    if max(heights["variance"]) >= SMALL_SHARE * max(heights["risk"]):
        return layered(_lines(marked, along, Along(loss, zero=True), color), title, size)
    above = {name: marked[name] for name in ("risk", "rest")}
    panels = (
        (_lines(above, along, Along(loss), color), size.height * 2 // 3),
        (
            _lines({"variance": marked["variance"]}, along, Along("variance", zero=True), color),
            size.height // 3,
        ),
    )
    parts = [stacked(layers, Size(size.width, height)) for layers, height in panels]
    return finished(altair.vconcat(*parts), title)


def _lines(marked: Mapping[str, Sequence[Row]], along: Along, up: Along, color: altair.Color) -> list[Layer]:
    """A line with dots and whiskers for each part; they stand apart, so that none hides another at the same value."""
    layers: list[Layer] = []
    x, y = x_of(along), y_of(up)
    for name, rows in marked.items():
        chart, shift = altair.Chart(data(rows)), _SHIFTS[name]
        layers += [
            chart.mark_line(strokeWidth=1.6, xOffset=shift).encode(x, y, color),
            chart.mark_rule(opacity=0.6, xOffset=shift).encode(
                x, y_of(up, "low"), altair.Y2("high:Q"), color
            ),
            chart.mark_point(filled=True, size=45, opacity=1, xOffset=shift).encode(
                x, y, color, tooltip="tip:N"
            ),
        ]
    return layers


def where_the_loss_comes_from(trials: Sequence[Row], rest_name: str, loss: str) -> Chart:
    """Variance against bias + noise, a dot per trial; the diagonals join equal losses.

    Args:
        trials: `x`, `y`, `low`, `high`, `kind` (`best`, `tied` or `other`), `tip`, `trial`; the best first.
        rest_name: What bias and noise are called together.
        loss: The name of the loss.
    """
    kinds = {"best": ORANGE, "not significantly different": AMBER, "others": GRAY}
    present = {row["kind"] for row in trials}
    color = color_of({kind: color for kind, color in kinds.items() if kind in present})
    across, up = _range_of(trials, ("x",)), _range_of(trials, ("low", "high"))
    x = x_of(Along(f"{rest_name} ({loss})", bounds=across))
    y = Along("variance", bounds=up)
    dots = altair.Chart(data(trials))
    names = altair.Chart(data(trials[:_NOTED]))
    layers = [
        *_diagonals(across, up),
        whiskers(dots, x, y, color),
        dots.mark_point(filled=True, size=60, opacity=0.85).encode(x, y_of(y), color, tooltip="tip:N"),
        names.mark_text(align="left", dx=7, dy=-6, fontSize=10, color=SOFT).encode(
            x, y_of(y), text="trial:N"
        ),
    ]
    return layered(layers, f"Variance against {rest_name}", Size(WIDE.width, 340))


def _range_of(rows: Sequence[Row], names: Sequence[str]) -> tuple[float, float]:
    values = [float(str(row[name])) for row in rows for name in names]
    values = [value for value in values if numpy.isfinite(value)] or [0.0]
    low, high = min(values), max(values)
    room = 0.08 * (high - low) or 0.5 * abs(low) or 0.5
    return low - room, high + room


def _diagonals(across: tuple[float, float], up: tuple[float, float]) -> list[altair.Chart]:
    """Lines of equal loss, as far as they lie within both axes."""
    rows = []
    for risk in numpy.linspace(across[0] + up[0], across[1] + up[1], 8)[1:-1]:
        left, right = max(across[0], risk - up[1]), min(across[1], risk - up[0])
        note = f"{number(risk, 3)}"
        rows.append({"x": left, "y": risk - left, "right": right, "low": risk - right, "note": note})
    lines = altair.Chart(data(rows))
    x, y = x_of(Along("", bounds=across)), y_of(Along("", bounds=up))
    return [
        lines.mark_rule(color=RULE).encode(x, y, altair.X2("right:Q"), altair.Y2("low:Q")),
        lines.mark_text(align="left", dx=3, dy=10, fontSize=9, color=FAINT).encode(x, y, text="note:N"),
    ]
