"""A run of a study as the record lists it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from automl.wording import moment

RUNNING = "running"
"""State of a run whose last process has not recorded its end."""

KILLED = "killed"
"""What such a run is called where that process no longer works on it."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run of a study as the record lists it.

    Attributes:
        number: In the record; a later run has a larger one.
        name: Of the study.
        identifier: Of the run.
        folder: Where its files are.
        state: `running`, `finished`, `failed` or `stopped`, as its processes recorded it.
        created: Seconds since 1970.
        num_trials: Trials that have ended.
        owner: The process that works on it, or was the last to; None where none ever did.
        since: When that process began, in seconds since 1970.
        held: Whether that process still works on it.
        planned: Trials at most.
        metric: Ranks the trials.
        best: The best mean score of a completed trial; None where none has completed.
        elsewhere: Whether its files are in another folder than that of the record, as in a server's that several share.
    """

    number: int
    name: str
    identifier: str
    folder: Path
    state: str
    created: float
    num_trials: int
    owner: str | None = None
    since: float | None = None
    held: bool = False
    planned: int = 0
    metric: str = ""
    best: float | None = None
    elsewhere: bool = False

    @property
    def mlruns(self) -> Path:
        """The folder of studies that its files are in."""
        return self.folder.parents[2]

    @property
    def killed(self) -> bool:
        """Whether its last process ended without recording how."""
        return self.state == RUNNING and not self.held

    @property
    def status(self) -> str:
        """Its state for people: `running`, `finished`, `failed`, `stopped` or `killed`."""
        return KILLED if self.killed else self.state

    @property
    def title(self) -> str:
        """`NAME/IDENTIFIER`."""
        return f"{self.name}/{self.identifier}"


def here(runs: Iterable[Run]) -> list[Run]:
    """The runs whose files are in the folder of the record."""
    return [run for run in runs if not run.elsewhere]


def nearest(runs: Sequence[Run]) -> list[Run]:
    """Those, or all of them where there are none."""
    return here(runs) or list(runs)


def holder(run: Run, owner: str | None, since: float | None) -> str:
    """Who works on a run since when, and what to do, in sentences."""
    host, pid, _ = (owner or "?:?:?").rsplit(":", 2)
    process = f"process {pid} on {host} since {moment(since)}"
    cure = "Wait for it, stop it, or give this study another name."
    return f"the study {run.name!r} (run {run.identifier}) is being run by {process}. {cure}"
