"""Predictions of the model of a study."""

import json
from http import HTTPStatus
from typing import Any, final

from fastapi import FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from automl.errors import DataError, explain
from automl.service.context import Service
from automl.service.models import PredictionView
from automl.service.problems import ProblemError, described
from automl.service.routes.asked import Identifier
from automl.service.routes.outputs import OutputRoutes

_CSV, _JSON = "text/csv", "application/json"
_ROW = {"type": "object", "additionalProperties": {"type": ["string", "number", "boolean", "null"]}}
_BODY = {
    "required": True,
    "content": {
        _JSON: {
            "schema": {
                "type": "object",
                "required": ["rows"],
                "properties": {"rows": {"type": "array", "items": _ROW}},
            }
        },
        _CSV: {"schema": {"type": "string"}},
    },
}


@final
class PredictionRoutes:
    """The address of predictions.

    Args:
        service: What addresses share.
        outputs: Knows where models are.
    """

    def __init__(self, service: Service, outputs: OutputRoutes) -> None:
        self._service, self._outputs = service, outputs

    def add_to(self, app: FastAPI) -> None:
        """Add the address."""
        app.add_api_route(
            "/studies/{identifier}/predict",
            self.predict,
            methods=["POST"],
            response_model=PredictionView,
            responses={
                200: {"content": {_CSV: {"schema": {"type": "string"}}}},
                **described(401, 403, 404, 408, 409, 413, 415, 422, 429, 503),
            },
            openapi_extra={"requestBody": _BODY},
        )

    async def predict(self, request: Request, identifier: Identifier) -> Any:
        """Predictions for rows in JSON, `{"rows": [{…}]}`, or in CSV; in CSV where the client accepts only that."""
        kind = request.headers.get("content-type", _JSON).partition(";")[0].strip().lower()
        if kind not in (_CSV, _JSON):
            detail = explain("Content-Type", f"be {_JSON} or {_CSV}", kind[:100], "Change it.")
            raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
        model = await run_in_threadpool(self._outputs.model_folder, identifier)
        body = await request.body()
        if kind == _JSON:
            body = await run_in_threadpool(_rows, body)
        answer = "csv" if request.headers.get("accept", _JSON).startswith(_CSV) else "json"
        head = {"format": "csv" if kind == _CSV else "json", "answer": answer}
        response, content = await self._service.predictors.ask(model, head, body)
        if "error" in response:
            raise DataError(f"the rows cannot be predicted: {str(response['error']).rstrip('.')}.")
        if answer == "csv":
            return Response(content, media_type=_CSV)
        return {"study": identifier, "predictions": json.loads(content), "ignored": response["ignored"]}


def _rows(body: bytes) -> bytes:
    """The body again, which is JSON of the form that the model's process reads.

    Raises:
        DataError: It is not.
    """
    try:
        content = json.loads(body)
    except (ValueError, RecursionError):
        raise DataError('the body is not JSON. Send {"rows": [{"COLUMN": value}]}.') from None
    rows = content.get("rows") if isinstance(content, dict) else content
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        got = type(rows).__name__
        raise DataError(explain("rows", "be a list of rows by column name", got, 'As in [{"COLUMN": 1.5}].'))
    return json.dumps({"rows": rows}).encode()
