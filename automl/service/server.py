"""`automl serve`: the application behind a socket."""

import logging
import socket

import uvicorn

from automl import __version__
from automl.errors import RecordError
from automl.records.finding import open_records
from automl.records.service_processes import SERVER
from automl.service.app import make_app
from automl.service.context import make_service
from automl.service.protocol import ImpatientProtocol
from automl.service.settings import ServerSettings, SettingsError, check_host

LOGGER = logging.getLogger(__name__)

_KEEP_ALIVE_SECONDS, _CLOSING_SECONDS = 10, 5
_MOST_CONNECTIONS = 1000


def serve(settings: ServerSettings, uri: str | None) -> None:
    """Serve until Ctrl-C or SIGTERM.

    Args:
        settings: Of the server.
        uri: Address of the record; AUTOML_RECORDS, then a file in the folder of the studies, when None.

    Raises:
        SettingsError: The address is refused, or cannot be listened at.
        RecordError: The record cannot be used.
    """
    check_host(settings.host, settings.token)
    service = make_service(settings, open_records(settings.mlruns, uri, create=True))
    service.processes.enter(SERVER, __version__)
    listening = _listen(settings.host, settings.port)
    config = uvicorn.Config(
        make_app(service),
        http=ImpatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # a client could name any address
        limit_concurrency=_MOST_CONNECTIONS,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_CLOSING_SECONDS,
    )
    host, port = listening.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    LOGGER.info("serving at http://%s:%d, record %s", shown, port, service.records.address.shown)
    try:
        uvicorn.Server(config).run(sockets=[listening])
    finally:
        try:
            service.processes.leave()
        except RecordError as error:
            LOGGER.warning("%s", error)


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen()  # whoever asks from now on waits a moment, and is not refused
    except OSError as error:
        listening.close()
        cure = "Choose another one with --port, or end what uses it."
        raise SettingsError(f"{host}:{port} cannot be listened at: {error.strerror}. {cure}") from None
    return listening
