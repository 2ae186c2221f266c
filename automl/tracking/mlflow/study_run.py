"""The run of a study itself in MLflow, above those of its trials, and what stands on the page of its experiment."""

import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import final

from automl.records.events import StudyStarted
from automl.records.files import STUDY_FILE
from automl.tracking.mlflow.data_input import describe_data
from automl.tracking.mlflow.notes import Locations, first_note
from automl.tracking.mlflow.outcome import Outcome, result_points
from automl.tracking.mlflow.store import GREATER_IS_BETTER, NOTE, PRIMARY_METRIC, Content, Run, Store
from automl.tracking.mlflow.trial_run import legal_name
from automl.trial import Direction

SENT = "sent_events"
"""Tag with the number of the last event up to which MLflow has everything."""

REPORT = "report.html"
"""The report among the files of a run, here and in MLflow."""

FILES = ("leaderboard.csv", "bias_variance.csv", REPORT)
FIGURES = "figures"
"""Files and a folder of a run that stand on its page in MLflow, where they are there."""

_REASON = "reason"
_VERDICT, _TAKE = "verdict", "take"
"""Tags: the answer in one sentence, and the name of the model to take, or `undecided`."""

_ENVIRONMENT = "environment.txt"
_LONGEST_FACT = 500
_LONGEST_TAG = 4000


@final
class StudyRun:
    """The run of a study.

    Args:
        store: The opened store.
        study: Identifier of the run of the study in the record.
    """

    def __init__(self, store: Store, study: str) -> None:
        self._store, self._study = store, study
        self._known = Run("", "", {})

    @property
    def identifier(self) -> str:
        """MLflow's name for the run; empty before it is found or made."""
        return self._known.identifier

    def attach(self, started: StudyStarted, began: int) -> bool:
        """Find the run, or make it; of several, keep the first.

        Args:
            started: The study.
            began: When it was recorded, in milliseconds since 1970.

        Returns:
            Whether it has been made now.
        """
        condition = f"tags.study_id = '{self._study}' and tags.role = 'study'"
        runs = sorted(self._store.find_runs(condition), key=lambda run: (run.started, run.identifier))
        for surplus in runs[1:]:  # the store made a run and its answer was lost
            self._store.delete_run(surplus.identifier)
        if runs:
            self._known = self._store.read_run(runs[0].identifier)
            return False
        name = f"study {started.name} {datetime.fromtimestamp(began / 1000.0):%Y-%m-%d %H:%M:%S}"
        tags = {"role": "study", "study_id": self._study}
        self._known = Run(self._store.create_run(name, tags, began), "RUNNING", tags, began)
        return True

    def take(self) -> None:
        """Mark the run as one that this process works on."""
        self._store.take_run(self.identifier)

    def introduce(self, started: StudyStarted, locations: Locations, anew: bool) -> None:
        """Write what is known before the first trial, as far as it is not there.

        Args:
            started: The study.
            locations: Where things are.
            anew: Whether the note of a study that is over is replaced by that of one that runs.
        """
        facts = {legal_name(name): value[:_LONGEST_FACT] for name, value in started.facts.items() if name}
        params = {name: value for name, value in facts.items() if name not in self._known.params}
        tags = {NOTE: first_note(started, locations)} if anew or NOTE not in self._known.tags else {}
        self._log(Content(params=params, tags=tags))
        with tempfile.TemporaryDirectory(prefix="automl-") as scratch:
            folder = Path(scratch)
            (folder / STUDY_FILE).write_text(started.text, encoding="utf-8")
            lines = [f"{name}: {value}\n" for name, value in started.facts.items()]
            (folder / _ENVIRONMENT).write_text("".join(lines), encoding="utf-8")
            self._store.log_files(self.identifier, folder)

    def introduce_experiment(self, started: StudyStarted, newest: bool) -> None:
        """Say which metric ranks the trials, unless a later run of the study has said so."""
        greater = started.direction == Direction.MAXIMIZE
        wanted = {PRIMARY_METRIC: f"cv_{started.metric}_mean", GREATER_IS_BETTER: str(greater).lower()}
        self.tag_experiment(wanted, newest)

    def log_result(self, outcome: Outcome) -> None:
        """Write the verdict, the scores of the best trial and of the locked test set, as far as they are not there."""
        metrics = self._known.metrics
        points = tuple(point for point in result_points(outcome) if metrics.get(point.name) != point.value)
        status = {"FINISHED": "finished", "FAILED": "failed", "KILLED": "killed"}[outcome.status]
        tags = {"status": status} | ({_REASON: outcome.reason[:_LONGEST_FACT]} if outcome.reason else {})
        verdict = outcome.explanation.verdict
        if verdict.sentence:
            tags |= {_VERDICT: verdict.sentence[:_LONGEST_TAG], _TAKE: verdict.take or "undecided"}
        self._log(Content(points, tags=tags), at=outcome.at)
        if _REASON in self._known.tags and _REASON not in tags:
            self._store.untag_run(self.identifier, _REASON)

    def log_data(self, started: StudyStarted, folder: Path) -> None:
        """List the data set beside the run."""
        data = describe_data(started, folder)
        if data is not None:
            self._store.log_data(self.identifier, data)

    def log_files(self, folder: Path) -> None:
        """Add the files that people read."""
        with tempfile.TemporaryDirectory(prefix="automl-") as scratch:
            for name in FILES:
                if (folder / name).is_file():
                    shutil.copyfile(folder / name, Path(scratch) / name)
            if (folder / FIGURES).is_dir():
                shutil.copytree(folder / FIGURES, Path(scratch) / FIGURES)
            self._store.log_files(self.identifier, Path(scratch))

    def write_note(self, note: str) -> None:
        """Write the note of the run."""
        self._log(Content(tags={NOTE: note}))

    def tag_experiment(self, wanted: Mapping[str, str], newest: bool) -> None:
        """Set tags of the experiment: all of them for the newest run of a study, else those that are missing."""
        tags = self._store.experiment_tags()
        changed = {
            name: value
            for name, value in wanted.items()
            if tags.get(name) != value and (newest or name not in tags)
        }
        self._store.tag_experiment(changed)

    def end(self, status: str, at: int) -> None:
        """End the run, if it has not ended so."""
        now = self._store.read_run(self.identifier)
        if (now.status, now.ended) != (status, at):
            self._store.end_run(self.identifier, status, at)

    def mark_whole(self, seq: int) -> None:
        """Note that MLflow has everything up to an event."""
        self._log(Content(tags={SENT: str(seq)}))

    def _log(self, content: Content, at: int = 0) -> None:
        """Write what is not there."""
        tags = {name: value for name, value in content.tags.items() if self._known.tags.get(name) != value}
        if not (content.metrics or content.params or tags):
            return
        self._store.log(self.identifier, Content(content.metrics, content.params, tags), at=at)
        stored = self._known
        self._known = replace(
            stored,
            tags={**stored.tags, **tags},
            metrics={**stored.metrics, **{point.name: point.value for point in content.metrics}},
            params={**stored.params, **content.params},
        )
