"""What all charts share: colors, axes, and the two ways out of here, a specification for a page and an SVG.

The colors can be distinguished with every common form of color blindness (Okabe and Ito, 2008). Charts are made with
the colors of a light page. A page replaces them through the names in `COLORS`, so that one chart serves light and dark
screens and paper.
"""

import functools
import json
import math
import re
import textwrap
from bisect import bisect
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import altair
import vl_convert

INK, SOFT, FAINT, RULE, PAPER, RAISED = "#1c2126", "#59636e", "#8b949e", "#dfe3e8", "#ffffff", "#f6f7f9"
BLUE, ORANGE, AMBER, SKY, GREEN, PURPLE, GRAY = (
    "#0072b2",
    "#d55e00",
    "#e69f00",
    "#56b4e9",
    "#009e73",
    "#cc79a7",
    "#6e7a86",
)
RAMP = ("#08306b", "#2166ac", "#5497cc", "#8fb8da", "#bccfdf", "#d9dee4")
"""Of trials from the best to the worst."""

TRAINING, VALIDATION = BLUE, ORANGE

COLORS: Mapping[str, str] = {
    INK: "ink",
    SOFT: "soft",
    FAINT: "faint",
    RULE: "rule",
    PAPER: "paper",
    RAISED: "raised",
    BLUE: "blue",
    ORANGE: "orange",
    AMBER: "amber",
    SKY: "sky",
    GREEN: "green",
    PURPLE: "purple",
    GRAY: "gray",
    **{color: f"ramp-{index}" for index, color in enumerate(RAMP)},
}
"""The variable of the style sheet that stands for each color. No chart has a color that is not here."""

Chart: TypeAlias = altair.Chart | altair.LayerChart | altair.VConcatChart
Layer: TypeAlias = altair.Chart | altair.LayerChart
Spec: TypeAlias = dict[str, Any]
Row: TypeAlias = Mapping[str, object]

