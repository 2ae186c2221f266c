"""Pages as HTML, by templates that escape all text. A page needs nothing else: no network, no fonts, no other files."""

import functools
import json
from collections.abc import Callable, Sequence

import vl_convert
from markupsafe import Markup, escape

from automl.report.blocks import Definitions, Figure, Section
from automl.report.charts.look import page_spec, title_of
from automl.report.glossary import TERMS, marked
from automl.report.overview import Header
from automl.report.templating import CODE, Environment, make_environment

_LIBRARIES = "window.vegaEmbed = vegaEmbed;"


def rendered(title: str, header: Header, sections: Sequence[Section], reload: int = 0) -> str:
    """A whole page: contents beside a heading and its sections, and a glossary of the terms that stand in them.

    Args:
        title: Of the window.
        header: The head.
        sections: The parts.
        reload: Seconds after which the page reads itself again; never when 0.
    """
    terms: set[str] = set()
    environment = _environment(functools.partial(_prose, terms=terms))
    body = environment.get_template("sections.html").render(sections=sections, header=header)
    glossary = Definitions([(term.key, term.name, term.meaning) for term in TERMS if term.key in terms])
    parts = [*sections, Section("Glossary", [glossary])] if terms else list(sections)
    last = environment.get_template("sections.html").render(sections=parts[len(sections) :], header=None)
    page = environment.get_template("page.html")
    has_figures = "data-chart" in body
    return page.render(
        title=title,
        parts=parts,
        body=Markup(body + last),  # noqa: S704  two templates have escaped it
        libraries=Markup(libraries() if has_figures else ""),  # noqa: S704  the libraries' own text
        reload=reload,
    )


def fragment(section: Section) -> str:
    """A section by itself, for a page that is made elsewhere and draws its charts; without links to a glossary."""
    template = _environment(_plain_prose).get_template("sections.html")
    return template.render(sections=[section], header=None)


def _environment(prose: Callable[[str], Markup]) -> Environment:
    environment = make_environment()
    environment.filters["chart"] = _chart
    environment.filters["chart_title"] = lambda figure: title_of(figure.chart)
    environment.filters["prose"] = prose
    return environment


@functools.cache
def libraries() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script. Making it takes two seconds: each process makes it once."""
    script: str = vl_convert.javascript_bundle(_LIBRARIES)
    return script.replace("</script", "<\\/script")


def _prose(words: str, terms: set[str]) -> Markup:
    """Text as HTML: what stands between backticks as code, the first use of a term as a link to the glossary."""
    pieces = []
    for index, piece in enumerate(CODE.split(words)):
        if index % 2:
            pieces.append(Markup("<code>{}</code>").format(piece))
            continue
        for part, term in marked(piece):
            if term is None:
                pieces.append(escape(part))
                continue
            terms.add(term.key)
            link = Markup('<a class="term" href="#{}" title="{}">{}</a>')
            pieces.append(link.format(term.key, term.meaning, part))
    return Markup("").join(pieces)


def _plain_prose(words: str) -> Markup:
    """Text as HTML: what stands between backticks as code."""
    pieces = CODE.split(words)
    code = Markup("<code>{}</code>")
    return Markup("").join(
        code.format(piece) if index % 2 else escape(piece) for index, piece in enumerate(pieces)
    )


def _chart(figure: Figure) -> Markup:
    """The specification of a chart as it stands in a script element, which ends at the first `</`."""
    spec = json.dumps(page_spec(figure.chart), separators=(",", ":"), allow_nan=False)
    return Markup(spec.replace("<", "\\u003c"))  # noqa: S704  nothing in it can end the element
