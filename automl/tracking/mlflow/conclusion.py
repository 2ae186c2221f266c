"""What stands in MLflow when nobody works on a run of a study any more, or until somebody does again."""

import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import final

from automl.config.reading import load_study
from automl.errors import StudyFileError
from automl.explanation.study import Explanation, explain_study
from automl.records.files import MODEL, STUDY_FILE
from automl.records.state import BIAS_VARIANCE, StudyState
from automl.tracking.mlflow import notes
from automl.tracking.mlflow.address import first_line
from automl.tracking.mlflow.best_model import BestModel
from automl.tracking.mlflow.explained_run import diagnosis_tags
from automl.tracking.mlflow.outcome import Outcome, milliseconds, outcome_of, read_whole
from automl.tracking.mlflow.registry import locked_score_of
from automl.tracking.mlflow.store import NOTE, Store
from automl.tracking.mlflow.study_run import REPORT, StudyRun
from automl.tracking.mlflow.trial_runs import TrialRuns
from automl.tracking.mlflow.view import VIEW_TAG, saved_view
from automl.tracking.model import read_card, read_model

LOGGER = logging.getLogger(__name__)

MOST_DIAGNOSED = 200
"""In a longer study, only the best trials and those that were analyzed have their diagnosis in MLflow."""

_MOST_FAILURES = 3
"""Steps in a row that a store refuses, after which it is asked nothing more."""


@final
class Conclusion:
    """The end of a run of a study, in steps that change nothing when they are taken again.

    Args:
        store: The opened store.
        state: All that is recorded of the run.
        study: The run of the study.
        trials: The runs of its trials.
        is_newest: Whether no later run of the study is recorded; asked when it matters.
    """

    def __init__(
        self,
        store: Store,
        state: StudyState,
        study: StudyRun,
        trials: TrialRuns,
        is_newest: Callable[[], bool],
    ) -> None:
        self._store, self._state = store, state
        self._study, self._trials = study, trials
        self.is_newest = is_newest
        self._model = BestModel(store, state.started.identifier)

    def write(self, exported: tuple[int, int], until: Callable[[], bool]) -> bool:
        """Take every step, also after one that failed, as long as the store answers and takes some of them.

        Args:
            exported: Number and time, in milliseconds since 1970, of the event of the last export.
            until: Asked before each step; the rest is done the next time.

        Returns:
            Whether all of it is there.
        """
        outcome = outcome_of(self._state, self._explained())
        whole, in_a_row = True, 0
        for name, step in self._steps(outcome, exported).items():
            if until():
                return False
            if not self._store.answers():
                LOGGER.warning("MLflow does not respond: %s and everything after it was not sent.", name)
                return False
            try:
                step()
                in_a_row = 0
            except Exception as error:
                LOGGER.warning(
                    "%s could not be sent to MLflow: %s.", name.capitalize(), self._store.message_of(error)
                )
                whole, in_a_row = False, in_a_row + 1
            if in_a_row == _MOST_FAILURES:
                return False
        return whole

    def save_view(self) -> None:
        """Write the list of trials that `automl ui` opens, with scores, hyperparameters and charts."""
        started = replace(self._state.started, num_trials=self._state.first_num_trials)
        view = saved_view(started, self._state.trials, milliseconds(self._state.time))
        if view:
            self._study.tag_experiment({VIEW_TAG: view}, self.is_newest())

    def locations(self) -> notes.Locations:
        """Where things are."""
        experiment, parent = self._store.experiment_id, self._study.identifier
        folder = self._state.folder
        report = REPORT if (folder / REPORT).is_file() else ""
        return notes.Locations(experiment, parent, self._trials.identifiers, folder, self._model.uri, report)

    def _steps(self, outcome: Outcome, exported: tuple[int, int]) -> Mapping[str, Callable[[], None]]:
        return {
            "the study's result": partial(self._study.log_result, outcome),
            "the end of the study": partial(self._study.end, outcome.status, outcome.at),
            "the study's data set": partial(self._study.log_data, outcome.started, self._state.folder),
            "the study's files": partial(self._study.log_files, self._state.folder),
            "the best model": partial(self._log_model, outcome, exported),
            "the model's registration": self._register,
            "what limits the trials": partial(self._log_diagnoses, outcome),
            "the view of the trials": self.save_view,
            "the notes": partial(self._write_notes, outcome),
            "the end of the trials": partial(self._trials.settle, outcome.at),
        }

    def _explained(self) -> Explanation:
        try:
            return explain_study(self._state)
        except Exception as error:  # the trials and their scores are there all the same
            LOGGER.warning("The diagnoses could not be sent to MLflow: %s.", first_line(error))
            return Explanation()

    def _log_model(self, outcome: Outcome, exported: tuple[int, int]) -> None:
        event, folder = self._state.exported, self._state.folder
        if event is None or not (folder / MODEL).is_dir() or self._model.find(exported[0], event.trial):
            return
        model = read_model(folder)
        if model is None:
            LOGGER.warning(
                "%s was exported by an earlier version of automl, without example input rows; it "
                "is not in MLflow.",
                folder / MODEL,
            )
            return
        trial = read_whole(self._state, event.trial)
        self._model.log(trial, outcome, exported, model, self._study.identifier)

    def _register(self) -> None:
        try:
            base = Path(self._state.started.base)
            name = load_study(self._state.folder / STUDY_FILE, folder=base).tracking.register_as
        except StudyFileError as error:
            LOGGER.warning("%s The model is not registered in MLflow.", error)
            return
        event = self._state.exported
        if name is not None and event is not None:
            text = read_card(self._state.folder / MODEL)
            self._model.register(name, locked_score_of(self._state, event.trial), text)

    def _log_diagnoses(self, outcome: Outcome) -> None:
        best = outcome.best.number if outcome.best is not None else None
        self._trials.mark_best(best)
        for number in self._diagnosed(outcome):
            tags = diagnosis_tags(outcome.explanation.diagnoses[number])
            if number == best:  # its note says more
                del tags[NOTE]
            self._trials.tag(number, tags)

    def _diagnosed(self, outcome: Outcome) -> Iterator[int]:
        """The trials whose diagnosis goes to MLflow."""
        numbers = [number for number in outcome.explanation.diagnoses if self._state.has_ended(number)]
        if len(numbers) > MOST_DIAGNOSED:
            ranked = outcome.objective.rank(self._state.completed)[:MOST_DIAGNOSED]
            analyzed = {trial for analysis, trial in self._state.analyzed if analysis == BIAS_VARIANCE}
            chosen = analyzed | {trial.number for trial in ranked}
            numbers = [number for number in numbers if number in chosen]
        yield from numbers

    def _write_notes(self, outcome: Outcome) -> None:
        locations = self.locations()
        if outcome.best is not None:
            self._trials.tag(outcome.best.number, {NOTE: notes.winner_note(outcome, locations)})
        self._study.write_note(notes.study_note(outcome, locations))
        self._study.tag_experiment({NOTE: notes.experiment_note(outcome, locations)}, self.is_newest())
