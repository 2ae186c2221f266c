"""A study as one page that needs nothing else: no network, no fonts, no other files."""

from collections.abc import Callable
from pathlib import Path

from automl.report import effects, learning, loss_parts, overview, predicting, recording, searching
from automl.report.content import ReportContent
from automl.report.markup import Section, text

SECTIONS: tuple[Callable[[ReportContent], Section | None], ...] = (
    overview.answer,
    overview.leaderboard,
    searching.history,
    searching.space,
    searching.validation_curves,
    learning.training_curves,
    loss_parts.bias_variance,
    learning.learning_curve,
    effects.importance,
    predicting.predictions,
    predicting.columns,
    recording.notes,
    recording.reproduction,
)
"""In the order of the page; each is None where the study has nothing of its kind."""

_HERE = Path(__file__).parent


def report_page(content: ReportContent) -> str:
    """The report of a study as HTML."""
    sections = [section for make in SECTIONS if (section := make(content)) is not None]
    links = "".join(f'<li><a href="#{section.key}">{text(section.title)}</a></li>' for section in sections)
    body = "".join(
        f'<section id="{section.key}"><h2>{text(section.title)}</h2>{section.body}</section>\n'
        for section in sections
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>{text(content.log.start['name'])}: AutoML study</title><style>\n{_asset('style.css')}</style></head>\n"
        f'<body><nav aria-label="Contents"><ol>{links}</ol></nav><main>{overview.heading(content)}{body}</main>'
        f"<script>\n{_asset('page.js')}</script></body></html>\n"
    )


def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
