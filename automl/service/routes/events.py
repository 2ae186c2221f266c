"""The events of a study, as they happen: server-sent events."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Annotated, final

from fastapi import Depends, FastAPI, Header, Query
from fastapi.sse import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool

from automl.errors import RecordError
from automl.records.encoding import event_line, kind_of
from automl.records.events import Recorded
from automl.records.queue import UnknownSubmissionError
from automl.records.submissions import Submission
from automl.service.context import Service
from automl.service.models import StudyView
from automl.service.problems import NothingNewError, described
from automl.service.routes.asked import Identifier, Since

_POLL_SECONDS, _AWAY_SECONDS = 0.5, 2.0
_MOST_AT_ONCE = 500

LastEventId = Annotated[
    str | None, Header(pattern=r"^[0-9]{1,9}$", description="Number of the last event that the client has.")
]


@final
class EventRoutes:
    """The address of events.

    Args:
        service: What addresses share.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def add_to(self, app: FastAPI) -> None:
        """Add the address."""
        app.add_api_route(
            "/studies/{identifier}/events",
            self.events,
            response_class=EventSourceResponse,
            dependencies=[Depends(self.check)],
            responses={
                204: {"description": "The study has ended, and the client has all of its events."},
                **described(401, 404, 422, 503),
            },
        )

    def check(
        self, identifier: Identifier, since: Since = 0, follow: bool = True, last_event_id: LastEventId = None
    ) -> None:
        """Refuse what has no events, before anything is answered."""
        submission = self._service.queue.find(identifier)
        if last_event_id is None or not follow or not submission.state.is_final:
            return
        if not self._after(submission, max(since, int(last_event_id))):
            raise NothingNewError("there are no more events.")

    async def events(
        self,
        identifier: Identifier,
        since: Since = 0,
        follow: Annotated[bool, Query(description="Wait for events until the study ends.")] = True,
        last_event_id: LastEventId = None,
    ) -> AsyncIterator[ServerSentEvent]:
        """What is recorded of a study: each event with its number as `id`, and `state` whenever it changes.

        A client that connects again with `Last-Event-ID` misses nothing. `end` says that nothing more comes.
        """
        seq = max(since, int(last_event_id or 0))
        until, shown = time.monotonic() + self._service.settings.limits.stream_seconds, ""
        while True:
            try:
                submission, recorded, study_view = await run_in_threadpool(self._look, identifier, seq)
            except UnknownSubmissionError:
                yield ServerSentEvent(event="end", data={"state": "deleted"})
                return
            except RecordError:  # the database is away, and comes back
                await asyncio.sleep(_AWAY_SECONDS)
                continue
            for entry in recorded:
                yield ServerSentEvent(
                    id=str(entry.seq), event=kind_of(entry.event), raw_data=event_line(entry), retry=2000
                )
                seq = entry.seq
            if study_view.model_dump_json() != shown:
                shown = study_view.model_dump_json()
                yield ServerSentEvent(event="state", raw_data=shown)
            if len(recorded) == _MOST_AT_ONCE:
                continue
            if submission.state.is_final or not follow:
                yield ServerSentEvent(event="end", data={"state": submission.state.value})
                return
            if time.monotonic() > until:
                return
            await asyncio.sleep(_POLL_SECONDS)

    def _look(self, identifier: str, seq: int) -> tuple[Submission, list[Recorded], StudyView]:
        submission = self._service.queue.find(identifier)  # first, so that the last events are not missed
        recorded = self._after(submission, seq)
        return submission, recorded, self._service.view(submission)

    def _after(self, submission: Submission, seq: int) -> list[Recorded]:
        if submission.run is None:
            return []
        records = self._service.records
        return list(records.events(records.run(submission.run), since=seq, limit=_MOST_AT_ONCE))
