"""The first parts of a report: the question, the answer, the leaderboard."""

import math

from automl.report.content import ReportContent, value_text
from automl.report.markup import Section, bullets, folded, pairs, paragraph, table, text
from automl.report.scales import score_bounds
from automl.trial import Trial, TrialState
from automl.wording import duration, number

TOP = 20
"""Trials of the leaderboard that are shown at once."""

_STRIP = 90.0
_QUESTION = "Question"


def heading(content: ReportContent) -> str:
    """The name of the study, its question and its size."""
    start = content.log.start
    facts = start.get("facts", {})
    size = [
        f"{number(float(facts[name]))} {name}"
        for name in ("rows", "features")
        if str(facts.get(name, "")).isdigit()
    ]
    failed = len(content.log.trials) - len(content.completed)
    size.append(f"{len(content.log.trials)} trials" + (f", {failed} failed" if failed else ""))
    size.append(f"{start.get('num_folds', 0)} folds")
    if content.log.finish.get("seconds"):
        size.append(duration(float(content.log.finish["seconds"])))
    return (
        f'<header><p class="kicker">AutoML study · {text(start.get("identifier", ""))}</p>'
        f"<h1>{text(start['name'])}</h1>"
        f"{paragraph(question(content), 'question')}{paragraph(' · '.join(size), 'size')}</header>"
    )


def question(content: ReportContent) -> str:
    """What the study asked: as its file says in a comment, or else what any search asks."""
    for line in content.study_text.splitlines():
        words = line.lstrip("# ").strip()
        if line.startswith("#") and words.startswith(_QUESTION):
            return words.removeprefix(_QUESTION).lstrip(": ")
    target = content.log.start.get("facts", {}).get("target", "the target")
    return f"Which network predicts {target} best, by {content.metric} ({content.better} is better)?"


def answer(content: ReportContent) -> Section:
    """What was found, the scores that it rests on, and what limits the winner."""
    parts = [paragraph(said, "lead" if not place else "") for place, said in enumerate(content.answer)]
    winner = content.winner
    if winner is None:
        parts.append(paragraph("No trial completed: there is no best network. The reasons stand below."))
    elif not content.answer:
        parts.append(
            paragraph(f"Trial {winner.number} is the best: {content.metric} {content.score(winner)}.", "lead")
        )
    if content.log.start.get("optimistic"):
        parts.append(
            paragraph(
                "Scores are optimistic: the rows that scored the trials also chose their epochs.", "warning"
            )
        )
    rows = [(str(name), value) for name, value in content.log.verdict.get("rows", ())]
    if rows:
        what = f"Scores of the best network by {content.metric}, {content.better} is better"
        parts.append(f"<h3>{text(what)}</h3>{pairs(rows, 'scores')}")
    said = [line for line in content.log.verdict.get("sentences", ()) if line not in content.answer]
    parts.append(bullets(said))
    parts.append(_diagnosis(content))
    for test in content.log.tests:
        scores = [(name, number(value)) for name, value in test.get("scores", {}).items()]
        parts.append(
            folded(f"All metrics on the {test.get('rows', '')} rows of the locked test set", pairs(scores))
        )
    return Section("Answer", "".join(parts))


def _diagnosis(content: ReportContent) -> str:
    """What limits the winner, and what to change."""
    found = content.diagnoses.get(content.winner.number) if content.winner else None
    if found is None:
        return ""
    advice = bullets(found.advice)
    advice = f"<p>What to try next, the most promising first:</p>{advice}" if advice else ""
    head = f"<h3>What limits it: {_chip(found.name)}</h3>"
    return f'<div class="diagnosis">{head}{paragraph(found.sentence)}{advice}</div>'


