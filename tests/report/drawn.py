"""What a chart holds, and where its marks stand in its picture."""

import re
from typing import Any
from xml.etree import ElementTree

from automl.report.charts.look import Chart, svg

_SVG = "{http://www.w3.org/2000/svg}"


def layers(chart: Chart, part: int | None = None) -> list[tuple[str, list[dict[str, Any]]]]:
    """The kind of mark and the rows of each layer, from the lowest to the highest; of a part of a chart of parts."""
    spec = chart.to_dict()
    part_spec = spec if part is None else spec["vconcat"][part]
    shared = part_spec.get("data", spec.get("data"))  # Altair moves data that all layers have upwards
    return [
        (str(layer["mark"]["type"]), list(spec["datasets"][layer.get("data", shared)["name"]]))
        for layer in part_spec["layer"]
    ]


def rows_of(chart: Chart, mark: str, part: int | None = None) -> list[dict[str, Any]]:
    """The rows of all marks of a kind."""
    return [row for kind, rows in layers(chart, part) if kind == mark for row in rows]


def pick(rows: list[dict[str, Any]], *names: str) -> list[tuple[Any, ...]]:
    """Some fields of rows."""
    return [tuple(row[name] for name in names) for row in rows]


def encoding(chart: Chart, mark: str, channel: str, part: int | None = None) -> dict[str, Any]:
    """How a channel of the first mark of a kind is encoded."""
    spec = chart.to_dict()
    part_spec = spec if part is None else spec["vconcat"][part]
    layer = next(layer for layer in part_spec["layer"] if layer["mark"]["type"] == mark)
    return dict(layer["encoding"][channel])


class Picture:
    """The picture of a chart, as its marks are drawn; pixels count from the left and from the top."""

    def __init__(self, chart: Chart) -> None:
        self.root = ElementTree.fromstring(svg(chart))

    def groups(self, kind: str) -> list[Any]:
        """Groups of marks of a kind: `symbol`, `line`, `rule`, `rect`, `area`, `text`; no parts of axes or legends."""
        return [
            group
            for group in self.root.iter(f"{_SVG}g")
            if f"mark-{kind} role-mark" in (group.get("class") or "")
            and "marks" in (group.get("class") or "")
        ]

    def dots(self, layer: int = -1) -> list[tuple[float, float]]:
        """Where the points of a layer stand."""
        return [_moved(path) for path in self.groups("symbol")[layer]]

    def lines(self, layer: int = -1) -> list[tuple[float, float]]:
        """The points of the first line of a layer."""
        return _points(self.groups("line")[layer][0].get("d"))

    def bars(self) -> list[tuple[float, float, float, float]]:
        """Left, top, width and height of bars."""
        results = []
        for path in self.groups("rect")[0]:
            numbers = [float(number) for number in re.findall(r"-?[\d.]+", path.get("d"))]
            left, top, width, height = numbers[:4]
            results.append((left, top, width, height))
        return results

    def rules(self, layer: int = 0) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        """Both ends of straight lines."""
        results = []
        for line in self.groups("rule")[layer]:
            x, y = _moved(line)
            results.append(((x, y), (x + float(line.get("x2") or 0), y + float(line.get("y2") or 0))))
        return results

    def areas(self) -> list[list[tuple[float, float]]]:
        """The outlines of areas."""
        return [_points(path.get("d")) for group in self.groups("area") for path in group]

    @property
    def words(self) -> str:
        """All text."""
        return "\n".join(element.text or "" for element in self.root.iter(f"{_SVG}text"))


def _moved(element: Any) -> tuple[float, float]:
    x, y = re.findall(r"-?[\d.]+", element.get("transform"))[:2]
    return float(x), float(y)


def _points(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML](-?[\d.]+),(-?[\d.]+)", path)]
