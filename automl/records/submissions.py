"""Studies that were sent to a service: their states, and how the queue lists them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import select
from sqlalchemy.sql import Select

from automl.records.leases import Lease, is_held
from automl.records.tables import STUDIES, SUBMISSIONS

SubmissionLease: TypeAlias = Lease
"""The right to change a submission: a lease whose `study` is the number of the submission."""

MOST_LOST = 2
"""Drivers that a study may lose; then a person has to decide."""

SEPARATOR = "~"
"""Between the name of a study and its number in an identifier. No name holds it."""


class SubmissionState(StrEnum):
    """How far a submitted study is."""

    CHECKING = "checking"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    NEEDS_RECOVERY = "needs_recovery"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens unless somebody asks for it."""
        return self not in (SubmissionState.CHECKING, SubmissionState.QUEUED, SubmissionState.RUNNING)


@dataclass(frozen=True, slots=True)
class Submission:
    """A study that was sent to a service.

    Attributes:
        number: In the queue; a later one has a larger one.
        identifier: `NAME`, or `NAME~2` for the second one of the same name.
        name: Of the study.
        state: How far it is.
        priority: Larger ones begin first.
        created: When it was sent, in seconds since 1970.
        changed: When its state last changed, likewise.
        file: Name of the study file among the files of the service.
        checked: Whether a worker has found nothing wrong with it.
        cancelled: Whether somebody has asked to cancel it.
        lost: Drivers that ended without saying how.
        trials: Trials at most, where more were asked for than the study file says; 0 where not.
        reason: Why it failed, or ended otherwise.
        run: Number of its run in the record; None before it began.
        run_identifier: How that run is called.
        num_trials: Trials that have ended.
        planned: Trials at most.
        metric: Ranks the trials; empty before it began.
        best: The best mean score of a completed trial.
        owner: The worker that has it, or was the last to.
        held: Whether that worker is alive.
        token: Of its lease.
        request_digest: Of what was sent.
        progress: How far its run is, as its driver has noted it.
    """

    number: int
    identifier: str
    name: str
    state: SubmissionState
    priority: int
    created: float
    changed: float
    file: str
    checked: bool = False
    cancelled: bool = False
    lost: int = 0
    trials: int = 0
    reason: str = ""
    run: int | None = None
    run_identifier: str | None = None
    num_trials: int = 0
    planned: int = 0
    metric: str = ""
    best: float | None = None
    owner: str | None = None
    held: bool = False
    token: int = 0
    request_digest: str = ""
    progress: str = ""


@dataclass(frozen=True, slots=True)
class Sent:
    """What is to enter the queue.

    Attributes:
        name: Of the study.
        file: Name of the study file among the files of the service.
        digest: Of all that was sent, so that a repeated request is recognized.
        key: The client's key for this request; None without one.
        priority: Larger ones begin first.
        fresh: Whether a study of this name may be there already.
    """

    name: str
    file: str
    digest: str
    key: str | None = None
    priority: int = 0
    fresh: bool = False


def identifier_of(name: str, number: int) -> str:
    """How a submission is called, by the name of its study and its number among those of that name.

    >>> identifier_of("wine", 1), identifier_of("wine", 2)
    ('wine', 'wine~2')
    """
    return name if number == 1 else f"{name}{SEPARATOR}{number}"


def parts_of(identifier: str) -> tuple[str, int]:
    """The name and the number that an identifier stands for; number 0, which none has, where it is no identifier.

    >>> parts_of("wine"), parts_of("wine~2"), parts_of("wine~1"), parts_of("wine~x")
    (('wine', 1), ('wine', 2), ('wine~1', 0), ('wine~x', 0))
    """
    name, separator, number = identifier.rpartition(SEPARATOR)
    if not separator:
        return identifier, 1
    if number.isascii() and number.isdigit() and len(number) < 10 and int(number) > 1:
        return name, int(number)
    return identifier, 0


def listed() -> Select[Any]:
    """Submissions with what the record knows of their runs."""
    columns = (
        STUDIES.c.identifier.label("run_identifier"),
        *(STUDIES.c.num_trials, STUDIES.c.planned, STUDIES.c.metric, STUDIES.c.best),
    )
    joined = SUBMISSIONS.outerjoin(STUDIES, STUDIES.c.id == SUBMISSIONS.c.run)
    return select(SUBMISSIONS, *columns).select_from(joined)


def submission_of(row: Any, now: float) -> Submission:
    """A submission from its row in `listed`.

    Args:
        row: The row.
        now: Seconds since 1970, for its lease.
    """
    return Submission(
        number=row.id,
        identifier=identifier_of(row.name, row.number),
        name=row.name,
        state=SubmissionState(row.state),
        priority=row.priority,
        created=row.created,
        changed=row.changed,
        file=row.file,
        checked=bool(row.checked),
        cancelled=bool(row.cancelled),
        lost=row.lost,
        trials=row.trials,
        reason=row.reason,
        run=row.run,
        run_identifier=row.run_identifier,
        num_trials=row.num_trials or 0,
        planned=row.planned or 0,
        metric=row.metric or "",
        best=row.best,
        owner=row.lease_owner,
        held=is_held(row.lease_owner, row.lease_until, now),
        token=row.lease_token,
        request_digest=row.request_digest,
        progress=row.progress or "",
    )


def new_submission(sent: Sent, number: int, at: float) -> dict[str, Any]:
    """The row of a study that enters the queue."""
    return {
        "name": sent.name,
        "number": number,
        "state": SubmissionState.CHECKING,
        "priority": sent.priority,
        "created": at,
        "changed": at,
        "file": sent.file,
        "idempotency_key": sent.key,
        "request_digest": sent.digest,
        "checked": 0,
        "cancelled": 0,
        "lost": 0,
        "trials": 0,
        "reason": "",
        "lease_token": 0,
    }
