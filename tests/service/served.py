"""A server in a thread, what it is asked, and studies that are recorded by hand."""

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from paper_trials import completed
from recorded_study import RecordedStudy

from automl.records.claims import Claims
from automl.records.events import StudyStarted
from automl.records.finding import open_records
from automl.records.submissions import SubmissionState
from automl.service.app import make_app
from automl.service.client import Client
from automl.service.context import Service, make_service
from automl.service.protocol import ImpatientProtocol
from automl.service.settings import ServerSettings

GUARD = 300.0
"""Seconds after which a request that hangs is given up; a page takes a busy machine more than thirty."""

WINE = b"name: wine\ndata: {sklearn: wine}\n"


@dataclass(frozen=True)
class Answer:
    """What a server answers."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def content(self) -> Any:
        return json.loads(self.body)

    @property
    def detail(self) -> str:
        """What a problem document says."""
        assert self.headers["content-type"] == "application/problem+json"
        assert self.content["status"] == self.status
        return str(self.content["detail"])


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    service: Service
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def client(self) -> Client:
        return Client(self.url, self.service.settings.token)

    def ask(self, method: str, address: str, body: Any = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=GUARD)
        header_fields = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request(method, address, body, header_fields)
        answer = connection.getresponse()
        received = Answer(
            answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
        )
        connection.close()
        return received

    def get(self, address: str, **headers: str) -> Answer:
        return self.ask("GET", address, **headers)

    def post(self, address: str, body: Any = b"", **headers: str) -> Answer:
        return self.ask("POST", address, body, **{"Content-Type": "application/yaml", **headers})

    def stream(self, address: str, **headers: str) -> socket.socket:
        """An open connection on which a request has been made."""
        opened = socket.create_connection(("127.0.0.1", self.port), timeout=GUARD)
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        opened.sendall(f"GET {address} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode())
        return opened

    def begun(self, name: str = "wine", trials: int = 0) -> "Begun":
        """A study that was sent, that a worker of this process runs, and of which trials have ended."""
        return Begun(self, name, trials)


class Begun:
    """A study that a worker of this process runs, by hand."""

    def __init__(self, server: Served, name: str, trials: int) -> None:
        answer = server.post("/studies?fresh=true", WINE.replace(b"name: wine", f"name: {name}".encode()))
        assert answer.status == 201, answer.body
        self.identifier = answer.content["id"]
        records = server.service.records
        self.claims = Claims(records)
        _, lease = self.claims.claim_check()
        self.claims.pass_check(lease)
        _, self.lease = self.claims.claim_study()
        started = StudyStarted(name, f"r{lease.study}", "log_loss", "min", num_trials=3, searched=("width",))
        self.study = RecordedStudy(records, started)
        self.claims.link(self.lease, self.study.run.number)
        for number in range(trials):
            self.end_trial(number)

    def end_trial(self, number: int) -> None:
        loss = 0.5 - number / 10
        self.study.end_trial(completed(number, loss, loss, width=8 * (number + 1)))

    def finish(self, state: SubmissionState = SubmissionState.SUCCEEDED, reason: str = "") -> None:
        self.study.finish()
        self.claims.end(self.lease, state, reason)


@contextmanager
def serving(settings: ServerSettings) -> Iterator[Served]:
    """A server in a thread."""
    service = make_service(settings, open_records(settings.mlruns, create=True))
    listening = socket.socket()
    listening.bind((settings.host, 0))
    config = uvicorn.Config(
        make_app(service),
        http=ImpatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    server.install_signal_handlers = lambda: None  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive()
        time.sleep(0.01)
    try:
        yield Served(service, listening.getsockname()[1])
    finally:
        server.should_exit = True
        thread.join(10)
        listening.close()


def events_in(body: bytes) -> list[dict[str, str]]:
    """The server-sent events of a whole stream, by field."""
    blocks = [block for block in body.decode().split("\n\n") if block.strip()]
    return [
        dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        for block in blocks
        if not block.startswith(":")
    ]


def read_to_end(opened: socket.socket) -> bytes:
    """All that comes until the server closes, without the lengths of its pieces."""
    content = b""
    while piece := opened.recv(65536):
        content += piece
    return content


def folder_of(server: Served, name: str) -> Path:
    return server.service.settings.mlruns / "studies" / name
