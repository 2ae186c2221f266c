"""A study as text for the terminal. Needs no pandas, so that `automl show` answers at once."""

import math
import os
from dataclasses import dataclass, field, replace
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from automl.evaluation.ranking import Row, hyperparameter_columns, ranked_rows
from automl.explanation.answer import verdict_of
from automl.records.state import StudyState
from automl.report.readings import readings_of
from automl.wording import counted, number

FOLD_COLUMNS = 5
"""More folds than these are summarized by their mean and standard error only."""

TEST_SCORES = 5
"""Metrics of the locked test set that are shown; the others are in the record and in MLflow."""

LEAST_JOINED = 10
"""Columns that hyperparameters need where they share one."""

WIDTH_OF_A_PIPE = 160
"""Columns of output that goes to a file or another program, which has no width of its own."""


def make_console(*, quiet: bool = False) -> Console:
    """The console of a command: as wide as the terminal, and wide enough for a table where there is none."""
    console = Console(quiet=quiet)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = WIDTH_OF_A_PIPE
    return console


def print_run(console: Console, standing: str, which: str) -> None:
    """Print how far a run has come that is not finished, and which run it is where the study has several."""
    if standing:
        console.print(Text(f"{standing[0].upper()}{standing[1:]}.", "bold yellow"), highlight=False)
    if which:
        console.print(Text(which, "dim"), highlight=False)


def print_verdict(console: Console, state: StudyState) -> None:
    """Print which model to take: the answer of a study in one sentence."""
    console.print(Text(verdict_of(state).sentence, "bold"), highlight=False)


def print_leaderboard(console: Console, state: StudyState, top: int | None, options: str = "") -> None:
    """Print the ranked trials: mean ± standard error, folds, epochs, seconds, capacity, hyperparameters.

    Where the console is too narrow the folds are left out, then the hyperparameters share a column, then epochs,
    seconds and weights are left out, then hyperparameters. The reasons of failed trials follow below.

    Args:
        console: Where to print.
        state: The study.
        top: Trials at most; all of them when None.
        options: Of the command that shows the others.
    """
    started = state.started
    if not state.num_trials:
        console.print(f"{started.name}: no trial has ended.", highlight=False, markup=False)
        return
    rows = ranked_rows(state.ranked(top), state.objective, started.searched)
    names = hyperparameter_columns(rows, started.searched)
    folds = [column for column in rows[0] if column.startswith("fold_")] if rows else []
    folds = folds if len(folds) <= FOLD_COLUMNS else []
    joined, scores = _Layout([], [], names), _Layout([], [], is_narrow=True)
    layouts = (_Layout(folds, names), _Layout([], names), joined, replace(joined, is_narrow=True))
    fitting = (layout for layout in layouts if _fits(console, state, rows, layout))
    console.print(_table(state, rows, next(fitting, scores)))
    for row in rows:
        if row["state"] == "failed":
            # Below the table: a reason in a column of its own would leave the others no room.
            line = Text(f"trial {row['trial']} failed: {row['reason']}", "red")
            console.print(line, highlight=False)
    if len(rows) < state.num_trials:
        command = f"automl show {started.name} --top {state.num_trials}{options}"
        hidden = f"… and {state.num_trials - len(rows):,} more: {command} (or --format csv)"
        console.print(hidden, style="dim", highlight=False, markup=False)


def print_outcome(console: Console, state: StudyState) -> None:
    """Print the winner's scores, how it compares with other models, and how the study spent its time."""
    for test, num_rows in readings_of(state):
        scores = ", ".join(
            f"{name} {number(value)}" for name, value in list(test.scores.items())[:TEST_SCORES]
        )
        console.print(
            f"locked test ({num_rows} rows, read once): {scores}  (trial {test.trial}, refitted)",
            highlight=False,
        )
    verdict = verdict_of(state)
    width = max((len(name) for name, _ in verdict.rows), default=0)
    for name, value in verdict.rows:
        console.print(f"  {name:{width}}  {value}", highlight=False, markup=False)
    for sentence in (*verdict.comparisons, *verdict.notes):
        console.print(sentence, highlight=False, markup=False)
    seconds = state.finished.seconds if state.finished is not None else 0.0
    # Of a run that several processes worked on, only the time of the last one is recorded.
    if seconds and not state.continued:
        share = f"{state.training_seconds / seconds:.0%} of it training and scoring folds"
        console.print(f"{counted(state.num_trials, 'trial')} in {seconds:.0f} s, {share}", highlight=False)


def _fits(console: Console, state: StudyState, rows: list[Row], layout: "_Layout") -> bool:
    """Whether no number is cut: hyperparameters that share a column may take several lines there."""
    table = _table(state, rows, replace(layout, joined=[]))
    fixed = console.measure(table, options=console.options.update(width=10_000)).maximum
    return fixed + (LEAST_JOINED if layout.joined else 0) <= console.width


@dataclass(frozen=True, slots=True)
class _Layout:
    """Which folds and hyperparameters have columns, which hyperparameters share one, whether that is all."""

    folds: list[str]
    names: list[str]
    joined: list[str] = field(default_factory=list)
    is_narrow: bool = False

    @property
    def numbers(self) -> list[str]:
        """Columns between the score and the hyperparameters."""
        return [] if self.is_narrow else [*self.folds, "epochs", "seconds", "weights"]


def _table(state: StudyState, rows: list[Row], layout: _Layout) -> Table:
    started, metric = state.started, state.objective.metric
    direction = "smaller" if state.objective.direction == "min" else "larger"
    label = "; OPTIMISTIC, the scored rows chose the epochs" if started.optimistic else ""
    title = Text(f"{started.name}: {metric}, {direction} is better{label}", "table.title")
    table = Table(title=title, title_justify="left", box=None)
    for heading in ["trial", f"{metric} ± SE", *layout.numbers, *layout.names]:
        table.add_column(heading, justify="right", no_wrap=True)
    if layout.joined:
        table.add_column("values" if layout.is_narrow else "hyperparameters", overflow="fold")
    for row in rows:
        table.add_row(*_cells(row, metric, layout))
    return table


def _cells(row: Row, metric: str, layout: _Layout) -> list[Text]:
    values = [_text(row[name]) for name in layout.names]
    if layout.joined:
        given = [f"{name} {_text(row[name])}" for name in layout.joined if row[name] is not None]
        values.append(Text(", ".join(given)))
    if row["state"] != "complete":
        blank = [Text("")] * len(layout.numbers)
        how = Text("failed", "red") if row["state"] == "failed" else Text("ended early", "dim")
        return [Text(str(row["trial"])), how, *blank, *values]
    error = row["standard_error"]
    score = f"{row[metric]:.4f}" + (f" ± {error:.4f}" if math.isfinite(error) else "")
    numbers = ["–" if row[fold] is None else f"{row[fold]:.4f}" for fold in layout.folds]
    weights = "–" if row["capacity"] is None else f"{row['capacity']:,}"
    numbers += [f"{row['epochs']:.0f}", f"{row['seconds']:.1f}", weights]
    style = "bold green" if row["rank"] == 1 else ""
    shown = numbers[: len(layout.numbers)]
    return [Text(str(row["trial"]), style), Text(score, style), *map(Text, shown), *values]


def _text(value: Any) -> Text:
    if value is None:
        return Text("–", style="dim")
    return Text(f"{value:.3g}" if isinstance(value, float) else str(value))
