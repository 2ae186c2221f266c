"""A study's result as text and as a piece of HTML, for the prompt of Python and for notebooks."""

import re
from pathlib import Path
from typing import Any, final

from jinja2 import Environment
from markupsafe import Markup, escape

from automl.evaluation.ranking import hyperparameter_columns, ranked_rows
from automl.explanation.study import Explanation
from automl.records.state import StudyState
from automl.wording import number

SHOWN_TRIALS = 5
"""Trials that a notebook shows; `leaderboard()` has all."""

_CELL = "padding: 2px 12px 2px 0; text-align: {align}; white-space: nowrap"

_SENTENCES = "<ul>{% for sentence in sentences %}<li>{{ sentence | code }}</li>{% endfor %}</ul>"

_RESULT = """
<div style="overflow-x: auto; max-width: 100%">
<p><b>{{ answer | code }}</b></p>
<table>
{% for name, value in scores %}<tr><td style="{{ left }}">{{ name }}</td><td style="{{ left }}">{{ value }}</td></tr>
{% endfor %}</table>
<p>The best {{ rows | length }} of {{ num_trials }} trials; <code>leaderboard()</code> has all.</p>
<table>
<tr>{% for name in columns %}<th style="{{ right }}">{{ name }}</th>{% endfor %}</tr>
{% for row in rows %}<tr>{% for cell in row %}<td style="{{ right }}">{{ cell }}</td>{% endfor %}</tr>
{% endfor %}</table>
<ul>{% for sentence in sentences %}<li>{{ sentence | code }}</li>{% endfor %}</ul>
<p>Report: <code>{{ report }}</code><br>Model: <code>{{ model }}</code></p>
</div>
"""

_CODE = re.compile(r"`([^`]+)`")


def _with_code(text: str) -> Markup:
    """Text as HTML, what stands between backticks as code."""
    return Markup(_CODE.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704  it has been escaped


def _environment() -> Environment:
    made = Environment(autoescape=True)
    made.filters["code"] = _with_code
    return made


@final
class Sentences(tuple[str, ...]):
    """Sentences in the order in which they are to be read. Printed a line each; a notebook shows them as a list."""

    __slots__ = ()

    def __str__(self) -> str:
        return "\n".join(self)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return _environment().from_string(_SENTENCES).render(sentences=self)


def result_html(state: StudyState, explanation: Explanation, model: Path, report: Path) -> str:
    """A result as HTML that needs no style sheet: the verdict, the scores, the best trials, what limits them.

    Args:
        state: The study.
        explanation: What is said of it.
        model: Folder of the SavedModel.
        report: Path of the report.
    """
    columns, rows = _best_trials(state)
    return (
        _environment()
        .from_string(_RESULT)
        .render(
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
