"""The interface of everything that follows a study from outside: MLflow, the terminal, a tracker of a user's own.

A tracker sees events when they have been recorded. It never trains or decides, and nobody waits for it but at the end.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence

from automl.progress import Progress
from automl.records.events import Recorded
from automl.records.runs import Run
from automl.records.state import StudyState
from automl.records.store import Records


class Tracker(ABC):
    """Follows one run of a study. The methods are called in the order in which they are defined.

    Give one to `run_study(trackers=[…])`, or name its class in a study file, `tracking: {to: package.module:Class}`.

    A tracker that cannot be reached loses nothing: everything that it has missed is in the record, and
    `records.events` returns it from any number on.
    """

    @abstractmethod
    def start(self, records: Records, run: Run, state: StudyState) -> None:
        """The study begins or is continued in this process.

        Args:
            records: The record of all studies.
            run: The run that this process works on.
            state: What is recorded of it so far. It changes with every event; another thread must not read it.

        Raises:
            TrackingError: The tracker cannot follow; then the study does not begin.
        """

    def link(self) -> str:
        """Where a person can look at the run that has begun, in a line: an address or a command; empty for nowhere."""
        return ""

    def pages(self) -> Sequence[tuple[str, str]]:
        """Pages about the run that has begun, which its report links to: what each is, and its address."""
        return ()

    def show_links(self, links: Sequence[str]) -> None:  # noqa: ARG002  most trackers show nothing
        """Every tracker has begun, and these are their links. Must not raise."""
        return

    @abstractmethod
    def apply(self, recorded: Recorded, state: StudyState) -> None:
        """An event has been recorded and applied to the state. Must return at once, and must not raise."""

    @abstractmethod
    def log_progress(self, progress: Progress) -> None:
        """Called often while networks train. Must return at once, and must not raise."""

    @abstractmethod
    def finish(self, seconds: float | None) -> None:
        """The last event has been applied. Send what is unsent, and say what cannot be sent. Must not raise.

        Args:
            seconds: How long that may take at most; as long as it takes when None.
        """

    @abstractmethod
    def abandon(self) -> None:
        """Give up everything that is not on this machine, at once. Must not raise or wait.

        May be called at any moment, by a signal's handler in the middle of another method; `finish` then returns.
        """
