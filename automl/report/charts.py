"""Charts that are no plot of points: bars with names, tables of colors."""

import math
from collections.abc import Sequence

import numpy

from automl.report.markup import text
from automl.report.scales import fit_scale
from automl.report.svg import Size, drawing, tick
from automl.wording import number

_BAR, _GAP, _HEAD = 15.0, 8.0, 24.0
_LETTER, _SLOPE, _MOST_SLANTED = 6.3, 0.72, 16
MOST_WRITTEN = 12
"""Classes up to which the cells of a table of colors have their numbers written in."""


def bars(
    title: str, names: Sequence[str], values: Sequence[float], errors: Sequence[float], kinds: Sequence[str]
) -> str:
    """Horizontal bars from 0, the first on top, with standard errors where they are finite.

    Args:
        title: For those who cannot see the chart.
        names: Of the bars.
        values: Their lengths.
        errors: Their standard errors, or NaN.
        kinds: Of the bars, which decide their colors.
    """
    reach = [
        value + sign * (error if math.isfinite(error) else 0.0)
        for value, error in zip(values, errors, strict=True)
        for sign in (-1, 1)
    ]
    scale = fit_scale([0.0, *reach], room=0.02)
    left = 16.0 + _LETTER * min(30, max(map(len, names)))
    width, height = 840.0, (_BAR + _GAP) * len(names) + 26.0
    span = width - left - 60.0
    zero = left + span * scale.place(0.0)
    parts = [f'<path class="axis" d="M{zero:.1f},0V{height - 22:.1f}"/>']
    for value, label in scale.ticks:
        x = left + span * scale.place(value)
        parts.append(
            f'<path class="grid" d="M{x:.1f},0V{height - 22:.1f}"/>{tick(x, height - 6, label, "middle")}'
        )
    for place, (name, value, error, kind) in enumerate(zip(names, values, errors, kinds, strict=True)):
        top, end = place * (_BAR + _GAP) + 2.0, left + span * scale.place(value)
        tip = number(value, 3) if math.isnan(error) else f"{number(value, 3)} ± {number(error, 2)}"
        parts.append(tick(left - 8.0, top + 11.5, name, "end"))
        parts.append(
            f'<rect class="bar {kind}" x="{min(zero, end):.1f}" y="{top:.1f}" width="{abs(end - zero):.1f}" '
            f'height="{_BAR:g}"><title>{text(name)}: {tip}</title></rect>'
        )
        if math.isfinite(error):
            low, high = (left + span * scale.place(value + sign * error) for sign in (-1.0, 1.0))
            parts.append(f'<path class="whisker" d="M{low:.1f},{top + _BAR / 2:.1f}H{high:.1f}"/>')
    return drawing(Size(width, height), title, "".join(parts))


def heat_map(title: str, names: Sequence[str], counts: numpy.ndarray, totals: numpy.ndarray) -> str:
    """A table of counts, each row colored by its shares.

    Args:
        title: For those who cannot see the chart.
        names: Of the classes.
        counts: Of shape (true class, predicted class).
        totals: Rows of each true class, which may be more than the counts shown.
    """
    shares = counts / numpy.maximum(1, totals)[:, None]
    left = 24.0 + _LETTER * min(30, max(map(len, names)))
    width = 410.0 if len(names) <= MOST_WRITTEN else 840.0
    side = min(84.0, (width - left - 10.0) / len(names))
    span = side * len(names)
    slanted = max(map(len, names)) * _LETTER > side
    foot = (
        _HEAD
        + span
        + (16.0 + _SLOPE * _LETTER * min(_MOST_SLANTED, max(map(len, names))) if slanted else 34.0)
    )
    parts = [
        f'<text class="name" x="2" y="12">true</text><text class="name" x="{left + span:.1f}" '
        f'y="{foot:.1f}" text-anchor="end">predicted</text>'
    ]
    for row, name in enumerate(names):
        parts.append(tick(left - 8.0, _HEAD + side * (row + 0.5) + 4.0, name, "end"))
        parts.append(_below(left + side * (row + 0.5), _HEAD + span + 14.0, name, slanted))
    parts.append(f'<path class="sheet" d="M{left:.1f},{_HEAD:g}h{span:.1f}v{span:.1f}h-{span:.1f}Z"/>')
    for row, column in zip(*numpy.nonzero(counts), strict=True):
        cell = int(counts[row, column]), float(shares[row, column]), f"{names[row]} taken for {names[column]}"
        parts.append(_cell(left + side * column, _HEAD + side * row, side, cell, len(names)))
    return drawing(Size(width, foot + 8.0), title, "".join(parts))


def _below(x: float, y: float, name: str, slanted: bool) -> str:
    """A name below a column; where it is wider than the column, it slopes upward to it."""
    if not slanted:
        return tick(x, y, name, "middle")
    shown = name if len(name) <= _MOST_SLANTED else f"{name[: _MOST_SLANTED - 1]}…"
    return (
        f'<text class="tick" transform="translate({x + 4:.1f},{y - 6:.1f}) rotate(-45)" text-anchor="end">'
        f"{text(shown)}<title>{text(name)}</title></text>"
    )


def _cell(left: float, top: float, side: float, cell: tuple[int, float, str], num_classes: int) -> str:
    count, share, what = cell
    color = "strong" if share > 0.5 else "weak"
    words = (
        f'<text class="count {color}" x="{left + side / 2:.1f}" y="{top + side / 2 + 4:.1f}">{count}</text>'
        if num_classes <= MOST_WRITTEN
        else ""
    )
    return (
        f'<g><rect class="cell" x="{left:.1f}" y="{top:.1f}" width="{side - 1.5:.1f}" height="{side - 1.5:.1f}" '
        f'fill-opacity="{0.05 + 0.95 * share:.2f}"/>{words}<title>{text(what)}: {count} rows, {share:.0%}</title></g>'
    )
