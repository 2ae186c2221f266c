"""What a finished study gives Python: its verdict, leaderboard, predictions, explanation and report."""

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas

from automl.errors import DataError, RecordError
from automl.evaluation.leaderboard import leaderboard
from automl.explanation.study import Explanation, explain_study, explain_trial
from automl.explanation.verdict import StudyVerdict
from automl.records.files import MODEL
from automl.records.runs import Run
from automl.records.state import StudyState
from automl.report.notebook import Sentences, result_html
from automl.serving.scoring import Scorer
from automl.trial import Trial

Rows = pandas.DataFrame | Mapping[str, Any] | Sequence[Mapping[str, Any]]
"""Raw rows: a table, one row by column name, or a list of such rows."""


@dataclass(frozen=True)  # without slots: what is computed once is kept in its dictionary
class StudyResult:
    """What a study found. A notebook shows it as a small page.

    Attributes:
        trials: Every trial, by number, with scores by the objective's metric; `trial(number)` has all of them.
        best: The best completed trial, with its curves and all of its scores.
        test_scores: Its scores on the locked test set after a refit, by metric; empty where it has none.
        model: Folder of the SavedModel.
        folder: The folder of the run.
        seconds: Wall time of the process that ended it.
        state: All that is recorded.
    """

    trials: tuple[Trial, ...]
    best: Trial
    test_scores: dict[str, float]
    model: Path
    folder: Path
    seconds: float
    state: StudyState

    @property
    def verdict(self) -> StudyVerdict:
        """Which model to take, as text in one sentence, and the scores of network, baselines and constant.

        The terminal and the report begin with it. What was recorded is `state.verdict`.
        """
        return self.explanation.verdict

    @cached_property
    def explanation(self) -> Explanation:
        """The explanation of the study, in parts; `explain()` has the sentences."""
        return explain_study(self.state)

    def trial(self, number: int) -> Trial:
        """A trial with its curves and its scores by every metric.

        Raises:
            RecordError: There is none of that number.
        """
        return self.state.whole(number)

    def leaderboard(self) -> pandas.DataFrame:
        """A row per trial, the best first, failed trials last.

        Returns:
            Columns rank, trial, state, the objective's metric (mean over the folds), standard_error, fold_0 …, epochs,
            seconds, capacity (number of weights), the searched hyperparameters, reason (of a failure).
        """
        return leaderboard(self.trials, self.state.objective, self.state.started.searched)

    def predict(self, rows: Rows, interval: float | None = None) -> pandas.DataFrame:
        """Predictions of the exported model for raw rows: text, gaps and new levels are allowed.

        Args:
            rows: A DataFrame with the columns that the study learned from; others are ignored. One row may be given as
                a dictionary, several as a list of them.
            interval: Share of rows whose truth shall be covered, as 0.9; no intervals when None.

        Returns:
            A row for each given row, under the same index. Column `prediction`: a class label, or a number in the
            target's units. Of classes also `probability_<label>`, which sum to 1. With an interval `low` and `high`, or
            `in_set_<label>`, true for the classes of a row's set.

        Raises:
            DataError: A column is missing or occurs twice, or contains text instead of numbers, or the study had too
                few rows for such an interval.
        """
        table = as_table(rows)
        try:
            return Scorer(self.model).predict(table, interval)
        except ValueError as error:
            raise DataError(f"the rows cannot be predicted: {error}.") from None

    def explain(self, trial: int | None = None) -> Sentences:
        """What limits the study and what to change, or the same of one trial, in sentences.

        Args:
            trial: Number of a trial; the whole study when None.

        Raises:
            RecordError: There is no such trial.
        """
        if trial is not None:
            return Sentences(tuple(explain_trial(self.state, trial)))
        explanation = self.explanation
        return Sentences((*explanation.answer, *explanation.limits, *explanation.remarks))

    def report(self, to: str | Path | None = None) -> Path:
        """The path of the study's report, one HTML page that needs no network.

        Args:
            to: A file to copy it to; the page stays in the folder of the run when None.

        Raises:
            RecordError: The page cannot be written there.
        """
        from automl.report.files import REPORT  # the report's libraries take a while

        page = self.folder / REPORT
        if to is None:
            return page
        try:
            return Path(shutil.copyfile(page, to))
        except OSError as error:
            raise RecordError(f"{to} cannot be written: {error.strerror}. Choose another file.") from None

    def _repr_html_(self) -> str:
        """The result as a notebook shows it."""
        return result_html(self.state, self.explanation, self.model, self.report())

    def __repr__(self) -> str:
        name, count = self.state.started.name, len(self.trials)
        return f"<StudyResult {name!r}: {count} trial{'' if count == 1 else 's'}. {self.verdict}>"


def as_table(rows: Rows) -> pandas.DataFrame:
    """Rows as a table.

    Raises:
        DataError: They are something else.
    """
    if isinstance(rows, pandas.DataFrame):
        return rows
    if isinstance(rows, Mapping):
        rows = [rows]
    if isinstance(rows, Sequence) and not isinstance(rows, str) and all(isinstance(r, Mapping) for r in rows):
        return pandas.DataFrame(list(rows))
    cure = "Name the columns: `pandas.DataFrame(values, columns=[…])`."
    must = "be a pandas DataFrame, a dictionary of one row or a list of such dictionaries"
    raise DataError(f"`rows` must {must}, got {type(rows).__name__}. {cure}")


def result_of(run: Run, state: StudyState) -> StudyResult:
    """The result of a study that is done.

    Raises:
        RecordError: It has none.
    """
    if state.best is None or state.exported is None:
        raise RecordError(f"{run.folder}: this run has no model. Run the study again with --fresh.")
    best = state.whole(state.best.number)
    tests = [test for test in state.tests if test.trial == best.number]
    return StudyResult(
        trials=state.trials,
        best=best,
        test_scores=dict(tests[-1].scores) if tests else {},
        model=run.folder / MODEL,
        folder=run.folder,
        seconds=state.finished.seconds if state.finished is not None else 0.0,
        state=state,
    )
