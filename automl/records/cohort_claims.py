"""The cohorts of all runs as workers see them: they are claimed under leases, renewed, committed, given back.

A claim has a token that grows with every holder. Whoever commits with an older one comes late: somebody else has the
cohort now. Such a commit is dropped and counted.
"""

import functools
from collections.abc import Collection, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, final

from sqlalchemy import func, insert, select, update
from sqlalchemy.engine import Connection

from automl.progress import Progress
from automl.records.cohort_states import (
    FREE,
    MOST_ATTEMPTS,
    NEXT_TOKEN,
    CohortState,
    cohort_row,
    progress_text,
)
from automl.records.leases import LEASE_SECONDS, is_held, this_process
from automl.records.store import Records
from automl.records.submissions import SubmissionState, identifier_of
from automl.records.tables import COHORT_PARTS, COHORTS, STUDIES, SUBMISSIONS

_MOST_LOOKED_AT = 200
_OPEN = (CohortState.WAITING, CohortState.TRAINING)


@dataclass(frozen=True, slots=True)
class Offered:
    """A run whose cohorts are offered.

    Attributes:
        study: Number of the run.
        submission: Number of the submission that it belongs to.
        identifier: Of that submission.
        num_open: Cohorts that wait or that workers train.
    """

    study: int
    submission: int
    identifier: str
    num_open: int


@dataclass(frozen=True, slots=True)
class CohortClaim:
    """The right to train a cohort.

    Attributes:
        identifier: Digest of what was asked.
        study: Number of the run.
        number: Of the cohort.
        token: Grows with every holder.
        attempt: How often it has been begun.
        ends: When training must end, in seconds since 1970; None without a limit.
    """

    identifier: str
    study: int
    number: int
    token: int
    attempt: int
    ends: float | None


@dataclass(frozen=True, slots=True)
class Results:
    """Trials that have ended.

    Attributes:
        file: Where they are, by digest.
        num_trials: How many they are.
        is_last: Whether nothing of their cohort trains any more.
    """

    file: str
    num_trials: int
    is_last: bool


