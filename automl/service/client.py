"""A service as its clients see it, from Python: `automl.Client("http://127.0.0.1:8765")`."""

import json
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final
from urllib.parse import urlencode

from automl.service.connection import Connection, ServiceError
from automl.service.remote_study import RemoteStudy


@final
class Client:
    """A study service.

    Args:
        url: Its address; AUTOML_SERVER, then this machine, when None.
        token: What it asks for; AUTOML_TOKEN when None.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        self._connection = Connection(url, token)

    @property
    def url(self) -> str:
        """Address of the service."""
        return self._connection.url

    def submit(
        self,
        study: str | Path | Mapping[str, Any],
        *,
        priority: int = 0,
        fresh: bool = False,
        key: str | None = None,
    ) -> RemoteStudy:
        """Send a study, with the table and the code of this machine that it names.

        Args:
            study: A study file, or a study as plain values.
            priority: Larger ones begin first.
            fresh: Whether a study of this name may be there already.
            key: The same key and study are the same request; a new one when None.

        Raises:
            ServiceError: The service refuses the study, or does not answer.
            AutoMLError: The study file is wrong.
        """
        text, name, folder = _text_of(study)
        parameters: dict[str, Any] = {"priority": priority, "fresh": str(fresh).lower()}
        if name is not None:
            parameters["name"] = name
        body = self._with_files(text, folder).encode()
        headers = {"Content-Type": "application/yaml", "Idempotency-Key": key or secrets.token_hex(16)}
        answer = self._connection.request(
            "POST", f"/studies?{urlencode(parameters)}", body, headers, again=True
        )
        return RemoteStudy(self._connection, str(answer["id"]))

    def study(self, identifier: str) -> RemoteStudy:
        """A study that was sent before."""
        return RemoteStudy(self._connection, identifier)

    def studies(
        self, state: Sequence[str] = (), name: str | None = None, limit: int = 50
    ) -> list[dict[str, Any]]:
        """The studies that were sent, the newest first.

        Raises:
            ServiceError: The service does not answer.
        """
        parameters: list[tuple[str, Any]] = [("limit", limit), *(("state", entry) for entry in state)]
        parameters += [("name", name)] if name is not None else []
        return list(self._connection.request("GET", f"/studies?{urlencode(parameters)}")["studies"])

    def send_table(self, path: str | Path) -> str:
        """Send a table; gives the name by which a study file refers to it.

        Raises:
            ServiceError: The service refuses it, or the file cannot be read.
        """
        path = Path(path)
        try:
            with path.open("rb") as file:
                size = {
                    "Content-Length": str(path.stat().st_size),
                    "Content-Type": "application/octet-stream",
                }
                answer = self._connection.request(
                    "POST", f"/tables?{urlencode({'name': path.name})}", file, size
                )
        except OSError as error:
            raise ServiceError(f"{path} cannot be read: {error.strerror}.") from None
        return str(answer["path"])

    def _with_files(self, text: str, folder: Path) -> str:
        """The study file with the names that its table and its code have on the service, where they are here."""
        from automl.config.reading import read_study, with_value

        config = read_study(text, folder / "study.yaml")
        table = config.data.path
        if table is not None and (folder / table).is_file():
            text = with_value(text, ("data", "path"), self.send_table(folder / table))
        codes = (
            (("network", "builder"), config.network.builder),
            (("objective",), config.own_metric or None),
        )
        for keys, reference in codes:
            file, _, function = (reference or "").rpartition(":")
            if file and (folder / file).is_file():
                text = with_value(text, keys, f"{self.send_table(folder / file)}:{function}")
        return text


def _text_of(study: str | Path | Mapping[str, Any]) -> tuple[str, str | None, Path]:
    """The text of a study file, the name that it gives the study, and the folder that its paths start from."""
    if isinstance(study, Mapping):
        return json.dumps(study), None, Path.cwd()
    from automl.config.reading import load_study, name_for

    path = Path(study)
    return load_study(path).text, name_for(path), path.absolute().parent
