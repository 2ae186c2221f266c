"""Charts as SVG: axes and marks. Colors come from the style sheet, by the kind of a mark.

A kind is a class of the style sheet, such as `training`. Coordinates have one decimal, so that long curves stay small.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from automl.report.markup import text
from automl.report.scales import Scale

_CHARACTER = 6.3
"""Width of a letter of a tick, about."""

_TOP, _RIGHT = 24.0, 14.0
_TICKS, _NAME = 24.0, 16.0
_LONGEST_NAME = 30


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height of a chart, in units of its own."""

    width: float
    height: float


FULL, HALF, THIRD = Size(840, 320), Size(410, 270), Size(270, 200)


@final
class Plot:
    """A chart of marks in the units of its axes; later marks lie above earlier ones.

    Args:
        x: The horizontal axis.
        y: The vertical axis.
        size: Of the whole chart.
        names: What the axes show.
    """

    def __init__(self, x: Scale, y: Scale, size: Size, names: tuple[str, str]) -> None:
        self._x, self._y, self._size, self._names = x, y, size, names
        longest = max((len(label) for _, label in y.ticks), default=1)
        self._left = 12.0 + _CHARACTER * min(longest, _LONGEST_NAME)
        self._bottom = size.height - _TICKS - (_NAME if names[0] else 0.0)
        self._marks: list[str] = []

    def at(self, x: float, y: float) -> tuple[float, float]:
        """Coordinates of a point."""
        width = self._size.width - self._left - _RIGHT
        height = self._bottom - _TOP
        return self._left + width * self._x.place(x), _TOP + height * (1.0 - self._y.place(y))

    def line(self, xs: Sequence[float], ys: Sequence[float], kind: str) -> None:
        """A line through points; it breaks where a value is not finite."""
        self._marks.append(f'<path class="line {kind}" d="{self._path(xs, ys)}"/>')

    def band(self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], kind: str) -> None:
        """The area between two lines."""
        there, back = self._path(xs, highs), self._path(list(xs)[::-1], list(lows)[::-1])
        self._marks.append(f'<path class="band {kind}" d="{there}{back.replace("M", "L")}Z"/>')

    def dots(self, xs: Sequence[float], ys: Sequence[float], kind: str, tips: Sequence[str] = ()) -> None:
        """Points, each with a text for those who point at it."""
        for place, (x, y) in enumerate(zip(xs, ys, strict=True)):
            if math.isfinite(x) and math.isfinite(y):
                left, top = self.at(x, y)
                tip = f"<title>{text(tips[place])}</title>" if tips else ""
                self._marks.append(
                    f'<circle class="dot {kind}" cx="{left:.1f}" cy="{top:.1f}" r="4">{tip}</circle>'
                )

    def cloud(self, xs: Sequence[float], ys: Sequence[float], kind: str) -> None:
        """Many points as one mark, without texts."""
        places = [self.at(x, y) for x, y in zip(xs, ys, strict=True)]
        path = "".join(f"M{left:.1f},{top:.1f}h0" for left, top in places)
        self._marks.append(f'<path class="cloud {kind}" d="{path}"/>')

    def whiskers(self, xs: Sequence[float], lows: Sequence[float], highs: Sequence[float], kind: str) -> None:
        """Vertical lines from one value to another."""
        path = ""
        for x, low, high in zip(xs, lows, highs, strict=True):
            if math.isfinite(low) and math.isfinite(high):
                (left, bottom), (_, top) = self.at(x, low), self.at(x, high)
                path += f"M{left:.1f},{bottom:.1f}V{top:.1f}"
        if path:
            self._marks.append(f'<path class="whisker {kind}" d="{path}"/>')

    def note(self, x: float, y: float, words: str, anchor: str = "start") -> None:
        """A word beside a point; `anchor` is `start`, `middle` or `end`."""
        left, top = self.at(x, y)
        shift = {"start": 6.0, "middle": 0.0, "end": -6.0}[anchor]
        self._marks.append(
            f'<text class="note" x="{left + shift:.1f}" y="{top - 5:.1f}" text-anchor="{anchor}">{text(words)}</text>'
        )

    def upright(self, x: float, kind: str, words: str = "") -> None:
        """A vertical line over the whole height."""
        self.line((x, x), (self._y.low, self._y.high), kind)
        if words:
            self.note(x, self._y.high, words, "end" if self._x.place(x) > 0.8 else "start")

    def level(self, y: float, kind: str, words: str = "") -> None:
        """A horizontal line over the whole width."""
        self.line((self._x.low, self._x.high), (y, y), kind)
        if words:
            self.note(self._x.high, y, words, "end")

    def render(self, title: str) -> str:
        """The chart; the title is for those who cannot see it."""
        content = [*self._axes(), *self._marks]
        return drawing(self._size, title, "".join(content))

    def _path(self, xs: Sequence[float], ys: Sequence[float]) -> str:
        path, begun = [], False
        for x, y in zip(xs, ys, strict=True):
            if not (math.isfinite(x) and math.isfinite(y)):
                begun = False
                continue
            left, top = self.at(x, y)
            path.append(f"{'L' if begun else 'M'}{left:.1f},{top:.1f}")
            begun = True
        return "".join(path)

    def _axes(self) -> list[str]:
        bottom, right = self._bottom, self._size.width - _RIGHT
        parts = []
        for value, label in self._y.ticks:
            top = self.at(self._x.low, value)[1]
            parts.append(f'<path class="grid" d="M{self._left:.1f},{top:.1f}H{right:.1f}"/>')
            parts.append(tick(self._left - 6.0, top + 4.0, label, "end"))
        for value, label in self._readable(self._x.ticks):
            left = self.at(value, self._y.low)[0]
            parts.append(f'<path class="grid" d="M{left:.1f},{bottom:.1f}v4"/>')
            parts.append(tick(left, bottom + 16.0, label, "middle"))
        parts.append(f'<path class="axis" d="M{self._left:.1f},{bottom:.1f}H{right:.1f}"/>')
        across, up = map(text, self._names)
        parts.append(f'<text class="name" x="2" y="12">{up}</text>')
        parts.append(
            f'<text class="name" x="{right:.1f}" y="{self._size.height - 5:.1f}" text-anchor="end">{across}</text>'
        )
        return parts

    def _readable(self, ticks: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
        """Those ticks whose labels do not touch the one before."""
        kept: list[tuple[float, str]] = []
        end = -math.inf
        for value, label in ticks:
            center = self.at(value, self._y.low)[0]
            half = _CHARACTER * min(len(label), _LONGEST_NAME) / 2.0
            if center - half > end:
                kept.append((value, label))
                end = center + half + 8.0
        return kept


def drawing(size: Size, title: str, content: str, kind: str = "chart") -> str:
    """An SVG element around its content."""
    return (
        f'<svg class="{kind}" viewBox="0 0 {size.width:g} {size.height:g}" role="img" '
        f'aria-label="{text(title)}">{content}</svg>'
    )


def tick(x: float, y: float, label: str, anchor: str) -> str:
    """A text beside an axis, cut where it is long."""
    whole = f"<title>{text(label)}</title>" if len(label) > _LONGEST_NAME else ""
    shown = f"{label[: _LONGEST_NAME - 1]}…" if whole else label
    return f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text(shown)}{whole}</text>'
