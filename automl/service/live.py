"""The runs of submitted studies as far as they are recorded: kept, so that only new events are read."""

import json
import math
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, final

from automl.records.runs import Run
from automl.records.standing import standing, status_of
from automl.records.state import StudyState
from automl.records.store import Records
from automl.records.submissions import Submission
from automl.service.copies import Copies

PROGRESS_FILE = "progress.json"
"""In the folder of a run: its phase, seconds that it will still take, and where its networks are."""

_MOST_KEPT = 16


@dataclass(slots=True)
class Live:
    """A run, while one thread has it.

    Attributes:
        run: As the record lists it.
        state: All that is recorded of it.
        pages: Pages that were made of it, by what they are, with what they show.
    """

    run: Run
    state: StudyState
    pages: dict[str, tuple[object, Any]] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def standing(self) -> str:
        """How far it has come, in words; empty where it is finished."""
        return standing(self.run, self.state)

    @property
    def status(self) -> str:
        """`running`, `killed`, `stopped`, `failed` or `finished`."""
        return status_of(self.run, self.state)

    @property
    def version(self) -> tuple[int, str]:
        """Changes with whatever a page of the run shows."""
        return self.state.seq, self.status


@final
class LiveRuns:
    """The runs that were asked for last.

    Args:
        records: The record.
        copies: Of the folders of runs that this process does not see.
    """

    def __init__(self, records: Records, copies: Copies) -> None:
        self._records, self._copies = records, copies
        self._kept: OrderedDict[int, Live] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def opened(self, number: int, with_files: bool = True) -> Iterator[Live]:
        """A run with all that is recorded of it by now; no other thread has it in the block.

        Args:
            number: Of the run in the record.
            with_files: Whether the files of its folder are needed.

        Raises:
            RecordError: There is none, or it cannot be read.
        """
        run = self._copies.located(self._records.run(number))
        with self._lock:
            live = self._kept.setdefault(number, Live(run, StudyState(run.folder)))
            self._kept.move_to_end(number)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        with live.lock:
            live.run, live.state.folder = run, run.folder
            for recorded in self._records.events(run, since=live.state.seq):
                live.state.apply(recorded)
            if with_files:  # after the events: those that they follow from are there
                self._copies.update(run)
            yield live

    def located(self, number: int) -> Run:
        """A run, with the folder that this process reads.

        Raises:
            RecordError: There is none.
        """
        return self._copies.located(self._records.run(number))

    def forget(self, run: Run) -> None:
        """A run that was located is deleted."""
        with self._lock:
            self._kept.pop(run.number, None)
        self._copies.forget(run)


def progress_of(submission: Submission, run: Run) -> dict[str, Any]:
    """What the driver of a running study says of its progress; empty where it says nothing."""
    try:
        text = submission.progress or (run.folder / PROGRESS_FILE).read_text(encoding="utf-8")
        content = json.loads(text)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def finite(value: float | None) -> float | None:
    """A number as JSON takes it."""
    return value if value is not None and math.isfinite(value) else None
