"""The exported model of a study in MLflow: logged once, in a run of its own, and registered once."""

import contextlib
from typing import final

from automl.tracking.mlflow.logged_model import (
    ModelEntry,
    find_model,
    forget_models,
    log_model,
)
from automl.tracking.mlflow.model_note import model_note
from automl.tracking.mlflow.outcome import Outcome, winner_points
from automl.tracking.mlflow.registry import Candidate, LockedScore, register_model
from automl.tracking.mlflow.store import NOTE, PARENT, Content, Run, Store
from automl.tracking.mlflow.trial_run import describe_hyperparameters, keep_finite, metrics_of, scores
from automl.tracking.model import ExportedModel
from automl.trial import Trial

ROLE = "best"

_EARLIER = "earlier best"
_EXPORTED = "exported"
"""Tag with the number of the event that says that the model was exported."""

_MODEL = "model"
"""Tag with MLflow's identifier of the model."""

_REGISTERED = "registered"
"""Tag with name and version of the model in the registry, where all of that is done."""


@final
class BestModel:
    """The run with the exported model.

    Args:
        store: The opened store.
        study: Identifier of the run of the study in the record.
    """

    def __init__(self, store: Store, study: str) -> None:
        self._store, self._study = store, study
        self._run = self._model = self._registered = ""
        self.uri = ""
        """What a program gives to `mlflow.pyfunc.load_model`; empty while there is no model."""

    def find(self, seq: int, trial: int) -> bool:
        """Find the run that holds an export; those of earlier exports step back, what was cut short is removed.

        Args:
            seq: Number of the event of the export.
            trial: The trial that was exported.
        """
        for run in self._store.find_runs(f"tags.study_id = '{self._study}' and tags.role = '{ROLE}'"):
            exported = run.tags.get(_EXPORTED)
            is_same = exported == str(seq) if exported is not None else run.tags.get("trial") == str(trial)
            if run.status == "FINISHED" and is_same and not self._run:
                self._adopt(run)
            elif run.status == "FINISHED" and not is_same:
                self._store.log(run.identifier, Content(tags={"role": _EARLIER}))
            elif run.identifier != self._run:
                forget_models(self._store, run.identifier)
                self._store.delete_run(run.identifier)
        return bool(self._run)

    def log(
        self, trial: Trial, outcome: Outcome, exported: tuple[int, int], model: ExportedModel, parent: str
    ) -> None:
        """Log the model in a run of its own.

        Args:
            trial: The trial that was exported, with all of its scores.
            outcome: What the study has come to.
            exported: Number and time, in milliseconds since 1970, of the event of the export.
            model: The model.
            parent: The run of the study.
        """
        seq, at = exported
        tags = {"role": ROLE, "study_id": self._study, PARENT: parent}
        tags |= {"trial": str(trial.number), _EXPORTED: str(seq)}
        run = self._store.create_run("best model", tags, at)
        entry = ModelEntry(run, outcome.started.name.replace(".", "_"), self._content(trial, outcome), at)
        try:
            identifier = log_model(self._store, entry, model)
            note = model_note(identifier, model)
            self._store.client.set_logged_model_tags(identifier, {NOTE: note})
            self._store.log(run, Content(tags={_MODEL: identifier}))
        except Exception:
            with contextlib.suppress(Exception):
                self._store.end_run(run, "FAILED", at)
            raise
        self._store.end_run(run, "FINISHED", at)
        self._run, self._model = run, identifier
        self.uri = f"models:/{identifier}"

    def register(self, name: str, test: LockedScore | None, card: str) -> None:
        """Enter the logged model in the registry, unless that has been done.

        Args:
            name: Its name there.
            test: Its stored score on the locked test rows; None where it has none.
            card: What people should know of it, in Markdown.
        """
        if not self._model:
            return
        if not self._registered.startswith(f"{name}/"):
            candidate = Candidate(self._model, self._run, test, card)
            version = register_model(self._store, name, candidate)
            self._registered = f"{name}/{version}"
            self._store.log(self._run, Content(tags={_REGISTERED: self._registered}))
        self.uri = f"models:/{self._registered}"

    def _adopt(self, run: Run) -> None:
        self._run, self._registered = run.identifier, run.tags.get(_REGISTERED, "")
        self._model = run.tags.get(_MODEL) or find_model(self._store, run.identifier)
        self.uri = f"models:/{self._registered or self._model}"

    def _content(self, trial: Trial, outcome: Outcome) -> Content:
        started = outcome.started
        is_best = outcome.best is not None and outcome.best.number == trial.number
        points = winner_points(outcome) if is_best else scores(trial, metrics_of(trial, started))
        return Content(
            keep_finite(points), describe_hyperparameters(trial.hyperparameters, started.log_scaled)
        )
