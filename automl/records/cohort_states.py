"""Cohorts of a run that several workers train: their states, and their rows in the record.

running   the process that runs the study trains it itself
waiting   it is offered to workers
training  a worker trains it under a lease
trained   a worker has committed all of its results
done      all of its trials are recorded
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from automl.progress import Progress
from automl.records.leases import is_held
from automl.records.tables import COHORTS

MOST_ATTEMPTS = 3
"""After so many workers that died with a cohort it is left to the process that runs the study."""


class CohortState(StrEnum):
    """How far a cohort is."""

    RUNNING = "running"
    WAITING = "waiting"
    TRAINING = "training"
    TRAINED = "trained"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class CohortRow:
    """A cohort as the record lists it.

    Attributes:
        identifier: Digest of what was asked.
        study: Number of the run.
        number: Of the cohort.
        state: How far it is.
        attempt: How often it has been begun, but for the times when it was given back.
        token: Of its last lease.
        owner: The worker that has it, or was the last to.
        held: Whether that worker is alive.
        ends: When its training must end, in seconds since 1970; None without a limit.
        progress: How far its worker is, where that is known.
        num_parts: Files with results that workers have committed.
        late: Commits of workers that had lost it, which were dropped.
    """

    identifier: str
    study: int
    number: int
    state: CohortState
    attempt: int
    token: int
    owner: str | None
    held: bool
    ends: float | None
    progress: Progress | None
    num_parts: int
    late: int

    @property
    def is_free(self) -> bool:
        """Whether nobody trains it, although somebody should."""
        return self.state is CohortState.WAITING or (self.state is CohortState.TRAINING and not self.held)


def cohort_row(row: Any, now: float) -> CohortRow:
    """A cohort from its row.

    Args:
        row: All columns of the table.
        now: Seconds since 1970, for its lease.
    """
    return CohortRow(
        identifier=row.id,
        study=row.study,
        number=row.number,
        state=CohortState(row.state),
        attempt=row.attempt,
        token=row.lease_token,
        owner=row.lease_owner,
        held=is_held(row.lease_owner, row.lease_until, now),
        ends=row.ends,
        progress=_progress(row.progress),
        num_parts=row.num_parts,
        late=row.late,
    )


def progress_text(progress: Progress) -> str:
    """Progress as it is kept in a row."""
    return json.dumps(asdict(progress))


def _progress(text: str | None) -> Progress | None:
    with suppress(TypeError, ValueError):
        return Progress(**json.loads(text or ""))
    return None


NEXT_TOKEN = COHORTS.c.lease_token + 1
"""Whoever held a cohort before can commit nothing more."""

FREE: dict[str, Any] = {"lease_owner": None, "lease_until": None, "progress": None}
"""Columns of a cohort that no worker has."""
