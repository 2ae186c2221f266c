"""Parallel coordinates: one vertical axis a hyperparameter, one line a trial."""

from collections.abc import Mapping, Sequence

from automl.report.axes import Axis
from automl.report.markup import text
from automl.report.svg import Size, drawing, tick

NUM_GROUPS = 6
"""Colors of lines; group 0 is the best."""

_TOP, _BOTTOM, _ABSENT = 46.0, 300.0, 326.0
_WIDTH = 840.0
_LEFT, _RIGHT = 40.0, 60.0
_LETTER = 6.6
_NARROW = 110.0
_MOST_TICKS, _MANY = 14, 80


def parallel_coordinates(
    axes: Sequence[Axis], groups: Mapping[int, int], tips: Mapping[int, str], winner: int
) -> str:
    """The chart. The script of the page lets its axes be brushed; without it, it can be read as it is.

    Args:
        axes: In order; the score is the last one.
        groups: From 0, the best, to `NUM_GROUPS` − 1, by number of the trial; which trials are drawn.
        tips: A text for those who point at a trial, by its number.
        winner: The trial that stands out.
    """
    gap = (_WIDTH - _LEFT - _RIGHT) / max(1, len(axes) - 1)
    places = [_LEFT + gap * i for i in range(len(axes))]
    # The best are drawn last, above the others.
    order = sorted(groups, key=lambda number: (number == winner, -groups[number]))
    lines = []
    for number in order:
        path = "L".join(f"{x:.1f},{_height(axis, number):.1f}" for x, axis in zip(places, axes, strict=True))
        kind = "winner" if number == winner else f"q{groups[number]}"
        lines.append(
            f'<path class="trial {kind}" data-trial="{number}" d="M{path}"><title>{text(tips[number])}</title></path>'
        )
    drawn, some_absent = "", any(number not in axis.values for axis in axes for number in groups)
    for place, (axis, x) in enumerate(zip(axes, places, strict=True)):
        absent = any(number not in axis.values for number in groups)
        drawn += _axis(axis, x, gap, place % 2 == 1 and gap <= _NARROW, absent)
    content = f'<g class="trials">{"".join(lines)}</g>{drawn}'
    size = Size(_WIDTH, (_ABSENT if some_absent else _BOTTOM) + 12.0)
    return drawing(
        size,
        "Hyperparameters and score of every trial",
        content,
        f"chart parallel{' many' * (len(groups) > _MANY)}",
    )


def _height(axis: Axis, number: int) -> float:
    if number not in axis.values:
        return _ABSENT
    return _BOTTOM - (_BOTTOM - _TOP) * axis.scale.place(axis.values[number])


def _axis(axis: Axis, x: float, gap: float, raised: bool, absent: bool) -> str:
    """An axis with its name; names of neighbors stand at two heights where they would touch."""
    most = max(6, int((gap if gap > _NARROW else 2.0 * gap) / _LETTER) - 1)
    shown = axis.name if len(axis.name) <= most else f"{axis.name[: most - 1]}…"
    every = -(-len(axis.scale.ticks) // _MOST_TICKS)
    room = max(4, int(gap / _LETTER) - 2)
    ticks = ""
    for value, label in axis.scale.ticks[::every]:
        short = label if len(label) <= room else f"{label[: room - 1]}…"
        ticks += tick(x + 8.0, _BOTTOM - (_BOTTOM - _TOP) * axis.scale.place(value) + 4.0, short, "start")
    ticks += tick(x + 8.0, _ABSENT + 4.0, "none", "start") if absent else ""
    return (
        f'<g class="coordinate" data-x="{x:.1f}"><path class="axis" d="M{x:.1f},{_TOP:g}V{_BOTTOM:g}"/>{ticks}'
        f'<text class="name" x="{x:.1f}" y="{_TOP - (26 if raised else 12):.1f}" text-anchor="middle">{text(shown)}'
        f"<title>{text(axis.name)}</title></text>"
        f'<rect class="brush" x="{x - 12:.1f}" y="{_TOP:g}" width="24" height="{_ABSENT - _TOP + 6:g}"/></g>'
    )
