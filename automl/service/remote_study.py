"""A study on a service, from Python."""

import json
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final
from urllib.parse import quote, urlencode

from automl.service.connection import PAUSE_SECONDS, Connection, ServiceError

_FINAL = ("succeeded", "stopped", "failed", "cancelled", "needs_recovery", "deleted")


@dataclass(frozen=True, slots=True)
class ServiceEvent:
    """Something that a service tells of a study.

    Attributes:
        kind: `state`, `end`, or the kind of a recorded event.
        seq: Number of the recorded event; None of the others.
        content: Its fields by name.
    """

    kind: str
    seq: int | None
    content: Mapping[str, Any]


@final
class RemoteStudy:
    """A study on a service.

    Args:
        connection: To the service.
        identifier: Of the study.
    """

    def __init__(self, connection: Connection, identifier: str) -> None:
        self._connection, self.identifier = connection, identifier
        self._address = f"/studies/{quote(identifier, safe='~')}"

    def status(self) -> dict[str, Any]:
        """How far it is: `state`, `trials`, `planned`, `best`, `seconds_left`, `reason` and more.

        Raises:
            ServiceError: There is none, or the service does not answer. All other methods raise the same.
        """
        return dict(self._connection.asked("GET", self._address))

    def events(self, since: int = 0, follow: bool = True) -> Iterator[ServiceEvent]:
        """What is recorded of it after number `since`, as it happens. A lost connection is made again."""
        seq, failed = since, time.monotonic()
        while True:
            is_open = False
            try:
                asked = urlencode({"since": seq, "follow": str(follow).lower()})
                headers = {"Accept": "text/event-stream", "Last-Event-ID": str(seq)} if follow else {}
                with self._connection.opened(
                    "GET", f"{self._address}/events?{asked}", None, headers
                ) as answer:
                    if answer.status == 204:
                        return
                    is_open = True
                    for event in parse_events(answer):
                        seq = event.seq or seq
                        yield event
                        if event.kind == "end":
                            return
            except ServiceError as error:
                refused = error.status and error.status != 503
                if refused or not (is_open or self._connection.may_return(failed)):
                    raise
            if is_open:
                failed = time.monotonic()
            time.sleep(PAUSE_SECONDS)

    def wait(self, seconds: float | None = None) -> dict[str, Any]:
        """Wait until it has ended; gives its status.

        Args:
            seconds: At most so long; as long as it takes when None.
        """
        until = None if seconds is None else time.monotonic() + seconds
        while True:
            status = self.status()
            if status["state"] in _FINAL or (until is not None and time.monotonic() > until):
                return status
            time.sleep(PAUSE_SECONDS)

    def trials(self, top: int | None = None) -> list[dict[str, Any]]:
        """Its trials, the best first."""
        asked = "" if top is None else f"?top={top}"
        return list(self._connection.asked("GET", f"{self._address}/trials{asked}")["trials"])

    def predict(self, rows: Any) -> Any:
        """Predictions of its model.

        Args:
            rows: A DataFrame, a row by column name, or a list of such rows.

        Returns:
            A DataFrame with `prediction`, and `probability_LABEL` of classes.
        """
        from automl.study.result import as_table

        table = as_table(rows)
        records = json.loads(table.to_json(orient="records", date_format="iso", double_precision=15))
        body = json.dumps({"rows": records}).encode()
        address, kind = f"{self._address}/predict", {"Content-Type": "application/json"}
        answer = self._connection.asked("POST", address, body, kind)
        import pandas

        return pandas.DataFrame(answer["predictions"], index=table.index)

    def fetch(self, what: str, to: str | Path) -> Path:
        """Download a part of it.

        Args:
            what: `model.zip`, `report` or `leaderboard.csv`.
            to: The file to write.
        """
        to = Path(to)
        part = to.with_name(f".{to.name}.part")
        with self._connection.opened("GET", f"{self._address}/{what}", None, {"Accept": "*/*"}) as answer:
            try:
                with part.open("wb") as file:
                    while piece := answer.read(1 << 20):
                        file.write(piece)
                part.replace(to)
            except OSError as error:
                part.unlink(missing_ok=True)
                raise ServiceError(f"{to} cannot be written: {error.strerror or error}.") from None
        return to

    def cancel(self) -> dict[str, Any]:
        """End it. Trials that have ended are kept."""
        return dict(self._connection.asked("POST", f"{self._address}/cancel", b""))

    def resume(self, more: int = 0) -> dict[str, Any]:
        """Continue it, or add trials to it."""
        return dict(self._connection.asked("POST", f"{self._address}/resume?more={more}", b""))

    def delete(self) -> None:
        """Delete it with its run, its files and its model."""
        self._connection.asked("DELETE", self._address)


def parse_events(lines: Iterable[bytes]) -> Iterator[ServiceEvent]:
    """Server-sent events of a stream."""
    kind, seq, data = "message", None, ""
    for line in lines:
        text = line.decode("utf-8", "replace").rstrip("\r\n")
        name, _, value = text.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            kind = value
        elif name == "id" and value.isdigit():
            seq = int(value)
        elif name == "data":
            data = f"{data}\n{value}" if data else value
        elif not text and data:
            yield ServiceEvent(kind, seq, json.loads(data))
            kind, seq, data = "message", None, ""
