"""What a page is made of. Templates lay it out and escape all text; no HTML is written in Python."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from automl.report.charts.look import Chart

_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")


def key_of(title: str) -> str:
    """A title as the name of a link's target."""
    return _NOT_IN_A_NAME.sub("-", title.lower()).strip("-")


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph. What stands between backticks is code; statistical terms become links to the glossary.

    Attributes:
        words: The text.
        kind: `lead`, `warning`, `hint` or nothing.
    """

    tag: ClassVar[str] = "text"
    words: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading within a section."""

    tag: ClassVar[str] = "heading"
    words: str


@dataclass(frozen=True, slots=True)
class Bullets:
    """Sentences below each other."""

    tag: ClassVar[str] = "bullets"
    items: Sequence[str]


@dataclass(frozen=True, slots=True)
class Figure:
    """A chart with the sentence that says what to see in it; its title is the chart's."""

    tag: ClassVar[str] = "figure"
    chart: Chart
    caption: str


@dataclass(frozen=True, slots=True)
class Panels:
    """Figures next to each other where the page is wide enough: `two` or `three` of them."""

    tag: ClassVar[str] = "panels"
    figures: Sequence[Figure]
    kind: str = "two"


@dataclass(frozen=True, slots=True)
class Pairs:
    """Names and values as a table of two columns."""

    tag: ClassVar[str] = "pairs"
    rows: Sequence[tuple[str, str]]
    kind: str = "pairs"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Attributes:
        words: The text.
        order: What it is sorted by; its text when None.
        kind: `number`, `failed`, `chip` or nothing.
        tip: A text for those who point at it.
        span: Columns that it takes.
    """

    words: str
    order: float | str | None = None
    kind: str = ""
    tip: str = ""
    span: int = 1


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table.

    Attributes:
        cells: In the order of the headings.
        kind: Its class.
        trial: The trial that it is about; highlighted together with its marks in charts.
    """

    cells: Sequence[Cell]
    kind: str = ""
    trial: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """A table, which scrolls sideways within an edge that can be seen.

    Attributes:
        headings: Of the columns.
        rows: In the order that is shown first.
        kind: Its class.
        label: What it is, for those who cannot see it.
        shown: Rows that are shown until the others are asked for.
        sortable: Whether it can be sorted and filtered.
    """

    tag: ClassVar[str] = "table"
    headings: Sequence[str]
    rows: Sequence[TableRow]
    kind: str = ""
    label: str = ""
    shown: int = 1_000_000
    sortable: bool = False


@dataclass(frozen=True, slots=True)
class Code:
    """Text as it was written."""

    tag: ClassVar[str] = "code"
    words: str


@dataclass(frozen=True, slots=True)
class Links:
    """Links to other pages: their names and addresses."""

    tag: ClassVar[str] = "links"
    links: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Boxed:
    """Blocks that stand out, below a heading with a word beside it."""

    tag: ClassVar[str] = "boxed"
    heading: str
    chip: str
    blocks: Sequence["Block"]


@dataclass(frozen=True, slots=True)
class Folded:
    """Blocks that are shown when asked for."""

    tag: ClassVar[str] = "folded"
    summary: str
    blocks: Sequence["Block"]


@dataclass(frozen=True, slots=True)
class Definitions:
    """Terms with their meanings: the target of links, the term, the meaning."""

    tag: ClassVar[str] = "definitions"
    terms: Sequence[tuple[str, str, str]]


_Plain: TypeAlias = Text | Heading | Bullets | Figure | Panels | Pairs | Table | Code | Links
Block: TypeAlias = _Plain | Boxed | Folded | Definitions


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a page.

    Attributes:
        title: Its heading.
        blocks: In order.
    """

    title: str
    blocks: Sequence[Block] = field(default_factory=tuple)

    @property
    def key(self) -> str:
        """Its name in links."""
        return key_of(self.title)
