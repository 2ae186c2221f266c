"""How a server is set up: where it keeps things, who may ask it, what clients may use, and its limits."""

import fnmatch
import ipaddress
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from automl.errors import AutoMLError, explain, one_of
from automl.service.child import TOKEN_VARIABLE

SHORTEST_TOKEN = 16
"""Characters of a token."""

KINDS = ("path", "url", "sql", "tracking.uri", "variable", "builder", "objective", "tracking.to")
"""What clients may use only where the operator lists it."""


class SettingsError(AutoMLError):
    """A setting of the server is wrong."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """What clients may use, as patterns by kind: `*` stands for any text.

    Attributes:
        patterns: By kind; a kind without a pattern is refused.
    """

    patterns: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def matches(self, kind: str, value: str) -> bool:
        """Whether a value of a kind is listed."""
        return any(fnmatch.fnmatchcase(value, pattern) for pattern in self.patterns.get(kind, ()))


@dataclass(frozen=True, slots=True)
class Limits:
    """What a client may take of the server at most.

    Attributes:
        study_bytes: Of a study file.
        table_bytes: Of a table as it is sent.
        unpacked_bytes: Of a table when it is unpacked.
        predict_bytes: Of the rows of a prediction.
        body_seconds: For a client to send the body of a request.
        table_seconds: For a client to send a table.
        send_seconds: For a client to take a piece of an answer.
        stream_seconds: Of an event stream; the client then connects again and misses nothing.
        streams: Open event streams.
        streams_each: Of one address.
        requests: Changing requests of one address in a minute.
        wrong_tokens: Of one address in a minute.
        models: Models that are kept ready to predict.
        idle_seconds: After which a model that nobody asks is no longer kept.
        predict_seconds: Of a prediction, with the time to load its model.
    """

    study_bytes: int = 1_000_000
    table_bytes: int = 1_000_000_000
    unpacked_bytes: int = 8_000_000_000
    predict_bytes: int = 20_000_000
    body_seconds: float = 30.0
    table_seconds: float = 1800.0
    send_seconds: float = 30.0
    stream_seconds: float = 3600.0
    streams: int = 200
    streams_each: int = 60
    requests: int = 600
    wrong_tokens: int = 10
    models: int = 2
    idle_seconds: float = 300.0
    predict_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """How a server is set up.

    Attributes:
        mlruns: Folder of the studies.
        files: Folder of the files of the service, or their address.
        host: Address that it listens at.
        port: Port there; any free one when 0.
        token: What clients must send; None where none is needed.
        names: Further names under which it is reached.
        allowed: What clients may use.
        limits: What they may take.
    """

    mlruns: Path
    files: Path | str
    host: str = "127.0.0.1"
    port: int = 8765
    token: str | None = None
    names: tuple[str, ...] = ()
    allowed: Allowed = Allowed()
    limits: Limits = Limits()

    @property
    def hosts(self) -> frozenset[str]:
        """Names that a request may call the server by."""
        return frozenset({"127.0.0.1", "localhost", "::1", self.host.lower(), *map(str.lower, self.names)})


def check_host(host: str, token: str | None) -> None:
    """Refuse to be reached from other machines without a token.

    Raises:
        SettingsError: There is none.
    """
    if token is None and not _is_local(host):
        cure = f"Set {TOKEN_VARIABLE} or give --token-file, or leave --host out to serve this machine only."
        raise SettingsError(explain("--host", "be 127.0.0.1 if there is no token", host, cure))


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_token(file: Path | None) -> str | None:
    """The token in a file, or in the environment; None where there is none.

    Raises:
        SettingsError: The file cannot be read, or the token is too short.
    """
    source, token = TOKEN_VARIABLE, os.environ.get(TOKEN_VARIABLE, "")
    if file is not None:
        try:
            source, token = str(file), file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"{file} cannot be read: {error}. Write the token into it.") from None
    token = token.strip()
    if not token and file is None:
        return None
    if len(token) < SHORTEST_TOKEN or not token.isascii() or not token.isprintable() or " " in token:
        cure = "Make one with `openssl rand -hex 32`."
        must = f"have at least {SHORTEST_TOKEN} letters, digits or signs"
        raise SettingsError(f"the token in {source} must {must}. {cure}")
    return token


def parse_allowed(entries: Sequence[str]) -> Allowed:
    """What `--allow KIND` and `--allow KIND=PATTERN` list.

    Raises:
        SettingsError: There is no such kind.
    """
    patterns: dict[str, list[str]] = {}
    for entry in entries:
        kind, _, pattern = entry.partition("=")
        if kind not in KINDS:
            raise SettingsError(explain("--allow", "name what clients may use", kind, one_of(KINDS, kind)))
        patterns.setdefault(kind, []).append(pattern or "*")
    return Allowed(patterns)
