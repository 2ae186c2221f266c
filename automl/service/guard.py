"""What every request passes before it reaches the application: host, origin, token, rates, sizes, times, streams."""

import asyncio
import hashlib
import hmac
import logging
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import Any, final
from urllib.parse import urlsplit

from automl.service.problems import ProblemError, problem
from automl.service.settings import ServerSettings

LOGGER = logging.getLogger("automl.service.requests")

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "automl_session"
"""Set by POST /session, so that the page can ask without the token."""

_OPEN = ("/", "/healthz", "/page.css", "/page.js", "/charts.js", "/favicon.ico", "/session")
"""Addresses that need no token: they tell nothing of any study."""

_SAFE = ("GET", "HEAD", "OPTIONS")
_MINUTE, _MOST_ADDRESSES = 60.0, 10_000
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
)
_POLICY = (
    b"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    b"connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)


@final
@dataclass(slots=True)
class _Rate:
    """How often each address did something in the last minute.

    Attributes:
        most: Times that it may.
    """

    most: int
    _times: dict[str, deque[float]] = field(default_factory=dict)

    def count(self, address: str, now: float) -> int:
        """How often, without what is longer ago."""
        times = self._times.get(address)
        while times and times[0] < now - _MINUTE:
            times.popleft()
        return len(times or ())

    def add(self, address: str, now: float) -> None:
        """It did it now."""
        if len(self._times) > _MOST_ADDRESSES:
            self._times.clear()
        self._times.setdefault(address, deque(maxlen=self.most + 1)).append(now)

    def is_over(self, address: str, now: float) -> bool:
        """Whether it did it too often."""
        return self.count(address, now) >= self.most


@final
class Guard:
    """An ASGI application around another one.

    Args:
        app: The application.
        settings: Of the server.
    """

    def __init__(self, app: Application, settings: ServerSettings) -> None:
        self._app, self._settings = app, settings
        self._wrong, self._changes = _Rate(settings.limits.wrong_tokens), _Rate(settings.limits.requests)
        self._streams: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or answer it with a problem document."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return  # there are no web sockets
        began, status = time.monotonic(), 0

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *_added(message)]
            async with asyncio.timeout(self._settings.limits.send_seconds):
                await send(message)

        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        try:
            self._check(scope, headers)
            await self._within_streams(scope, self._limited(scope, headers, receive), noted)
        except ProblemError as error:
            if not status:
                await problem(error.status, str(error), error.headers)(scope, receive, noted)
        except TimeoutError:
            LOGGER.warning("%s does not take its answer; it is not waited for", _address(scope))
            raise
        finally:
            seconds = time.monotonic() - began
            LOGGER.info(
                "%s %s %s %d %.3f s", _address(scope), scope["method"], scope["path"], status, seconds
            )

    def _check(self, scope: Scope, headers: dict[str, str]) -> None:
        host = urlsplit(f"//{headers.get('host', '')}").hostname or ""
        if host.lower() not in self._settings.hosts:
            cure = "Add it with `--name`."
            raise ProblemError(
                HTTPStatus.MISDIRECTED_REQUEST, f"`Host` must be a name of this server. {cure}"
            )
        is_changing = scope["method"] not in _SAFE
        origin, site = headers.get("origin"), headers.get("sec-fetch-site", "same-origin")
        is_foreign = origin is not None and urlsplit(origin).netloc.lower() != headers.get("host", "").lower()
        if is_changing and (is_foreign or site not in ("same-origin", "none")):
            detail = "a page of another site must not change anything here. Use the page of this server."
            raise ProblemError(HTTPStatus.FORBIDDEN, detail)
        self._check_token(scope, headers)
        now, address = time.monotonic(), _address(scope)
        if is_changing:
            if self._changes.is_over(address, now):
                detail = f"this address must send at most {self._changes.most} requests a minute. Wait."
                raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": "60"})
            self._changes.add(address, now)

    def _check_token(self, scope: Scope, headers: dict[str, str]) -> None:
        token = self._settings.token
        is_open = scope["path"] in _OPEN and scope["path"] != "/session"
        if token is None or is_open:
            return
        now, address = time.monotonic(), _address(scope)
        if self._wrong.is_over(address, now):
            detail = "too many wrong tokens from this address. Wait for a minute."
            raise ProblemError(HTTPStatus.TOO_MANY_REQUESTS, detail, {"Retry-After": "60"})
        kind, _, given = headers.get("authorization", "").partition(" ")
        if kind.lower() == "bearer" and _are_equal(given.strip(), token):
            return
        if _are_equal(_cookie(headers), session_of(token)) and scope["path"] != "/session":
            return
        if given or _cookie(headers):
            self._wrong.add(address, now)
        detail = (
            "`Authorization` must be `Bearer TOKEN` with the token of this service. Ask its operator for it."
        )
        raise ProblemError(HTTPStatus.UNAUTHORIZED, detail, {"WWW-Authenticate": "Bearer"})

    def _limited(self, scope: Scope, headers: dict[str, str], receive: Receive) -> Receive:
        """The body of a request, not larger and not slower than it may be."""
        limits = self._settings.limits
        most = {"/tables": limits.table_bytes, "/studies": limits.study_bytes}.get(
            scope["path"], limits.predict_bytes
        )
        too_large = f"the body must have at most {most:,} bytes, got more. Send less."
        if headers.get("content-encoding", "identity") != "identity":
            detail = "`Content-Encoding` must be left out: bodies are not unpacked. Send it as it is."
            raise ProblemError(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, detail)
        length = headers.get("content-length", "0")
        if not length.isascii() or not length.isdigit() or int(length[:20]) > most:
            raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large)
        seconds = limits.table_seconds if scope["path"] == "/tables" else limits.body_seconds
        until, size, whole = time.monotonic() + seconds, 0, False

        async def limited() -> Message:
            nonlocal size, whole
            if whole:
                return await receive()
            try:
                async with asyncio.timeout(max(0.0, until - time.monotonic())):
                    message = await receive()
            except TimeoutError:
                detail = f"the body must arrive within {seconds:g} seconds. Send it again."
                raise ProblemError(HTTPStatus.REQUEST_TIMEOUT, detail) from None
            size += len(message.get("body", b""))
            whole = not message.get("more_body", False)
            if size > most:
                raise ProblemError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, too_large)
            return message

        return limited

    async def _within_streams(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not scope["path"].endswith("/events"):
            await self._app(scope, receive, send)
            return
        limits, address = self._settings.limits, _address(scope)
        if self._streams.total() >= limits.streams or self._streams[address] >= limits.streams_each:
            detail = "too many event streams are open. Close one, or ask again with `follow=false`."
            raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, detail, {"Retry-After": "10"})
        self._streams[address] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._streams[address] -= 1
            self._streams += Counter()  # without addresses that have none


def session_of(token: str) -> str:
    """What stands in the cookie of a client that has shown the token: not the token."""
    return hmac.new(token.encode(), b"automl session", hashlib.sha256).hexdigest()


def _are_equal(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def _cookie(headers: dict[str, str]) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return "" if morsel is None else morsel.value


def _address(scope: Scope) -> str:
    return str((scope.get("client") or ("?",))[0])


def _added(message: Message) -> list[tuple[bytes, bytes]]:
    """Headers of every answer, but for those that it has already."""
    given = {name.lower() for name, _ in message.get("headers", ())}
    headers = (*_HEADERS, (b"content-security-policy", _POLICY), (b"cache-control", b"no-store"))
    return [(name, value) for name, value in headers if name not in given]
