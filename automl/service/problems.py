"""What goes wrong, as problem documents (RFC 9457) in the words of our errors."""

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from automl.errors import (
    AutoMLError,
    DataError,
    ExportError,
    NetworkError,
    RecordError,
    SearchSpaceError,
    StudyFileError,
    explain,
)
from automl.records.disk import StorageError
from automl.records.file_store import TooLargeError
from automl.records.queue import QueueConflictError, UnknownSubmissionError
from automl.secrets import masked
from automl.service.admission import RefusedError

LOGGER = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

_STATUSES: Sequence[tuple[type[AutoMLError], HTTPStatus]] = (
    (UnknownSubmissionError, HTTPStatus.NOT_FOUND),
    (QueueConflictError, HTTPStatus.CONFLICT),
    (StorageError, HTTPStatus.INSUFFICIENT_STORAGE),
    (RefusedError, HTTPStatus.FORBIDDEN),
    (TooLargeError, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    (StudyFileError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (DataError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (SearchSpaceError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (NetworkError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (ExportError, HTTPStatus.UNPROCESSABLE_ENTITY),
    (RecordError, HTTPStatus.SERVICE_UNAVAILABLE),
    (AutoMLError, HTTPStatus.UNPROCESSABLE_ENTITY),
)
"""The first kind that fits says the status."""


class ProblemError(AutoMLError):
    """A request that is refused for a reason of HTTP.

    Args:
        status: Of the answer.
        detail: What is wrong, and the cure.
        headers: Of the answer.
    """

    def __init__(self, status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.headers = status, dict(headers or {})


class NothingNewError(AutoMLError):
    """A client that has all events of a study that has ended asks for more: 204 tells it to stop asking."""


def problem(
    status: HTTPStatus, detail: str, headers: Mapping[str, str] | None = None, **more: object
) -> Response:
    """A problem document."""
    content = {"type": "about:blank", "title": status.phrase, "status": int(status), "detail": detail, **more}
    return Response(
        json.dumps(content), status_code=int(status), media_type=MEDIA_TYPE, headers=dict(headers or {})
    )


def add_handlers(app: FastAPI) -> None:
    """Let the application answer with problem documents."""
    app.add_exception_handler(NothingNewError, _nothing_new)
    app.add_exception_handler(AutoMLError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _unexpected)


def _nothing_new(_: Request, __: Exception) -> Response:
    return Response(status_code=204)


def _ours(_: Request, error: Exception) -> Response:
    if isinstance(error, ProblemError):
        return problem(error.status, str(error), error.headers)
    status = next(status for kind, status in _STATUSES if isinstance(error, kind))
    more: dict[str, object] = {}
    if isinstance(error, QueueConflictError) and error.submission is not None:
        more = {"study": error.submission.identifier, "state": error.submission.state.value}
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        LOGGER.warning("%s", masked(str(error)))
    return problem(status, masked(str(error)), None, **more)


def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    name = str(first["loc"][-1])
    must = str(first["msg"]).lower().replace("input should be", "be").replace("string should", "")
    if first["type"] == "missing":
        return problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"`{name}` is missing. GET /openapi.json describes it."
        )
    if first["type"] == "string_pattern_mismatch":
        must = "have another form"
    got = masked(str(first.get("input")))[:100]
    detail = explain(name, must.strip(), got, "GET /openapi.json describes it.")
    return problem(HTTPStatus.UNPROCESSABLE_ENTITY, detail)


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    details = {
        404: "there is nothing at this address. GET /openapi.json lists all addresses.",
        405: "this address does not take this method. GET /openapi.json lists all addresses and methods.",
    }
    detail = details.get(error.status_code, str(error.detail))
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_methods_of(request))
    return problem(HTTPStatus(error.status_code), detail, headers)


def _methods_of(request: Request) -> list[str]:
    """The methods of an address, of all routes to it: Starlette names those of the first one."""
    routes = [route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE]
    return sorted({method for route in routes for method in getattr(route, "methods", None) or ()})


def _unexpected(_: Request, error: Exception) -> Response:
    LOGGER.error("unexpected: %s", masked(f"{type(error).__name__}: {error}"), exc_info=error)
    detail = "the server made an error. Its log has more; nothing of the queue is lost."
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, detail)


def described(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Problem documents for the description of an address."""
    schema = {"$ref": "#/components/schemas/Problem"}
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}}
        for status in statuses
    }


def file_of(media: str) -> dict[int | str, dict[str, Any]]:
    """An answer that is a file of a media type, for the description of an address."""
    content = {media: {"schema": {"type": "string"}}}
    return {200: {"description": "The file.", "content": content}}
