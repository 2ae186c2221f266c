"""Follows a submitted study from within its driver: which run it has become, and how long it will still take."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import final

from automl.errors import RecordError
from automl.progress import Progress
from automl.records.claims import Claims
from automl.records.events import Recorded
from automl.records.runs import Run
from automl.records.state import StudyState
from automl.records.store import Records
from automl.records.submissions import SubmissionLease
from automl.service.live import PROGRESS_FILE
from automl.tracking.terminal import TerminalTracker
from automl.tracking.tracker import Tracker

_SECONDS = 1.0


@final
class SubmissionTracker(Tracker):
    """Notes in the queue which run a study is, and in its folder how far that is.

    Args:
        claims: The queue.
        lease: Of the submission.
        terminal: Knows how long the study will still take.
        in_queue: Whether to note in the queue how far it is, because the server does not see the folder.
        clock: Seconds that only grow.
    """

    def __init__(
        self,
        claims: Claims,
        lease: SubmissionLease,
        terminal: TerminalTracker,
        in_queue: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._claims, self._lease, self._terminal, self._clock = claims, lease, terminal, clock
        self._in_queue = in_queue
        self._file: Path | None = None
        self._written, self._phase = 0.0, ""

    def start(self, records: Records, run: Run, state: StudyState) -> None:  # noqa: ARG002  the interface of trackers
        """Note the run.

        Raises:
            RecordError: Another worker has taken the study over.
        """
        if not self._claims.link(self._lease, run.number):
            raise RecordError("another worker has taken this study over. This process records nothing more.")
        self._file = run.folder / PROGRESS_FILE

    def apply(self, recorded: Recorded, state: StudyState) -> None:  # noqa: ARG002  the interface of trackers
        """What happens is in the record already."""
        self._phase = state.phase
        self._write({})

    def log_progress(self, progress: Progress) -> None:
        """Note where the networks are, now and then."""
        self._write({"done": progress.done, "total": progress.total, "training": progress.running})

    def finish(self, seconds: float | None) -> None:  # noqa: ARG002  nothing is sent
        """Nothing is left to do."""
        if self._file is not None:
            with suppress(OSError):
                self._file.unlink(missing_ok=True)

    def abandon(self) -> None:
        """There is nothing elsewhere."""

    def _write(self, networks: dict[str, int]) -> None:
        if self._file is None or self._clock() < self._written + _SECONDS:
            return
        self._written = self._clock()
        left = self._terminal.seconds_left
        content = {"time": time.time(), "seconds_left": left, "phase": self._phase, "networks": networks}
        if self._in_queue:
            with suppress(RecordError):  # nobody needs it that much
                self._claims.note_progress(self._lease, json.dumps(content))
            return
        temporary = self._file.with_suffix(".new")
        with suppress(OSError):  # a full disk is told by what must be written
            temporary.write_text(json.dumps(content), encoding="utf-8")
            temporary.replace(self._file)
