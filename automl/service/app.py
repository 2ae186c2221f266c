"""The application: its addresses, behind its guard."""

import asyncio
import contextlib
import json
import logging
import re
import threading
from collections.abc import AsyncIterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from automl import __version__
from automl.config.study import study_schema
from automl.errors import AutoMLError
from automl.service.context import Service
from automl.service.guard import Guard
from automl.service.models import Problem
from automl.service.problems import add_handlers
from automl.service.routes.events import EventRoutes
from automl.service.routes.health import HealthRoutes
from automl.service.routes.outputs import OutputRoutes
from automl.service.routes.page import PageRoutes
from automl.service.routes.predictions import PredictionRoutes
from automl.service.routes.studies import StudyRoutes
from automl.service.routes.tables import TableRoutes

LOGGER = logging.getLogger(__name__)

_BEAT_SECONDS = 10.0
_AHEAD_SECONDS = 1.0


def make_app(service: Service) -> Guard:
    """The application of a service."""

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(service.predictors.keep_few()), asyncio.create_task(_beat(service))]
        ahead = threading.Timer(_AHEAD_SECONDS, _load_ahead)
        ahead.daemon = True
        ahead.start()
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            ahead.cancel()
            service.predictors.close()

    app = FastAPI(
        title="automl",
        version=__version__,
        summary="Keras hyperparameter studies as a service.",
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
        generate_unique_id_function=_operation,
    )
    add_handlers(app)
    outputs = OutputRoutes(service)
    for routes in (
        StudyRoutes(service),
        EventRoutes(service),
        outputs,
        PredictionRoutes(service, outputs),
        TableRoutes(service),
        HealthRoutes(service),
        PageRoutes(service),
    ):
        routes.add_to(app)
    _describe(app)
    return Guard(app, service.settings)


def _operation(route: APIRoute) -> str:
    """How an address with its method is called in the description."""
    words = re.findall(r"\w+", route.path_format)
    return "_".join([*(method.lower() for method in sorted(route.methods or ())), *words])


def _describe(app: FastAPI) -> None:
    """Add to the description of the addresses what no address answers by itself."""
    description = app.openapi()
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = Problem.model_json_schema()
    security = {"type": "http", "scheme": "bearer"}
    study = json.loads(json.dumps(study_schema()).replace("#/$defs/", "#/components/schemas/"))
    schemas |= study.pop("$defs", {})
    schemas["Study"] = {key: value for key, value in study.items() if not key.startswith("$")}
    description["components"]["securitySchemes"] = {"token": security}
    description["security"] = [{"token": []}, {}]
    operations = (operation for address in description["paths"].values() for operation in address.values())
    for parameter in (parameter for operation in operations for parameter in operation.get("parameters", ())):
        parameter["schema"] = _without_null(parameter["schema"])


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """The schema of a parameter that may be left out: an address has no null."""
    kinds = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {key: value for key, value in schema.items() if key != "anyOf"} | kinds[0]


async def _beat(service: Service) -> None:
    """Stay listed as a server."""
    while True:
        await asyncio.sleep(_BEAT_SECONDS)
        with contextlib.suppress(AutoMLError):  # the database is away, and comes back
            await asyncio.to_thread(service.processes.renew)


def _load_ahead() -> None:
    """Load what the first study needs, so that it is not the one to wait."""
    with contextlib.suppress(ImportError):
        import automl.study.table  # noqa: F401
        from automl.report.rendering import libraries

        libraries()
