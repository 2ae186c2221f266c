"""What a study gives: trials, leaderboard, report, model."""

import os
import shutil
import tempfile
import zipfile
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, final

from fastapi import FastAPI, Query
from starlette.background import BackgroundTask
from starlette.responses import FileResponse, HTMLResponse, Response

from automl.records.disk import InWords
from automl.records.files import MODEL
from automl.records.submissions import Submission
from automl.service.context import Service
from automl.service.live import Live
from automl.service.models import TrialPage
from automl.service.problems import ProblemError, described, file_of
from automl.service.routes.asked import Identifier

_RELOAD_SECONDS = 5
_REPORT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; sandbox allow-scripts allow-popups"
)
"""The report needs no network, and gets none: its scripts have an origin of their own."""

_EPOCH_OF_ZIP = (1980, 1, 1, 0, 0, 0)
Top = Annotated[int | None, Query(ge=1, le=100_000, description="Only so many of the best.")]


@final
class OutputRoutes:
    """The addresses of what a study gives.

    Args:
        service: What they share.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def add_to(self, app: FastAPI) -> None:
        """Add the addresses."""
        address, common = "/studies/{identifier}", described(401, 404, 409, 422, 503)
        app.add_api_route(f"{address}/trials", self.trials, response_model=TrialPage, responses=common)
        texts = (
            ("leaderboard.csv", self.leaderboard, "text/csv"),
            ("report", self.report, "text/html"),
            ("model.zip", self.model, "application/zip"),
        )
        for name, does, media in texts:
            app.add_api_route(
                f"{address}/{name}", does, response_class=Response, responses={**file_of(media), **common}
            )

    def trials(self, identifier: Identifier, top: Top = None) -> TrialPage:
        """The trials of a study, the best first."""
        from automl.report.plain_rows import leaderboard_rows

        with self._service.live.opened(self._begun(identifier), with_files=False) as live:
            started = live.state.started
            return TrialPage(
                study=identifier,
                metric=started.metric,
                direction=started.direction,
                ended=live.state.num_trials,
                trials=leaderboard_rows(live.state, top),
            )

    def leaderboard(self, identifier: Identifier, top: Top = None) -> Response:
        """The trials of a study as CSV."""
        from automl.report.plain_rows import leaderboard_csv

        with self._service.live.opened(self._begun(identifier), with_files=False) as live:
            text = leaderboard_csv(live.state, top)
        return Response(text, media_type="text/csv")

    def report(self, identifier: Identifier) -> Response:
        """The report of a study as it is now; while the study runs, the page reads itself again."""
        with self._service.live.opened(self._begun(identifier)) as live:
            cached = live.pages.get("report")
            if cached is None or cached[0] != live.version:
                cached = live.pages["report"] = (live.version, _report(live))
            page = str(cached[1])
        return HTMLResponse(page, headers={"Content-Security-Policy": _REPORT_POLICY})

    def model(self, identifier: Identifier) -> Response:
        """The exported model of a study, with all that it needs to read raw rows."""
        folder = self.model_folder(identifier)
        with InWords(Path(tempfile.gettempdir())):
            descriptor, name = tempfile.mkstemp(suffix=".zip")
            os.close(descriptor)
            to = Path(name)
            try:
                _pack(folder, to)
            except BaseException:
                to.unlink(missing_ok=True)
                raise
        return FileResponse(
            to,
            media_type="application/zip",
            filename=f"{identifier}-model.zip",
            background=BackgroundTask(to.unlink, missing_ok=True),
        )

    def model_folder(self, identifier: str) -> Path:
        """Folder of the exported model of a study.

        Raises:
            ProblemError: It has none.
        """
        with self._service.live.opened(self._begun(identifier)) as live:
            folder = live.run.folder / MODEL
            if live.state.exported is None:
                detail = f"the study {identifier!r} has no model yet ({live.standing or live.status})."
                raise ProblemError(HTTPStatus.CONFLICT, f"{detail} Wait until it has succeeded.")
        if not (folder / "model.json").is_file():
            detail = f"the model of the study {identifier!r} is not in the folder of the server."
            cure = "Restore the folder, or let server and workers share one (`--mlruns`) or an address (`--files`)."
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, f"{detail} {cure}")
        return folder

    def _begun(self, identifier: str) -> int:
        """Number of the run of a study.

        Raises:
            ProblemError: It has not begun.
        """
        submission: Submission = self._service.queue.find(identifier)
        if submission.run is None:
            detail = f"the study {identifier!r} has not begun ({submission.state}). Ask again later."
            raise ProblemError(HTTPStatus.CONFLICT, detail)
        return submission.run


def _report(live: Live) -> str:
    from automl.explanation.study import explain_study
    from automl.report.page import report_page, study_content

    content = study_content(live.state, explain_study(live.state, live.standing))
    return report_page(content, _RELOAD_SECONDS if live.status == "running" else 0)


def _pack(folder: Path, to: Path) -> None:
    """A folder as a zip file that is the same each time."""
    with zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(f"model/{path.relative_to(folder).as_posix()}", _EPOCH_OF_ZIP)
                entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
                with path.open("rb") as source, archive.open(entry, "w") as target:
                    shutil.copyfileobj(source, target)
