"""A client whose service does not answer: for how long it asks again."""

import io
import itertools
import urllib.error
from collections.abc import Iterator
from typing import Any

import pytest

from automl.service import connection, remote_study
from automl.service.connection import Connection, ServiceError
from automl.service.remote_study import RemoteStudy


class Clock:
    """Seconds that pass while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


class Answer(io.BytesIO):
    """What a service answers; the connection breaks behind it where it does not end."""

    status = 200

    def __init__(self, content: str, breaks: bool = False) -> None:
        super().__init__(content.encode())
        self.breaks = breaks

    def readline(self, *arguments: Any) -> bytes:
        line = super().readline(*arguments)
        if not line and self.breaks:
            raise ConnectionResetError("reset by peer")
        return line

    def __next__(self) -> bytes:
        line = self.readline()
        if not line:
            raise StopIteration
        return line


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    fake = Clock()
    monkeypatch.setattr(connection, "time", fake)
    monkeypatch.setattr(remote_study, "time", fake)
    return fake


def connected(monkeypatch: pytest.MonkeyPatch, answers: Iterator[Answer | None]) -> Connection:
    """A connection to a service that gives these answers; None where it is away."""
    connection = Connection("http://127.0.0.1:1")

    def answer(*_: object, **__: object) -> Answer:
        response = next(answers)
        if response is None:
            raise urllib.error.URLError("connection refused")
        return response

    monkeypatch.setattr(connection._opener, "open", answer)
    return connection


def event(seq: int, kind: str = "trial_ended") -> str:
    return f"id: {seq}\nevent: {kind}\ndata: {{}}\n\n"


def test_a_service_that_never_answers_is_given_up_after_seconds(monkeypatch, clock) -> None:
    with pytest.raises(ServiceError, match="does not answer"):
        connected(monkeypatch, itertools.repeat(None)).request("GET", "/studies")
    assert 4.0 <= clock.now - 1000.0 <= 6.0


def test_a_service_that_restarts_for_half_a_minute_is_waited_for(monkeypatch, clock) -> None:
    answers = [Answer("[1]"), *[None] * 30, Answer("[2]"), *[None] * 30, Answer("[3]")]
    connection = connected(monkeypatch, iter(answers))
    assert [connection.request("GET", "/studies") for _ in range(3)] == [[1], [2], [3]]


def test_what_must_not_be_made_twice_is_not_asked_again(monkeypatch, clock) -> None:
    connection = connected(monkeypatch, iter([Answer("{}"), None, Answer("{}")]))
    connection.request("POST", "/studies/1/cancel")
    with pytest.raises(ServiceError, match="does not answer"):
        connection.request("POST", "/studies/1/cancel")


def test_a_stream_goes_on_after_a_restart_of_half_a_minute_and_hours_of_silence(monkeypatch, clock) -> None:
    def answers() -> Iterator[Answer | None]:
        yield Answer(event(1), breaks=True)
        yield from [None] * 30
        yield Answer(event(2))
        clock.sleep(7200.0)
        yield Answer(event(3), breaks=True)
        yield from [None] * 30
        yield Answer(event(4, "end"))

    study = RemoteStudy(connected(monkeypatch, answers()), "1")
    assert [streamed.seq for streamed in study.events()] == [1, 2, 3, 4]


def test_a_stream_of_a_service_that_stays_away_ends_with_an_error(monkeypatch, clock) -> None:
    study = RemoteStudy(
        connected(monkeypatch, itertools.chain([Answer(event(1))], itertools.repeat(None))), "1"
    )
    numbers: list[int] = []
    with pytest.raises(ServiceError, match="does not answer"):
        for streamed in study.events():
            numbers.append(streamed.seq)
    assert numbers == [1]
    assert 59.0 <= clock.now - 1000.0 <= 63.0
