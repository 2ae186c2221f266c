"""Charts of importance: bars with names, and the mean score over one hyperparameter."""

from collections.abc import Sequence

import altair

from automl.report.charts.look import (
    BLUE,
    FAINT,
    INK,
    PURPLE,
    SMALL,
    WIDE,
    Along,
    Chart,
    Row,
    Size,
    color_of,
    data,
    layered,
    x_of,
    y_of,
)

_HEIGHT = 22
KINDS = {"alone": BLUE, "together, beyond each alone": PURPLE}


def bars(rows: Sequence[Row], title: str, across: str) -> Chart:
    """Horizontal bars from 0, the first on top, with standard errors where these are known.

    Args:
        rows: `name`, `value`, `kind`, `tip`, and `low` and `high` or neither.
        title: Of the chart.
        across: What the lengths are.
    """
    kinds = {kind: color for kind, color in KINDS.items() if any(row["kind"] == kind for row in rows)}
    color = color_of(kinds) if len(kinds) > 1 else altair.value(next(iter(kinds.values())))
    y = altair.Y("name:N", title=None, sort=None, axis=altair.Axis(labelLimit=190, labelColor=INK))
    x = x_of(Along(across), "value").scale(zero=True, nice=False, padding=4)
    chart = altair.Chart(data(rows))
    encoded = chart.mark_bar(height={"band": 0.65}).encode(x, y, tooltip="tip:N", color=color)
    zero = altair.Chart(data([{"zero": 0}])).mark_rule(color=FAINT).encode(altair.X("zero:Q"))
    layers: list[altair.Chart] = [encoded, zero]
    if any("low" in row for row in rows):
        layers.append(chart.mark_rule(color=INK).encode(altair.X("low:Q"), altair.X2("high:Q"), y))
    return layered(layers, title, Size(WIDE.width - 100, _HEIGHT * len(rows) + 10))


def effect(points: Sequence[Row], along: Along, mean: Along, joined: bool) -> Chart:
    """Mean score at each value of one hyperparameter, over all values of the others.

    Args:
        points: `x`, `y` and `tip`, in the order of `x`.
        along: The axis of the hyperparameter.
        mean: The axis of the mean score.
        joined: Whether the values have an order, so that a line joins them.
    """
    chart, x, y = altair.Chart(data(points)), x_of(along), y_of(mean)
    layers = [chart.mark_line(color=BLUE, strokeWidth=1.8).encode(x, y)] if joined else []
    layers.append(chart.mark_point(filled=True, size=35, color=BLUE, opacity=1).encode(x, y, tooltip="tip:N"))
    return layered(layers, f"Mean score over {along.title}", SMALL)
