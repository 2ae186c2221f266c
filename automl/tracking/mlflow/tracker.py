"""The MLflow tracker. A store that cannot be reached stops a study before it begins, and never after that.

What MLflow does not take is kept and tried again, and stands in the study's own folder in any case.
"""

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import final

from automl.tracking.mlflow.address import find_store, first_line, probe, refused
from automl.tracking.mlflow.outbox import Outbox
from automl.tracking.mlflow.store import now, open_store
from automl.tracking.mlflow.study_runs import Render, TrackedStudy, TrialRun, begin_study
from automl.tracking.tracker import StudyRecord, StudySummary, Tracker
from automl.trial import Hyperparameters, Progress, Trial

logger = logging.getLogger(__name__)


@final
class MlflowTracker(Tracker):
    """Follows a study in MLflow: one run a study, a child a trial, and a child with the best model.

    Args:
        uri: Tracking URI of the study file; MLFLOW_TRACKING_URI, then a database in the folder, when None.
        folder: Where the database and its files are when no URI is given.
        render: Writes the files of a trial into a folder.
        register_as: Name in the model registry for the best model; it is not registered when None.
    """

    def __init__(self, uri: str | None, folder: Path, render: Render, register_as: str | None) -> None:
        self._address = find_store(uri, folder)
        self._render = render
        self._register_as = register_as
        self._study: TrackedStudy | None = None
        self._outbox: Outbox[TrialRun] = Outbox(self._send, self._answers)

    def start_study(self, record: StudyRecord) -> None:
        """Opens the store, which is made when there is none, and begins the study's run.

        Raises:
            TrackingError: The store does not answer or cannot be used.
        """
        store = open_store(self._address, record.name)
        try:
            self._study = begin_study(store, record)
        except Exception as error:
            raise refused(self._address, error) from error

    def start_cohort(self, trials: Mapping[int, Hyperparameters]) -> None:
        """Nothing: a trial is written when it has ended."""

    def start_phase(self, name: str) -> None:
        """Nothing."""

    def log_progress(self, progress: Progress) -> None:
        """Nothing: curves are written with their trial, in one go."""

    def log_trial(self, trial: Trial) -> None:
        """Writes the trial, or keeps it until MLflow answers again. Does not raise."""
        if self._study is not None:
            self._outbox.put(TrialRun(trial, now()))

    def finish_study(self, summary: StudySummary) -> None:
        """Writes what is left, the result, the model and the notes; ends the study's run. Does not raise."""
        study = self._study
        if study is None:
            return
        waiting = self._outbox.flush()
        if waiting:
            logger.warning(
                "%d of %d trials are not in MLflow (%s). They are in %s.",
                waiting,
                len(summary.trials),
                self._address.uri,
                study.record.folder,
            )
        self._conclude(
            {
                "the study's result": lambda: study.log_result(summary),
                "what limits the trials": lambda: study.log_explanation(summary),
                "the study's files": lambda: study.log_files(summary),
                "the best model": lambda: study.log_model(summary),
                "the model's registration": lambda: study.register_model(self._register_as),
                "the view of the trials": lambda: study.save_view(summary.trials),
                "the notes": lambda: study.write_notes(summary),
                "the end of the study": lambda: study.end(summary.status),
            }
        )

    def _conclude(self, steps: dict[str, Callable[[], None]]) -> None:
        """Takes every step, also after one that failed, as long as the store answers."""
        for what, step in steps.items():
            if not self._answers():
                logger.warning(
                    "MLflow (%s) does not answer: %s and what follows is not there.", self._address.uri, what
                )
                return
            try:
                step()
            except Exception as error:
                logger.warning("MLflow did not take %s: %s.", what, first_line(error))

    def _send(self, run: TrialRun) -> None:
        assert self._study is not None
        self._study.log_trial(run, self._render)

    def _answers(self) -> bool:
        return not probe(self._address)
