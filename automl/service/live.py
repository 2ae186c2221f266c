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
    """

    def __init__(self, records: Records) -> None:
        self._records = records
        self._kept: OrderedDict[int, Live] = OrderedDict()
        self._lock = threading.Lock()

    @contextmanager
    def opened(self, number: int) -> Iterator[Live]:
        """A run with all that is recorded of it by now; no other thread has it in the block.

        Args:
            number: Of the run in the record.

        Raises:
            RecordError: There is none, or it cannot be read.
        """
        run = self._records.run(number)
        with self._lock:
            live = self._kept.setdefault(number, Live(run, StudyState(run.folder)))
            self._kept.move_to_end(number)
            if len(self._kept) > _MOST_KEPT:
                self._kept.popitem(last=False)
        with live.lock:
            live.run = run
            for recorded in self._records.events(run, since=live.state.seq):
                live.state.apply(recorded)
            yield live

    def forget(self, number: int) -> None:
        """A run is deleted."""
        with self._lock:
            self._kept.pop(number, None)


def progress_of(run: Run) -> dict[str, Any]:
    """What the driver of a running study says of its progress; empty where it says nothing."""
    try:
        content = json.loads((run.folder / PROGRESS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def finite(value: float | None) -> float | None:
    """A number as JSON takes it."""
    return value if value is not None and math.isfinite(value) else None
