"""Pieces of HTML. Text from outside goes through `text`, and only there."""

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_CODE = re.compile(r"`([^`]+)`")
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the report.

    Attributes:
        title: Its heading, as text.
        body: HTML.
    """

    title: str
    body: str

    @property
    def key(self) -> str:
        """Its name in links."""
        return _NOT_IN_A_NAME.sub("-", self.title.lower()).strip("-")


def text(value: object) -> str:
    """Any text as HTML, harmless within elements and attributes."""
    return html.escape(str(value), quote=True)


def sentence(words: str) -> str:
    """Text, what stands between backticks as code."""
    return _CODE.sub(r"<code>\1</code>", text(words))


def paragraph(words: str, kind: str = "") -> str:
    """A paragraph of text."""
    return f"<p{_class(kind)}>{sentence(words)}</p>"


def bullets(words: Iterable[str]) -> str:
    """Sentences below each other; nothing for none."""
    items = "".join(f"<li>{sentence(each)}</li>" for each in words)
    return f"<ul>{items}</ul>" if items else ""


def figure(title: str, chart: str, caption: str, legend: Sequence[tuple[str, str]] = ()) -> str:
    """A chart with its heading and the sentence that says what to see.

    Args:
        title: As text.
        chart: SVG.
        caption: As text.
        legend: Kinds of marks with their names.
    """
    keys = "".join(f'<span class="key {kind}"><i></i>{text(name)}</span>' for kind, name in legend)
    legend_html = f'<div class="legend">{keys}</div>' if keys else ""
    return f"<figure><h3>{text(title)}</h3>{legend_html}{chart}<figcaption>{text(caption)}</figcaption></figure>\n"


def panels(figures: Iterable[str], kind: str = "two") -> str:
    """Figures beside each other: `two` or `three` where the page is wide enough."""
    return f'<div class="panels {kind}">{"".join(figures)}</div>'


def table(headings: Sequence[str], rows: Iterable[str], kind: str = "") -> str:
    """A table that scrolls sideways where it is too wide.

    Args:
        headings: As text.
        rows: HTML, `<tr>` each.
        kind: Its class.
    """
    head = "".join(f"<th>{text(heading)}</th>" for heading in headings)
    head = f"<thead><tr>{head}</tr></thead>" if head else ""
    return f'<div class="scroll"><table{_class(kind)}>{head}<tbody>{"".join(rows)}</tbody></table></div>'


def pairs(rows: Iterable[tuple[str, object]], kind: str = "pairs") -> str:
    """Names and values as a table of two columns."""
    return table(
        (), (f"<tr><th>{text(name)}</th><td>{text(value)}</td></tr>\n" for name, value in rows), kind
    )


def folded(summary: str, body: str) -> str:
    """HTML that is shown when asked for."""
    return f"<details><summary>{text(summary)}</summary>{body}</details>"


def _class(kind: str) -> str:
    return f' class="{text(kind)}"' if kind else ""
