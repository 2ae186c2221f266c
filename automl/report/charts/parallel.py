"""Parallel coordinates: one vertical axis per hyperparameter, one line per trial, and a brush on each axis."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair

from automl.report.charts.look import INK, ORANGE, PAPER, RAMP, SOFT, Chart, Size, data, layered

NUM_GROUPS = len(RAMP)
"""Colors of lines; group 0 is the best."""

_ABSENT = -0.08
_SIZE = Size(760, 320)
_MANY, _NARROWEST = 80, 84
_IS_BEST = "datum.kind == 'best trial'"


@dataclass(frozen=True, slots=True)
class Upright:
    """A vertical axis.

    Attributes:
        name: What it shows.
        places: Heights from 0 to 1 by number of the trial; trials without a value are left out.
        ticks: Heights with the text beside them.
    """

    name: str
    places: Mapping[int, float]
    ticks: Sequence[tuple[float, str]]


def parallel_coordinates(
    axes: Sequence[Upright], groups: Mapping[int, int], tips: Mapping[int, str], winner: int
) -> Chart:
    """The chart. Dragging along an axis keeps the trials that pass there.

    Args:
        axes: In order; the score is the last one.
        groups: From 0, the best, to `NUM_GROUPS` − 1, by number of the trial; which trials are drawn.
        tips: A text for those who point at a trial, by its number.
        winner: The trial that stands out.
    """
    columns = [f"p{index}" for index in range(len(axes))]
    # The best are drawn last, above the others.
    order = sorted(groups, key=lambda number: (number == winner, -groups[number]))
    trials = [
        {
            "trial": number,
            "rank": rank,
            "kind": "best trial" if number == winner else str(groups[number]),
            "tip": tips[number],
            **{column: axis.places.get(number, _ABSENT) for column, axis in zip(columns, axes, strict=True)},
        }
        for rank, number in enumerate(order)
    ]
    lines = altair.Chart(data(trials)).transform_fold([*columns], as_=["axis", "place"])
    x, y = _across(columns, axes), _up(axes, groups)
    passes = " && ".join(
        f"(!isArray(brush{index}.place) || inrange(datum.{column}, brush{index}.place))"
        for index, column in enumerate(columns)
    )
    faint = 0.7 if len(groups) <= _MANY else 0.25
    opacity = (
        altair.when(f"!({passes})")
        .then(altair.value(0.04))
        .when(_IS_BEST)
        .then(altair.value(1.0))
        .when("datum.kind == '0'")
        .then(altair.value(0.9))
        .otherwise(altair.value(faint))
    )
    strokes = lines.mark_line().encode(
        x,
        y,
        _color(),
        detail="rank:O",
        tooltip="tip:N",
        opacity=opacity,
        strokeWidth=altair.when(_IS_BEST).then(altair.value(3.0)).otherwise(altair.value(1.3)),
    )
    points = lines.mark_point(opacity=0).encode(x, y).add_params(*_brushes(columns))
    ranges = _ranges(columns, axes, groups)
    layers = [strokes, ranges, *_ticks(columns, axes, groups), points]
    drawn = layered(layers, "Hyperparameters and score", _SIZE)
    drawn.usermeta = {"least": _NARROWEST * len(axes)}
    return drawn


def _kinds() -> list[str]:
    return [*map(str, range(NUM_GROUPS)), "best trial"]


def _color() -> altair.Color:
    names = "datum.value == 'best trial' ? 'best trial' : datum.value == '0' ? 'best sixth' : 'worst sixth'"
    legend = altair.Legend(
        title=None,
        values=["best trial", "0", str(NUM_GROUPS - 1)],
        labelExpr=names,
        symbolType="stroke",
        symbolOpacity=1,
        symbolStrokeWidth=3,
    )
    return altair.Color("kind:N", scale=altair.Scale(domain=_kinds(), range=[*RAMP, ORANGE]), legend=legend)


def _across(columns: Sequence[str], axes: Sequence[Upright]) -> altair.X:
    names = json.dumps([axis.name for axis in axes])
    room = _SIZE.width // max(1, len(axes))
    axis = altair.Axis(
        orient="top",
        labelExpr=f"{names}[toNumber(substring(datum.value, 1))]",
        labelAngle=0 if len(axes) <= 8 else -25,
        labelAlign=altair.Undefined if len(axes) <= 8 else "left",
        labelLimit=room if len(axes) <= 8 else 120,
        labelColor=INK,
        domain=False,
        ticks=False,
        grid=True,
        labelOverlap=False,
    )
    return altair.X(
        "axis:N", title=None, sort=list(columns), scale=altair.Scale(type="point", padding=0.5), axis=axis
    )


def _up(axes: Sequence[Upright], groups: Mapping[int, int]) -> altair.Y:
    low = _ABSENT if _some_absent(axes, groups) else 0.0
    return altair.Y(
        "place:Q", title=None, axis=None, scale=altair.Scale(domain=[low - 0.02, 1.02], nice=False)
    )


def _some_absent(axes: Sequence[Upright], groups: Mapping[int, int]) -> bool:
    return any(number not in axis.places for axis in axes for number in groups)


def _ticks(columns: Sequence[str], axes: Sequence[Upright], groups: Mapping[int, int]) -> list[altair.Chart]:
    rows = [
        {"axis": column, "place": index, "label": label}
        for column, axis in zip(columns, axes, strict=True)
        for index, label in axis.ticks
    ]
    rows += [
        {"axis": column, "place": _ABSENT, "label": "none"}
        for column, axis in zip(columns, axes, strict=True)
        if any(number not in axis.places for number in groups)
    ]
    limit = max(30, _SIZE.width // len(axes) - 20)
    chart, x, y = altair.Chart(data(rows)), _across(columns, axes), _up(axes, groups)
    edge = {"stroke": PAPER, "strokeWidth": 3.5}
    # A text over lines can be read by its edge, which must not lie on the text itself.
    looks: tuple[dict[str, Any], ...] = (edge, {})
    return [
        chart.mark_text(align="left", dx=6, fontSize=11, limit=limit, color=SOFT, **look).encode(
            x, y, text="label:N"
        )
        for look in looks
    ]


def _ranges(columns: Sequence[str], axes: Sequence[Upright], groups: Mapping[int, int]) -> altair.Chart:
    """What is kept on each axis, as a broad line on it."""
    chosen = ", ".join(f"{column}: brush{index}.place" for index, column in enumerate(columns))
    chart = altair.Chart(data({"axis": column} for column in columns)).transform_calculate(
        low=f"({{{chosen}}}[datum.axis] || [null, null])[0]",
        high=f"({{{chosen}}}[datum.axis] || [null, null])[1]",
    )
    y = _up(axes, groups)
    y.shorthand = "low:Q"
    rule = chart.mark_rule(size=14, opacity=0.22, color=INK)
    return rule.encode(_across(columns, axes), y, altair.Y2("high:Q"))


def _brushes(columns: Sequence[str]) -> list[altair.Parameter]:
    """One for each axis: a drag that begins near it."""
    # Its own mark is as wide as the chart, and would seem to be about all axes.
    mark = altair.BrushConfig(fillOpacity=0.0, strokeOpacity=0.0)
    num = len(columns)
    brushes = []
    for index in range(num):
        near = f"abs(x() / group().width - {(index + 0.5) / num:.4f}) < {0.4 / num:.4f}"
        begin = f"pointerdown[{near}]"
        brushes.append(
            altair.selection_interval(
                name=f"brush{index}",
                encodings=["y"],
                on=f"[{begin}, window:pointerup] > window:pointermove!",
                translate=False,
                zoom=False,
                clear=f"dblclick[{near}]",
                mark=mark,
            )
        )
    return brushes
