import logging

import pytest

from automl.tracking.mlflow.outbox import PAUSE_SECONDS, Outbox


class Store:
    """Takes items while it is up; `poison` it never takes."""

    def __init__(self) -> None:
        self.up = True
        self.poison: set[int] = set()
        self.taken: list[int] = []
        self.calls = 0
        self.probes = 0
        self.now = 1000.0
        self.outbox = Outbox(self.send, self.answers, lambda: self.now)

    def send(self, item: int) -> None:
        self.calls += 1
        if not self.up or item in self.poison:
            raise OSError("connection refused\nand more")
        self.taken.append(item)

    def answers(self) -> bool:
        self.probes += 1
        return self.up


def test_sends_at_once_while_the_store_answers() -> None:
    store = Store()
    store.outbox.put(1)
    store.outbox.put(2)
    assert store.taken == [1, 2]
    assert store.probes == 0
    assert len(store.outbox) == 0


def test_leaves_a_silent_store_alone_and_then_catches_up_in_order(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    store.up = False
    with caplog.at_level(logging.WARNING):
        for item in range(4):
            store.outbox.put(item)
            store.now += 1.0
    assert store.calls == 1
    assert len(caplog.records) == 1
    assert "connection refused" in caplog.text
    assert "and more" not in caplog.text
    store.now += PAUSE_SECONDS
    store.outbox.put(4)
    assert store.calls == 1  # a sign of life is asked for first
    store.up = True
    store.outbox.put(5)
    assert store.taken == []  # the pause began anew
    store.now += PAUSE_SECONDS
    store.outbox.put(6)
    assert sorted(store.taken) == list(range(7))


def test_flush_sends_what_is_left_without_waiting() -> None:
    store = Store()
    store.up = False
    store.outbox.put(1)
    store.outbox.put(2)
    assert store.outbox.flush() == 2
    store.up = True
    assert store.outbox.flush() == 0
    assert sorted(store.taken) == [1, 2]


def test_an_item_that_is_never_taken_holds_up_no_other(caplog: pytest.LogCaptureFixture) -> None:
    store = Store()
    store.poison = {1}
    for item in range(5):
        store.outbox.put(item)
        store.now += PAUSE_SECONDS
    assert store.outbox.flush() == 1
    assert sorted(store.taken) == [0, 2, 3, 4]
    assert len(caplog.records) == 1


def test_catching_up_does_not_hold_up_the_study() -> None:
    store = Store()
    store.up = False
    for item in range(10):
        store.outbox.put(item)
    store.up = True
    store.now += PAUSE_SECONDS
    send = store.send

    def slowly(item: int) -> None:
        store.now += 4.0
        send(item)

    store.outbox._send = slowly
    store.outbox.put(10)
    assert len(store.taken) == 3
    assert store.outbox.flush() == 0


def test_an_interrupt_passes_and_loses_nothing() -> None:
    store = Store()

    def interrupted(item: int) -> None:
        raise KeyboardInterrupt

    send, store.outbox._send = store.outbox._send, interrupted
    with pytest.raises(KeyboardInterrupt):
        store.outbox.put(1)
    store.outbox._send = send
    assert store.outbox.flush() == 0
    assert store.taken == [1]
