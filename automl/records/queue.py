"""The queue of a service as its clients see it: studies are sent, listed, cancelled, continued, deleted."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.engine import Connection
from sqlalchemy.exc import IntegrityError

from automl.errors import RecordError
from automl.records.files import remove_run_folder
from automl.records.store import Records
from automl.records.submissions import (
    Sent,
    Submission,
    SubmissionState,
    listed,
    new_submission,
    parts_of,
    submission_of,
)
from automl.records.tables import STUDIES, SUBMISSIONS

_FREE = {"lease_owner": None, "lease_until": None}
_TRIES = 3


class UnknownSubmissionError(RecordError):
    """There is no such study in the queue."""


class QueueConflictError(RecordError):
    """What is asked does not fit the state of the queue.

    Args:
        message: What is wrong.
        submission: The study that is in the way, where it is in the queue.
    """

    def __init__(self, message: str, submission: Submission | None = None) -> None:
        super().__init__(message)
        self.submission = submission


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of the queue is wanted.

    Attributes:
        states: Only these; all when empty.
        name: Only studies of this name.
        before: Only submissions with a smaller number: the newest come first.
        limit: At most so many.
    """

    states: Sequence[SubmissionState] = ()
    name: str | None = None
    before: int | None = None
    limit: int = 50


@final
class Queue:
    """The studies that were sent to a service.

    Args:
        records: The record.
    """

    def __init__(self, records: Records) -> None:
        self.records = records

    def add(self, sent: Sent) -> tuple[Submission, bool]:
        """Enter a study, or find it where the same request has been made before.

        Returns:
            The submission, and whether it is new.

        Raises:
            QueueConflictError: The key was used for something else, or the name is in use.
            RecordError: The database cannot be written.
        """
        for left in reversed(range(_TRIES)):
            try:
                return self.records.write(lambda connection: self._added(connection, sent))
            except RecordError as error:
                # Another process was faster: the next try finds what it wrote.
                if not left or not isinstance(error.__context__, IntegrityError):
                    raise
        raise AssertionError

    def _added(self, connection: Connection, sent: Sent) -> tuple[Submission, bool]:
        # First, so that the key is found of whoever is found to have the name.
        number = select(func.max(SUBMISSIONS.c.number)).where(SUBMISSIONS.c.name == sent.name)
        last = connection.execute(number).scalar()
        if sent.key is not None:
            existing = self._submission(connection, SUBMISSIONS.c.idempotency_key == sent.key)
            if existing is not None and existing.request_digest != sent.digest:
                message = "`Idempotency-Key` must be another one for another request. Choose a new key."
                raise QueueConflictError(message, existing)
            if existing is not None:
                return existing, False
        if not sent.fresh:
            self._require_new_name(connection, sent.name, last)
        at = self.records.now()
        row = new_submission(sent, (last or 0) + 1, at)
        entered = connection.execute(insert(SUBMISSIONS).values(row).returning(SUBMISSIONS.c.id)).scalar_one()
        submission = self._submission(connection, SUBMISSIONS.c.id == entered)
        assert submission is not None
        return submission, True

    def _require_new_name(self, connection: Connection, name: str, last: int | None) -> None:
        cure = "Send it with `fresh=true` to begin a new run, or choose another `name`."
        if last is not None:
            submission = self._submission(
                connection, SUBMISSIONS.c.name == name, SUBMISSIONS.c.number == last
            )
            assert submission is not None
            message = (
                f"the study {name!r} is in the queue already (`{submission.identifier}`, {submission.state})"
            )
            onward = f"Continue it with POST /studies/{submission.identifier}/resume. "
            raise QueueConflictError(
                f"{message}. {onward if submission.state.is_final else ''}{cure}", submission
            )
        if (
            connection.execute(select(STUDIES.c.id).where(STUDIES.c.name == name).limit(1)).first()
            is not None
        ):
            raise QueueConflictError(f"the record has runs of a study {name!r} already. {cure}")

    def find(self, identifier: str) -> Submission:
        """A submission by its identifier.

        Raises:
            UnknownSubmissionError: There is none.
            RecordError: The database cannot be read.
        """
        return self.records.read(lambda connection: self._existing(connection, identifier))

    def _existing(self, connection: Connection, identifier: str, lock: bool = False) -> Submission:
        name, number = parts_of(identifier)
        where = (SUBMISSIONS.c.name == name, SUBMISSIONS.c.number == number)
        if lock:
            connection.execute(select(SUBMISSIONS.c.id).where(*where).with_for_update())
        submission = self._submission(connection, *where)
        if submission is None:
            raise UnknownSubmissionError(f"there is no study {identifier!r}. GET /studies lists them.")
        return submission

    def _submission(self, connection: Connection, *where: Any) -> Submission | None:
        row = connection.execute(listed().where(*where)).one_or_none()
        return None if row is None else submission_of(row, self.records.now())

    def page(self, wanted: Page) -> list[Submission]:
        """A part of the queue, the newest first.

        Raises:
            RecordError: The database cannot be read.
        """
        rows = listed().order_by(SUBMISSIONS.c.id.desc()).limit(wanted.limit)
        if wanted.states:
            rows = rows.where(SUBMISSIONS.c.state.in_(wanted.states))
        if wanted.name is not None:
            rows = rows.where(SUBMISSIONS.c.name == wanted.name)
        if wanted.before is not None:
            rows = rows.where(SUBMISSIONS.c.id < wanted.before)
        now = self.records.now()
        return self.records.read(
            lambda connection: [submission_of(row, now) for row in connection.execute(rows)]
        )

    def positions(self) -> Mapping[int, int]:
        """How many studies begin before each one that waits, by its number."""
        waiting = SUBMISSIONS.c.state.in_((SubmissionState.CHECKING, SubmissionState.QUEUED))
        order = (SUBMISSIONS.c.priority.desc(), SUBMISSIONS.c.id)
        numbers = select(SUBMISSIONS.c.id).where(waiting).order_by(*order)
        waiting_numbers = self.records.read(lambda connection: connection.execute(numbers).scalars().all())
        return {number: position for position, number in enumerate(waiting_numbers)}

    def counts(self) -> tuple[Mapping[str, int], float | None]:
        """Submissions by state, and when the oldest that waits was sent."""

        def look(connection: Connection) -> tuple[Mapping[str, int], float | None]:
            by_state = select(SUBMISSIONS.c.state, func.count().label("total")).group_by(SUBMISSIONS.c.state)
            waiting = SUBMISSIONS.c.state.in_((SubmissionState.CHECKING, SubmissionState.QUEUED))
            oldest = connection.execute(select(func.min(SUBMISSIONS.c.created)).where(waiting)).scalar()
            totals = {row.state: row.total for row in connection.execute(by_state)}
            return {state: totals.get(state, 0) for state in SubmissionState}, oldest

        return self.records.read(look)

    def cancel(self, identifier: str) -> Submission:
        """End a study: at once where it waits, and by its worker where it runs. Trials that have ended are kept.

        Raises:
            UnknownSubmissionError: There is none.
            QueueConflictError: It has ended already.
        """

        def change(connection: Connection) -> Submission:
            submission = self._existing(connection, identifier, lock=True)
            if submission.state.is_final:
                raise QueueConflictError(
                    f"the study {identifier!r} has ended already ({submission.state}).", submission
                )
            values: dict[str, Any] = {"cancelled": 1}
            if not submission.held:
                values |= _FREE | self._turned(SubmissionState.CANCELLED)
            return self._changed(connection, submission, values)

        return self.records.write(change)

    def resume(self, identifier: str, more: int = 0) -> Submission:
        """Continue a study that has ended.

        Args:
            identifier: Of the submission.
            more: Trials to add.

        Raises:
            UnknownSubmissionError: There is none.
            QueueConflictError: It has not ended, or is done and no more trials are asked for.
        """

        def change(connection: Connection) -> Submission:
            submission = self._existing(connection, identifier, lock=True)
            if not submission.state.is_final:
                raise QueueConflictError(f"the study {identifier!r} is {submission.state}.", submission)
            if submission.state is SubmissionState.SUCCEEDED and not more:
                cure = "Ask for more trials with `more=N`."
                raise QueueConflictError(f"the study {identifier!r} is done. {cure}", submission)
            trials = max(submission.trials, submission.num_trials + more if more else 0)
            state = SubmissionState.QUEUED if submission.checked else SubmissionState.CHECKING
            values = {"lost": 0, "cancelled": 0, "reason": "", "trials": trials}
            return self._changed(connection, submission, values | _FREE | self._turned(state))

        return self.records.write(change)

    def remove(self, identifier: str) -> None:
        """Delete a study with its run and the files of that run.

        Raises:
            UnknownSubmissionError: There is none.
            QueueConflictError: A worker has it.
            RecordError: A process works on its run.
        """
        submission = self.find(identifier)
        _require_idle(submission)
        run = None if submission.run is None else self.records.run(submission.run)
        lease = None if run is None else self.records.claim(run)

        def change(connection: Connection) -> None:
            latest = self._existing(connection, identifier, lock=True)
            _require_idle(latest)
            connection.execute(delete(SUBMISSIONS).where(SUBMISSIONS.c.id == latest.number))

        try:
            self.records.write(change)
        except BaseException:
            if lease is not None:
                self.records.release(lease)
            raise
        if lease is not None and run is not None:
            self.records.remove(lease)
            remove_run_folder(self.records.mlruns, run.folder)

    def _turned(self, state: SubmissionState) -> dict[str, Any]:
        return {"state": state, "changed": self.records.now()}

    def _changed(
        self, connection: Connection, submission: Submission, values: Mapping[str, Any]
    ) -> Submission:
        connection.execute(update(SUBMISSIONS).where(SUBMISSIONS.c.id == submission.number).values(**values))
        latest = self._submission(connection, SUBMISSIONS.c.id == submission.number)
        assert latest is not None
        return latest


def _require_idle(submission: Submission) -> None:
    if submission.state is SubmissionState.RUNNING or submission.held:
        message = f"the study {submission.identifier!r} is {submission.state}"
        raise QueueConflictError(f"{message}. Cancel it first.", submission)
