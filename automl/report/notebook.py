"""A study's result as text and as a piece of HTML, for the prompt of Python and for notebooks."""

from pathlib import Path
from typing import Any, final

from markupsafe import Markup, escape

from automl.evaluation.ranking import hyperparameter_columns, ranked_rows
from automl.explanation.study import Explanation
from automl.records.state import StudyState
from automl.report.templating import CODE, make_environment
from automl.wording import number

SHOWN_TRIALS = 5
"""Trials that a notebook shows; `leaderboard()` has all."""

_CELL = "padding: 2px 12px 2px 0; text-align: {align}; white-space: nowrap"


def _with_code(text: str) -> Markup:
    """Text as HTML, what stands between backticks as code."""
    return Markup(CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  it has been escaped


def _rendered(template: str, **values: Any) -> str:
    environment = make_environment()
    environment.filters["code"] = _with_code
    return environment.get_template(template).render(**values)


@final
class Sentences(tuple[str, ...]):
    """Sentences in the order in which they are to be read. Printed a line each; a notebook shows them as a list."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return _rendered("sentences.html", sentences=self)


def result_html(state: StudyState, explanation: Explanation, model: Path, report: Path) -> str:
    """A result as HTML that needs no style sheet: the verdict, the scores, the best trials, what limits them.

    Args:
        state: The study.
        explanation: What is said of it.
        model: Folder of the SavedModel.
        report: Path of the report.
    """
    columns, rows = _best_trials(state)
    return _rendered(
        "result.html",
        answer=explanation.verdict.sentence,
        scores=explanation.verdict.rows,
        columns=columns,
        rows=rows,
        num_trials=f"{state.num_trials:,}",
        sentences=(*explanation.answer[1:], *explanation.limits),
        report=report,
        model=model,
        left=_CELL.format(align="left"),
        right=_CELL.format(align="right"),
    )


def _best_trials(state: StudyState) -> tuple[list[str], list[list[str]]]:
    """The headings and the cells of the best trials that completed."""
    metric, searched = state.objective.metric, state.started.searched
    best = [row for row in ranked_rows(state.ranked(SHOWN_TRIALS), state.objective, searched) if row["rank"]]
    names = hyperparameter_columns(best, searched)
    keys = ["trial", metric, "standard_error", "epochs", "capacity", *names]
    headings = ["trial", metric, "± standard error", "epochs", "weights", *names]
    return headings, [[_cell(row[key]) for key in keys] for row in best]


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return f"{value:,}"
    return number(value) if isinstance(value, float) else str(value)
