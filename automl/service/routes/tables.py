"""Tables: sent, and named by their digest."""

import re
from http import HTTPStatus
from typing import Annotated, final

from fastapi import FastAPI, Query, Request
from starlette.concurrency import run_in_threadpool

from automl.errors import AutoMLError, explain
from automl.records.file_store import Incoming
from automl.service.context import Service
from automl.service.models import TableView
from automl.service.problems import ProblemError, described

_BODY = {
    "required": True,
    "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
}
_CODE = ".py"


@final
class TableRoutes:
    """The address of tables.

    Args:
        service: What addresses share.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def add_to(self, app: FastAPI) -> None:
        """Add the address."""
        app.add_api_route(
            "/tables",
            self.send,
            methods=["POST"],
            status_code=201,
            response_model=TableView,
            responses=described(401, 403, 408, 413, 415, 422, 429, 503, 507),
            openapi_extra={"requestBody": _BODY},
        )

    async def send(
        self,
        request: Request,
        name: Annotated[
            str, Query(min_length=1, max_length=200, description="Of the file; its end says the format.")
        ],
        sha256: Annotated[
            str | None, Query(pattern="^[0-9a-f]{64}$", description="Digest, where it is to be checked.")
        ] = None,
    ) -> TableView:
        """Send a table. Its digest is its name: a study file says `data: {path: NAME}` with the name in the answer."""
        suffix = await run_in_threadpool(self._suffix, name)
        store = self._service.files
        with await run_in_threadpool(store.begin, suffix) as file:
            async for piece in request.stream():
                await run_in_threadpool(file.write, piece)
            path = await run_in_threadpool(self._keep, file, suffix)
            size = file.size
        digest = path.partition(".")[0]
        if sha256 is not None and sha256 != digest:
            detail = explain(
                "sha256", "be the digest of what arrives", sha256, f"It was {digest}. Send it again."
            )
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, detail)
        return TableView(path=path, size=size, sha256=digest)

    def _suffix(self, name: str) -> str:
        from automl.service.tables import table_suffix

        patterns = self._service.settings.allowed.patterns
        if re.search(r"\.py$", name) and ("builder" in patterns or "objective" in patterns):
            return _CODE
        return table_suffix(name)

    def _keep(self, file: Incoming, suffix: str) -> str:
        from automl.service.tables import check_unpacked

        if not file.size:
            raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, "the table is empty. Send it as the body.")
        file.flush()
        if suffix != _CODE:
            try:
                check_unpacked(file.path, self._service.settings.limits.unpacked_bytes)
            except ImportError as error:
                raise AutoMLError(f"the server lacks the package {error.name} for this format.") from None
        return file.keep()
