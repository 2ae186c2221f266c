"""The leaderboard of a report: a chart of the first trials, and a table of some hundred."""

from automl.report.blocks import Block, Cell, Figure, Section, Table, TableRow, Text
from automl.report.charts.trials import leaders
from automl.report.content import ReportContent, ended_how, value_text
from automl.trial import Trial, TrialState
from automl.wording import number

TOP = 20
"""Trials that are shown at once."""

MOST_ROWS = 300
"""Trials of the leaderboard at most: each row needs the files of its trial, and a kilobyte of the page."""


def leaderboard(content: ReportContent) -> Section | None:
    """The trials, the best first; beyond some hundred they are left out."""
    ranked = content.ranked
    if not ranked:
        return None
    names = [name for name in content.searched if any(name in trial.hyperparameters for trial in ranked)]
    headings = ["", "trial", content.metric, *names]
    headings += ["what limits it"] if content.diagnoses else []
    headings += [f"training {content.metric}", "weights", "epochs", "seconds"]
    rows = [_row(content, trial, names) for trial in ranked[:MOST_ROWS]]
    blocks: list[Block] = [Text(_marks(content))]
    table = Table(
        headings, rows, "leaderboard", "Leaderboard: trials, the best first", TOP, sortable=len(rows) > 1
    )
    blocks += [*_chart(content), table]
    if len(rows) < len(ranked):
        name = content.state.started.name
        blocks.append(
            Text(
                f"The {len(ranked) - len(rows):,} trials ranked below are not on this page and were not diagnosed. "
                f"All trials as a table: `automl show {name} --format csv > trials.csv`; what limits one of them: "
                f"`automl explain {name} --trial NUMBER`."
            )
        )
    return Section("Leaderboard", blocks)


def _chart(content: ReportContent) -> list[Block]:
    """The scores of the first trials with those of their folds; nothing where there is a single one."""
    shown = content.ranked[: min(TOP, len(content.completed))]
    if len(shown) < 2:
        return []
    rows = []
    for trial in shown:
        mean, error = trial.mean(content.metric), trial.standard_error(content.metric)
        is_best = content.winner is not None and trial.number == content.winner.number
        kind = (
            "best"
            if is_best
            else "not significantly different"
            if trial.number in content.is_tied
            else "others"
        )
        rows.append(
            {
                "trial": trial.number,
                "name": str(trial.number),
                "mean": mean,
                "low": mean - error,
                "high": mean + error,
                "kind": kind,
                "tip": content.tip(trial),
                "folds": trial.fold_scores(content.metric),
            }
        )
    caption = (
        f"From the best to the worst by {content.metric}, {content.better} is better. Where intervals overlap widely, "
        "the order of the trials may be due to chance."
    )
    return [Figure(leaders(rows, content.metric), caption)]


def _marks(content: ReportContent) -> str:
    """What the marks of the table mean."""
    sentences = [f"Mean {content.metric} over the folds ± standard error, {content.better} is better."]
    sentences += ["★ is the best."] if content.winner else []
    if content.winner and len(content.tied) > 1:
        sentences.append(
            f"≈ marks {len(content.tied):,} trials that are not significantly different from the best."
        )
    if content.smallest is not None:
        sentences.append("◆ is the smallest network within one standard error of the best.")
    return " ".join(sentences)


def _row(content: ReportContent, trial: Trial, names: list[str]) -> TableRow:
    is_best = content.winner is not None and trial.number == content.winner.number
    tied = trial.number in content.is_tied
    mark = ("★" if is_best else "≈" if tied else "") + "◆" * (trial.number == content.smallest)
    values = [_value(trial.hyperparameters.get(name)) for name in names]
    diagnosis = []
    if content.diagnoses:
        finding = content.diagnoses.get(trial.number)
        diagnosis = [
            Cell(finding.name.replace("_", " "), None, "chip", finding.sentence) if finding else Cell("–")
        ]
    if trial.state is TrialState.COMPLETE:
        score = Cell(content.score(trial), trial.mean(content.metric), "number score")
        training = content.training_mean(trial)
        others = [Cell(number(training), training, "number"), _weights(trial), _count(trial.best_epoch)]
    else:
        kind = "pruned" if trial.state is TrialState.PRUNED else "failed"
        how = "ended early" if kind == "pruned" else f"failed: {ended_how(trial)}"
        score = Cell(how, None, kind, ended_how(trial))
        others = [Cell("–", None, "number"), _weights(trial), Cell("–", None, "number")]
    cells = [Cell(mark, None, "mark"), Cell(str(trial.number), trial.number, "number"), score]
    cells += [*values, *diagnosis, *others, Cell(f"{trial.seconds:.1f}", trial.seconds, "number")]
    return TableRow(cells, "best" if is_best else "tied" if tied else "", trial.number)


def _value(value: object) -> Cell:
    if value is None:
        return Cell("–", None, "number")
    assert isinstance(value, bool | int | float | str)
    order = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
    return Cell(value_text(value), order, "number")


def _weights(trial: Trial) -> Cell:
    return Cell("–", None, "number") if trial.capacity is None else _count(trial.capacity)


def _count(value: float) -> Cell:
    return Cell(f"{value:,.0f}", float(value), "number")
