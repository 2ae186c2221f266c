"""Charts of what the best network predicts: right and wrong labels, probabilities, residuals."""

from collections.abc import Sequence

import altair

from automl.report.charts.look import (
    BLUE,
    FAINT,
    GRAY,
    HALF,
    INK,
    ORANGE,
    PAPER,
    RAISED,
    SOFT,
    SQUARE,
    Along,
    Chart,
    Row,
    Size,
    color_of,
    data,
    finished,
    layered,
    level,
    stacked,
    upright,
    x_of,
    y_of,
)

MOST_WRITTEN = 12
"""Classes up to which the cells of a confusion matrix have their numbers written in."""

_UNIT = (0.0, 1.0)


def confusion(cells: Sequence[Row], names: Sequence[str]) -> Chart:
    """Rows of each true class by the predicted one, colored by the share of the true class.

    Args:
        cells: `true`, `predicted`, `count`, `share` and `tip`, of all cells with rows.
        names: Of the classes, in order.
    """
    few = len(names) <= MOST_WRITTEN
    side = max(SQUARE.height, 18 * len(names))
    axis = altair.Axis(labelAngle=-45 if sum(map(len, names)) > 30 else 0, labelLimit=110, domain=False)
    chart = altair.Chart(data(cells))
    x = altair.X("predicted:N", title="predicted", scale=altair.Scale(domain=list(names)), axis=axis)
    y = altair.Y(
        "true:N",
        title="true",
        scale=altair.Scale(domain=list(names)),
        axis=altair.Axis(labelLimit=110, domain=False),
    )
    strength = altair.Opacity("share:Q", scale=altair.Scale(domain=[0, 1], range=[0.06, 1.0]), legend=None)
    layers: list[altair.Chart] = [
        chart.mark_rect(color=BLUE).encode(x, y, strength, tooltip="tip:N"),
    ]
    if few:
        light = altair.when("datum.share > 0.75").then(altair.value(PAPER)).otherwise(altair.value(INK))
        layers.append(chart.mark_text(fontSize=12).encode(x, y, text="count:Q", color=light))
    size = Size(side if few else max(side, 560), side)
    sheet = stacked(layers, size)
    sheet.view = altair.ViewBackground(fill=RAISED, stroke=None)
    return finished(sheet, "Most probable label against the true one")


def calibration(bins: Sequence[Row], name: str, least: float) -> Chart:
    """How often what was predicted came true.

    Args:
        bins: `x`, the predicted probability; `y`, the share that came true; `low`, `high`, `tip`.
        name: What is predicted.
        least: Where both axes begin.
    """
    chart = altair.Chart(data(bins))
    bounds = (least, 1.0)
    x = x_of(Along(f"predicted {name}", bounds=bounds))
    y = y_of(Along("share that came true", bounds=bounds))
    layers = [
        _diagonal(bounds),
        chart.mark_rule(color=BLUE, opacity=0.6).encode(x, altair.Y("low:Q"), altair.Y2("high:Q")),
        chart.mark_line(color=BLUE).encode(x, y),
        chart.mark_point(filled=True, size=45, color=BLUE, opacity=1).encode(x, y, tooltip="tip:N"),
    ]
    return layered(layers, "Calibration", SQUARE)


def _diagonal(bounds: tuple[float, float]) -> altair.Chart:
    ends = data([{"x": end, "y": end} for end in bounds])
    line = altair.Chart(ends).mark_line(color=FAINT, strokeDash=[3, 4], strokeWidth=1)
    return line.encode(altair.X("x:Q"), altair.Y("y:Q"))


def rates(points: Sequence[Row], title: str, names: tuple[str, str], no_skill: float | None = None) -> Chart:
    """A curve of two rates between 0 and 1: ROC, or precision against recall.

    Args:
        points: `x` and `y`, in the order of the thresholds.
        title: Of the chart.
        names: Of the axes.
        no_skill: Where a guess lies, as a level; the diagonal when None.
    """
    x, y = (
        x_of(Along(names[0], bounds=_UNIT)),
        y_of(Along(names[1], bounds=_UNIT)),
    )
    numbered = [dict(row) | {"place": index} for index, row in enumerate(points)]
    curve = altair.Chart(data(numbered)).mark_line(color=BLUE, strokeWidth=2)
    guess = [_diagonal(_UNIT)]
    if no_skill is not None:
        note = altair.Chart(data([{"x": 0, "y": no_skill, "note": "no skill"}]))
        noted = note.mark_text(align="left", dx=4, dy=-6, color=SOFT, fontSize=10)
        guess = [
            level(no_skill),
            noted.encode(altair.X("x:Q"), altair.Y("y:Q"), text="note:N"),
        ]
    return layered([*guess, curve.encode(x, y, order="place:Q")], title, SQUARE)


def true_against_predicted(points: Sequence[Row], target: str, bounds: tuple[float, float]) -> Chart:
    """The true value of each row against the predicted one.

    Args:
        points: `x`, predicted, and `y`, true.
        target: Its name.
        bounds: Of both axes.
    """
    x, y = x_of(Along("predicted", bounds=bounds)), y_of(Along(f"true {target}", bounds=bounds))
    cloud = altair.Chart(data(points)).mark_point(filled=True, size=18, opacity=0.45, color=BLUE)
    return layered([cloud.encode(x, y), _diagonal(bounds)], "True against predicted", SQUARE)


def residuals(points: Sequence[Row], means: Sequence[Row]) -> Chart:
    """What is left of the true value against the predicted one.

    Args:
        points: `x`, predicted, and `y`, true − predicted.
        means: Means of groups of rows of about the same prediction: `x` and `y`.
    """
    mean = "mean of rows of about the same prediction"
    x, y = x_of(Along("predicted")), y_of(Along("true − predicted"))
    color = color_of({"a row": GRAY, mean: ORANGE})
    cloud = altair.Chart(data(dict(row) | {"kind": "a row"} for row in points))
    line = altair.Chart(data(dict(row) | {"kind": mean} for row in means))
    layers = [
        cloud.mark_point(filled=True, size=18, opacity=0.45).encode(x, y, color),
        level(0.0),
        line.mark_line(strokeWidth=2.4).encode(x, y, color),
    ]
    return layered(layers, "Residuals", SQUARE)


def error_sizes(points: Sequence[Row], marks: Sequence[float]) -> Chart:
    """Which share of the rows is off by how much.

    Args:
        points: `x`, the absolute error, and `y`, the share of rows with a smaller one.
        marks: Errors to point at.
    """
    x, y = x_of(Along("absolute error", zero=True)), y_of(Along("share of rows", bounds=_UNIT))
    curve = altair.Chart(data(points)).mark_line(color=BLUE, strokeWidth=2)
    return layered([upright(marks), curve.encode(x, y)], "Sizes of the errors", HALF)
