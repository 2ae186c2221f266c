"""What a study writes into MLflow, and when. Every function here may raise; `tracker.py` decides what then."""

import contextlib
import logging
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import final

from automl.evaluation.verdict import Verdict
from automl.tracking.mlflow import notes
from automl.tracking.mlflow.abandoned import end_abandoned_runs
from automl.tracking.mlflow.address import first_line
from automl.tracking.mlflow.explained_run import describe_explained
from automl.tracking.mlflow.logged_model import ModelEntry, log_model, register_model
from automl.tracking.mlflow.store import GREATER_IS_BETTER, PRIMARY_METRIC, Content, Point, Store, now
from automl.tracking.mlflow.trial_run import (
    describe_hyperparameters,
    describe_trial,
    keep_finite,
    legal_name,
    scores,
)
from automl.tracking.mlflow.view import VIEW_TAG, saved_view
from automl.tracking.tracker import StudyRecord, StudyStatus, StudySummary
from automl.trial import Direction, Trial, TrialState

logger = logging.getLogger(__name__)

Render = Callable[[Trial, Path, bool], None]
"""Writes the files of a trial into a folder, with or without figures."""

MOST_DRAWN = 50
"""In a longer study, a trial has figures when it is among the three best so far: they cost a tenth of a second each."""

_NOTE = "mlflow.note.content"
_PARENT = "mlflow.parentRunId"
_LONGEST_FACT = 500


@dataclass(slots=True)
class TrialRun:
    """A trial on its way to MLflow. Its run and its time are kept, so that a second attempt adds nothing.

    Attributes:
        trial: The ended trial.
        ended: Milliseconds since 1970.
        attempted: Whether a run may have been made that we do not know of.
        identifier: The run; empty before it is known.
    """

    trial: Trial
    ended: int
    attempted: bool = False
    identifier: str = ""


