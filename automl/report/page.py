"""A study as one page that needs nothing else: no network, no fonts, no other files."""

from collections.abc import Callable

from automl.explanation.study import Explanation
from automl.records.files import OUT_OF_FOLD_FILE, STUDY_FILE
from automl.records.page_links import read_links
from automl.records.state import StudyState
from automl.report import effects, leaders, learning, loss_parts, overview, predicting, recording, searching
from automl.report.blocks import Section
from automl.report.content import ReportContent, read_out_of_fold
from automl.report.rendering import rendered

SECTIONS: tuple[Callable[[ReportContent], Section | None], ...] = (
    overview.answer,
    leaders.leaderboard,
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


def study_content(state: StudyState, explanation: Explanation) -> ReportContent:
    """What the report of a study shows: its record, and what was found in it."""
    file = state.folder / STUDY_FILE
    written = file.read_text(encoding="utf-8") if file.is_file() else ""
    return ReportContent(
        state=state,
        standing=explanation.standing,
        verdict=explanation.verdict,
        answer=(*explanation.answer, *explanation.remarks),
        diagnoses=explanation.diagnoses,
        tied=explanation.tied,
        smallest=explanation.smallest,
        importance=explanation.importance,
        importance_trials=explanation.importance_trials,
        learning_curve=explanation.learning_curve,
        out_of_fold=read_out_of_fold(state.folder / OUT_OF_FOLD_FILE),
        study_text=state.started.text or written,
        links=[link for link in read_links(state.folder) if link[1].startswith(("https://", "http://"))],
    )


def report_page(content: ReportContent, reload: int = 0) -> str:
    """The report of a study as HTML.

    Args:
        content: What it shows.
        reload: Seconds after which the page reads itself again; never when 0.
    """
    sections = [section for make in SECTIONS if (section := make(content)) is not None]
    title = f"{content.state.started.name}: AutoML study"
    return rendered(title, overview.heading(content), sections, reload)
