"""Finds the run of a study that a command is about."""

import gc
from dataclasses import dataclass
from pathlib import Path

from automl.records.finding import open_run, read_state
from automl.records.runs import Run, nearest
from automl.records.standing import standing, status_of
from automl.records.state import StudyState


@dataclass(frozen=True, slots=True)
class FoundStudy:
    """The run that a command is about.

    Attributes:
        run: As the record lists it.
        state: All that is recorded of it.
        num_runs: Runs of the same study.
        standing: How far it has come, in words; empty where it is finished.
        status: `running`, `killed`, `stopped`, `failed` or `finished`.
    """

    run: Run
    state: StudyState
    num_runs: int
    standing: str
    status: str

    @property
    def which(self) -> str:
        """Which run it is, where the study has several; else empty."""
        if self.num_runs == 1:
            return ""
        return f"run {self.run.identifier}, one of {self.num_runs} (automl runs {self.run.name})"


def find_study(mlruns: Path, study: str | None, uri: str | None, with_trials: bool = True) -> FoundStudy:
    """The newest run of a study that has trials, and all that is recorded of it.

    Args:
        mlruns: Folder of the studies.
        study: A name, a study file or the folder of a run; the last study when None.
        uri: The database of the record, where the command names one.
        with_trials: Whether a run without trials is ignored if there is another.

    Raises:
        AutoMLError: There is no such study, or it cannot be read.
    """
    records, run = open_run(mlruns, study, uri, with_trials)
    # What is read stays until the command ends: to search it for garbage again and again takes a third of the time.
    gc.disable()
    state = read_state(records, run)
    gc.freeze()
    gc.enable()
    num_runs = len(nearest(records.runs(run.name)))
    return FoundStudy(run, state, num_runs, standing(run, state), status_of(run, state))
