"""The runs of a study's trials in MLflow: one for each trial, however often it is sent."""

import logging
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import final

from automl.records.events import StudyStarted
from automl.tracking.mlflow.address import first_line
from automl.tracking.mlflow.explained_run import DESIGN, DIAGNOSIS
from automl.tracking.mlflow.notes import run_name
from automl.tracking.mlflow.store import NOTE, PARENT, Content, Run, Store
from automl.tracking.mlflow.trial_run import describe_trial
from automl.trial import Trial, TrialState

LOGGER = logging.getLogger(__name__)

Render = Callable[[Trial, Path, bool], None]
"""Writes the files of a trial into a folder, with or without figures."""

BEST = "best"
_ANALYZED = "analyzed"
"""Tag with the number of the event whose answer the run holds."""

_KEPT_TAGS = (PARENT, BEST, _ANALYZED, DESIGN, DIAGNOSIS, NOTE)
_DONE = ("FINISHED", "FAILED")


@dataclass(frozen=True, slots=True)
class Ended:
    """A trial that has ended, on its way to MLflow.

    Attributes:
        number: Of the trial.
        at: When it was recorded, in milliseconds since 1970: a second attempt with the same time adds nothing.
        drawn: Whether its run gets figures.
        fold_curves: Whether its run gets the curves of each fold.
        cut: Whether the time limit ended its training early.
    """

    number: int
    at: int
    drawn: bool
    fold_curves: bool
    cut: bool


@dataclass(slots=True)
class _Child:
    """A trial's run as it stands in MLflow."""

    identifier: str
    done: bool = False
    tags: dict[str, str] = field(default_factory=dict)


@final
class TrialRuns:
    """The runs of a study's trials.

    Args:
        store: The opened store.
        study: Identifier of the run of the study in the record.
        render: Writes the files of a trial into a folder.
    """

    def __init__(self, store: Store, study: str, render: Render) -> None:
        self._store, self._study, self._render = store, study, render
        self._children: dict[int, _Child] = {}
        self._attempted: set[int] = set()
        self._warned = False
        self.parent = ""

    @property
    def identifiers(self) -> Mapping[int, str]:
        """Identifiers of the runs that hold all of their trial, by number."""
        return {number: child.identifier for number, child in self._children.items() if child.done}

    @property
    def num_done(self) -> int:
        """Trials whose run holds all of them."""
        return sum(child.done for child in list(self._children.values()))

    def has(self, number: int) -> bool:
        """Whether the run of a trial is there and holds all of it."""
        return number in self._children and self._children[number].done

    def attach(self, parent: str) -> None:
        """Find the runs that are there already; of several for one trial, keep the one that holds most."""
        self.parent = parent
        by_trial: dict[int, list[Run]] = {}
        for run in self._store.find_runs(self._condition("trial")):
            if run.tags.get("trial", "").isdecimal():
                by_trial.setdefault(int(run.tags["trial"]), []).append(run)
        for number, runs in by_trial.items():
            self._adopt(number, runs)

    def send(self, trial: Trial, started: StudyStarted, ended: Ended) -> None:
        """Write a trial; called again after a failure, it goes on with the same run."""
        child = self._children.get(ended.number) or self._find_or_create(trial, ended)
        content = describe_trial(trial, started, ended.fold_curves)
        if ended.cut:
            content = replace(content, tags={**content.tags, "cut": "the time limit ended its training"})
        self._store.log(child.identifier, content, at=ended.at)
        with tempfile.TemporaryDirectory(prefix="automl-") as folder:
            if self._rendered(trial, Path(folder), ended.drawn):
                self._store.log_files(child.identifier, Path(folder))
        status = "FAILED" if trial.state is TrialState.FAILED else "FINISHED"
        self._store.end_run(child.identifier, status, ended.at)
        child.done = True

    def add_answer(self, number: int, seq: int, content: Content, at: int) -> None:
        """Add the answer of an analysis, recorded as event `seq`, to the run of a trial that is there."""
        child = self._children[number]
        design = content.tags[DESIGN]
        earlier = (
            _ANALYZED not in child.tags and child.tags.get(DESIGN) == design
        )  # by a version without that tag
        if child.tags.get(_ANALYZED) == str(seq) or earlier:
            return
        tags = {**content.tags, _ANALYZED: str(seq)}
        self._store.log(child.identifier, replace(content, tags=tags), at=at)
        child.tags |= tags

    def tag(self, number: int, tags: Mapping[str, str]) -> None:
        """Set the tags of a trial's run that are not so; nothing where the run is not there."""
        child = self._children.get(number)
        if child is None:
            return
        changed = {name: value for name, value in tags.items() if child.tags.get(name) != value}
        if changed:
            self._store.log(child.identifier, Content(tags=changed))
            child.tags |= changed

    def mark_best(self, best: int | None) -> None:
        """Mark the best trial, and no other one."""
        for number, child in self._children.items():
            if number != best and BEST in child.tags:
                self._store.untag_run(child.identifier, BEST)
                del child.tags[BEST]
        if best is not None:
            self.tag(best, {BEST: "true"})

    def settle(self, at: int) -> None:
        """Leave no run open: delete those that nobody knows of, end those that hold only part of their trial.

        A run that nobody knows of is the answer to a request that came too late.
        """
        identifiers = {child.identifier for child in self._children.values()}
        for run in self._store.find_runs(f"attributes.status = 'RUNNING' and {self._condition('trial')}"):
            if run.identifier in identifiers:
                self._store.end_run(run.identifier, "KILLED", at)
            else:
                self._store.delete_run(run.identifier)

    def _condition(self, role: str) -> str:
        return f"tags.study_id = '{self._study}' and tags.role = '{role}'"

    def _find_or_create(self, trial: Trial, ended: Ended) -> _Child:
        number = ended.number
        if number in self._attempted:  # the store may have made a run, or several, without our knowing
            runs = self._store.find_runs(f"{self._condition('trial')} and tags.trial = '{number}'")
            if runs:
                return self._adopt(number, runs)
        self._attempted.add(number)
        tags = {"role": "trial", "study_id": self._study, PARENT: self.parent, "trial": str(number)}
        began = ended.at - round(1000.0 * trial.seconds)
        child = _Child(self._store.create_run(run_name(number), tags, began), tags={PARENT: self.parent})
        self._children[number] = child
        return child

    def _adopt(self, number: int, runs: Sequence[Run]) -> _Child:
        """Go on with one of a trial's runs and delete the others."""
        kept_run, *surplus = sorted(
            runs, key=lambda run: (run.status not in _DONE, run.started, run.identifier)
        )
        for run in surplus:
            self._store.delete_run(run.identifier)
        tags = {name: kept_run.tags[name] for name in _KEPT_TAGS if name in kept_run.tags}
        child = self._children[number] = _Child(kept_run.identifier, kept_run.status in _DONE, tags)
        self.tag(number, {PARENT: self.parent})
        return child

    def _rendered(self, trial: Trial, folder: Path, drawn: bool) -> bool:
        try:
            self._render(trial, folder, drawn)
        except Exception as error:
            if trial.folds and not self._warned:  # without a fold there is nothing to draw
                name, why = run_name(trial.number), first_line(error)
                LOGGER.warning("The files of %s cannot be written: %s.", name, why)
                self._warned = True
            return False
        return True