def leaderboard(content: ReportContent) -> Section | None:
    """All trials, the best first; beyond the first ones they are folded."""
    ranked = content.log.objective.rank(list(content.log.trials))
    if not ranked:
        return None
    names = [name for name in content.searched if any(name in trial.hyperparameters for trial in ranked)]
    headings = ["", "trial", content.metric, "folds", "training"]
    headings += ["what limits it"] if content.diagnoses else []
    headings += ["weights", "epochs", "seconds", *names]
    bounds = score_bounds(
        [score for trial in content.completed for score in trial.fold_scores(content.metric)],
        content.better == "larger",
    )
    rows = [_row(content, trial, names, bounds) for trial in ranked]
    marks = _marks(content)
    body = paragraph(marks) + table(headings, rows[:TOP], "leaderboard")
    if len(rows) > TOP:
        body += folded(f"The other {len(rows) - TOP} trials", table(headings, rows[TOP:], "leaderboard"))
    return Section("Leaderboard", body)


def _marks(content: ReportContent) -> str:
    """What the marks of the table mean."""
    said = [
        f"Mean {content.metric} over the folds ± standard error, {content.better} is better; each dot is a fold."
    ]
    said += ["★ is the best."] if content.winner else []
    if content.winner and len(content.tied) > 1:
        said.append(f"≈ marks {len(content.tied)} trials that the folds do not tell apart from the best.")
    if content.smallest is not None:
        said.append("◆ is the smallest network within one standard error of the best.")
    return " ".join(said)


def _row(content: ReportContent, trial: Trial, names: list[str], bounds: tuple[float, float]) -> str:
    is_best = content.winner is not None and trial.number == content.winner.number
    mark = "★" if is_best else "≈" if trial.number in content.tied else ""
    mark += "◆" if trial.number == content.smallest else ""
    values = [
        _number(value_text(trial.hyperparameters[name])) if name in trial.hyperparameters else _number("–")
        for name in names
    ]
    diagnosis = ""
    if content.diagnoses:
        found = content.diagnoses.get(trial.number)
        diagnosis = f'<td title="{text(found.sentence)}">{_chip(found.name)}</td>' if found else "<td>–</td>"
    weights = _number("–" if trial.capacity is None else number(trial.capacity))
    if trial.state is not TrialState.COMPLETE:
        reason = f'<td class="failed" colspan="3">{text(trial.reason or "failed")}</td>'
        cells = f"{reason}{diagnosis}{weights}{_number('–')}"
    else:
        cells = (
            f"{_number(content.score(trial), 'score')}<td>{_strip(trial.fold_scores(content.metric), bounds)}</td>"
            f"{_number(number(trial.training_mean(content.metric)))}{diagnosis}{weights}{_number(f'{trial.best_epoch:.0f}')}"
        )
    kind = "best" if is_best else "tied" if trial.number in content.tied else ""
    return (
        f'<tr class="{kind}" data-trial="{trial.number}"><td class="mark">{mark}</td>{_number(str(trial.number))}'
        f"{cells}{_number(f'{trial.seconds:.1f}')}{''.join(values)}</tr>\n"
    )


def _number(value: str, kind: str = "") -> str:
    return f'<td class="{f"number {kind}".strip()}">{text(value)}</td>'


def _strip(scores: tuple[float, ...], bounds: tuple[float, float]) -> str:
    """Scores of the folds as dots on one line, the same for all trials."""
    low, high = bounds
    span = high - low or 1.0
    shares = [min(1.0, max(0.0, (score - low) / span)) for score in scores if math.isfinite(score)]
    dots = "".join(f'<circle cx="{5 + (_STRIP - 10) * share:.1f}" cy="7" r="2.6"/>' for share in shares)
    tip = text(", ".join(number(score) for score in scores))
    line = f'<path d="M5,7H{_STRIP - 5:g}"/>'
    return (
        f'<svg class="strip" viewBox="0 0 {_STRIP:g} 14" role="img" aria-label="{tip}">{line}{dots}'
        f"<title>{tip}</title></svg>"
    )


def _chip(name: str) -> str:
    return f'<span class="chip">{text(name.replace("_", " "))}</span>'
