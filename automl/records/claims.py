"""The queue of a service as its workers see it: studies are claimed under leases, driven, given back, ended."""

import functools
from collections.abc import Sequence
from typing import Any, final

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from automl.records.leases import LEASE_SECONDS, Lease, is_held, this_process
from automl.records.store import Records
from automl.records.submissions import (
    MOST_LOST,
    Submission,
    SubmissionLease,
    SubmissionState,
    listed,
    submission_of,
)
from automl.records.tables import SUBMISSIONS

_MOST_LOOKED_AT = 20
_LONGEST_REASON = 4000
_LOST = f"{MOST_LOST} processes that ran it ended without saying why, the last one on "
_CURE = ". Look at the log of that worker, then continue the study or delete it."


@final
class Claims:
    """What a worker does with the queue.

    Args:
        records: The record.
        owner: The worker; this process when None.
    """

    def __init__(self, records: Records, owner: str | None = None) -> None:
        self._records, self._owner = records, owner or this_process()
        self.num_lost = 0

    def claim_check(self) -> tuple[Submission, SubmissionLease] | None:
        """A study that is to be checked, or None."""
        return self._claim((SubmissionState.CHECKING,))

    def claim_study(self) -> tuple[Submission, SubmissionLease] | None:
        """A study that is to be run, or None: one that waits, or one whose worker has died.

        The one with the highest priority, and among equals the oldest. A study that has lost too many drivers becomes
        `needs_recovery` instead.
        """
        return self._claim((SubmissionState.QUEUED, SubmissionState.RUNNING))

    def has_study(self) -> bool:
        """Whether a study waits for a worker."""
        states = (SubmissionState.QUEUED, SubmissionState.RUNNING)
        return bool(self._records.read(lambda connection: self._candidates(connection, states)))

    def _claim(self, states: Sequence[SubmissionState]) -> tuple[Submission, SubmissionLease] | None:
        for number in self._records.read(lambda connection: self._candidates(connection, states)):
            claimed = self._records.write(functools.partial(self._taken, number=number, states=states))
            if claimed is not None:
                return claimed
        return None

    def _candidates(self, connection: Connection, states: Sequence[SubmissionState]) -> list[int]:
        """Numbers of studies that seem to be free, the first to be claimed first."""
        now, wanted = self._records.now(), SUBMISSIONS.c.state.in_(states)
        order = (SUBMISSIONS.c.priority.desc(), SUBMISSIONS.c.id)
        columns = (
            SUBMISSIONS.c.id,
            SUBMISSIONS.c.priority,
            SUBMISSIONS.c.lease_owner,
            SUBMISSIONS.c.lease_until,
        )
        free = select(*columns).where(wanted, SUBMISSIONS.c.lease_owner.is_(None))
        had = select(*columns).where(wanted, SUBMISSIONS.c.lease_owner.is_not(None))
        rows = [*connection.execute(free.order_by(*order).limit(_MOST_LOOKED_AT)), *connection.execute(had)]
        rows = [row for row in rows if not is_held(row.lease_owner, row.lease_until, now)]
        return [row.id for row in sorted(rows, key=lambda row: (-row.priority, row.id))]

    def _taken(
        self, connection: Connection, number: int, states: Sequence[SubmissionState]
    ) -> tuple[Submission, SubmissionLease] | None:
        locked = select(SUBMISSIONS.c.id).where(SUBMISSIONS.c.id == number)
        if connection.execute(locked.with_for_update(skip_locked=True)).first() is None:
            return None  # another worker is about to take it
        submission = _submission(connection, number, self._records.now())
        if submission.state not in states or submission.held:
            return None
        lost = submission.lost + (submission.owner is not None)
        self.num_lost += submission.owner is not None
        token = submission.token + 1
        values: dict[str, Any] = {"lost": lost, "lease_token": token, "changed": self._records.now()}
        if lost >= MOST_LOST:
            reason = f"{_LOST}{(submission.owner or '').partition(':')[0]}{_CURE}"
            values |= {"state": SubmissionState.NEEDS_RECOVERY, "reason": reason, **_FREE}
            _change(connection, number, values)
            return None
        if SubmissionState.QUEUED in states:
            values["state"] = SubmissionState.RUNNING
        values |= {"lease_owner": self._owner, "lease_until": self._records.now() + LEASE_SECONDS}
        _change(connection, number, values)
        return _submission(connection, number, self._records.now()), Lease(number, self._owner, token)

    def renew(self, lease: SubmissionLease) -> bool:
        """Go on holding a study; False where another worker has taken it over."""
        return self._write(lease, {"lease_until": self._records.now() + LEASE_SECONDS})

    def is_cancelled(self, lease: SubmissionLease) -> bool:
        """Whether somebody has asked to cancel the study."""
        query = select(SUBMISSIONS.c.cancelled).where(SUBMISSIONS.c.id == lease.study)
        return bool(self._records.read(lambda connection: connection.execute(query).scalar()))

    def link(self, lease: SubmissionLease, run: int) -> bool:
        """Note which run of the record the study has become."""
        return self._write(lease, {"run": run, "progress": None})

    def note_progress(self, lease: SubmissionLease, text: str) -> bool:
        """Note how far the study is, for servers that do not see its folder."""
        return self._write(lease, {"progress": text})

    def pass_check(self, lease: SubmissionLease) -> bool:
        """Nothing is wrong with the study: it waits for a worker."""
        return self._write(lease, {"state": SubmissionState.QUEUED, "checked": 1, "lost": 0} | _FREE)

    def give_back(self, lease: SubmissionLease) -> bool:
        """Let another worker go on with the study; this counts as no loss."""
        return self._records.write(lambda connection: self._given_back(connection, lease))

    def _given_back(self, connection: Connection, lease: SubmissionLease) -> bool:
        submission = _submission(connection, lease.study, self._records.now())
        running = submission.state is SubmissionState.RUNNING
        values = {"state": SubmissionState.QUEUED if running else submission.state, **_FREE}
        return _change(connection, lease.study, values, lease.token)

    def lose(self, lease: SubmissionLease) -> bool:
        """The driver of a study has died while its worker lives: whoever claims it next counts that."""
        return self._write(lease, {"lease_until": 0.0})

    def end(self, lease: SubmissionLease, state: SubmissionState, reason: str = "") -> bool:
        """The study has ended so."""
        values = {"state": state, "reason": _storable(reason), "changed": self._records.now(), "lost": 0}
        return self._write(lease, values | _FREE)

    def _write(self, lease: SubmissionLease, values: dict[str, Any]) -> bool:
        return self._records.write(lambda connection: _change(connection, lease.study, values, lease.token))


_FREE: dict[str, Any] = {"lease_owner": None, "lease_until": None, "progress": None}


def _submission(connection: Connection, number: int, now: float) -> Submission:
    return submission_of(connection.execute(listed().where(SUBMISSIONS.c.id == number)).one(), now)


def _change(connection: Connection, number: int, values: dict[str, Any], token: int | None = None) -> bool:
    """Change a submission; with a token, only where that lease is still the last one."""
    changed = update(SUBMISSIONS).where(SUBMISSIONS.c.id == number).values(**values)
    if token is not None:
        changed = changed.where(SUBMISSIONS.c.lease_token == token)
    return connection.execute(changed).rowcount == 1


def _storable(text: str) -> str:
    """A text as every database takes it: without NUL and halves of characters, and not of any length."""
    whole = text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\0")
    return whole if len(whole) <= _LONGEST_REASON else f"{whole[:_LONGEST_REASON]} …"