@final
class TrackedStudy:
    """The runs of one study: the parent, a child a trial, and a child for the best model.

    Args:
        store: The opened store.
        record: The study.
        parent: Identifier of the study's run.
    """

    def __init__(self, store: Store, record: StudyRecord, parent: str) -> None:
        self.store = store
        self.record = record
        self._parent = parent
        self._runs: dict[int, str] = {}
        self._model_id = ""
        self._model = ""
        self._warned = False
        self._trials: dict[int, Trial] = {}

    def introduce(self) -> None:
        """Writes all that is known before the first trial."""
        facts = {legal_name(name): value[:_LONGEST_FACT] for name, value in self.record.facts.items()}
        note = notes.first_note(self.record, self._places)
        self.store.log(self._parent, Content(params=facts, tags={_NOTE: note}))
        with _scratch() as folder:
            (folder / "study.yaml").write_text(self.record.text, encoding="utf-8")
            lines = [f"{name}: {value}\n" for name, value in self.record.facts.items()]
            (folder / "environment.txt").write_text("".join(lines), encoding="utf-8")
            self.store.log_files(self._parent, folder)

    def log_trial(self, run: TrialRun, render: Render) -> None:
        """Writes a trial; called again after a failure, it goes on with the same run."""
        trial = run.trial
        if not run.identifier:
            run.identifier = self._find_or_create(run)
        self.store.log(run.identifier, describe_trial(trial, self.record), at=run.ended)
        with _scratch() as folder:
            if self._rendered(trial, folder, render):
                self.store.log_files(run.identifier, folder)
        status = "FINISHED" if trial.state is TrialState.COMPLETE else "FAILED"
        self.store.end_run(run.identifier, status, run.ended)
        self._runs[trial.number] = run.identifier

    def log_result(self, summary: StudySummary) -> None:
        """Writes the scores of the best trial and of the locked test set on the study's run."""
        failed = sum(trial.state is TrialState.FAILED for trial in summary.trials)
        points = [
            *self._result_points(summary),
            Point("num_trials", float(len(summary.trials))),
            Point("num_failed", float(failed)),
            Point("seconds", summary.seconds),
        ]
        tags = {"status": summary.status.value.lower()}
        self.store.log(self._parent, Content(keep_finite(points), tags=tags), at=now())

    def log_files(self, summary: StudySummary) -> None:
        """Adds the study's own files to its run."""
        with _scratch() as folder:
            for name, path in summary.files.items():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(path, folder / name)
            self.store.log_files(self._parent, folder)

    def log_explanation(self, summary: StudySummary) -> None:
        """Adds to each trial what was found out about it: bias and variance, and what limits it."""
        for number, diagnosis in summary.diagnoses.items():
            if number in self._runs:
                content = describe_explained(summary.bias_variance.get(number), diagnosis, _NOTE)
                self.store.log(self._runs[number], content)

    def log_model(self, summary: StudySummary) -> None:
        """Logs the exported model, if there is one, in a run of its own."""
        if summary.model is None or summary.best is None:
            return
        tags = {**self._tags("best"), "trial": str(summary.best.number)}
        run_id = self.store.create_run("best model", tags, now())
        params = describe_hyperparameters(summary.best.hyperparameters, self.record.log_scaled)
        content = Content(keep_finite(self._result_points(summary)), params)
        entry = ModelEntry(run_id, self.record.name.replace(".", "_"), content, now())
        try:
            self._model_id = log_model(self.store, entry, summary.model)
        except BaseException:
            with contextlib.suppress(Exception):
                self.store.end_run(run_id, "FAILED", now())
            raise
        self._model = f"models:/{self._model_id}"
        self.store.end_run(run_id, "FINISHED", now())

    def register_model(self, name: str | None) -> None:
        """Enters the logged model in the registry when it has a name there."""
        if self._model_id and name is not None:
            version = register_model(self.store, self._model_id, name)
            self._model = f"models:/{name}/{version}"

    def write_notes(self, summary: StudySummary) -> None:
        """Writes the notes, and marks the best trial."""
        best = self._runs.get(summary.best.number) if summary.best is not None else None
        if best is not None:
            note = notes.winner_note(self.record, summary, self._places)
            self.store.log(best, Content(tags={"best": "true", _NOTE: note}))
        note = notes.study_note(self.record, summary, self._places)
        self.store.log(self._parent, Content(tags={_NOTE: note}))
        self.store.tag_experiment({_NOTE: notes.experiment_note(self.record, summary, self._places)})

    def save_view(self, trials: Sequence[Trial]) -> None:
        """Writes the list of trials that `automl ui` opens, with scores, hyperparameters and charts."""
        view = saved_view(self.record, trials, now())
        if view:
            self.store.tag_experiment({VIEW_TAG: view})

    def end(self, status: StudyStatus) -> None:
        """Ends the study's run, and every child that was left open."""
        condition = f"attributes.status = 'RUNNING' and tags.`{_PARENT}` = '{self._parent}'"
        for child in self.store.find_runs(condition):
            self.store.end_run(child.identifier, "KILLED", now())
        self.store.end_run(self._parent, status.value, now())

    @property
    def _places(self) -> notes.Places:
        return notes.Places(self.store.experiment_id, self._parent, self._runs, self._model)

    def _tags(self, role: str) -> dict[str, str]:
        return {"role": role, "study_id": self.record.identifier, _PARENT: self._parent}

    def _find_or_create(self, run: TrialRun) -> str:
        number = str(run.trial.number)
        if run.attempted:  # the store may have made a run, or several, and never have told us
            condition = (
                f"tags.`{_PARENT}` = '{self._parent}' and tags.role = 'trial' and tags.trial = '{number}'"
            )
            found = self.store.find_runs(condition)
            for surplus in found[1:]:
                self.store.delete_run(surplus.identifier)
            if found:
                return found[0].identifier
        run.attempted = True
        tags = {**self._tags("trial"), "trial": number}
        return self.store.create_run(
            notes.run_name(run.trial), tags, run.ended - round(1000 * run.trial.seconds)
        )

    def _rendered(self, trial: Trial, folder: Path, render: Render) -> bool:
        self._trials[trial.number] = trial
        ranked = self.record.objective.rank(list(self._trials.values()))[:3]
        try:
            render(trial, folder, self.record.num_trials <= MOST_DRAWN or trial in ranked)
        except Exception as error:
            if trial.folds and not self._warned:  # without a fold there is nothing to draw
                logger.warning(
                    "The files of %s cannot be made: %s.", notes.run_name(trial), first_line(error)
                )
                self._warned = True
            return False
        return True

    def _result_points(self, summary: StudySummary) -> Iterator[Point]:
        if summary.best is not None:
            yield from scores(summary.best, self.record.metrics)
        known = summary.verdict.objective.metric if summary.verdict and summary.verdict.test else None
        for metric, score in summary.test_scores.items():
            if metric != known:
                yield Point(f"test_{metric}", score)
        if summary.verdict is not None:
            yield from _verdict_points(summary.verdict)


def _verdict_points(verdict: Verdict) -> Iterator[Point]:
    metric = verdict.objective.metric
    for name, estimate in (("corrected", verdict.corrected), ("test", verdict.test)):
        if estimate is not None:
            yield Point(f"{name}_{metric}", estimate.value)
            yield Point(f"{name}_{metric}_low", estimate.low)
            yield Point(f"{name}_{metric}_high", estimate.high)
    for name, folds in verdict.baselines.items():
        yield Point(f"baseline_{metric}_{name.replace(' ', '_')}", sum(folds) / len(folds))


def begin_study(store: Store, record: StudyRecord) -> TrackedStudy:
    """Makes the study's run, after ending what dead processes have left open."""
    end_abandoned_runs(store)
    greater = record.objective.direction is Direction.MAXIMIZE
    store.tag_experiment(
        {
            PRIMARY_METRIC: f"cv_{record.objective.metric}_mean",
            GREATER_IS_BETTER: str(greater).lower(),
        }
    )
    name = f"study {record.name} {datetime.now():%Y-%m-%d %H:%M:%S}"
    parent = store.create_run(name, {"role": "study", "study_id": record.identifier}, now())
    study = TrackedStudy(store, record, parent)
    try:
        study.introduce()
    except BaseException:
        with contextlib.suppress(Exception):
            study.end(StudyStatus.FAILED)
        raise
    try:
        study.save_view(())
    except Exception as error:  # there is the plain list
        logger.warning("MLflow did not take the view of the trials: %s.", first_line(error))
    return study


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="automl-") as folder:
        yield Path(folder)
