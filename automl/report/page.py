"""A study as one page that needs nothing else: no network, no fonts, no other files."""

from collections.abc import Callable, Sequence
from pathlib import Path

from automl.explanation.study import Explanation
from automl.records.files import OUT_OF_FOLD_FILE, STUDY_FILE
from automl.records.state import StudyState
from automl.report import effects, learning, loss_parts, overview, predicting, recording, searching
from automl.report.content import ReportContent, read_out_of_fold
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


def study_content(state: StudyState, found: Explanation) -> ReportContent:
    """What the report of a study shows: its record, and what was found in it."""
    file = state.folder / STUDY_FILE
    written = file.read_text(encoding="utf-8") if file.is_file() else ""
    return ReportContent(
        state=state,
        standing=found.standing,
        verdict=found.verdict,
        answer=(*found.answer, *found.remarks),
        diagnoses=found.diagnoses,
        tied=found.tied,
        smallest=found.smallest,
        importance=found.importance,
        importance_trials=found.importance_trials,
        learning_curve=found.learning_curve,
        out_of_fold=read_out_of_fold(state.folder / OUT_OF_FOLD_FILE),
        study_text=state.started.text or written,
    )


def report_page(content: ReportContent) -> str:
    """The report of a study as HTML."""
    sections = [section for make in SECTIONS if (section := make(content)) is not None]
    return framed(f"{content.state.started.name}: AutoML study", overview.heading(content), sections)


def framed(title: str, heading: str, sections: Sequence[Section]) -> str:
    """A whole page: contents beside a heading and its sections.

    Args:
        title: As text.
        heading: HTML.
        sections: The parts.
    """
    links = "".join(f'<li><a href="#{section.key}">{text(section.title)}</a></li>' for section in sections)
    body = "".join(
        f'<section id="{section.key}"><h2>{text(section.title)}</h2>{section.body}</section>\n'
        for section in sections
    )
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"/>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>'
        f"<title>{text(title)}</title><style>\n{_asset('style.css')}</style></head>\n"
        f'<body><nav aria-label="Contents"><ol>{links}</ol></nav><main>{heading}{body}</main>'
        f"<script>\n{_asset('page.js')}</script></body></html>\n"
    )


def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="utf-8")
