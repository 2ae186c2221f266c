"""Studies: sent, listed, cancelled, continued, deleted."""

import hashlib
import logging
from http import HTTPStatus
from typing import Annotated, final

from fastapi import FastAPI, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from automl.errors import explain
from automl.records.file_store import STUDY_SUFFIX
from automl.records.files import MODEL
from automl.records.queue import Page
from automl.records.submissions import Sent, Submission
from automl.service.admission import study_text
from automl.service.context import Service
from automl.service.models import StudyPage, StudyView
from automl.service.problems import ProblemError, described
from automl.service.routes.asked import Before, Identifier, Limit, More, Name, Priority, States

LOGGER = logging.getLogger(__name__)

_JSON = "application/json"
_YAML = ("application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain")
_CURL = "application/x-www-form-urlencoded"
"""What curl says of any body where it is not told otherwise."""

_BODY = {
    "required": True,
    "content": {
        _JSON: {"schema": {"$ref": "#/components/schemas/Study"}},
        "application/yaml": {"schema": {"type": "string", "description": "A study file."}},
    },
}
_KEY = r"^[\x21-\x7e]{1,200}$"


@final
class StudyRoutes:
    """The addresses of studies.

    Args:
        service: What they share.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def add_to(self, app: FastAPI) -> None:
        """Add the addresses."""
        address, common = "/studies/{identifier}", described(401, 404, 422, 429, 503)
        app.add_api_route(
            "/studies",
            self.send,
            methods=["POST"],
            status_code=201,
            response_model=StudyView,
            responses={
                200: {"description": "The same request has been made before.", "model": StudyView},
                **described(401, 403, 408, 409, 413, 415, 422, 429, 503, 507),
            },
            openapi_extra={"requestBody": _BODY},
        )
        app.add_api_route(
            "/studies", self.listed, response_model=StudyPage, responses=described(401, 422, 503)
        )
        app.add_api_route(address, self.shown, response_model=StudyView, responses=common)
        for name, does in (("cancel", self.cancel), ("resume", self.resume)):
            conflict = common | described(403, 409)
            app.add_api_route(
                f"{address}/{name}", does, methods=["POST"], response_model=StudyView, responses=conflict
            )
        app.add_api_route(
            address, self.remove, methods=["DELETE"], status_code=204, responses=common | described(403, 409)
        )

    async def send(
        self,
        request: Request,
        response: Response,
        name: Name = None,
        priority: Priority = 0,
        fresh: Annotated[bool, Query(description="Begin a new run where the name is in use.")] = False,
        idempotency_key: Annotated[
            str | None, Header(pattern=_KEY, description="The same key and body are the same request.")
        ] = None,
    ) -> StudyView:
        """Send a study: a study file as YAML or JSON."""
        kind = request.headers.get("content-type", _YAML[0]).partition(";")[0].strip().lower()
        if kind != _JSON and kind not in (*_YAML, _CURL):
            detail = explain("Content-Type", f"be {_JSON} or {_YAML[0]}", kind[:100], "Change it.")
            raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
        body = await request.body()
        digest = hashlib.sha256(repr((body, kind, name, priority, fresh)).encode()).hexdigest()
        sent = Sent("", "", digest, idempotency_key, priority, fresh)
        submission, is_new = await run_in_threadpool(self._enter, body, kind == _JSON, name, sent)
        if is_new:
            LOGGER.info("[%s] is sent", submission.identifier)
        response.status_code = 201 if is_new else 200
        response.headers["Location"] = f"/studies/{submission.identifier}"
        return await run_in_threadpool(self._service.view, submission)

    def _enter(self, body: bytes, is_json: bool, name: str | None, sent: Sent) -> tuple[Submission, bool]:
        text = study_text(body, is_json)
        config = self._service.admission.admit(text, name)
        file = self._service.files.put(text.encode(), STUDY_SUFFIX)
        whole = Sent(config.name, file, sent.digest, sent.key, sent.priority, sent.fresh)
        return self._service.queue.add(whole)

    def listed(
        self, state: States = None, name: Name = None, before: Before = None, limit: Limit = 50
    ) -> StudyPage:
        """The studies that were sent, the newest first."""
        page = Page(state or (), name, before, limit)
        submissions = self._service.queue.page(page)
        following = None
        if len(submissions) == limit:
            states = "".join(f"&state={value}" for value in state or ())
            named = f"&name={name}" if name else ""
            following = f"/studies?limit={limit}&before={submissions[-1].number}{states}{named}"
        return StudyPage(studies=self._service.views(submissions), next=following)

    def shown(self, identifier: Identifier) -> StudyView:
        """A study."""
        return self._service.view(self._service.queue.find(identifier))

    def cancel(self, identifier: Identifier) -> StudyView:
        """End a study. Trials that have ended are kept."""
        submission = self._service.queue.cancel(identifier)
        LOGGER.info("[%s] is to be cancelled", identifier)
        return self._service.view(submission)

    def resume(self, identifier: Identifier, more: More = 0) -> StudyView:
        """Continue a study that has ended, or add trials to it."""
        submission = self._service.queue.resume(identifier, more)
        LOGGER.info("[%s] is to be continued", identifier)
        return self._service.view(submission)

    async def remove(self, identifier: Identifier) -> Response:
        """Delete a study with its run, its files and its model."""
        submission = await run_in_threadpool(self._service.queue.find, identifier)
        run = await run_in_threadpool(self._service.run_of, submission)
        await run_in_threadpool(self._service.queue.remove, identifier)
        if run is not None:
            self._service.predictors.forget(run.folder / MODEL)
            await run_in_threadpool(self._service.live.forget, run)
        LOGGER.info("[%s] is deleted", identifier)
        return Response(status_code=204)
