"""The first parts of a report: the question, the answer, the leaderboard."""

import math

from automl.report.content import ReportContent, counted, ended_how, value_text
from automl.report.markup import Section, bullets, folded, pairs, paragraph, table, text
from automl.report.readings import readings_of
from automl.report.scales import score_bounds
from automl.trial import Trial, TrialState
from automl.wording import duration, number

TOP = 20
"""Trials of the leaderboard that are shown at once."""

MOST_ROWS = 300
"""Trials of the leaderboard at most: each row needs the files of its trial, and a kilobyte of the page."""

_STRIP = 90.0
_QUESTION = "Question"


def heading(content: ReportContent) -> str:
    """How far the run has come where it is not finished, the name of the study, its question and its size."""
    started, finished = content.state.started, content.state.finished
    size = [
        f"{number(float(started.facts[name]))} {name}"
        for name in ("rows", "features")
        if started.facts.get(name, "").isdigit()
    ]
    size.append(counted(content))
    size.append(f"{started.num_folds} folds")
    if finished is not None and finished.seconds and not content.state.continued:
        size.append(duration(finished.seconds))
    how = content.standing
    banner = f'<p class="warning" role="status">{text(how[0].upper() + how[1:])}.</p>' if how else ""
    return (
        f'<header>{banner}<p class="kicker">AutoML study · {text(started.identifier)}</p>'
        f"<h1>{text(started.name)}</h1>"
        f"{paragraph(question(content), 'question')}{paragraph(' · '.join(size), 'size')}</header>"
    )


def question(content: ReportContent) -> str:
    """What the study asked: as its file says in a comment, or else what any search asks."""
    for line in content.study_text.splitlines():
        words = line.lstrip("# ").strip()
        if line.startswith("#") and words.startswith(_QUESTION):
            return words.removeprefix(_QUESTION).lstrip(": ")
    target = content.state.started.facts.get("target", "the target")
    return f"Which network predicts {target} best, by {content.metric} ({content.better} is better)?"


def answer(content: ReportContent) -> Section:
    """What was found, the scores that it rests on, and what limits the winner."""
    parts = [paragraph(said, "lead" if not place else "") for place, said in enumerate(content.answer)]
    winner = content.winner
    if winner is None:
        parts.append(paragraph("No trial completed: there is no best network. The reasons stand below."))
    elif not content.answer:
        so_far = " of those that have ended" if content.standing else ""
        said = f"Trial {winner.number} is the best{so_far}: {content.metric} {content.score(winner)}."
        parts.append(paragraph(said, "lead"))
    if content.state.started.optimistic:
        parts.append(
            paragraph(
                "Scores are optimistic: the rows that scored the trials also chose their epochs.", "warning"
            )
        )
    rows = content.state.verdict.rows
    if rows:
        what = f"Scores of the best network by {content.metric}, {content.better} is better"
        parts.append(f"<h3>{text(what)}</h3>{pairs(rows, 'scores')}")
    parts.append(bullets(line for line in content.state.verdict.sentences if line not in content.answer))
    parts.append(_diagnosis(content))
    for test, num_rows in readings_of(content.state):
        scores = [(name, number(value)) for name, value in test.scores.items()]
        parts.append(folded(f"All metrics on the {num_rows:,} rows of the locked test set", pairs(scores)))
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
    """The trials, the best first; beyond the first ones they are folded, and beyond some hundred left out."""
    ranked = content.ranked
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
    rows = [_row(content, trial, names, bounds) for trial in ranked[:MOST_ROWS]]
    body = paragraph(_marks(content)) + table(headings, rows[:TOP], "leaderboard")
    if len(rows) > TOP:
        which = "next" if len(rows) < len(ranked) else "other"
        body += folded(f"The {which} {len(rows) - TOP} trials", table(headings, rows[TOP:], "leaderboard"))
    if len(rows) < len(ranked):
        name = content.state.started.name
        left_out = (
            f"The {len(ranked) - len(rows):,} trials below them are left out of this page and were not diagnosed. All "
            f"trials as a table: `automl show {name} --format csv > trials.csv`; what limits one of them: `automl "
            f"explain {name} --trial NUMBER`."
        )
        body += paragraph(left_out)
    return Section("Leaderboard", body)


def _marks(content: ReportContent) -> str:
    """What the marks of the table mean."""
    said = [
        f"Mean {content.metric} over the folds ± standard error, {content.better} is better; each dot is a fold."
    ]
    said += ["★ is the best."] if content.winner else []
    if content.winner and len(content.tied) > 1:
        said.append(
            f"≈ marks {len(content.tied):,} trials that are not significantly different from the best."
        )
    if content.smallest is not None:
        said.append("◆ is the smallest network within one standard error of the best.")
    return " ".join(said)


def _row(content: ReportContent, trial: Trial, names: list[str], bounds: tuple[float, float]) -> str:
    is_best = content.winner is not None and trial.number == content.winner.number
    mark = "★" if is_best else "≈" if trial.number in content.is_tied else ""
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
        kind = "pruned" if trial.state is TrialState.PRUNED else "failed"
        reason = f'<td class="{kind}" colspan="3">{text(ended_how(trial))}</td>'
        cells = f"{reason}{diagnosis}{weights}{_number('–')}"
    else:
        cells = (
            f"{_number(content.score(trial), 'score')}<td>{_strip(trial.fold_scores(content.metric), bounds)}</td>"
            f"{_number(number(content.training_mean(trial)))}{diagnosis}{weights}{_number(f'{trial.best_epoch:.0f}')}"
        )
    kind = "best" if is_best else "tied" if trial.number in content.is_tied else ""
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
