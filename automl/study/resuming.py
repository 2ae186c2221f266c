"""The run of a study that can be continued, and whether it may be. Loads no TensorFlow."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from automl.config.changes import Changes, compare, refusal
from automl.config.reading import load_study
from automl.config.study import StudyConfig
from automl.errors import RecordError
from automl.records.files import STUDY_FILE
from automl.records.finding import has_records, open_records, read_state
from automl.records.runs import Run, holder, nearest
from automl.records.state import StudyState
from automl.records.store import Records


@dataclass(frozen=True, slots=True)
class Unfinished:
    """A run that can be continued.

    Attributes:
        run: The run.
        state: What is recorded of it.
        changes: How the study file has changed since.
        num_trials: Trials at most, from now on.
    """

    run: Run
    state: StudyState
    changes: Changes
    num_trials: int

    @property
    def sentence(self) -> str:
        """What is going to happen, for people."""
        state = self.state
        finished = state.finished is not None and state.finished.status == "finished"
        action = "Adding trials to" if finished else "Continuing"
        changed = f" {'; '.join(map(str, self.changes.allowed))}." if self.changes.allowed else ""
        return (
            f"{action} run {self.run.identifier} of {self.run.name}: {state.num_trials} of {self.num_trials} trials "
            f"have ended.{changed}"
        )

    @property
    def is_imported(self) -> bool:
        """Whether an earlier version of automl ran it, of which too little is known to go on."""
        return not self.state.started.digests

    @property
    def is_done(self) -> bool:
        """Whether there is nothing to go on with."""
        finished = self.state.finished is not None and self.state.finished.status == "finished"
        return finished and not self.more_is_wanted

    @property
    def more_is_wanted(self) -> bool:
        """Whether more trials, more time for those that were left out, or another ensemble is asked for."""
        if self.num_trials > self.state.started.num_trials:
            return True
        if any(change.key == "ensemble" for change in self.changes.allowed):
            return True
        longer = any(change.key == "budget.minutes" for change in self.changes.allowed)
        return longer and self.state.num_trials < self.num_trials


def existing_records(mlruns: Path, uri: str | None) -> Records | None:
    """The record of a folder; None where there is none yet, so that wrong input leaves nothing behind.

    Args:
        mlruns: The folder.
        uri: The database, where the study file or the command names one.

    Raises:
        RecordError: It cannot be used.
    """
    if not has_records(mlruns, uri):
        return None
    return open_records(mlruns, uri, create=True, source="records.uri")  # a server may have no tables yet


def find_unfinished(records: Records, config: StudyConfig, more: int | None = None) -> Unfinished | None:
    """The newest run of a study, to go on with: the newest that has trials, or else the newest.

    Args:
        records: The record.
        config: The study as it is now.
        more: Trials to add to those that have ended, or were asked for.

    Raises:
        StudyFileError: Something in the study file has changed that must not change within a run.
        RecordError: The run's files are not in the folder of the studies.
    """
    runs = records.runs(config.name)
    if not runs:
        return None
    runs = nearest(runs)
    run = next((run for run in reversed(runs) if run.num_trials), runs[-1])
    if not (run.folder / STUDY_FILE).is_file():
        reason = f"{run.folder}: the files of this run of {run.name!r} are missing, so it cannot be continued"
        why = "It was recorded from another folder, or its files were deleted"
        raise RecordError(
            f"{reason}. {why}. Name that folder with --mlruns, or begin a new run with --fresh."
        )
    if run.elsewhere:
        where = f"in {records.address.shown} has its files in {run.mlruns}"
        reason = f"{records.mlruns}: the newest run of {run.name!r} {where}"
        cure = f"Continue it with `--mlruns {shlex.quote(str(run.mlruns))}`, or begin a new run here with --fresh."
        raise RecordError(f"{reason}. {cure}")
    return unfinished(records, run, config, more)


def unfinished(
    records: Records, run: Run, config: StudyConfig, more: int | None = None, trials: int = 0
) -> Unfinished:
    """A run, to go on with.

    Args:
        records: The record.
        run: The run.
        config: The study as it is now.
        more: Trials to add to those that have ended, or were asked for.
        trials: Trials at most, where that is more than the study file says.

    Raises:
        StudyFileError: Something in the study file has changed that must not change within a run.
    """
    state = read_state(records, run)
    recorded = load_study(run.folder / STUDY_FILE, folder=Path(state.started.base))
    recorded = recorded.model_copy(update={"name": config.name})  # the copy's file name is not the study's
    changes = compare(recorded, config, state.num_trials)
    if changes.refused:
        raise refusal(changes, config.where)
    num_trials = max(config.search.trials, state.started.num_trials, trials)
    if more is not None:
        num_trials = max(state.num_trials, state.num_asked) + more
    return Unfinished(run, state, changes, num_trials)


def check_can_go_on(candidate: Unfinished) -> None:
    """Refuse early what could not go on after the preparation.

    Raises:
        RecordError: Another process works on the run, or an earlier version of automl ran it.
    """
    if candidate.is_imported:
        reason = (
            f"the run {candidate.run.identifier} of {candidate.run.name!r} was made by an earlier version of "
            f"automl"
        )
        raise RecordError(f"{reason} and cannot be continued. Begin a new run with --fresh.")
    if candidate.run.held:
        raise RecordError(holder(candidate.run, candidate.run.owner, candidate.run.since))
