"""The cohorts of a run as the process sees them that runs it: it offers them to workers, and reads their results."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, final

from sqlalchemy import select, update
from sqlalchemy.engine import Connection

from automl.records.cohort_states import FREE, NEXT_TOKEN, CohortRow, CohortState, cohort_row
from automl.records.leases import Lease
from automl.records.store import Records
from automl.records.tables import COHORT_PARTS, COHORTS
from automl.records.transactions import held


@dataclass(frozen=True, slots=True)
class Part:
    """Trials of a cohort that a worker has committed.

    Attributes:
        place: From 0.
        file: Their file, by digest.
        is_last: Whether nothing of the cohort trains any more.
    """

    place: int
    file: str
    is_last: bool


@final
class CohortOffers:
    """What the holder of a run does with its cohorts. Whoever has lost the run is refused.

    Args:
        records: The record.
        lease: The right to the run.
    """

    def __init__(self, records: Records, lease: Lease) -> None:
        self._records, self._lease = records, lease

    def end(self, number: int) -> None:
        """All trials of a cohort are recorded.

        Raises:
            RecordError: The database does not answer, or another process has taken the run over.
        """
        self._change(number, {"state": CohortState.DONE, **FREE})

    def retry(self, number: int) -> None:
        """This process trains a cohort again that another process has begun, or had others train.

        Raises:
            RecordError: As for `end`.
        """
        attempt = COHORTS.c.attempt + 1
        self._change(number, self._running | {"attempt": attempt})

    def offer(self, number: int, ends: float | None = None) -> None:
        """Any worker may train a cohort from now on.

        Args:
            number: Of the cohort.
            ends: When its training must end, in seconds since 1970; None without a limit.

        Raises:
            RecordError: As for `end`.
        """
        values = {"state": CohortState.WAITING, "lease_token": NEXT_TOKEN, "ends": ends}
        self._change(number, values | FREE)

    def take(self, number: int, anyway: bool = False) -> bool:
        """This process trains a cohort itself, unless a worker has it.

        Args:
            number: Of the cohort.
            anyway: Take it also from a worker that seems to be alive, and train it again where it is trained.

        Raises:
            RecordError: As for `end`.
        """

        def change(connection: Connection) -> bool:
            held(connection, self._lease)
            where = self._cohort(number)
            row = connection.execute(select(COHORTS).where(*where).with_for_update()).one()
            cohort = cohort_row(row, self._records.now())
            if cohort.state is CohortState.RUNNING and cohort.owner == self._lease.owner:
                return True  # the answer to the commit was lost
            is_begun = cohort.state in (CohortState.TRAINING, CohortState.TRAINED)
            if not cohort.is_free and not (anyway and is_begun):
                return False
            attempt = cohort.attempt + is_begun
            values = self._running | {"attempt": attempt}
            connection.execute(update(COHORTS).where(*where).values(values))
            return True

        return self._records.write(change)

    def end_at(self, numbers: Collection[int], ends: float) -> None:
        """Training of cohorts must end then, in seconds since 1970.

        Raises:
            RecordError: As for `end`.
        """

        def change(connection: Connection) -> None:
            held(connection, self._lease)
            condition = (COHORTS.c.study == self._lease.study, COHORTS.c.number.in_(numbers))
            connection.execute(update(COHORTS).where(*condition).values(ends=ends))

        self._records.write(change)

    def withdraw(self) -> None:
        """Nobody is to train cohorts of this run any more.

        Raises:
            RecordError: As for `end`.
        """

        def change(connection: Connection) -> None:
            held(connection, self._lease)
            states = (CohortState.WAITING, CohortState.TRAINING)
            offered = (COHORTS.c.study == self._lease.study, COHORTS.c.state.in_(states))
            connection.execute(update(COHORTS).where(*offered).values(self._running))

        self._records.write(change)

    def look(self) -> Mapping[int, CohortRow]:
        """The cohorts that are not done, by number.

        Raises:
            RecordError: The database does not answer.
        """
        wanted = select(COHORTS).where(
            COHORTS.c.study == self._lease.study, COHORTS.c.state != CohortState.DONE
        )
        now, ordered = self._records.now(), wanted.order_by(COHORTS.c.number)
        rows = self._records.read(lambda connection: connection.execute(ordered).all())
        return {row.number: cohort_row(row, now) for row in rows}

    def parts(self, cohort: str, since: int = 0) -> list[Part]:
        """What workers have committed of a cohort, in order.

        Args:
            cohort: Its identifier.
            since: The first place that is wanted.

        Raises:
            RecordError: The database does not answer.
        """
        wanted = select(COHORT_PARTS).where(COHORT_PARTS.c.cohort == cohort, COHORT_PARTS.c.part >= since)
        ordered = wanted.order_by(COHORT_PARTS.c.part)
        rows = self._records.read(lambda connection: connection.execute(ordered).all())
        return [Part(row.part, row.file, bool(row.is_last)) for row in rows]

    def now(self) -> float:
        """Seconds since 1970."""
        return self._records.now()

    @property
    def _running(self) -> dict[str, Any]:
        """Columns of a cohort that this process trains itself."""
        values = {"state": CohortState.RUNNING, "lease_token": NEXT_TOKEN, "lease_owner": self._lease.owner}
        return FREE | values

    def _cohort(self, number: int) -> tuple[Any, ...]:
        return COHORTS.c.study == self._lease.study, COHORTS.c.number == number

    def _change(self, number: int, values: Mapping[str, Any]) -> None:
        def change(connection: Connection) -> None:
            held(connection, self._lease)
            connection.execute(update(COHORTS).where(*self._cohort(number)).values(**values))

        self._records.write(change)
