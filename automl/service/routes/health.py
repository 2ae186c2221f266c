"""Whether the server can work, and what operators count."""

import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import final

from fastapi import FastAPI
from starlette.responses import PlainTextResponse, Response

from automl import __version__
from automl.errors import AutoMLError
from automl.records.cohort_claims import num_late
from automl.records.service_processes import WORKER
from automl.service.context import Service
from automl.service.models import Health
from automl.service.problems import ProblemError, described, file_of


@final
class HealthRoutes:
    """The addresses for operators.

    Args:
        service: What addresses share.
    """

    def __init__(self, service: Service) -> None:
        self._service = service

    def add_to(self, app: FastAPI) -> None:
        """Add the addresses."""
        app.add_api_route("/healthz", self.health, response_model=Health, responses=described(503))
        app.add_api_route(
            "/metrics",
            self.metrics,
            response_class=PlainTextResponse,
            responses={**file_of("text/plain"), **described(401, 503)},
        )

    def health(self) -> Health:
        """Whether record and files can be used."""
        try:
            self._service.queue.counts()
            self._service.files.check()
        except AutoMLError:  # what exactly is for those who may see the log
            detail = "the record or the files of the service cannot be used. Look at the log of the server."
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail) from None
        return Health(status="ok", version=__version__)

    def metrics(self) -> Response:
        """Numbers in the text format of Prometheus."""
        return PlainTextResponse("".join(f"{line}\n" for line in self._lines()))

    def _lines(self) -> Iterator[str]:
        counts, oldest = self._service.queue.counts()
        workers = [process for process in self._service.processes.alive() if process.role == WORKER]
        yield from _head("automl_studies", "Studies by state.")
        yield from (f'automl_studies{{state="{state}"}} {count}' for state, count in counts.items())
        lost = sum(process.lost_leases for process in workers)
        waiting = counts["checking"] + counts["queued"]
        age = 0.0 if oldest is None else max(0.0, time.time() - oldest)
        for name, meaning, value in (
            ("automl_queue_length", "Studies that wait.", waiting),
            ("automl_oldest_queued_seconds", "Since the oldest of them was sent.", round(age, 3)),
            ("automl_workers", "Workers that are alive.", len(workers)),
            (
                "automl_busy_workers",
                "Workers that run a study or train cohorts of one.",
                sum(w.submission is not None for w in workers),
            ),
            (
                "automl_lost_leases",
                "Studies and cohorts taken over from workers that had died.",
                lost,
            ),
            (
                "automl_late_commits",
                "Results of cohorts that came after another worker had taken them over; they were dropped.",
                num_late(self._service.records),
            ),
            ("automl_ready_models", "Models that are ready to predict.", self._service.predictors.num_ready),
        ):
            yield from _head(name, meaning)
            yield f"{name} {value}"


def _head(name: str, meaning: str) -> Iterator[str]:
    yield f"# HELP {name} {meaning}"
    yield f"# TYPE {name} gauge"
