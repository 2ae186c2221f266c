"""The first parts of a report: the question and the answer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from automl.config.question import stated_question
from automl.explanation.verdict import Contender
from automl.report.blocks import Block, Boxed, Bullets, Figure, Folded, Heading, Links, Pairs, Section, Text
from automl.report.charts.trials import intervals
from automl.report.content import ReportContent, counted
from automl.report.readings import readings_of
from automl.wording import duration, number


@dataclass(frozen=True, slots=True)
class Header:
    """The head of a page.

    Attributes:
        kicker: What the page is, in small letters.
        titles: What it is about, in lines.
        banner: How far the run has come where it is not finished.
        question: What was asked.
        size: How much there is of everything.
    """

    kicker: str
    titles: Sequence[str]
    banner: str = ""
    question: str = ""
    size: str = ""


def heading(content: ReportContent) -> Header:
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
    return Header(
        f"AutoML study · {started.identifier}",
        [started.name],
        f"{how[0].upper()}{how[1:]}." if how else "",
        question(content),
        " · ".join(size),
    )


def question(content: ReportContent) -> str:
    """What the study asked: as its file says in a comment, or else what any search asks."""
    if stated := stated_question(content.study_text):
        return stated
    target = content.state.started.facts.get("target", "the target")
    return f"Which network predicts {target} best, by {content.metric} ({content.better} is better)?"


def answer(content: ReportContent) -> Section:
    """What was found with its chart, the scores that it rests on, and what limits the winner."""
    blocks: list[Block] = [*_first(content), *_compared(content)]
    blocks += [Text(words) for words in content.answer[1:]]
    if content.state.started.optimistic:
        warning = "Scores are optimistic: the rows that scored the trials also chose their epochs."
        blocks.append(Text(warning, "warning"))
    if content.links:
        blocks.append(Links(content.links))
    rows = content.verdict.rows
    if rows:
        title = f"Scores of the best network by {content.metric}, {content.better} is better"
        blocks += [Heading(title), Pairs(rows, "scores")]
    if said_too := [line for line in content.verdict.sentences if line not in content.answer]:
        blocks.append(Bullets(said_too))
    blocks += _diagnosis(content)
    for test, num_rows in readings_of(content.state):
        scores = [(name, number(value)) for name, value in test.scores.items()]
        blocks.append(Folded(f"All metrics on the {num_rows:,} rows of the locked test set", [Pairs(scores)]))
    return Section("Answer", blocks)


def _first(content: ReportContent) -> list[Block]:
    """The sentence at the top."""
    winner = content.winner
    lead: list[Block] = [Text(content.answer[0], "lead")] if content.answer else []
    if winner is None:
        return [*lead, Text("No trial completed: there is no best network. The reasons are listed below.")]
    if lead:
        return lead
    so_far = " of those that have ended" if content.standing else ""
    sentence = f"Trial {winner.number} is the best{so_far}: {content.metric} {content.score(winner)}."
    return [Text(sentence, "lead")]


def _compared(content: ReportContent) -> list[Block]:
    """Network and baselines on one axis, where there are several."""
    verdict = content.verdict
    if len(verdict.contenders) < 2:
        return []
    rows = [
        {
            "name": model.name,
            "value": model.score,
            "low": model.low if math.isfinite(model.low) else None,
            "high": model.high if math.isfinite(model.high) else None,
            "kind": "first" if model.name == verdict.take else "other",
            "tip": f"{model.name}: {number(model.score)}{_interval(model)}",
        }
        for model in verdict.contenders
    ]
    title = f"{content.metric} by model, {content.better} is better"
    winner = f" The network: {verdict.winner}." if verdict.winner else ""
    return [Figure(intervals(rows, content.metric, title), f"Bars are 95 % intervals.{winner}")]


def _interval(model: Contender) -> str:
    if not math.isfinite(model.low + model.high):
        return ""
    return f" (95 % interval {number(model.low)} to {number(model.high)})"


def _diagnosis(content: ReportContent) -> list[Block]:
    """What limits the winner, and what to change."""
    diagnosis = content.diagnoses.get(content.winner.number) if content.winner else None
    if diagnosis is None:
        return []
    blocks: list[Block] = [Text(diagnosis.sentence)]
    if diagnosis.advice:
        blocks += [Text("What to try next, by expected gain:"), Bullets(diagnosis.advice)]
    return [Boxed("What limits it:", diagnosis.name.replace("_", " "), blocks)]
