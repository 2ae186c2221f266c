"""Interrupts are held back, delivered, remembered, and the handlers put back."""

import os
import signal
import threading

import pytest

from automl import interrupts
from automl.interrupts import INTERRUPTED, Interrupts


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_in_a_held_block_comes_when_it_has_ended(number):
    steps = []
    with Interrupts() as entered, pytest.raises(KeyboardInterrupt):
        with entered.held():
            os.kill(os.getpid(), number)
            steps.append("whole")
        steps.append("never")
    assert steps == ["whole"]


def test_an_interrupt_outside_comes_at_once_and_is_remembered():
    with Interrupts() as entered:
        entered.check()
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
            signal.sigtimedwait([], 1)
        with pytest.raises(KeyboardInterrupt):
            entered.check()


def test_handlers_are_put_back():
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with Interrupts():
        assert signal.getsignal(signal.SIGTERM) != before[1]
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_another_thread_is_left_alone():
    failures = []

    def work():
        try:
            with Interrupts() as entered, entered.held():
                pass
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert failures == []


@pytest.fixture
def ended(monkeypatch):
    monkeypatch.setattr(interrupts, "SECONDS_AFTER_SECOND", 0.05)
    return []


def send(number=signal.SIGINT):
    os.kill(os.getpid(), number)


def test_the_first_only_interrupts(ended):
    given_up = []
    with Interrupts(ended.append) as entered:
        entered.on_second(lambda: given_up.append(True))
        with pytest.raises(KeyboardInterrupt):
            send()
            threading.Event().wait(1)
        assert not entered.is_second
    assert not given_up and not ended


@pytest.mark.parametrize("second", [signal.SIGINT, signal.SIGTERM])
def test_the_second_gives_up_and_ends_a_process_that_hangs(ended, second):
    given_up = []
    with Interrupts(ended.append) as entered:
        entered.on_second(lambda: given_up.append(True))
        with pytest.raises(KeyboardInterrupt), entered.held():
            send()
            send(second)
            for _ in range(100):
                if ended:
                    break
                threading.Event().wait(0.05)
    assert given_up == [True]
    assert ended == [INTERRUPTED]


def test_a_process_that_goes_on_in_time_is_not_ended(ended):
    with pytest.raises(KeyboardInterrupt), Interrupts(ended.append) as entered, entered.held():
        send()
        send()
    threading.Event().wait(0.3)
    assert not ended


def test_holding_within_holding_delivers_at_the_outer_end():
    order = []
    with pytest.raises(KeyboardInterrupt), Interrupts(order.append) as entered, entered.held():
        with entered.held():
            send()
        order.append("between")
    assert order == ["between"]
