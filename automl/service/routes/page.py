"""The page: the queue, and each study live. What it shows of a study is laid out by the report's templates."""

import functools
from dataclasses import replace
from importlib.resources import files
from typing import Any, final

from fastapi import FastAPI, Request
from starlette.responses import JSONResponse, Response

from automl.records.files import MODEL
from automl.records.page_links import read_links
from automl.service.context import Service
from automl.service.guard import COOKIE, session_of
from automl.service.live import Live
from automl.service.routes.asked import Identifier

_ICON = (
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'><path d='M1 14V9h3v5zm5 0V5h3v9zm5 0V2h3v12z' "
    "fill='#0072b2'/></svg>"
)
_KEEP = {"Cache-Control": "public, max-age=3600"}


@final
class PageRoutes:
    """The addresses of the page.

    Args:
        service: What addresses share.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def add_to(self, app: FastAPI) -> None:
        """Add the addresses, which are no part of the description: they change with the page."""
        for address, does in (
            ("/", self.page),
            ("/page.css", self.style),
            ("/page.js", self.script),
            ("/charts.js", self.charts),
            ("/favicon.ico", self.icon),
            ("/studies/{identifier}/overview", self.overview),
        ):
            app.add_api_route(address, does, include_in_schema=False, response_class=Response)
        app.add_api_route(
            "/session", self.sign_in, methods=["POST"], include_in_schema=False, response_class=Response
        )

    def page(self) -> Response:
        """The page."""
        return Response(_text("page.html"), media_type="text/html")

    def style(self) -> Response:
        """Its look: that of the report, and a little more."""
        from automl.report.templating import style_sheet

        return Response(style_sheet() + _text("page.css"), media_type="text/css")

    def script(self) -> Response:
        """Its script."""
        return Response(_text("page.js"), media_type="text/javascript")

    def charts(self) -> Response:
        """The libraries that draw charts."""
        from automl.report.rendering import libraries

        return Response(libraries(), media_type="text/javascript", headers=_KEEP)

    def icon(self) -> Response:
        """The picture of its tab."""
        return Response(_ICON, media_type="image/svg+xml", headers=_KEEP)

    def sign_in(self, request: Request) -> Response:
        """A cookie for a client that has shown the token, which the guard has looked at."""
        answer = Response(status_code=204)
        token = self._service.settings.token
        if token is not None:
            is_secure = request.url.scheme == "https"
            answer.set_cookie(COOKIE, session_of(token), httponly=True, samesite="strict", secure=is_secure)
        return answer

    def overview(self, identifier: Identifier) -> Response:
        """What the page shows of a study beside its state."""
        submission = self._service.queue.find(identifier)
        if submission.run is None:
            return JSONResponse({"seq": 0, "sections": [], "pages": [], "has_model": False})
        with self._service.live.opened(submission.run) as live:
            cached = live.pages.get("overview")
            if cached is None or cached[0] != live.version:
                cached = live.pages["overview"] = (live.version, _overview(live))
        return JSONResponse(cached[1])


def _overview(live: Live) -> dict[str, Any]:
    from automl.explanation.study import explain_study
    from automl.report import leaders, learning, overview, searching
    from automl.report.page import study_content
    from automl.report.rendering import fragment

    state = live.state
    pages = [link for link in read_links(state.folder) if link[1].startswith(("https://", "http://"))]
    content: dict[str, Any] = {
        "seq": state.seq,
        "sections": [],
        "pages": pages,
        "has_model": state.exported is not None and (state.folder / MODEL / "model.json").is_file(),
    }
    if not state.num_trials:
        return content
    shown = replace(study_content(state, explain_study(state, live.standing)), links=())  # its head has them
    for make in (overview.answer, leaders.leaderboard, searching.history, learning.training_curves):
        section = make(shown)
        if section is not None:
            content["sections"].append({"key": section.key, "html": fragment(section)})
    return content


@functools.cache
def _text(name: str) -> str:
    return files("automl.service").joinpath("page", name).read_text(encoding="utf-8")