_DIGITS = 5
_DECADES, _MOST_TICKS = (0.8, 2.5), 7
_FACTORS = ((1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0), (1.0, 2.0, 5.0), (1.0,))
_COLUMNS_OF_A_CAPTION = 110
_HEX = re.compile(r'"(#[0-9a-f]{6})"')


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of the area between the axes, in pixels. A page makes charts as wide as its column."""

    width: int
    height: int


WIDE, HALF, SMALL, SQUARE = Size(660, 260), Size(320, 220), Size(210, 150), Size(320, 300)


@dataclass(frozen=True, slots=True)
class Along:
    """An axis.

    Attributes:
        title: What it shows.
        log: Whether equal ratios are equal distances.
        whole: Whether only whole numbers are written beside it.
        labels: Names of the places 0, 1, 2 … where it shows names.
        zero: Whether it begins at 0.
        bounds: Its ends; what lies beyond is drawn at an end. By the data when None.
        ticks: Values that are written beside it; round ones that fit when empty.
    """

    title: str
    log: bool = False
    whole: bool = False
    labels: tuple[str, ...] = ()
    zero: bool = False
    bounds: tuple[float, float] | None = None
    ticks: tuple[float, ...] = ()


def log_along(title: str, values: Iterable[float]) -> Along:
    """A logarithmic axis for values above 0, with powers of ten beside it, of few decades 2 and 5 times each too."""
    shown = [value for value in values if math.isfinite(value) and value > 0.0] or [1.0, 10.0]
    low, high = math.log10(min(shown)), math.log10(max(shown))
    factors = _FACTORS[bisect(_DECADES, high - low)]
    step = max(1, math.ceil((high - low) / _MOST_TICKS))
    powers = [power for power in range(math.floor(low), math.ceil(high) + 1) if power % step == 0]
    ticks = (factor * 10.0**power for power in powers for factor in factors)
    return Along(title, log=True, ticks=tuple(float(f"{tick:.3g}") for tick in ticks))


def data(rows: Iterable[Row]) -> dict[str, Any]:
    """Rows as the data of a chart: numbers of few digits, and nothing in place of what is not finite.

    They are a tuple, which Altair takes as it is; the rows of a list it would copy at every step.
    """
    return {"values": tuple({name: _short(value) for name, value in row.items()} for row in rows)}


def _short(value: object) -> object:
    if isinstance(value, bool | str) or value is None:
        return value
    if isinstance(value, int):
        return value
    number = float(value)  # type: ignore[arg-type]  # numbers of NumPy too
    if not math.isfinite(number):
        return None
    short = float(f"{number:.{_DIGITS}g}")
    return int(short) if short.is_integer() and abs(short) < 1e15 else short


def one_line(words: str) -> str:
    """Words in one line: a title with a break of a line in it cannot be read by Vega."""
    return " ".join(words.split())


def x_of(along: Along, field: str = "x") -> altair.X:
    """Places of marks from left to right."""
    return altair.X(f"{field}:Q", title=one_line(along.title), scale=_scale(along), axis=_axis(along, 60, 8))


def y_of(along: Along, field: str = "y") -> altair.Y:
    """Places of marks from below to above."""
    return altair.Y(f"{field}:Q", title=one_line(along.title), scale=_scale(along), axis=_axis(along, 120, 6))


def _scale(along: Along) -> altair.Scale:
    if along.labels:
        return altair.Scale(domain=[-0.5, len(along.labels) - 0.5], nice=False, zero=False)
    kind: dict[str, Any] = {"type": "log"} if along.log else {"zero": along.zero}
    if along.bounds is not None:
        return altair.Scale(domain=list(along.bounds), nice=False, clamp=True, **kind)
    return altair.Scale(nice=False, padding=0 if along.zero else 10, **kind)


def _axis(along: Along, limit: int, most: int) -> altair.Axis:
    if along.labels:
        return altair.Axis(
            values=list(range(len(along.labels))),
            labelExpr=f"{json.dumps(along.labels)}[datum.value]",
            labelLimit=limit,
            labelOverlap="greedy",
        )
    given: dict[str, Any] = {"labelOverlap": "greedy", "labelSeparation": 4, "tickCount": most}
    if along.ticks:
        given["values"] = list(along.ticks)
    if along.log:
        given["format"] = ",~g"
    elif along.whole:
        given |= {"format": ",d", "tickMinStep": 1}
    return altair.Axis(**given)


def color_of(kinds: Mapping[str, str]) -> altair.Color:
    """The color of a mark by its `kind`, with a legend: names of the kinds with their colors."""
    return altair.Color("kind:N", scale=range_of(kinds), legend=altair.Legend(title=None))


def range_of(kinds: Mapping[str, str]) -> altair.Scale:
    """Kinds with their colors, as a scale."""
    return altair.Scale(domain=list(kinds), range=list(kinds.values()))


def level(value: float, color: str = FAINT) -> altair.Chart:
    """A dashed horizontal line over the whole width."""
    line = altair.Chart(data([{"level": value}])).mark_rule(color=color, strokeDash=[3, 4])
    return line.encode(y=altair.Y("level:Q"))


def upright(values: Sequence[float], color: str = FAINT) -> altair.Chart:
    """Dashed vertical lines over the whole height."""
    line = altair.Chart(data({"upright": value} for value in values))
    return line.mark_rule(color=color, strokeDash=[3, 4]).encode(x=altair.X("upright:Q"))


def layered(layers: Sequence[Layer], title: str, size: Size) -> Chart:
    """Marks above each other, later ones above earlier ones, as a whole chart."""
    return finished(stacked(layers, size), title)


def stacked(layers: Sequence[Layer], size: Size) -> altair.LayerChart:
    """Marks above each other, as a chart or a part of one."""
    return altair.LayerChart(layer=list(layers), width=size.width, height=size.height)


def finished(chart: Chart, title: str) -> Chart:
    """A chart with its title and the look of all. It is changed in place, since to copy its data takes long."""
    chart.title = chart.description = one_line(title)
    chart.background, chart.config = PAPER, _look()
    return chart


@functools.cache
def _look() -> altair.Config:
    axis = altair.AxisConfig(
        labelColor=SOFT,
        titleColor=INK,
        titleFontWeight="normal",
        titleFontSize=12,
        titlePadding=9,
        labelFontSize=11,
        gridColor=RULE,
        domainColor=FAINT,
        tickColor=FAINT,
    )
    legend = altair.LegendConfig(
        orient="top", labelColor=SOFT, labelFontSize=12, symbolSize=90, labelLimit=260, symbolOpacity=1
    )
    title = altair.TitleConfig(
        anchor="start", color=INK, fontSize=14, subtitleColor=SOFT, subtitleFontSize=11
    )
    return altair.Config(
        font="system-ui, sans-serif",
        view=altair.ViewConfig(stroke=None),
        title=title,
        axis=axis,
        axisX=altair.AxisConfig(grid=False),
        axisY=altair.AxisConfig(domain=False, ticks=False),
        legend=legend,
    )


def title_of(chart: Chart) -> str:
    """The title that a chart was given."""
    return str(chart.title)


def page_spec(chart: Chart) -> Spec:
    """A chart for a page, which shows its title itself and has colors of its own."""
    spec = chart.to_dict(validate=False)
    del spec["title"], spec["$schema"]
    spec["background"] = "transparent"
    return dict(json.loads(_HEX.sub(_variable, json.dumps(spec))))


def _variable(match: re.Match[str]) -> str:
    return f'"var(--{COLORS[match[1]]})"'


def svg(chart: Chart, caption: str = "") -> str:
    """A chart as a picture of its own, with its caption below its title."""
    spec = chart.to_dict(validate=False)
    if caption:
        lines = textwrap.wrap(caption, _COLUMNS_OF_A_CAPTION)
        spec["title"] = {"text": spec["title"], "subtitle": lines}
    return vl_convert.vegalite_to_svg(json.dumps(spec))
