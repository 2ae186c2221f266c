"""A study as text for the terminal."""

import os
from dataclasses import dataclass, field
from typing import Any

import pandas
from rich.console import Console
from rich.table import Table
from rich.text import Text

from automl.evaluation.leaderboard import leaderboard
from automl.explanation.evidence import Diagnosis
from automl.explanation.study import Explanation
from automl.records.journal import StudyLog
from automl.trial import Trial, TrialState
from automl.wording import number

FOLD_COLUMNS = 5
"""More folds than these are summarized by their mean and standard error only."""

TEST_SCORES = 5
"""Metrics of the locked test set that are shown; the others are in the journal and in MLflow."""

EXPLAINED = 10
"""Trials whose diagnoses are shown."""

WIDTH_OF_A_PIPE = 160
"""Columns of output that goes to a file or another program, which has no width of its own."""


def make_console(*, quiet: bool = False) -> Console:
    """The console of a command: as wide as the terminal, and wide enough for a table where there is none."""
    console = Console(quiet=quiet)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDTH_OF_A_PIPE
    return console


def print_leaderboard(console: Console, log: StudyLog, top: int | None) -> None:
    """Print the ranked trials: mean ± standard error, folds, epochs, seconds, capacity, hyperparameters.

    Where the console is too narrow the folds are left out, then the hyperparameters share a column. The reasons of
    failed trials follow below.
    """
    names = list(dict.fromkeys(log.start["searched"]))
    frame = leaderboard(log.trials, log.objective, names)
    names = list(frame.columns[-1 - len(names) : -1]) if len(frame) else names
    shown = frame.head(top) if top else frame
    folds = [column for column in frame.columns if column.startswith("fold_")]
    folds = folds if len(folds) <= FOLD_COLUMNS else []
    unbounded = console.options.update(width=10_000)
    for layout in (_Layout(folds, names), _Layout([], names), _Layout([], [], names)):
        table = _table(log, shown, layout)
        if console.measure(table, options=unbounded).maximum <= console.width:
            break
    console.print(table)
    for row in shown[shown["reason"] != ""].to_dict("records") if len(shown) else []:
        # Below the table: a reason in a column of its own would leave the others no room.
        console.print(Text(f"trial {row['trial']} failed: {row['reason']}", "red"), highlight=False)
    if len(shown) < len(frame):
        console.print(f"… and {len(frame) - len(shown)} more: automl show {log.start['name']}", style="dim")


def print_outcome(console: Console, log: StudyLog) -> None:
    """Print the winner's locked-test scores and how the study spent its time."""
    for test in log.tests:
        scores = ", ".join(
            f"{name} {number(value)}" for name, value in list(test["scores"].items())[:TEST_SCORES]
        )
        console.print(
            f"locked test ({test['rows']} rows, read once): {scores}  (trial {test['trial']}, refitted)",
            highlight=False,
        )
    width = max((len(name) for name, _ in log.verdict.get("rows", [])), default=0)
    for name, value in log.verdict.get("rows", []):
        console.print(f"  {name:{width}}  {value}", highlight=False)
    for sentence in log.verdict.get("sentences", []):
        console.print(sentence, highlight=False)
    seconds = log.finish.get("seconds")
    if seconds:
        trials = sum(trial.seconds for trial in log.trials)
        share = f"{trials / seconds:.0%} of it training and scoring folds"
        console.print(f"{len(log.trials)} trials in {seconds:.0f} s, {share}", highlight=False)


def print_explanation(console: Console, log: StudyLog, found: Explanation) -> None:
    """Print what a study has found, and the diagnoses of its best trials with bias and variance in numbers."""
    for line in (*found.answer, *found.limits, *found.remarks):
        console.print(f"• {line}", highlight=False, markup=False)
    table = Table(title="The best trials", title_justify="left", box=None)
    loss = next((one.loss.replace("_", " ") for one in log.bias_variance.values()), "loss")
    for heading in ("trial", log.objective.metric, loss, "variance", "bias + noise", "epoch"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("diagnosis")
    for trial in log.objective.rank(list(log.trials))[:EXPLAINED]:
        table.add_row(*_explained(log, trial, found.diagnoses[trial.number]))
    console.print(table)


def _explained(log: StudyLog, trial: Trial, diagnosis: Diagnosis) -> list[Text]:
    complete = trial.state is TrialState.COMPLETE
    cells = [str(trial.number), number(trial.mean(log.objective.metric)) if complete else ""]
    one = log.bias_variance.get(trial.number)
    if one is None:
        cells += [""] * 4
    else:
        cells += ["{:.3g} ± {:.1g}".format(*one.at(curve)) for curve in (one.risk, one.variance, one.rest)]
        cells.append(str(one.epoch))
    return [*map(Text, cells), Text(diagnosis.name.replace("_", " "))]


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which folds and hyperparameters have columns, and which hyperparameters share one."""

    folds: list[str]
    names: list[str]
    joined: list[str] = field(default_factory=list)


def _table(log: StudyLog, shown: pandas.DataFrame, layout: _Layout) -> Table:
    metric = log.objective.metric
    direction = "smaller" if log.objective.direction == "min" else "larger"
    label = "; OPTIMISTIC, the scored rows chose the epochs" if log.start.get("optimistic") else ""
    table = Table(
        title=f"{log.start['name']}: {metric}, {direction} is better{label}", title_justify="left", box=None
    )
    for heading in ["trial", f"{metric} ± SE", *layout.folds, "epochs", "seconds", "weights", *layout.names]:
        table.add_column(heading, justify="right", no_wrap=True)
    if layout.joined:
        table.add_column("hyperparameters")
    for row in shown.to_dict("records"):
        table.add_row(*_cells({str(key): value for key, value in row.items()}, metric, layout))
    return table


def _cells(row: dict[str, Any], metric: str, layout: _Layout) -> list[Text]:
    values = [_text(row[name]) for name in layout.names]
    if layout.joined:
        given = [f"{name} {_text(row[name])}" for name in layout.joined if _given(row[name])]
        values.append(Text(", ".join(given)))
    if row["state"] != "complete":
        blank = [Text("")] * (len(layout.folds) + 3)
        return [Text(str(row["trial"])), Text("failed", "red"), *blank, *values]
    score = f"{row[metric]:.4f} ± {row['standard_error']:.4f}"
    numbers = [f"{row[fold]:.4f}" for fold in layout.folds]
    numbers += [f"{row['epochs']:.0f}", f"{row['seconds']:.1f}", f"{row['capacity']:,}"]
    style = "bold green" if row["rank"] == 1 else ""
    return [Text(str(row["trial"]), style), Text(score, style), *map(Text, numbers), *values]


def _given(value: Any) -> bool:
    return not (value is None or (isinstance(value, float) and pandas.isna(value)))


def _text(value: Any) -> Text:
    if not _given(value):
        return Text("–", style="dim")
    return Text(f"{value:.3g}" if isinstance(value, float) else str(value))
