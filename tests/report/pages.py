"""Reads a page as a person and a browser would."""

import json
from html.parser import HTMLParser
from typing import Any

_VOID = {"meta", "br", "input"}


class Page(HTMLParser):
    """A page: its text without scripts, and its parts. A tag that does not close is an error."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.ids: list[str] = []
        self.headings: list[str] = []
        self.scripts: list[str] = []
        self.charts: list[dict[str, Any]] = []
        self.rows: list[list[str]] = []
        self.row_kinds: list[dict[str, str]] = []
        self._texts: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    @property
    def words(self) -> str:
        """What can be read, with single spaces."""
        return " ".join("".join(self._texts).split())

    @property
    def titles(self) -> list[str]:
        """Titles of the charts."""
        return [chart["description"] for chart in self.charts]

    def chart(self, title: str) -> dict[str, Any]:
        """The chart of a title."""
        return self.charts[self.titles.index(title)]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.links += [attributes[name] for name in ("src", "href") if name in attributes]
        self.ids += [attributes["id"]] if "id" in attributes else []
        if tag not in _VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
            self.row_kinds.append(attributes)
        if tag in ("td", "th") and self.rows:
            self.rows[-1].append("")
        if tag in ("p", "li", "td", "th", "dt", "dd", "h1", "h2", "h3", "figcaption", "summary", "section"):
            self._texts.append(" ")
        if tag == "script":
            self.scripts.append(attributes.get("type", ""))
        if tag == "h2":
            self.headings.append("")

    def handle_endtag(self, tag: str) -> None:
        if tag not in _VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "script":
            if self.scripts[-1] == "application/json":
                self.charts.append(json.loads(data))
        elif not self.open or self.open[-1] != "style":
            self._texts.append(data)
            if "h2" in self.open:
                self.headings[-1] += data
            if ("td" in self.open or "th" in self.open) and self.rows:
                self.rows[-1][-1] += data


def data_of(chart: dict[str, Any], mark: str) -> list[dict[str, Any]]:
    """The rows of all layers of a kind of mark."""
    parts = chart.get("vconcat", [chart])
    rows: list[dict[str, Any]] = []
    for part in parts:
        shared = part.get("data", chart.get("data"))
        for layer in part["layer"]:
            if layer["mark"]["type"] == mark:
                rows += chart["datasets"][layer.get("data", shared)["name"]]
    return rows