@final
class CohortClaims:
    """What a worker does with cohorts.

    Args:
        records: The record.
        owner: The worker; this process when None.

    Attributes:
        num_lost: Cohorts that were taken over from workers that had died.
    """

    def __init__(self, records: Records, owner: str | None = None) -> None:
        self._records, self._owner = records, owner or this_process()
        self.num_lost = 0

    def now(self) -> float:
        """Seconds since 1970."""
        return self._records.now()

    def find(self, refused: Collection[int] = ()) -> Offered | None:
        """A run of the service whose cohorts are offered, or None.

        Args:
            refused: Numbers of runs that this worker cannot help.

        Raises:
            RecordError: The database does not answer.
        """

        def look(connection: Connection) -> Offered | None:
            for row in self._free(connection):
                if row.study in refused:
                    continue
                running = (SUBMISSIONS.c.run == row.study, SUBMISSIONS.c.state == SubmissionState.RUNNING)
                sent = connection.execute(select(SUBMISSIONS).where(*running)).first()
                if sent is not None:
                    is_open = (COHORTS.c.study == row.study, COHORTS.c.state.in_(_OPEN))
                    count = select(func.count()).select_from(COHORTS).where(*is_open)
                    num_open = connection.execute(count).scalar_one()
                    return Offered(row.study, sent.id, identifier_of(sent.name, sent.number), num_open)
            return None

        return self._records.read(look)

    def claim(self, study: int | None = None) -> CohortClaim | None:
        """A cohort to train, the one with the smallest number, or None.

        Args:
            study: Number of a run; of any run when None.

        Raises:
            RecordError: The database does not answer.
        """
        if self._records.read(lambda connection: next(self._free(connection, study), None)) is None:
            return None
        return self._records.write(functools.partial(self._claimed, study=study))

    def _free(self, connection: Connection, study: int | None = None) -> Iterator[Any]:
        """Cohorts that nobody trains, of runs that a living process holds."""
        holder = (STUDIES.c.lease_owner.label("holder"), STUDIES.c.lease_until.label("holder_until"))
        wanted = select(COHORTS, *holder).join(STUDIES, STUDIES.c.id == COHORTS.c.study)
        wanted = wanted.where(COHORTS.c.state.in_(_OPEN)).order_by(COHORTS.c.study, COHORTS.c.number)
        if study is not None:
            wanted = wanted.where(COHORTS.c.study == study)
        now = self._records.now()
        for row in connection.execute(wanted.limit(_MOST_LOOKED_AT)).all():
            cohort = cohort_row(row, now)
            is_wanted = cohort.state is CohortState.WAITING or cohort.attempt < MOST_ATTEMPTS
            if cohort.is_free and is_wanted and is_held(row.holder, row.holder_until, now):
                yield row

    def _claimed(self, connection: Connection, study: int | None) -> CohortClaim | None:
        for row in self._free(connection, study):
            condition = (COHORTS.c.id == row.id, COHORTS.c.lease_token == row.lease_token)
            locked = select(COHORTS).where(*condition, COHORTS.c.state == row.state)
            current = connection.execute(locked.with_for_update(skip_locked=True)).first()
            if current is None:  # another worker has it, or is about to take it
                continue
            is_lost = current.state == CohortState.TRAINING
            self.num_lost += is_lost
            token, attempt = current.lease_token + 1, current.attempt + is_lost
            values = {
                "state": CohortState.TRAINING,
                "lease_token": token,
                "attempt": attempt,
                "progress": None,
            }
            lease = {"lease_owner": self._owner, "lease_until": self._records.now() + LEASE_SECONDS}
            connection.execute(update(COHORTS).where(COHORTS.c.id == current.id).values(**values, **lease))
            return CohortClaim(current.id, current.study, current.number, token, attempt, current.ends)
        return None

    def renew(self, claim: CohortClaim, progress: Progress | None = None) -> CohortClaim | None:
        """Go on holding a cohort, and say how far it is; None where it is no longer wanted from this worker.

        Raises:
            RecordError: The database does not answer.
        """

        def change(connection: Connection) -> CohortClaim | None:
            values: dict[str, Any] = {"lease_until": self._records.now() + LEASE_SECONDS}
            if progress is not None:
                values["progress"] = progress_text(progress)
            renewed = update(COHORTS).where(*_held(claim)).values(**values).returning(COHORTS.c.ends)
            row = connection.execute(renewed).first()
            return None if row is None else replace(claim, ends=row.ends)

        return self._records.write(change)

    def commit(self, claim: CohortClaim, results: Results, progress: Progress | None = None) -> bool:
        """Give trials of a cohort that have ended, all in one transaction; with the last ones it is trained.

        Args:
            claim: The right to it.
            results: The trials.
            progress: How far the cohort is.

        Returns:
            Whether it was still wanted from this worker; if not, nothing is given, and the attempt is counted.

        Raises:
            RecordError: The database does not answer.
        """

        def change(connection: Connection) -> bool:
            row = connection.execute(
                select(COHORTS.c.lease_token, COHORTS.c.state, COHORTS.c.num_parts)
                .where(COHORTS.c.id == claim.identifier)
                .with_for_update()
            ).first()
            if row is None:  # the run was deleted
                return False
            parts = COHORT_PARTS.c.cohort == claim.identifier
            if connection.execute(
                select(COHORT_PARTS).where(parts, COHORT_PARTS.c.file == results.file)
            ).first():
                return True  # the answer to an earlier commit was lost
            statement = update(COHORTS).where(COHORTS.c.id == claim.identifier)
            if row.lease_token != claim.token or row.state != CohortState.TRAINING:
                connection.execute(statement.values(late=COHORTS.c.late + 1))
                return False
            given = asdict(results) | {"is_last": int(results.is_last), "part": row.num_parts}
            given |= {"cohort": claim.identifier, "token": claim.token, "owner": self._owner}
            connection.execute(insert(COHORT_PARTS).values(given))
            values: dict[str, Any] = {"num_parts": row.num_parts + 1}
            values |= {} if progress is None else {"progress": progress_text(progress)}
            if results.is_last:
                values |= {"state": CohortState.TRAINED, "lease_owner": None, "lease_until": None}
            connection.execute(statement.values(**values))
            return True

        return self._records.write(change)

    def give_back(self, claim: CohortClaim) -> bool:
        """Let another worker train a cohort; this counts as no attempt.

        Raises:
            RecordError: The database does not answer.
        """
        values = {"state": CohortState.WAITING, "lease_token": NEXT_TOKEN} | FREE
        changed = update(COHORTS).where(*_held(claim)).values(**values)
        return self._records.write(lambda connection: connection.execute(changed).rowcount == 1)


def num_late(records: Records) -> int:
    """Commits of workers that came late, of all runs.

    Raises:
        RecordError: The database does not answer.
    """
    total = select(func.coalesce(func.sum(COHORTS.c.late), 0))
    return int(records.read(lambda connection: connection.execute(total).scalar_one()))


def _held(claim: CohortClaim) -> tuple[Any, ...]:
    """The condition that a cohort is still wanted from the holder of a claim."""
    return (
        COHORTS.c.id == claim.identifier,
        COHORTS.c.lease_token == claim.token,
        COHORTS.c.state == CohortState.TRAINING,
    )
