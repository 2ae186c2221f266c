"""The connection to a service: requests, answers, and what is wrong with them."""

import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPException, HTTPResponse
from typing import IO, Any, final
from urllib.parse import urlsplit

from automl.errors import AutoMLError

SERVER_VARIABLE, DEFAULT_SERVER = "AUTOML_SERVER", "http://127.0.0.1:8765"
"""Environment variable with the address of the service, and the address where it is not set."""

_TOKEN_VARIABLE = "AUTOML_TOKEN"  # noqa: S105  the name of a variable
_SECONDS = 60.0
PAUSE_SECONDS = 1.0
"""Between requests that are made again."""

_FIRST_SECONDS, _AWAY_SECONDS = 5.0, 60.0
"""For which a service may not answer before it is given up: a service that never has, and one that restarts."""

Body = bytes | IO[bytes] | None
Headers = Mapping[str, str] | None


class ServiceError(AutoMLError):
    """A service refuses what it was asked, or does not answer.

    Args:
        detail: What it says.
        status: Of its answer; 0 where there was none.
    """

    def __init__(self, detail: str, status: int = 0) -> None:
        super().__init__(detail)
        self.status = status


@final
class Connection:
    """The connection to a service.

    Args:
        url: Its address; AUTOML_SERVER, then this machine, when None.
        token: What it asks for; AUTOML_TOKEN when None.
    """

    def __init__(self, url: str | None = None, token: str | None = None) -> None:
        self.url = (url or os.environ.get(SERVER_VARIABLE) or DEFAULT_SERVER).rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ServiceError(
                f"the address of the service must begin with http:// or https://, got {self.url!r}."
            )
        self._token = token or os.environ.get(_TOKEN_VARIABLE) or None
        is_local = parts.hostname in ("127.0.0.1", "localhost", "::1")
        proxies = [urllib.request.ProxyHandler({})] if is_local else []
        self._opener = urllib.request.build_opener(_NoRedirects, *proxies)
        self._is_known = False

    def may_return(self, failed: float) -> bool:
        """Whether a service that has not answered since then, by `time.monotonic`, is worth another request."""
        return time.monotonic() - failed < (_AWAY_SECONDS if self._is_known else _FIRST_SECONDS)

    def asked(
        self, method: str, address: str, body: Body = None, headers: Headers = None, again: bool = False
    ) -> Any:
        """What the service answers, from JSON; None where it answers nothing.

        Args:
            method: Of the request.
            address: Below that of the service.
            body: To be sent.
            headers: To be sent.
            again: Whether to try again where it does not answer, as what only reads is: the request must do the same
                when it is made twice.

        Raises:
            ServiceError: It refuses, or does not answer.
        """
        began = time.monotonic()
        while True:
            try:
                with self.opened(method, address, body, headers or {}) as answer:
                    content = answer.read()
                return json.loads(content) if content else None
            except ServiceError as error:
                if error.status or not (again or method == "GET") or not self.may_return(began):
                    raise
            time.sleep(PAUSE_SECONDS)

    @contextmanager
    def opened(
        self, method: str, address: str, body: Body = None, headers: Headers = None
    ) -> Iterator[HTTPResponse]:
        """The answer of the service, to be read.

        Raises:
            ServiceError: It refuses, or does not answer.
        """
        given = {"Accept": "application/json", **(headers or {})}
        if self._token is not None:
            given["Authorization"] = f"Bearer {self._token}"
        request = urllib.request.Request(f"{self.url}{address}", data=body, headers=given, method=method)  # noqa: S310
        try:
            with self._opener.open(request, timeout=_SECONDS) as answer:
                self._is_known = True
                yield answer
        except urllib.error.HTTPError as error:
            raise ServiceError(_detail(error), error.code) from None
        except (OSError, HTTPException) as error:
            reason = getattr(error, "reason", None) or error
            what = f"the service at {self.url} does not answer: {reason}"
            raise ServiceError(f"{what}. Start it with `automl serve`, or correct --server.") from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect is not followed: the token would go along to another machine."""

    def redirect_request(self, *_: object, **__: object) -> None:
        return None


def _detail(error: urllib.error.HTTPError) -> str:
    """What a problem document says."""
    try:
        return str(json.loads(error.read())["detail"])
    except (OSError, ValueError, KeyError, TypeError):
        return f"the service answers {error.code} {error.reason}."
