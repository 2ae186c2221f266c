"""A server of the tests' own process, with a record in which studies are recorded by hand: nothing is trained."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from served import Served, serving

from automl.service.settings import Limits, ServerSettings


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[..., Served]]:
    """Starts servers on the record of a folder, and ends them with the test."""
    running = []

    def start(**changes: object) -> Served:
        settings = {"mlruns": tmp_path / "mlruns", "files": tmp_path / "mlruns" / "files", "port": 0}
        running.append(serving(ServerSettings(**(settings | {"limits": Limits()} | changes))))
        return running[-1].__enter__()

    yield start
    for context in running:
        context.__exit__(None, None, None)


@pytest.fixture
def server(serve: Callable[..., Served]) -> Served:
    """A server as it is by default."""
    return serve()
